//! The whole answer to one message.

use std::{sync::Arc, time::Duration};

use super::{Authentication, Finding, Forced, Points, Reason, Reference, Testimony, Verdict};

/// Which message it was, in whatever form it is met again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// The digest by which the classifier knows it, too.
    pub digest: [u8; 16],
    /// A hash of its first header field: what stands above that was added since.
    pub first_field: u32,
    /// Its length in bytes, as far as it was read.
    pub bytes: u64,
}

/// What was decided about one message and why.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The code that replies, headers and logs carry.
    pub reference: Reference,
    /// The profile's name.
    pub profile: Arc<str>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, where the verdict is not to deliver.
    pub reason: Reason,
    /// The exact sum of the findings' weights.
    pub score: Points,
    /// From which score this profile calls it spam; `None` where it never does.
    pub required: Option<Points>,
    /// The profile's thresholds: which verdict from which score.
    pub thresholds: Vec<(Verdict, Points)>,
    /// Verdicts that stand beside the score, whether or not one of them was taken.
    pub forced: Vec<Forced>,
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// Checks whose answer came after the deadline.
    pub late: Vec<&'static str>,
    /// Checks that broke, and why.
    pub broken: Vec<(&'static str, String)>,
    /// No virus scanner vouches for this message although the profile asks for one.
    pub unscanned: bool,
    /// Whether the profile has X-Spam-* headers written.
    pub spam_headers: bool,
    /// The profile only watches: the verdict is logged, the message passes unchanged.
    pub dry_run: bool,
    /// Only the beginning of the message was read.
    pub truncated: bool,
    /// RCPT went on before the lists had said what they know of the client.
    pub rcpt_unanswered: bool,
    /// Which message it is, where judgements are recorded; `None` if it was not read.
    pub identity: Option<Identity>,
    /// Who is responsible for it, where the profile asks that.
    pub authentication: Option<Arc<Authentication>>,
    /// What the outside world said about it.
    pub testimony: Testimony,
    /// Time from the end of the message to this judgement.
    pub took: Duration,
}

impl Judgement {
    /// The verdict that the MTA is told: `accept` in a dry run.
    pub fn effective(&self) -> Verdict {
        if self.dry_run { Verdict::Accept } else { self.verdict }
    }

    /// Whether the score calls it spam.
    pub fn is_spam(&self) -> bool {
        self.required.is_some_and(|required| self.score >= required)
    }
}
