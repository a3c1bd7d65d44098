//! Lists of `tag=value` (RFC 6376, section 3.2), as DMARC records, keys and ARC fields have them.

/// The tags in their order, as written, blanks around names and values taken off. What has no `=` is
/// passed over.
pub(super) fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|tag| {
        let (name, value) = tag.split_once('=')?;
        Some((name.trim(), value.trim()))
    })
}

/// The first value of this tag; names of tags count case (RFC 6376).
pub(super) fn first<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    tags(text).find(|(tag, _)| *tag == name).map(|(_, value)| value)
}

/// A field's value without what its tag `b` holds: what a signature signs of its own field (RFC 6376,
/// section 3.5). Everything else stays as it is.
pub(super) fn without_signature(value: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(value.len());
    for (index, tag) in value.split(|&byte| byte == b';').enumerate() {
        if index > 0 {
            kept.push(b';');
        }
        let equals = tag.iter().position(|&byte| byte == b'=');
        let is_b = |equals: usize| tag.get(..equals).is_some_and(|name| name.trim_ascii() == b"b");
        let end = equals.filter(|&equals| is_b(equals)).map_or(tag.len(), |equals| equals + 1);
        kept.extend_from_slice(tag.get(..end).unwrap_or_default());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_parted_by_semicolons() {
        let all: Vec<_> = tags(" v = DKIM1;p=a b=;; x ;t=").collect();
        assert_eq!(all, [("v", "DKIM1"), ("p", "a b="), ("t", "")]);
        assert_eq!(first("a=1; a=2", "a"), Some("1"));
        assert_eq!(first("A=1", "a"), None);
    }

    #[test]
    fn only_the_signature_goes() {
        for (value, rest) in [
            (" v=1; b=abc\r\n\tdef; bh=b=x", " v=1; b=; bh=b=x"),
            ("b=abc", "b="),
            (" d=x;\r\n\tb =abc;", " d=x;\r\n\tb =;"),
            ("bb=1;B=2", "bb=1;B=2"),
            ("", ""),
        ] {
            assert_eq!(without_signature(value.as_bytes()), rest.as_bytes(), "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(value in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60)) {
            without_signature(&value);
            tags(&String::from_utf8_lossy(&value)).count();
        }
    }
}
