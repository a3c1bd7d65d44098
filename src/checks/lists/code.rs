//! What the addresses that a list answers with mean.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::ListsError;

/// All answers of a DNS list are in here (RFC 5782, section 2.1).
const LOOPBACK: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
/// "You may not ask": Spamhaus and those who follow it.
const REFUSALS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(127, 255, 255, 0), 24);
/// "You may not ask": URIBL and others.
const REFUSAL: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);

/// A set of answers, as written in the settings:
///
/// | written | means |
/// |---|---|
/// | `127.0.0.2` | this answer |
/// | `127.0.0.4-127.0.0.7` | these and all between |
/// | `127.0.1.0/24` | this network |
/// | `&6` | any of these bits is set in the last three octets (here 2 or 4) |
/// | `*` | every answer |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Code {
    /// From the first to the second, both included.
    Range(Ipv4Addr, Ipv4Addr),
    /// A network.
    Network(Ipv4Net),
    /// Bits of the last three octets.
    Bits(u32),
    /// Every answer that counts.
    Any,
}

/// What a list's answer is, before its definition is asked what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It may mean something.
    Proper,
    /// "You may not ask."
    Refusal,
    /// Not an answer of a DNS list: a parked domain, a forger.
    Foreign,
}

impl Kind {
    pub(super) fn of(answer: Ipv4Addr) -> Self {
        if REFUSALS.contains(&answer) || answer == REFUSAL {
            Self::Refusal
        } else if LOOPBACK.contains(&answer) {
            Self::Proper
        } else {
            Self::Foreign
        }
    }
}

impl Code {
    /// Whether a proper answer is in the set.
    pub fn covers(&self, answer: Ipv4Addr) -> bool {
        if Kind::of(answer) != Kind::Proper {
            return false;
        }
        match self {
            Self::Range(first, last) => (*first..=*last).contains(&answer),
            Self::Network(network) => network.contains(&answer),
            Self::Bits(bits) => answer.to_bits() & bits != 0,
            Self::Any => true,
        }
    }

    /// Whether any answer can be in the set. Ends decide: what never counts is at the ends of
    /// 127.0.0.0/8 and outside of it.
    fn is_possible(&self) -> bool {
        let proper = |answer| Kind::of(answer) == Kind::Proper;
        match self {
            Self::Range(first, last) => first <= last && proper(*first) && proper(*last),
            Self::Network(network) => {
                LOOPBACK.contains(network)
                    && !REFUSALS.contains(network)
                    && network.addr() != REFUSAL
            }
            Self::Bits(bits) => (1..1 << 24).contains(bits),
            Self::Any => true,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        if let Some(bits) = text.strip_prefix('&') {
            return bits.trim().parse().ok().map(Self::Bits);
        }
        if let Some((first, last)) = text.split_once('-') {
            return Some(Self::Range(first.trim().parse().ok()?, last.trim().parse().ok()?));
        }
        if text.contains('/') {
            return text.parse().ok().map(Self::Network);
        }
        text.parse().ok().map(|answer| Self::Range(answer, answer))
    }
}

impl FromStr for Code {
    type Err = ListsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
            .filter(Self::is_possible)
            .ok_or_else(|| ListsError::Code { text: text.to_owned() })
    }
}

impl TryFrom<String> for Code {
    type Error = ListsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.to_string()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(first, last) if first == last => write!(f, "{first}"),
            Self::Range(first, last) => write!(f, "{first}-{last}"),
            Self::Network(network) => write!(f, "{network}"),
            Self::Bits(bits) => write!(f, "&{bits}"),
            Self::Any => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_cover_what_they_say() {
        for (code, answer, covered) in [
            ("127.0.0.2", "127.0.0.2", true),
            ("127.0.0.2", "127.0.0.3", false),
            ("127.0.0.4-127.0.0.7", "127.0.0.4", true),
            ("127.0.0.4-127.0.0.7", "127.0.0.7", true),
            ("127.0.0.4-127.0.0.7", "127.0.0.8", false),
            ("127.0.0.4-127.0.0.7", "127.0.0.3", false),
            ("127.0.1.0/24", "127.0.1.255", true),
            ("127.0.1.0/24", "127.0.2.0", false),
            ("&2", "127.0.0.2", true),
            ("&2", "127.0.0.6", true),
            ("&2", "127.0.0.4", false),
            ("&6", "127.0.0.4", true),
            ("&256", "127.0.1.0", true),
            ("*", "127.0.0.2", true),
            ("*", "127.9.9.9", true),
            // Never, whatever is written.
            ("*", "127.0.0.1", false),
            ("*", "127.255.255.254", false),
            ("*", "192.0.2.1", false),
            ("&1", "127.0.0.1", false),
            ("&2", "203.0.113.2", false),
            ("127.0.0.0/8", "127.255.255.252", false),
        ] {
            let parsed: Code = code.parse().unwrap();
            assert_eq!(parsed.covers(answer.parse().unwrap()), covered, "{code} {answer}");
            assert_eq!(parsed.to_string(), code);
        }
    }

    #[test]
    fn codes_that_cannot_be_are_refused() {
        for text in [
            "",
            "2",
            "127.0.0",
            "127.0.0.1",
            "127.255.255.254",
            "127.255.255.0/24",
            "192.0.2.1",
            "192.0.2.0/24",
            "0.0.0.0/0",
            "127.0.0.7-127.0.0.4",
            "127.0.0.4-",
            "127.0.0.2-128.0.0.1",
            "&0",
            "&x",
            "&16777216",
            "127.0.0.0/33",
            "**",
        ] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_back(text in "[0-9&*./-]{0,24}") {
            if let Ok(code) = text.parse::<Code>() {
                prop_assert_eq!(code.to_string().parse::<Code>().unwrap(), code);
            }
        }

        #[test]
        fn blocked_codes_never_count(last: u8, bits in 1u32..1 << 24) {
            for code in [Code::Any, Code::Bits(bits), Code::Network(LOOPBACK)] {
                prop_assert!(!code.covers(Ipv4Addr::new(127, 255, 255, last)));
            }
        }
    }
}
