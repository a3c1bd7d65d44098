//! The record of one judgement: what was decided, why, and everything that came from outside, so
//! that it can be explained later and made again without asking anybody.
//!
//! [`Record::of`] is made at the end of each judgement and goes to the history as bytes
//! ([`Record::keep`]). Who reads it explains it, or takes its [`Then`] to
//! [`Filter::revisit`](super::Filter::revisit).
//!
//! What is kept is at the level of answers, not of findings: another configuration, with other
//! weights, thresholds or codes of the same lists, can be judged by the same record. A question that
//! was not asked then has no answer, and the judgement says which
//! ([`Testimony::missing`](crate::verdict::Testimony)).

mod identity;

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use self::identity::{as_it_came, identity};
use crate::{
    checks::rules::RuleSet,
    history::{Entry, History},
    mail::{Client, Envelope},
    metrics,
    verdict::{
        Evidence, Finding, Forced, Identity, Judgement, Outcome, Points, Reason, Reference,
        Testimony, Verdict, Witness,
    },
};

/// The first byte of a record: which form the rest has.
const VERSION: u8 = 3;

/// Of older forms, how many empty lists their ends lack: pictures, and before those rulings.
const OLDER: [(u8, usize); 2] = [(2, 1), (1, 2)];

/// What records have in common, for the compression of short ones: made from the messages beside the
/// rules, which were written by hand (`benches/history` says how).
pub const DICTIONARY: &[u8] = include_bytes!("dictionary.bin");

/// Of what configuration a filter is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// A hash of the settings and of the rules with their scores.
    pub configuration: u64,
    /// The classifier had learned enough, so that the scores with Bayes counted.
    pub bayes_scores: bool,
}

impl Provenance {
    /// Of settings as text, and these rules.
    pub fn of(settings: &str, rules: &RuleSet, bayes_scores: bool) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(settings);
        for rule in rules.list() {
            hasher.update(rule.name.as_str());
            hasher.update(rule.score.micros().to_le_bytes());
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let (&first, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        Self { configuration: u64::from_le_bytes(first), bayes_scores }
    }
}

/// A judgement and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The code that replies, headers and logs carry.
    pub reference: Reference,
    /// When it was made, in milliseconds since 1970.
    pub at: u64,
    /// Of what configuration.
    pub provenance: Provenance,
    /// Which message; `None` if none was read: the client was refused, or nobody had time.
    pub identity: Option<Identity>,
    /// What SMTP told us; for relayed mail with the real client.
    pub envelope: Envelope,
    /// The profile's name.
    pub profile: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The sum of the findings' weights.
    pub score: Points,
    /// From which score the profile calls it spam.
    pub required: Option<Points>,
    /// The profile's thresholds: which verdict from which score.
    pub thresholds: Vec<(Verdict, Points)>,
    /// Verdicts that stand beside the score.
    pub forced: Vec<Forced>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Checks whose answer came too late.
    pub late: Vec<String>,
    /// Checks that broke, and why.
    pub broken: Vec<(String, String)>,
    /// No virus scanner vouches for the message.
    pub unscanned: bool,
    /// The profile only watched.
    pub dry_run: bool,
    /// Only the beginning of the message was read.
    pub truncated: bool,
    /// RCPT went on before all lists had answered.
    pub rcpt_unanswered: bool,
    /// Time from the end of the message to the judgement, in microseconds.
    pub took_micros: u64,
    /// What the outside world said.
    pub testimony: Testimony,
}

/// Bytes that are no record of this version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Of another version.
    #[error("a record of form {0}, which this version cannot read (it reads {VERSION})")]
    Version(u8),
    /// Damaged.
    #[error("no record")]
    Bytes(#[source] postcard::Error),
    /// Nothing at all.
    #[error("an empty record")]
    Empty,
}

