//! The `[dns]` settings that concern the resolver.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::DnsError;

/// Whom to ask and how long to wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Recursive name servers: `"127.0.0.1"`, `"192.0.2.1:5353"`, `"[2001:db8::1]:53"`. None:
    /// the system's, from `/etc/resolv.conf` as it is when the service starts or reloads.
    pub servers: Vec<Server>,
    /// Milliseconds that one question may take in all, retries included.
    pub timeout_ms: u64,
    /// How many answers are remembered. A large answer counts as several.
    pub cache_entries: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { servers: Vec::new(), timeout_ms: 2_000, cache_entries: 100_000 }
    }
}

impl Settings {
    /// The time one question may take in all.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// The address of a name server; port 53 unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Server(SocketAddr);

impl Server {
    /// Where questions are sent.
    pub fn address(self) -> SocketAddr {
        self.0
    }
}

impl From<SocketAddr> for Server {
    fn from(address: SocketAddr) -> Self {
        Self(address)
    }
}

impl FromStr for Server {
    type Err = DnsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const PORT: u16 = 53;
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self(SocketAddr::new(ip, PORT)));
        }
        text.parse().map(Self).map_err(|source| DnsError::Server { text: text.to_owned(), source })
    }
}

impl TryFrom<String> for Server {
    type Error = DnsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Server> for String {
    fn from(server: Server) -> Self {
        server.to_string()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_addresses_with_or_without_port() {
        for (text, address) in [
            ("192.0.2.1", Some("192.0.2.1:53")),
            ("192.0.2.1:5353", Some("192.0.2.1:5353")),
            ("2001:db8::1", Some("[2001:db8::1]:53")),
            ("[2001:db8::1]", Some("[2001:db8::1]:53")),
            ("[2001:db8::1]:54", Some("[2001:db8::1]:54")),
            ("localhost", None),
            ("192.0.2.1:", None),
            ("", None),
        ] {
            let server = text.parse::<Server>().ok().map(|server| server.to_string());
            assert_eq!(server.as_deref(), address, "{text}");
        }
    }
}
