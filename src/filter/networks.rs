//! Who is local, and who hands mail on for others.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// `[networks]`: client networks in CIDR notation; a bare address is a network of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Clients judged by the profile `local`.
    #[serde(deserialize_with = "networks")]
    pub local: Vec<IpNet>,
    /// Hosts that take mail from outside and hand it on to us: judged by the client they took it
    /// from, as the Received trace says. List every one that writes a Received field.
    #[serde(deserialize_with = "networks")]
    pub relays: Vec<IpNet>,
}

impl Default for Settings {
    fn default() -> Self {
        let v4 = ipnet::Ipv4Net::new_assert([127, 0, 0, 0].into(), 8);
        let v6 = ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::LOCALHOST, 128);
        Self { local: vec![v4.into(), v6.into()], relays: Vec::new() }
    }
}

impl Settings {
    /// All of them: clients that are ours and hosts that take mail for us.
    pub fn ours(&self) -> Vec<IpNet> {
        self.local.iter().chain(&self.relays).copied().collect()
    }

    /// Whether the address is in `networks.local`.
    pub fn is_local(&self, address: IpAddr) -> bool {
        contains(&self.local, address)
    }

    /// Whether the address is in `networks.relays`.
    pub fn is_relay(&self, address: IpAddr) -> bool {
        contains(&self.relays, address)
    }
}

/// Whether one of the networks holds the address; an IPv4 address mapped into IPv6 counts as
/// IPv4.
pub fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// Reads networks, taking a bare address for a network of one.
///
/// # Errors
/// A text that is neither, named.
pub fn networks<'de, D>(deserializer: D) -> Result<Vec<IpNet>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| parse(text)).collect()
}

fn parse<E: serde::de::Error>(text: &str) -> Result<IpNet, E> {
    let network = text.parse::<IpNet>().ok();
    let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.ok_or_else(|| {
        E::custom(format!("`{text}` is not a network (expected something like 192.0.2.0/24)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_addresses_count_as_ipv4() {
        let networks = Settings::default();
        assert!(networks.is_local("::ffff:127.0.0.1".parse().unwrap()));
        assert!(networks.is_local("::1".parse().unwrap()));
        assert!(!networks.is_local("192.0.2.1".parse().unwrap()));
    }
}
