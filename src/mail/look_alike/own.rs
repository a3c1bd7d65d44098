//! The domains that are ours, for one message.

use super::{KnownNames, registered_label};
use crate::mail::{Address, Registry};

/// The domains of so many recipients count.
const MOST_RECIPIENTS: usize = 20;

/// Domains of the configuration, and those of the recipients.
#[derive(Debug)]
pub struct OwnDomains<'o> {
    domains: Vec<&'o str>,
    known: KnownNames,
}

impl<'o> OwnDomains<'o> {
    /// Of a recipient's domain the part counts that somebody registered.
    pub fn new(configured: &'o [String], recipients: &'o [Address]) -> Self {
        let mut domains: Vec<&str> = configured.iter().map(String::as_str).collect();
        let recipients = recipients.iter().take(MOST_RECIPIENTS).filter_map(Address::domain);
        for domain in recipients.map(|domain| Registry::built_in().registered(domain)) {
            if domain.contains('.') && !domains.iter().any(|d| d.eq_ignore_ascii_case(domain)) {
                domains.push(domain);
            }
        }
        let known = KnownNames::new(domains.iter().copied());
        Self { domains, known }
    }

    /// Whether a host name is one of ours or stands below one.
    pub fn hold(&self, host: &str) -> bool {
        self.domains.iter().any(|own| is_below(host, own))
    }

    /// Our name that a host name looks like, or from which it differs by a letter.
    pub fn imitated_by(&self, host: &str) -> Option<&str> {
        if self.hold(host) {
            return None;
        }
        self.known.imitated_by(host).or_else(|| self.known.neighbour_of(host))
    }

    /// Our domain that stands in a text as a word of its own, or behind an `@`.
    pub fn shown_in(&self, text: &str) -> Option<&str> {
        let lower = text.to_lowercase();
        let words = || lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')));
        let is_shown = |own: &&&str| words().any(|word| is_below(word.trim_matches('.'), own));
        self.domains.iter().find(is_shown).copied()
    }

    /// Our domain that stands in a foreign host name, with labels of others behind it.
    pub fn held_by(&self, host: &str) -> Option<&str> {
        let host = host.to_ascii_lowercase();
        let label = |host: &str| registered_label(host).to_ascii_lowercase();
        let is_inside = |own: &&&str| {
            if label(own) == label(&host) {
                return false;
            }
            let inner = format!("{}.", own.to_ascii_lowercase());
            host.match_indices(&inner).any(|(at, _)| {
                let before = host.get(..at).unwrap_or_default();
                before.is_empty() || before.ends_with('.')
            })
        };
        let is_foreign = !self.hold(&host);
        self.domains.iter().filter(|_| is_foreign).find(is_inside).copied()
    }
}

/// Whether a host name is another one or stands below it, without regard to case.
fn is_below(host: &str, other: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(at) = host.len().checked_sub(other.len()) else { return false };
    let is_end = host.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(other));
    is_end && (at == 0 || host.get(..at).is_some_and(|below| below.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_ours() {
        let configured = ["Firm.example".to_owned(), "shop.com".to_owned()];
        let recipients = [Address::from_path("<a@mail.readers.example>"), Address::null()];
        let own = OwnDomains::new(&configured, &recipients);
        for (host, is_ours) in [
            ("firm.example", true),
            ("WWW.firm.example.", true),
            ("readers.example", true),
            ("yourfirm.example", false),
            ("firm.example.com", false),
            ("example", false),
            ("", false),
        ] {
            assert_eq!(own.hold(host), is_ours, "{host}");
        }
        for (text, shown) in [
            ("Support of firm.example", Some("Firm.example")),
            ("(a@x.READERS.example.)", Some("readers.example")),
            ("yourfirm.example", None),
        ] {
            assert_eq!(own.shown_in(text), shown, "{text}");
        }
        for (host, held) in [
            ("firm.example.login.com", Some("Firm.example")),
            ("www.firm.example.login.com", Some("Firm.example")),
            ("yourfirm.example.login.com", None),
            ("firm.example", None),
            // Ours, most likely, in another country.
            ("www.shop.com.au", None),
        ] {
            assert_eq!(own.held_by(host), held, "{host}");
        }
    }
}
