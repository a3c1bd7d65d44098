//! Patterns with `*` for anything and `?` for one byte, as lists of addresses and
//! `rules_matching()` have them.

/// Whether there is a wildcard in it.
pub(super) fn has_wildcards(glob: &[u8]) -> bool {
    glob.iter().any(|byte| matches!(byte, b'*' | b'?'))
}

/// Whether a pattern matches the whole text. Takes at most the product of both lengths: a later
/// `*` never has to give back what an earlier one took.
pub(super) fn is_match(glob: &[u8], text: &[u8]) -> bool {
    let tail = glob.rsplit(|&byte| byte == b'*').next().unwrap_or_default();
    if !has_wildcards(tail) && !text.ends_with(tail) {
        return false;
    }
    let (mut at, mut seen) = (0, 0);
    // Behind the last `*`, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match (glob.get(at), text.get(seen)) {
            (Some(b'*'), _) => {
                star = Some((at + 1, seen));
                at += 1;
            }
            (Some(&wanted), Some(&byte)) if wanted == b'?' || wanted == byte => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((behind, taken)) = star else { return false };
                star = Some((behind, taken + 1));
                (at, seen) = (behind, taken + 1);
            }
        }
    }
    glob.iter().skip(at).all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        for (glob, name, matches) in [
            ("__FOO_*", "__FOO_1", true),
            ("__FOO_*", "__FOO_", true),
            ("__FOO_?", "__FOO_", false),
            ("*_1", "__FOO_1", true),
            ("*O*O*", "__FOO_1", true),
            ("FOO", "FOO1", false),
            ("", "", true),
            ("a*a*a*b", "aaaaaaaaaa", false),
        ] {
            assert_eq!(is_match(glob.as_bytes(), name.as_bytes()), matches, "{glob} {name}");
        }
    }

    #[test]
    fn hostile_wildcards_end_soon() {
        let (glob, text) = ("*a".repeat(200), "a".repeat(20_000));
        assert!(is_match(glob.as_bytes(), text.as_bytes()));
        assert!(!is_match(format!("{glob}b?").as_bytes(), text.as_bytes()));
    }
}
