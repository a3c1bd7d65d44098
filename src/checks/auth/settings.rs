//! `[auth]`: whom this site trusts to hand mail on, and what it does about single domains.

use std::{collections::BTreeMap, fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::domain::is_in;
use crate::{mail::Client, verdict::Handling};

/// `[auth]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Domains whose ARC seals are believed; subdomains as well.
    pub trusted_sealers: Vec<String>,
    /// Hosts that forward mail for this site's users: networks, and domains of hosts whose name the MTA
    /// has confirmed. What they bring is not refused for SPF or DMARC.
    pub forwarders: Vec<Forwarder>,
    /// `[auth.domain."example.org"]`, for mail from this domain and its subdomains.
    pub domain: BTreeMap<String, Domain>,
}

/// What is done about one domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Domain {
    /// About mail from it that fails DMARC; as the profile says, if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dmarc: Option<Override>,
}

/// What is done about mail that fails DMARC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Override {
    /// It is scored, never refused.
    Score,
    /// It is refused, whatever the domain asks for.
    Reject,
    /// Nothing.
    Ignore,
}

/// A network, or a domain of hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Forwarder {
    /// Addresses.
    Network(IpNet),
    /// Hosts in a domain, in lower case.
    Domain(String),
}

/// Text that names neither a network nor a domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a network (192.0.2.0/24) nor a domain (example.org)")]
pub struct ForwarderError(String);

impl FromStr for Forwarder {
    type Err = ForwarderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        if text.contains('.') && text.split('.').all(is_label) {
            return Ok(Self::Domain(text.to_ascii_lowercase()));
        }
        Err(ForwarderError(text.to_owned()))
    }
}

impl TryFrom<String> for Forwarder {
    type Error = ForwarderError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Forwarder> for String {
    fn from(forwarder: Forwarder) -> Self {
        forwarder.to_string()
    }
}

impl fmt::Display for Forwarder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => network.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
        }
    }
}

impl Settings {
    /// The entry that names this client, if it is a known forwarder.
    pub(super) fn forwarder(&self, client: &Client) -> Option<&Forwarder> {
        let address = client.address.map(|address| address.to_canonical());
        let name = client.name.as_deref().map(str::to_ascii_lowercase);
        self.forwarders.iter().find(|forwarder| match forwarder {
            Forwarder::Network(network) => address.is_some_and(|a| network.contains(&a)),
            Forwarder::Domain(domain) => name.as_deref().is_some_and(|name| is_in(name, domain)),
        })
    }

    /// What is done about a domain's mail that fails DMARC: by the longest entry that holds it.
    pub(super) fn handling(&self, domain: &str) -> Handling {
        let entries = self.domain.iter().filter(|(name, entry)| {
            entry.dmarc.is_some() && is_in(domain, &name.to_ascii_lowercase())
        });
        match entries.max_by_key(|(name, _)| name.len()).and_then(|(_, entry)| entry.dmarc) {
            None => Handling::Profile,
            Some(Override::Score) => Handling::Score,
            Some(Override::Reject) => Handling::Reject,
            Some(Override::Ignore) => Handling::Ignore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarders_are_networks_or_domains() {
        for (text, good) in [
            ("192.0.2.0/24", true),
            ("2001:db8::1", true),
            ("Example.ORG", true),
            ("localhost", false),
            ("a b.example", false),
            ("192.0.2.0/33", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Forwarder>().is_ok(), good, "{text}");
        }
        let forwarders = ["192.0.2.0/24", "fwd.example"].map(|text| text.parse().unwrap());
        let settings = Settings { forwarders: forwarders.to_vec(), ..Settings::default() };
        for (address, name, known) in [
            ("192.0.2.7", None, true),
            ("::ffff:192.0.2.7", None, true),
            ("198.51.100.1", Some("Out.fwd.example"), true),
            ("198.51.100.1", Some("notfwd.example"), false),
            ("198.51.100.1", None, false),
        ] {
            let name = name.map(str::to_owned);
            let client = Client { address: address.parse().ok(), name, ..Client::default() };
            assert_eq!(settings.forwarder(&client).is_some(), known, "{address} {client:?}");
        }
    }

    #[test]
    fn the_longest_entry_decides() {
        let entry = |dmarc| Domain { dmarc };
        let settings = Settings {
            domain: BTreeMap::from([
                ("example.org".to_owned(), entry(Some(Override::Reject))),
                ("List.example.org".to_owned(), entry(Some(Override::Ignore))),
                ("x.example.org".to_owned(), entry(None)),
            ]),
            ..Settings::default()
        };
        for (domain, handling) in [
            ("example.org", Handling::Reject),
            ("a.list.example.org", Handling::Ignore),
            ("x.example.org", Handling::Reject),
            ("example.net", Handling::Profile),
        ] {
            assert_eq!(settings.handling(domain), handling, "{domain}");
        }
    }
}
