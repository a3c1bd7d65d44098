//! The whole answer to one message.

use std::{sync::Arc, time::Duration};

use super::{Finding, Points, Reason, Reference, Verdict};

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
