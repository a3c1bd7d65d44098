//! What a list answers with, and what of it counts.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::{ListsError, pattern::TextPattern};
use crate::dns::{self, Datum};

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
/// | `0.0.1.4/0.0.255.4` | those that are the first where the second has bits |
/// | `&6` | any of these bits is set in the last three octets (here 2 or 4) |
/// | `/regex/` | those whose text matches; addresses as text, too |
/// | `[NXDOMAIN]` | these response codes, by name or number, separated by commas |
/// | `*` | every answer |
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Code {
    /// From the first to the second, both included.
    Range(Ipv4Addr, Ipv4Addr),
    /// A network.
    Network(Ipv4Net),
    /// Addresses that are the first where the second, a mask, has bits.
    Masked(u32, u32),
    /// Bits of the last three octets.
    Bits(u32),
    /// Texts that match.
    Text(TextPattern),
    /// Response codes (RFC 6895, section 2.3).
    Response(Vec<u16>),
    /// Every answer that counts.
    Any,
}

/// What an address that a list answers with is, before its definition is asked what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// It may mean something.
    Proper,
    /// "You may not ask."
    Refusal,
    /// Not an answer of a DNS list: a parked domain, a forger.
    Foreign,
}

impl Answered {
    /// What this answer is; where 127.0.0.1 means something, it is no refusal.
    pub(super) fn of(answer: Ipv4Addr, knows_refusal: bool) -> Self {
        if REFUSALS.contains(&answer) || (answer == REFUSAL && !knows_refusal) {
            Self::Refusal
        } else if LOOPBACK.contains(&answer) {
            Self::Proper
        } else {
            Self::Foreign
        }
    }
}

impl Code {
    /// Whether a record is in the set.
    pub fn covers(&self, record: &Datum) -> bool {
        match (self, record) {
            (Self::Any, _) => true,
            (Self::Response(_), _) => false,
            (Self::Text(pattern), Datum::Text(text)) => pattern.matches(text),
            (_, Datum::Text(_)) => false,
            (_, Datum::Address(address)) => self.covers_address(*address),
        }
    }

    fn covers_address(&self, address: Ipv4Addr) -> bool {
        let bits = address.to_bits();
        match self {
            Self::Range(first, last) => (*first..=*last).contains(&address),
            Self::Network(network) => network.contains(&address),
            Self::Masked(wanted, mask) => bits & mask == wanted & mask,
            Self::Bits(wanted) => LOOPBACK.contains(&address) && bits & wanted != 0,
            Self::Text(pattern) => pattern.matches(&address.to_string()),
            Self::Response(_) => false,
            Self::Any => true,
        }
    }

    /// Whether a response code is in the set.
    pub fn covers_response(&self, code: u16) -> bool {
        matches!(self, Self::Response(codes) if codes.contains(&code))
    }

    /// Whether 127.0.0.1 is in the set by intention: not just because much is.
    pub(super) fn means_refusal(&self) -> bool {
        const ANOTHER: Ipv4Addr = Ipv4Addr::new(127, 77, 77, 77);
        let is_wide = matches!(self, Self::Bits(_) | Self::Any) || self.covers_address(ANOTHER);
        self.covers_address(REFUSAL) && !is_wide
    }

    /// Whether any answer can be in the set. Ends decide: what never counts is at the ends of
    /// 127.0.0.0/8 and outside of it.
    fn is_possible(&self) -> bool {
        let proper = |answer| Answered::of(answer, false) == Answered::Proper;
        match self {
            Self::Range(first, last) => first <= last && proper(*first) && proper(*last),
            Self::Network(network) => {
                LOOPBACK.contains(network)
                    && !REFUSALS.contains(network)
                    && network.addr() != REFUSAL
            }
            Self::Masked(_, mask) => *mask != 0,
            Self::Bits(bits) => (1..1 << 24).contains(bits),
            Self::Response(codes) => !codes.is_empty(),
            Self::Text(_) | Self::Any => true,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        if let Some(bits) = text.strip_prefix('&') {
            return bits.trim().parse().ok().map(Self::Bits);
        }
        if let Some(pattern) = text.strip_prefix('/').and_then(|text| text.strip_suffix('/')) {
            return TextPattern::compile(pattern).ok().map(Self::Text);
        }
        if let Some(codes) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let codes: Option<Vec<u16>> =
                codes.split(',').map(|code| dns::response_code_of(code.trim())).collect();
            return codes.map(Self::Response);
        }
        if let Some((wanted, mask)) = text.split_once('/').filter(|(_, mask)| mask.contains('.')) {
            let bits = |text: &str| text.parse().ok().map(Ipv4Addr::to_bits);
            return Some(Self::Masked(bits(wanted)?, bits(mask)?));
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
            Self::Masked(wanted, mask) => {
                write!(f, "{}/{}", Ipv4Addr::from(*wanted), Ipv4Addr::from(*mask))
            }
            Self::Text(pattern) => write!(f, "/{}/", pattern.as_str()),
            Self::Response(codes) => {
                let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
                write!(f, "[{}]", codes.join(","))
            }
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
            ("&2", "203.0.113.2", false),
            ("0.0.0.16/0.0.0.16", "127.0.0.24", true),
            ("0.0.0.16/0.0.0.16", "127.0.0.8", false),
            ("/^127\\.0\\.\\d+\\.2$/", "127.0.9.2", true),
            ("/^127\\.0\\.\\d+\\.2$/", "127.0.9.22", false),
        ] {
            let parsed: Code = code.parse().unwrap();
            let address = Datum::Address(answer.parse().unwrap());
            assert_eq!(parsed.covers(&address), covered, "{code} {answer}");
            assert_eq!(parsed.to_string(), code);
        }
        let text = |text: &str| Datum::Text(text.to_owned());
        let pattern: Code = "/(?i)listed/".parse().unwrap();
        assert!(pattern.covers(&text("Listed, see example.org")) && !pattern.covers(&text("no")));
        assert!(Code::Any.covers(&text("")));
        let codes: Code = "[NXDOMAIN, 2]".parse().unwrap();
        assert!(codes.covers_response(3) && codes.covers_response(2) && !codes.covers_response(0));
        assert_eq!(codes.to_string(), "[3,2]");
    }

    #[test]
    fn some_mean_the_answer_that_others_refuse_by() {
        for (code, means) in [
            ("/^127\\.0\\.0\\.[12]$/", true),
            ("/^127\\./", false),
            ("&1", false),
            ("*", false),
            ("127.0.0.2", false),
        ] {
            assert_eq!(code.parse::<Code>().unwrap().means_refusal(), means, "{code}");
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
            "127.0.0.0/0.0.0.0",
            "/(/",
            "[]",
            "[NOSUCHCODE]",
            "**",
        ] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_back(text in "[0-9&*./,\\[\\]-]{0,24}") {
            if let Ok(code) = text.parse::<Code>() {
                prop_assert_eq!(code.to_string().parse::<Code>().unwrap(), code);
            }
        }
    }
}
