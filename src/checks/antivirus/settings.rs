//! The `[antivirus]` settings.

use std::{fmt, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};

use crate::endpoint::Endpoint;

/// Which scanners to ask, and how much of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// clamd's sockets, in the order in which they are tried: `"unix:/run/clamav/clamd.ctl"`, or a
    /// list with `"inet:127.0.0.1:3310"` too. None: nothing is scanned.
    pub clamd: Sockets,
    /// Largest message that is scanned, in bytes. Keep it at or below clamd's `StreamMaxLength`.
    pub max_bytes: u64,
    /// Milliseconds that one scan may take, waiting for a free slot and fail-over included.
    pub timeout_ms: u64,
    /// How many scans run at a time, over all sockets. Keep it below clamd's `MaxThreads`.
    pub max_parallel: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { clamd: Sockets::default(), max_bytes: 25 << 20, timeout_ms: 15_000, max_parallel: 8 }
    }
}

impl Settings {
    /// How long one scan may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// Sockets, written as one text or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Sockets(pub Vec<Endpoint>);

impl<'de> Deserialize<'de> for Sockets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

/// Not an untagged enum: its errors would not say what is wrong with a socket.
struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Sockets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a clamd socket or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Sockets, E> {
        text.parse().map(|address| Sockets(vec![address])).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sockets, A::Error> {
        let mut sockets = Vec::new();
        while let Some(address) = list.next_element()? {
            sockets.push(address);
        }
        Ok(Sockets(sockets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_one_or_many() {
        for (text, sockets) in [
            ("", Some(0)),
            ("clamd = \"unix:/run/clamd\"", Some(1)),
            ("clamd = [\"unix:/run/clamd\", \"inet:127.0.0.1:3310\"]", Some(2)),
            ("clamd = []", Some(0)),
            ("clamd = \"/run/clamd\"", None),
            ("clamd = [\"/run/clamd\"]", None),
            ("clamd = 3310", None),
            ("clamav = \"unix:/run/clamd\"", None),
        ] {
            let settings = toml::from_str::<Settings>(text);
            assert_eq!(settings.ok().map(|settings| settings.clamd.0.len()), sockets, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let one: Settings =
            toml::from_str("clamd = \"unix:/run/clamd\"\nmax_parallel = 3").unwrap();
        assert_eq!(toml::from_str::<Settings>(&toml::to_string(&one).unwrap()).unwrap(), one);
    }

    #[test]
    fn a_wrong_socket_is_named() {
        let error = toml::from_str::<Settings>("clamd = \"/run/clamd\"").unwrap_err();
        assert!(error.to_string().contains("`/run/clamd` is not a socket"), "{error}");
    }
}
