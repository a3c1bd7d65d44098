//! Profiles: how a message is treated, by where it comes from.
//!
//! [`Settings`] is a profile as written: what is missing comes from its `base`. [`Profile`] is a
//! profile as used: everything is there. `external`, `authenticated` and `local` always exist and
//! stand on the shipped values; others name a `base` and say in `when` whom they are for.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::networks;
use crate::{
    checks::Check,
    verdict::{OnFailure, Points, Trouble, Verdict},
};

/// `[profile.NAME]` as written. `None`: as in the base.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The profile that fills in what this one leaves out; `external` unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The checks that are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<String>>,
    /// Score from which a message is delivered with headers that call it spam, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Threshold>,
    /// Score from which the MTA is asked to hold it, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Threshold>,
    /// Score from which it is refused for now, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defer: Option<Threshold>,
    /// Score from which it is refused, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject: Option<Threshold>,
    /// Score from which it is accepted and thrown away, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discard: Option<Threshold>,
    /// Whether a listed client is refused at RCPT, before it sends the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_reject: Option<bool>,
    /// How long RCPT waits for the lists, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_wait_ms: Option<u64>,
    /// What to do when the sender's domain says that the client is not its (SPF).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spf_fail: Option<Enforcement>,
    /// What to do when the author's domain asks for refusal of mail it does not stand behind (DMARC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dmarc_reject: Option<Enforcement>,
    /// What to do with attachments of some kinds, whatever the score: `encrypted`, `macros`, `dangerous`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<BTreeMap<Trouble, Verdict>>,
    /// Between which scores a message is worth heavy analysis (pictures are read), or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heavy: Option<Heavy>,
    /// How long a message may be judged, in milliseconds, once it has a slot (`[limits]`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// What to do when the virus scanner is late or broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_unscanned: Option<OnFailure>,
    /// What to do when another check is late or broken, by the check's name; else `accept`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<BTreeMap<String, OnFailure>>,
    /// Whether X-Spam-* headers are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spam_headers: Option<bool>,
    /// Judge and log, but let everything pass unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Whom an additional profile is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// Whom an additional profile is for: every list that is not empty must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Our listeners, as written in `milter.listen`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listener: Vec<String>,
    /// The MTA's services (`{daemon_name}`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub daemon_name: Vec<String>,
    /// Client networks.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "networks::networks")]
    pub client: Vec<IpNet>,
    /// Login names; `*` is any login, `*@example.org` any that ends so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub login: Vec<String>,
}

impl When {
    /// Whether nothing is asked, so that it would match everybody.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a profile does about failed authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Its findings count.
    Score,
    /// It is refused as well.
    Reject,
}

/// Between which scores heavy analysis can still change what becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Heavy {
    /// `false`: never.
    Off(Off),
    /// Between these.
    Between(Between),
}

/// `false`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Off;

/// Scores, the first included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// From this score on.
    pub from: Points,
    /// Below this one.
    pub below: Points,
}

impl Serialize for Off {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(false)
    }
}

impl<'de> Deserialize<'de> for Off {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            false => Ok(Self),
            true => Err(de::Error::custom("true says nothing: name the scores, or false")),
        }
    }
}

/// A score from which something happens, or `false` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Never.
    Off,
    /// From this score on.
    From(Points),
}

impl Threshold {
    fn points(self) -> Option<Points> {
        match self {
            Self::Off => None,
            Self::From(points) => Some(points),
        }
    }
}

impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_bool(false),
            Self::From(points) => points.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Threshold;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a score such as 5.0, or false for never")
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Threshold, E> {
                if value {
                    return Err(E::invalid_value(de::Unexpected::Bool(true), &self));
                }
                Ok(Threshold::Off)
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Threshold, E> {
                Points::from_f64(value).map(Threshold::From).map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Threshold, E> {
                self.visit_f64(value as f64)
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Threshold, E> {
                self.visit_f64(value as f64)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A profile as used.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: Arc<str>,
    /// The names of its checks.
    pub checks: Vec<String>,
    /// Verdicts by score: (verdict, from which score), mildest first.
    pub thresholds: Vec<(Verdict, Points)>,
    /// Whether a listed client is refused at RCPT.
    pub early_reject: bool,
    /// How long RCPT waits for the lists.
    pub early_wait: Duration,
    /// What it does about SPF's fail.
    pub spf_fail: Enforcement,
    /// What it does about DMARC's reject.
    pub dmarc_reject: Enforcement,
    /// What it does with attachments of some kinds.
    pub attachments: BTreeMap<Trouble, Verdict>,
    /// Between which scores pictures are read.
    pub heavy: Option<Between>,
    /// How long a message may be judged once it has a slot.
    pub deadline: Duration,
    /// What to do when the virus scanner is late or broken.
    pub on_unscanned: OnFailure,
    /// What to do when another check is.
    pub on_failure: BTreeMap<String, OnFailure>,
    /// Whether X-Spam-* headers are written.
    pub spam_headers: bool,
    /// Judge and log only.
    pub dry_run: bool,
}

impl Profile {
    /// Whether it asks this check.
    pub fn asks(&self, check: &str) -> bool {
        self.checks.iter().any(|name| name == check)
    }

    /// Whether it asks this very check: of several of a name, the one that serves it.
    pub fn wants(&self, check: &dyn Check) -> bool {
        self.asks(check.name()) && check.serves(&self.name)
    }

    /// From which score it calls a message spam: its lowest threshold.
    pub fn required(&self) -> Option<Points> {
        self.thresholds.iter().map(|&(_, from)| from).min()
    }

    /// The verdict for a score: of the thresholds it reaches, the highest.
    pub fn verdict_for(&self, score: Points) -> Verdict {
        let reached = self.thresholds.iter().filter(|&&(_, from)| score >= from);
        reached.max_by_key(|&&(verdict, from)| (from, verdict)).map_or(Verdict::Accept, |t| t.0)
    }

    /// What it does when this check fails.
    pub fn on_failure_of(&self, check: &str) -> OnFailure {
        if check == "antivirus" {
            return self.on_unscanned;
        }
        self.on_failure.get(check).copied().unwrap_or(OnFailure::Accept)
    }
}

impl Settings {
    /// This profile with everything it leaves out taken from `base`.
    pub fn over(&self, base: &Self) -> Self {
        let (own, base) = (self.clone(), base.clone());
        Self {
            base: own.base.or(base.base),
            checks: own.checks.or(base.checks),
            mark: own.mark.or(base.mark),
            quarantine: own.quarantine.or(base.quarantine),
            defer: own.defer.or(base.defer),
            reject: own.reject.or(base.reject),
            discard: own.discard.or(base.discard),
            early_reject: own.early_reject.or(base.early_reject),
            early_wait_ms: own.early_wait_ms.or(base.early_wait_ms),
            spf_fail: own.spf_fail.or(base.spf_fail),
            dmarc_reject: own.dmarc_reject.or(base.dmarc_reject),
            attachments: own.attachments.or(base.attachments),
            heavy: own.heavy.or(base.heavy),
            deadline_ms: own.deadline_ms.or(base.deadline_ms),
            on_unscanned: own.on_unscanned.or(base.on_unscanned),
            on_failure: own.on_failure.or(base.on_failure),
            spam_headers: own.spam_headers.or(base.spam_headers),
            dry_run: own.dry_run.or(base.dry_run),
            when: own.when,
        }
    }

    /// As used. What is missing even here takes the mildest meaning.
    pub fn resolve(&self, name: &str) -> Profile {
        let millis = |ms: Option<u64>| Duration::from_millis(ms.unwrap_or(2_000));
        Profile {
            name: name.into(),
            checks: self.checks.clone().unwrap_or_default(),
            thresholds: self.thresholds(),
            early_reject: self.early_reject.unwrap_or(false),
            early_wait: millis(self.early_wait_ms),
            spf_fail: self.spf_fail.unwrap_or(Enforcement::Score),
            dmarc_reject: self.dmarc_reject.unwrap_or(Enforcement::Score),
            attachments: self.attachments.clone().unwrap_or_default(),
            heavy: match self.heavy {
                Some(Heavy::Between(between)) => Some(between),
                Some(Heavy::Off(Off)) | None => None,
            },
            deadline: millis(self.deadline_ms),
            on_unscanned: self.on_unscanned.unwrap_or(OnFailure::Defer),
            on_failure: self.on_failure.clone().unwrap_or_default(),
            spam_headers: self.spam_headers.unwrap_or(false),
            dry_run: self.dry_run.unwrap_or(false),
        }
    }

    fn thresholds(&self) -> Vec<(Verdict, Points)> {
        let written = [
            (Verdict::Mark, self.mark),
            (Verdict::Quarantine, self.quarantine),
            (Verdict::Defer, self.defer),
            (Verdict::Reject, self.reject),
            (Verdict::Discard, self.discard),
        ];
        let set = |(verdict, threshold): (_, Option<Threshold>)| {
            threshold.and_then(Threshold::points).map(|points| (verdict, points))
        };
        written.into_iter().filter_map(set).collect()
    }
}

/// The three profiles as shipped (design, section 5).
pub fn shipped() -> [(&'static str, Settings); 3] {
    [("external", external()), ("authenticated", authenticated()), ("local", local())]
}

fn external() -> Settings {
    Settings {
        checks: names(&super::CHECKS),
        mark: Some(Threshold::From(Points::from_micros(5_000_000))),
        quarantine: Some(Threshold::Off),
        defer: Some(Threshold::Off),
        reject: Some(Threshold::From(Points::from_micros(10_000_000))),
        discard: Some(Threshold::Off),
        early_reject: Some(true),
        early_wait_ms: Some(2_000),
        spf_fail: Some(Enforcement::Score),
        dmarc_reject: Some(Enforcement::Score),
        attachments: Some(BTreeMap::new()),
        heavy: Some(Heavy::Between(Between {
            from: Points::from_micros(-2_000_000),
            below: Points::from_micros(10_000_000),
        })),
        deadline_ms: Some(20_000),
        on_unscanned: Some(OnFailure::Defer),
        on_failure: Some(insist_on(&["attachments", "rules"])),
        spam_headers: Some(true),
        dry_run: Some(false),
        ..Settings::default()
    }
}

fn authenticated() -> Settings {
    Settings {
        checks: names(&["links", "antivirus", "attachments", "bayes", "rules"]),
        mark: Some(Threshold::Off),
        reject: Some(Threshold::From(Points::from_micros(15_000_000))),
        early_reject: Some(false),
        heavy: Some(Heavy::Off(Off)),
        deadline_ms: Some(2_000),
        on_unscanned: Some(OnFailure::Accept),
        on_failure: Some(BTreeMap::new()),
        spam_headers: Some(false),
        ..external()
    }
}

fn local() -> Settings {
    Settings {
        checks: names(&["antivirus", "attachments"]),
        reject: Some(Threshold::Off),
        ..authenticated()
    }
}

/// A message that makes one of these checks fail must not get through by it.
fn insist_on(checks: &[&str]) -> BTreeMap<String, OnFailure> {
    checks.iter().map(|&check| (check.to_owned(), OnFailure::Defer)).collect()
}

fn names(checks: &[&str]) -> Option<Vec<String>> {
    Some(checks.iter().map(|&name| name.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Points {
        text.parse().unwrap()
    }

    #[test]
    fn the_highest_threshold_reached_decides() {
        let profile = external().resolve("external");
        for (score, verdict) in [
            ("-3", Verdict::Accept),
            ("4.999999", Verdict::Accept),
            ("5", Verdict::Mark),
            ("9.999", Verdict::Mark),
            ("10", Verdict::Reject),
        ] {
            assert_eq!(profile.verdict_for(points(score)), verdict, "{score}");
        }
        assert_eq!(profile.required(), Some(points("5")));
        assert_eq!(local().resolve("local").required(), None);
    }

    #[test]
    fn what_is_left_out_comes_from_the_base() {
        let own = Settings { mark: Some(Threshold::Off), ..Settings::default() };
        let profile = own.over(&external()).resolve("partner");
        assert_eq!(profile.thresholds, [(Verdict::Reject, points("10"))]);
        assert!(profile.early_reject);
    }
}
