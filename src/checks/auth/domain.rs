//! Domains as authentication compares them.

use mail_auth::common::to_a_label;

pub(super) use crate::mail::is_in_domain as is_in;

/// As DNS has it: A-labels, lower case, no final dot.
pub(super) fn normal(domain: &str) -> String {
    to_a_label(domain.strip_suffix('.').unwrap_or(domain)).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_have_one_form() {
        assert_eq!(normal("B\u{fc}cher.Example."), "xn--bcher-kva.example");
    }
}
