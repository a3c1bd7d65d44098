//! What is ours: names of our servers, our domains.

use super::Settings;
use crate::mail::{Address, Envelope, KnownNames, Registry};

/// The settings as used.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// In lower case, without brackets and the final dot.
    names: Vec<String>,
    /// In lower case.
    domains: Vec<String>,
}

/// The domains that are ours for one message.
pub(super) struct OwnDomains<'o> {
    domains: Vec<&'o str>,
    known: KnownNames,
}

impl Own {
    pub(super) fn new(settings: &Settings) -> Self {
        let all = |names: &[String]| names.iter().map(|name| bare(name)).collect();
        Self { names: all(&settings.own_names), domains: all(&settings.own_domains) }
    }

    /// Whether a client that gives itself this name claims to be the server it speaks to.
    pub(super) fn is_claimed(&self, helo: &str, envelope: &Envelope) -> bool {
        let helo = bare(helo);
        let is_mta = envelope.client.mta.as_ref().is_some_and(|mta| bare(mta) == helo);
        is_mta || self.names.contains(&helo) || self.domains.contains(&helo)
    }

    /// Our domains, those of the recipients among them.
    pub(super) fn domains<'o>(&'o self, envelope: &'o Envelope) -> OwnDomains<'o> {
        let recipients = envelope.recipients.iter().filter_map(Address::domain);
        let mut domains: Vec<&str> = self.domains.iter().map(String::as_str).collect();
        for domain in recipients.map(|domain| Registry::built_in().registered(domain)) {
            if domain.contains('.') && !domains.iter().any(|d| d.eq_ignore_ascii_case(domain)) {
                domains.push(domain);
            }
        }
        let known = KnownNames::new(domains.iter().copied());
        OwnDomains { domains, known }
    }
}

impl OwnDomains<'_> {
    /// Whether a domain is one of ours or stands below one.
    pub(super) fn hold(&self, domain: &str) -> bool {
        self.domains.iter().any(|own| is_below(domain, own))
    }

    /// Our domain that another one looks like.
    pub(super) fn imitated_by(&self, domain: &str) -> Option<&str> {
        if self.hold(domain) {
            return None;
        }
        self.known.imitated_by(domain).or_else(|| self.known.neighbour_of(domain))
    }

    /// Our domain that stands in a text as a word of its own or behind an `@`.
    pub(super) fn shown_in(&self, text: &str) -> Option<&str> {
        let lower = text.to_lowercase();
        let words = || lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')));
        let is_shown = |own: &&&str| words().any(|word| is_below(word.trim_matches('.'), own));
        self.domains.iter().find(is_shown).copied()
    }
}

/// Whether a domain is another one or stands below it, without regard to case.
fn is_below(domain: &str, other: &str) -> bool {
    let start = domain.len().checked_sub(other.len());
    let is_end =
        start.and_then(|at| domain.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(other));
    is_end && start.is_some_and(|at| at == 0 || domain.as_bytes().get(at - 1) == Some(&b'.'))
}

fn bare(name: &str) -> String {
    let name = name.trim().trim_end_matches('.');
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.to_ascii_lowercase()
}
