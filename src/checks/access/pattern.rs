//! Whom an entry names.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::mail::plain_domain;

/// The most bytes of an address before the `@` (RFC 5321, section 4.5.3.1.1).
const MOST_LOCAL: usize = 64;

/// Whom an entry names, in the one form that means it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// A client in this network; IPv4 in IPv6 is IPv4.
    Client(IpNet),
    /// This address, in lower case, its domain as DNS has it.
    Address(String),
    /// Any address of this very domain.
    Exactly(String),
    /// Any address of this domain, or of one below it.
    Domain(String),
}

/// Why a text names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing of the kind.
    #[error("`{0}` is no client address, network, mail address or domain")]
    Unknown(String),
    /// A network whose address says more than its length.
    #[error("`{text}` has bits behind its length: write {network}")]
    Bits {
        /// As written.
        text: String,
        /// What was meant, most likely.
        network: IpNet,
    },
    /// Everybody.
    #[error("`{0}` names every client there is")]
    Everybody(String),
    /// Wildcards have other words here.
    #[error(
        "`{0}` has a wildcard: write example.com for a domain and all below it, @example.com for that domain \
         alone, 192.0.2.0/24 for a network"
    )]
    Wildcard(String),
    /// A domain that begins with a dot.
    #[error("`{0}`: write {rest}, which stands for the domain and all below it", rest = .0.trim_start_matches('.'))]
    Dot(String),
    /// What stands before the `@` is no such thing.
    #[error("`{0}`: before the @ there is nothing, too much, or what no address has")]
    Local(String),
    /// What stands behind the `@` is no domain.
    #[error("`{0}`: behind the @ there is no domain")]
    Domain(String),
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let text = text.trim();
        let said = || text.to_owned();
        if let Some(client) = client(text) {
            return client;
        }
        if text.contains(['*', '?']) {
            return Err(PatternError::Wildcard(said()));
        }
        match text.rsplit_once('@') {
            Some(("", domain)) => domain_of(domain, text).map(Self::Exactly),
            Some((local, domain)) => {
                let local = plain_local(local).ok_or_else(|| PatternError::Local(said()))?;
                Ok(Self::Address(format!("{local}@{}", domain_of(domain, text)?)))
            }
            None if text.starts_with('.') => Err(PatternError::Dot(said())),
            None => {
                // Four numbers are an address with a slip, not a domain.
                let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
                let is_numbers = last.bytes().all(|byte| byte.is_ascii_digit());
                let domain = plain_domain(text).filter(|_| !is_numbers);
                domain.map(Self::Domain).ok_or_else(|| PatternError::Unknown(said()))
            }
        }
    }
}

/// A text that is an address of a host or a network. IPv6 may stand in brackets.
fn client(text: &str) -> Option<Result<Pattern, PatternError>> {
    let plain = text.replace(['[', ']'], "");
    let address = plain.parse::<IpAddr>().ok();
    let network = match address {
        Some(address) => IpNet::from(address.to_canonical()),
        None => unmapped(plain.parse::<IpNet>().ok()?),
    };
    Some(if network.prefix_len() == 0 {
        Err(PatternError::Everybody(text.to_owned()))
    } else if network != network.trunc() {
        Err(PatternError::Bits { text: text.to_owned(), network: network.trunc() })
    } else {
        Ok(Pattern::Client(network))
    })
}

/// `::ffff:192.0.2.0/120` is 192.0.2.0/24.
fn unmapped(network: IpNet) -> IpNet {
    let (address, length) = (network.addr().to_canonical(), network.prefix_len());
    let shorter = if address == network.addr() { Some(length) } else { length.checked_sub(96) };
    shorter.and_then(|length| IpNet::new(address, length).ok()).unwrap_or(network)
}

fn domain_of(domain: &str, text: &str) -> Result<String, PatternError> {
    plain_domain(domain).ok_or_else(|| PatternError::Domain(text.to_owned()))
}

/// What stands before the `@`, as it compares: without quotes (RFC 5321, section 4.1.2), in lower case.
pub(super) fn plain_local(local: &str) -> Option<String> {
    let quoted = local.strip_prefix('"').and_then(|local| local.strip_suffix('"'));
    let plain = match quoted {
        Some(quoted) => quoted.replace('\\', "").to_lowercase(),
        None => local.to_lowercase(),
    };
    // A quote within quotes would mean something else without them.
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '"';
    (!plain.is_empty() && plain.len() <= MOST_LOCAL && !plain.contains(is_odd)).then_some(plain)
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(network) if network.prefix_len() == network.max_prefix_len() => {
                write!(f, "{}", network.addr())
            }
            Self::Client(network) => write!(f, "{network}"),
            Self::Exactly(domain) => write!(f, "@{domain}"),
            Self::Address(text) | Self::Domain(text) => f.write_str(text),
        }
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
