//! Domains as authentication compares them.

use mail_auth::common::to_a_label;

/// As DNS has it: A-labels, lower case, no final dot.
pub(super) fn normal(domain: &str) -> String {
    to_a_label(domain.strip_suffix('.').unwrap_or(domain)).to_ascii_lowercase()
}

/// Whether a domain is the other or in it; letter case does not count.
pub(super) fn is_in(domain: &str, other: &str) -> bool {
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
            assert_eq!(is_in(domain, other), holds, "{domain} {other}");
        }
        assert_eq!(normal("B\u{fc}cher.Example."), "xn--bcher-kva.example");
    }
}
