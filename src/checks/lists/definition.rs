//! A list as written: one `[[dns.list]]` of the settings.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Code, ListsError};
use crate::verdict::{Name, Points};

/// What a list is about: what is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// The address of the client that offers the message.
    #[default]
    Client,
    /// Domain names. Not asked yet.
    Domain,
    /// Digests of addresses, links or files. Not asked yet.
    Hash,
}

impl About {
    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Domain => "domain",
            Self::Hash => "hash",
        }
    }
}

/// One DNS list.
///
/// ```toml
/// [[dns.list]]
/// zone = "bl.example.org"
/// findings = { "127.0.0.2" = "RCVD_IN_EXAMPLE", "127.0.0.4-127.0.0.7" = "RCVD_IN_EXAMPLE_BOT" }
/// refuse = true
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The domain that questions are put in front of: `bl.example.org`. May hold a paid key.
    pub zone: String,
    /// What it lists.
    #[serde(default)]
    pub about: About,
    /// What its name is for people, in replies, logs and metrics; the zone if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What its answers mean. Each code that covers an answer is a finding; an answer that no
    /// code covers is none.
    pub findings: IndexMap<Code, Name>,
    /// One hit on this list alone is enough to refuse the client.
    #[serde(default)]
    pub refuse: bool,
    /// The list of the good: a hit lowers the score and takes back any refusal.
    #[serde(default)]
    pub allow: bool,
    /// What each finding weighs unless a `score` line says otherwise: 1.0, for a list of the good
    /// -1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Points>,
    /// Whether it knows IPv6 addresses; one that does not is spared the questions.
    #[serde(default = "yes")]
    pub ipv6: bool,
}

const fn yes() -> bool {
    true
}

impl Definition {
    /// The name for people.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.zone)
    }

    /// What each finding weighs.
    pub fn weight(&self) -> Points {
        const ONE: i64 = 1_000_000;
        self.weight.unwrap_or(Points::from_micros(if self.allow { -ONE } else { ONE }))
    }

    /// Whether it can be asked as it is written.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn validate(&self) -> Result<(), ListsError> {
        let zone = || self.zone.clone();
        if !is_zone(&self.zone) {
            return Err(ListsError::Zone { zone: zone() });
        }
        if let Some(name) = self.name.as_deref().filter(|name| !is_label(name)) {
            return Err(ListsError::Label { zone: zone(), name: name.to_owned() });
        }
        if self.about != About::Client {
            return Err(ListsError::NotYet { zone: zone(), about: self.about.as_str() });
        }
        if self.findings.is_empty() {
            return Err(ListsError::NoFindings { zone: zone() });
        }
        if let Some(name) = self.findings.values().find(|name| !is_finding(name.as_str())) {
            return Err(ListsError::Finding { zone: zone(), name: name.to_string() });
        }
        if self.allow && self.refuse {
            return Err(ListsError::AllowAndRefuse { zone: zone() });
        }
        let against =
            if self.allow { self.weight() > Points::ZERO } else { self.weight() < Points::ZERO };
        if against {
            return Err(ListsError::Weight { zone: zone(), weight: self.weight() });
        }
        Ok(())
    }
}

/// A domain name with room for an IPv6 address in front of it (RFC 1035, section 2.3.4: 253
/// characters; an address takes 64 of them).
fn is_zone(zone: &str) -> bool {
    const MOST: usize = 253 - 64;
    let zone = zone.strip_suffix('.').unwrap_or(zone);
    let good = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    zone.len() <= MOST
        && zone.split('.').all(|label| (1..=63).contains(&label.len()) && label.bytes().all(good))
}

/// Printable ASCII, not too much of it: it goes into SMTP replies.
fn is_label(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_graphic() || c == b' ')
}

/// Names that rules can use too.
fn is_finding(name: &str) -> bool {
    let word = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    !name.starts_with(|c: char| c.is_ascii_digit())
        && (1..=64).contains(&name.len())
        && name.bytes().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str) -> Result<Definition, toml::de::Error> {
        toml::from_str(rest)
    }

    #[test]
    fn what_is_not_written_has_a_default() {
        let block = read("zone = \"a.example\"\nfindings = { \"*\" = \"A\" }").unwrap();
        assert_eq!((block.about, block.refuse, block.ipv6), (About::Client, false, true));
        assert_eq!(block.weight().to_string(), "1.0");
        assert_eq!(block.label(), "a.example");
        let allow = Definition { allow: true, ..block };
        assert_eq!(allow.weight().to_string(), "-1.0");
        let heavy = read("zone = \"a.b\"\nweight = 2\nfindings = { \"*\" = \"A\" }").unwrap();
        assert_eq!(heavy.weight().to_string(), "2.0");
        let written = toml::to_string(&allow).unwrap();
        assert_eq!(read(&written).unwrap(), allow);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let good = "zone = \"a.example\"\nfindings = { \"127.0.0.2\" = \"A\" }";
        assert!(read(good).unwrap().validate().is_ok());
        for (lines, says) in [
            ("zone = \"\"\nfindings = { \"*\" = \"A\" }", "not a domain"),
            ("zone = \"a b\"\nfindings = { \"*\" = \"A\" }", "not a domain"),
            ("zone = \"a..b\"\nfindings = { \"*\" = \"A\" }", "not a domain"),
            ("zone = \"a.b\"\nfindings = {}", "findings"),
            ("zone = \"a.b\"\nname = \"a\\nb\"\nfindings = { \"*\" = \"A\" }", "for people"),
            ("zone = \"a.b\"\nfindings = { \"*\" = \"A B\" }", "A B"),
            ("zone = \"a.b\"\nabout = \"hash\"\nfindings = { \"*\" = \"A\" }", "not yet"),
            ("zone = \"a.b\"\nallow = true\nrefuse = true\nfindings = { \"*\" = \"A\" }", "allow"),
            ("zone = \"a.b\"\nweight = -1.0\nfindings = { \"*\" = \"A\" }", "-1.0"),
            ("zone = \"a.b\"\nallow = true\nweight = 1.0\nfindings = { \"*\" = \"A\" }", "1.0"),
        ] {
            let error = read(lines).unwrap().validate().unwrap_err().to_string();
            assert!(error.contains(says), "{lines}: {error}");
        }
        for lines in [
            "zone = \"a.b\"",
            "zone = \"a.b\"\nfindings = { \"127.0.0.1\" = \"A\" }",
            "zone = \"a.b\"\nabout = \"body\"\nfindings = { \"*\" = \"A\" }",
            "zone = \"a.b\"\nfindigns = { \"*\" = \"A\" }",
        ] {
            assert!(read(lines).is_err(), "{lines}");
        }
    }
}