impl Record {
    /// Of a judgement that has just been made.
    pub fn of(judgement: &Judgement, envelope: &Envelope, provenance: Provenance) -> Self {
        let broken = judgement.broken.iter();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            reference: judgement.reference,
            at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            provenance,
            identity: judgement.identity,
            envelope: envelope.clone(),
            profile: judgement.profile.to_string(),
            verdict: judgement.verdict,
            reason: judgement.reason.clone(),
            score: judgement.score,
            required: judgement.required,
            thresholds: judgement.thresholds.clone(),
            forced: judgement.forced.clone(),
            findings: judgement.findings.clone(),
            late: judgement.late.iter().map(|&check| check.to_owned()).collect(),
            broken: broken.map(|(check, why)| ((*check).to_owned(), why.clone())).collect(),
            unscanned: judgement.unscanned,
            dry_run: judgement.dry_run,
            truncated: judgement.truncated,
            rcpt_unanswered: judgement.rcpt_unanswered,
            took_micros: u64::try_from(judgement.took.as_micros()).unwrap_or(u64::MAX),
            testimony: judgement.testimony.clone(),
        }
    }

    /// Hands it to the history, which never waits.
    pub(super) fn keep(&self, history: &History) {
        match self.to_bytes() {
            Ok(bytes) => history.keep(Entry {
                reference: self.reference.bits(),
                digest: self.identity.map(|identity| identity.digest),
                seconds: self.at / 1_000,
                bytes,
            }),
            Err(error) => {
                metrics::history_dropped("unwritable");
                tracing::warn!(error = crate::chain(&error), "a judgement is not recorded");
            }
        }
    }

    /// As kept.
    ///
    /// # Errors
    /// None that should happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RecordError> {
        postcard::to_extend(self, vec![VERSION]).map_err(RecordError::Bytes)
    }

    /// From what was kept.
    ///
    /// # Errors
    /// Another version, or bytes that are no record.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        let (&version, rest) = bytes.split_first().ok_or(RecordError::Empty)?;
        if version == VERSION {
            return postcard::from_bytes(rest).map_err(RecordError::Bytes);
        }
        let lacks = OLDER.iter().find(|(older, _)| *older == version);
        let (_, lacks) = lacks.ok_or(RecordError::Version(version))?;
        let with_none = [rest, &vec![0; *lacks]].concat();
        postcard::from_bytes(&with_none).map_err(RecordError::Bytes)
    }

    /// The verdict that the MTA was told: `accept` in a dry run.
    pub fn effective(&self) -> Verdict {
        if self.dry_run { Verdict::Accept } else { self.verdict }
    }

    /// Who connected: the relay, if one handed the message on.
    pub fn client(&self) -> &Arc<Client> {
        self.envelope.relay.as_ref().unwrap_or(&self.envelope.client)
    }

    /// What is needed to judge the message once more.
    pub fn then(&self) -> Then {
        let envelope = &self.envelope;
        let relayed = envelope.relay.is_some() && envelope.client != *self.client();
        let mut testimony = self.testimony.clone();
        if let Some(opinion) = &mut testimony.opinion {
            opinion.because = self.because();
        }
        Then {
            testimony: Arc::new(testimony),
            late: self.late.clone(),
            broken: self.broken.clone(),
            rcpt_unanswered: self.rcpt_unanswered,
            relayed: relayed.then(|| (Arc::clone(&envelope.client), envelope.helo.clone())),
        }
    }

    /// The tokens that decided, which stand with the finding.
    fn because(&self) -> Vec<crate::verdict::Token> {
        let mut because = self.findings.iter().filter_map(|finding| match &finding.evidence {
            Evidence::Probability { because, .. } => Some(because),
            _ => None,
        });
        because.next().cloned().unwrap_or_default()
    }
}

/// What came from outside when a message was judged first.
#[derive(Clone, Debug, Default)]
pub struct Then {
    pub(super) testimony: Arc<Testimony>,
    late: Vec<String>,
    broken: Vec<(String, String)>,
    pub(super) rcpt_unanswered: bool,
    /// The real client of relayed mail, and its HELO.
    pub(super) relayed: Option<(Arc<Client>, Option<String>)>,
}

impl Then {
    /// Whether this check came too late then: it does so again.
    pub(super) fn was_late(&self, check: &str) -> bool {
        self.late.iter().any(|late| late == check)
    }

    /// How this check failed then, which is to happen again: too late, or broken and why.
    pub(super) fn failure_of(&self, check: &str) -> Option<Outcome> {
        if self.was_late(check) {
            return Some(Outcome::Late);
        }
        let broken = self.broken.iter().find(|(name, _)| name == check);
        broken.map(|(_, why)| Outcome::Broken(why.clone()))
    }

    /// A witness for a question of this check: one that knows what came then, if that is to be told.
    pub(super) fn witness(then: Option<&Self>, check: &str) -> Witness {
        let heard = then.map(|then| (Arc::clone(&then.testimony), then.was_late(check)));
        match heard {
            Some((heard, true)) => Witness::of_late(heard),
            heard => Witness::of(heard.map(|(heard, _)| heard)),
        }
    }
}

#[cfg(test)]
mod tests;
