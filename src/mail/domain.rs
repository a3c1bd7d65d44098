//! Domains as they compare: A-labels (RFC 5890), lower case, no final dot.

/// The most bytes a name in DNS has, written out (RFC 1035, section 2.3.4).
const MOST_NAME: usize = 253;

/// The most bytes of one of its labels.
const MOST_LABEL: usize = 63;

/// A domain as it compares; `None` for what is no name of a host or domain.
pub fn plain_domain(domain: &str) -> Option<String> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let plain = idna::domain_to_ascii(domain).ok()?;
    let is_label = |label: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=MOST_LABEL).contains(&label.len()) && label.bytes().all(is_known)
    };
    (plain.len() <= MOST_NAME && plain.split('.').all(is_label)).then_some(plain)
}

/// Whether a domain is the other or in it; letter case does not count.
pub fn is_in_domain(domain: &str, other: &str) -> bool {
    let Some(start) = domain.len().checked_sub(other.len()) else { return false };
    let Some((head, tail)) = domain.split_at_checked(start) else { return false };
    !other.is_empty()
        && tail.eq_ignore_ascii_case(other)
        && (head.is_empty() || head.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_hold_what_is_below_them() {
        for (domain, other, holds) in [
            ("example.org", "example.org", true),
            ("a.Example.org", "example.ORG", true),
            ("notexample.org", "example.org", false),
            ("org", "example.org", false),
            ("b\u{fc}cher.example", "example", true),
            ("\u{fc}", "x", false),
            ("example.org", "", false),
        ] {
            assert_eq!(is_in_domain(domain, other), holds, "{domain} {other}");
        }
    }

    #[test]
    fn names_have_one_form() {
        let long = format!("{}.example", "a".repeat(64));
        for (domain, plain) in [
            ("Example.ORG.", Some("example.org")),
            ("B\u{fc}cher.example", Some("xn--bcher-kva.example")),
            ("_spf.example.org", Some("_spf.example.org")),
            ("com", Some("com")),
            ("", None),
            (".example.org", None),
            ("a..example.org", None),
            ("*.example.org", None),
            ("a b.example.org", None),
            ("a@example.org", None),
            (&long, None),
        ] {
            assert_eq!(plain_domain(domain).as_deref(), plain, "{domain}");
        }
    }
}
