//! A list as written: one `[[dns.list]]` of the settings, or what the rules' files say of one.

use serde::{Deserialize, Serialize};

use super::{
    About, Digest, Findings, Hops, Key, ListsError, Normal, Only, about::Stage, template::Template,
};
use crate::{
    dns::{HIDDEN, Kind},
    verdict::Points,
};

/// How many names one message may make a list be asked about, unless it says otherwise.
const MOST: usize = 20;

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
    /// The domain that questions are put in front of: `bl.example.org`. `{key}` in it stands for the
    /// key. For `about = "template"` the whole name, with its tags.
    pub zone: String,
    /// What it lists.
    #[serde(default)]
    pub about: About,
    /// What its name is for people, in replies, logs and metrics; the zone if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What its answers mean. Each code that covers an answer is a finding; an answer that no
    /// code covers is none.
    pub findings: Findings,
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
    /// Which hosts of the trace, for `about = "trace"`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hops: Hops,
    /// Whether it knows names, addresses or both, where links and senders have either.
    #[serde(default, skip_serializing_if = "is_default")]
    pub only: Only,
    /// Whether it knows only what was registered: `example.co.uk`, not `www.example.co.uk`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub registered: bool,
    /// The digest it wants, for `about = "email"`, `"uri"` and `"file"`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub digest: Digest,
    /// What is left out of e-mail addresses before that.
    #[serde(default, skip_serializing_if = "is_default")]
    pub normal: Normal,
    /// The type of records it answers with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub records: Kind,
    /// About how many names, addresses or digests one message may make it be asked.
    #[serde(default = "most", skip_serializing_if = "is_most")]
    pub most: usize,
    /// Whether it must prove its health by listing a test entry (RFC 5782, section 5). Unless this
    /// says otherwise: lists of addresses and names must, those of digests and templates need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_entry: Option<bool>,
    /// The profiles that ask it; none: all that ask lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<String>,
    /// What `{key}` in the zone stands for. Shown to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// It is asked by what the message says of its client and its sender, not by what SMTP says, so
    /// when the message is complete.
    #[serde(skip)]
    pub by_message: bool,
}

const fn yes() -> bool {
    true
}

