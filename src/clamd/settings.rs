//! Where the scanners are.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::ClamdError;

/// What a scanner needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The sockets, in the order in which they are tried.
    pub sockets: Vec<Address>,
    /// How long one scan may take, with everything before it.
    pub timeout: Duration,
    /// How many scans run at a time, over all sockets.
    pub max_parallel: usize,
}

/// A socket of clamd: `unix:/run/clamav/clamd.ctl` or `inet:127.0.0.1:3310`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// `LocalSocket` in clamd.conf.
    Unix(PathBuf),
    /// `TCPSocket` and `TCPAddr` in clamd.conf: a host name or address, and a port.
    Inet(String),
}

impl FromStr for Address {
    type Err = ClamdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ClamdError::Address { text: text.to_owned() };
        match text.split_once(':').ok_or_else(wrong)? {
            ("unix", path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            ("inet", place) => {
                let (host, port) = place.rsplit_once(':').ok_or_else(wrong)?;
                let port: u16 = port.parse().map_err(|_| wrong())?;
                if host.is_empty() || port == 0 {
                    Err(wrong())
                } else {
                    Ok(Self::Inet(place.into()))
                }
            }
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = ClamdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Inet(place) => write!(f, "inet:{place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_their_family() {
        for (text, good) in [
            ("unix:/run/clamav/clamd.ctl", true),
            ("inet:127.0.0.1:3310", true),
            ("inet:[::1]:3310", true),
            ("inet:scanner.example.org:3310", true),
            ("unix:run/clamd.ctl", false),
            ("inet:127.0.0.1", false),
            ("inet::3310", false),
            ("inet:host:0", false),
            ("inet:host:99999", false),
            ("/run/clamav/clamd.ctl", false),
            ("", false),
        ] {
            let address = text.parse::<Address>();
            assert_eq!(address.is_ok(), good, "{text}");
            if let Ok(address) = address {
                assert_eq!(address.to_string(), text);
            }
        }
    }
}
