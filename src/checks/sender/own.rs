//! What is ours: names of our servers, our domains.

use super::Settings;
use crate::mail::{Envelope, OwnDomains};

/// The settings as used: in lower case, without brackets and the final dot.
#[derive(Debug, Default)]
pub(super) struct Own {
    names: Vec<String>,
    domains: Vec<String>,
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
        OwnDomains::new(&self.domains, &envelope.recipients)
    }
}

fn bare(name: &str) -> String {
    let name = name.trim().trim_end_matches('.');
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.to_ascii_lowercase()
}