const fn most() -> usize {
    MOST
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_most(most: &usize) -> bool {
    *most == MOST
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Definition {
    /// A list that is asked about this, and says so; everything else as if it were not written.
    pub fn new(zone: impl Into<String>, about: About, findings: Findings) -> Self {
        Self {
            zone: zone.into(),
            about,
            name: None,
            findings,
            refuse: false,
            allow: false,
            weight: None,
            ipv6: true,
            hops: Hops::default(),
            only: Only::default(),
            registered: false,
            digest: Digest::default(),
            normal: Normal::default(),
            records: Kind::default(),
            most: MOST,
            test_entry: None,
            profiles: Vec::new(),
            key: None,
            by_message: false,
        }
    }

    /// The name for people.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.zone)
    }

    /// What each finding weighs.
    pub fn weight(&self) -> Points {
        const ONE: i64 = 1_000_000;
        self.weight.unwrap_or(Points::from_micros(if self.allow { -ONE } else { ONE }))
    }

    /// For what its answers are wanted.
    pub(super) fn stage(&self) -> Stage {
        match self.about {
            About::Client if !self.by_message => Stage::Connect,
            _ => Stage::Message,
        }
    }

    /// Whether what it is asked about has to be read of the message.
    pub(super) fn reads_message(&self) -> bool {
        self.by_message || !matches!(self.about, About::Client | About::Sender)
    }

    /// The name it is asked with, if that has tags.
    pub(super) fn template(&self) -> Option<Template> {
        (self.about == About::Template).then(|| Template::parse(&self.zone)).flatten()
    }

    /// Whether it must list a test entry.
    pub(super) fn has_test_entry(&self) -> bool {
        let usual = !self.about.is_digest() && self.about != About::Template;
        self.test_entry.unwrap_or(usual)
    }

    /// Whether it makes sense.
    pub fn is_askable(&self) -> bool {
        self.validate().is_ok()
    }

    /// Whether it is the same question to the same list.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        self.zone.eq_ignore_ascii_case(&other.zone)
            && (self.about, self.hops, self.only) == (other.about, other.hops, other.only)
            && (self.records, self.by_message) == (other.records, other.by_message)
            && (self.registered, self.digest) == (other.registered, other.digest)
            && (self.normal, self.allow) == (other.normal, other.allow)
    }

    /// Whether it can be asked as it is written.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn validate(&self) -> Result<(), ListsError> {
        let zone = || self.zone.clone();
        match (self.zone.contains(HIDDEN), &self.key) {
            (true, None) => return Err(ListsError::NoKey { zone: zone() }),
            (false, Some(_)) => return Err(ListsError::NeedlessKey { zone: zone() }),
            _ => {}
        }
        self.validate_zone()?;
        if let Some(name) = self.name.as_deref().filter(|name| !is_label(name)) {
            return Err(ListsError::Label { zone: zone(), name: name.to_owned() });
        }
        if self.findings.is_empty() {
            return Err(ListsError::NoFindings { zone: zone() });
        }
        if let Some(name) = self.findings.names().find(|name| !is_finding(name.as_str())) {
            return Err(ListsError::Finding { zone: zone(), name: name.to_string() });
        }
        if self.refuse && self.about != About::Client {
            return Err(ListsError::RefuseClient { zone: zone() });
        }
        if self.allow && self.about == About::Dkim {
            return Err(ListsError::Claim { zone: zone() });
        }
        if self.allow && self.refuse {
            return Err(ListsError::AllowAndRefuse { zone: zone() });
        }
        if self.most == 0 {
            return Err(ListsError::Most { zone: zone() });
        }
        self.validate_weight()
    }

    fn validate_zone(&self) -> Result<(), ListsError> {
        if self.about == About::Template {
            let known = Template::parse(&self.zone).is_some();
            return if known { Ok(()) } else { Err(ListsError::Tag { zone: self.zone.clone() }) };
        }
        match is_zone(&self.zone.replace(HIDDEN, "key")) {
            true => Ok(()),
            false => Err(ListsError::Zone { zone: self.zone.clone() }),
        }
    }

    fn validate_weight(&self) -> Result<(), ListsError> {
        let own = self.findings.iter().filter_map(|found| found.weight);
        let is_against = |weight: &Points| match self.allow {
            true => *weight > Points::ZERO,
            false => *weight < Points::ZERO,
        };
        match own.chain([self.weight()]).find(is_against) {
            Some(weight) => Err(ListsError::Weight { zone: self.zone.clone(), weight }),
            None => Ok(()),
        }
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
        let named: Findings = [("*".parse().unwrap(), "A".into())].into_iter().collect();
        assert_eq!(block, Definition::new("a.example", About::Client, named));
        assert_eq!(block.weight().to_string(), "1.0");
        assert_eq!(block.label(), "a.example");
        let allow = Definition { allow: true, ..block };
        assert_eq!(allow.weight().to_string(), "-1.0");
        let heavy = read("zone = \"a.b\"\nweight = 2\nfindings = { \"*\" = \"A\" }").unwrap();
        assert_eq!(heavy.weight().to_string(), "2.0");
        let written = toml::to_string(&allow).unwrap();
        assert_eq!(read(&written).unwrap(), allow);
        assert!(!written.contains("hops"), "{written}");
    }

    #[test]
    fn a_key_is_shown_to_nobody() {
        let paid = "zone = \"{key}.a.example\"\nkey = \"s3cret\"\nfindings = { \"*\" = \"A\" }";
        let paid = read(paid).unwrap();
        assert!(paid.validate().is_ok());
        let shown = format!("{paid:?} {} {}", paid.label(), toml::to_string(&paid).unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
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
            ("zone = \"a.b\"\nallow = true\nrefuse = true\nfindings = { \"*\" = \"A\" }", "allow"),
            ("zone = \"a.b\"\nweight = -1.0\nfindings = { \"*\" = \"A\" }", "-1.0"),
            ("zone = \"a.b\"\nallow = true\nweight = 1.0\nfindings = { \"*\" = \"A\" }", "1.0"),
            ("zone = \"{key}.b\"\nfindings = { \"*\" = \"A\" }", "needs a `key`"),
            ("zone = \"a.b\"\nkey = \"x\"\nfindings = { \"*\" = \"A\" }", "no {key}"),
            (
                "zone = \"a.b\"\nabout = \"dkim\"\nallow = true\nfindings = { \"*\" = \"A\" }",
                "proved",
            ),
            ("zone = \"a.b\"\nmost = 0\nfindings = { \"*\" = \"A\" }", "most"),
            (
                "zone = \"a.b\"\nabout = \"dkim\"\nrefuse = true\nfindings = { \"*\" = \"A\" }",
                "client",
            ),
            ("zone = \"_X_.b\"\nabout = \"template\"\nfindings = { \"*\" = \"A\" }", "tag"),
        ] {
            let error = read(lines).unwrap().validate().unwrap_err().to_string();
            assert!(error.contains(says), "{lines}: {error}");
        }
        for lines in [
            "zone = \"a.b\"",
            "zone = \"a.b\"\nfindings = { \"127.0.0.1\" = \"A\" }",
            "zone = \"a.b\"\nabout = \"body\"\nfindings = { \"*\" = \"A\" }",
            "zone = \"a.b\"\nfindigns = { \"*\" = \"A\" }",
            "zone = \"a.b\"\nkey = \"a.b\"\nfindings = { \"*\" = \"A\" }",
            "zone = \"a.b\"\nhops = \"some\"\nfindings = { \"*\" = \"A\" }",
            "zone = \"a.b\"\nrecords = \"SRV\"\nfindings = { \"*\" = \"A\" }",
        ] {
            assert!(read(lines).is_err(), "{lines}");
        }
    }
}
