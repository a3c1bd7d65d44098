//! Where to listen or connect: `inet:HOST:PORT` or `unix:PATH`.
//!
//! The notation of Postfix's `smtpd_milters`. HOST is an address or a name; an IPv6 address may
//! stand in brackets.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A stream socket's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// TCP.
    Inet {
        /// Name or address, without brackets.
        host: String,
        /// Port; 0 lets the system choose when listening.
        port: u16,
    },
    /// A unix domain socket.
    Unix(PathBuf),
}

/// Text that is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a socket (expected inet:HOST:PORT or unix:/PATH)")]
pub struct EndpointError(String);

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || EndpointError(text.to_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return if path.is_absolute() { Ok(Self::Unix(path)) } else { Err(wrong()) };
        }
        let (host, port) =
            text.strip_prefix("inet:").and_then(|rest| rest.rsplit_once(':')).ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || host.contains(['/', ' ', '@']) {
            return Err(wrong());
        }
        Ok(Self::Inet { host: host.to_owned(), port })
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self::Inet { host: address.ip().to_string(), port: address.port() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet { host, port } if host.contains(':') => write!(f, "inet:[{host}]:{port}"),
            Self::Inet { host, port } => write!(f, "inet:{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Permission bits of a unix socket, written in octal: `"0660"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u32);

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:04o}", self.0))
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bits = u32::from_str_radix(&text, 8).ok().filter(|&bits| bits <= 0o777);
        bits.map(Self).ok_or_else(|| {
            de::Error::custom(format!("`{text}` is not a mode (expected like \"0660\")"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_notation_of_postfix() {
        for (text, written) in [
            ("inet:127.0.0.1:11332", Some("inet:127.0.0.1:11332")),
            ("inet:[::1]:1", Some("inet:[::1]:1")),
            ("inet:::1:1", Some("inet:[::1]:1")),
            ("inet:localhost:0", Some("inet:localhost:0")),
            ("unix:/run/gatepost.sock", Some("unix:/run/gatepost.sock")),
            ("unix:relative", None),
            ("inet:127.0.0.1", None),
            ("inet::25", None),
            ("inet:host:70000", None),
            ("/run/x", None),
            ("", None),
        ] {
            let read = text.parse::<Endpoint>().ok().map(|endpoint| endpoint.to_string());
            assert_eq!(read.as_deref(), written, "{text}");
        }
    }
}
