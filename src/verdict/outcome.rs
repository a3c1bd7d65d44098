//! How a check ended: it answered, came too late, or broke.

use serde::Serialize;

use super::{Authentication, Finding, Forced, Reason, Ruling};

/// What a check has to say when all went well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// What it found.
    pub findings: Vec<Finding>,
    /// A verdict that stands beside the score (virus, test string).
    pub forced: Option<Forced>,
    /// Why the message should be refused before it is sent: for what client and envelope tell. Only a
    /// profile that refuses early acts on it.
    pub refuse: Option<Reason>,
    /// Who is responsible for the message, of the check that asks that.
    pub authentication: Option<Box<Authentication>>,
    /// What the administrator has said about those who send it, of the check that looks that up.
    pub rulings: Vec<Ruling>,
}

/// How one check ended for one message.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It answered.
    Answered(Answer),
    /// The profile's deadline passed first.
    Late,
    /// The same, but this it had found by then.
    Partly(Vec<Finding>),
    /// It could not do its work; the text says why, in one line.
    Broken(String),
    /// The profile asks for it, but nothing is configured that could do it (no virus scanner).
    Absent,
}

/// What a profile does about a check that was late or broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Go on without its findings; counted and logged.
    Accept,
    /// Answer 451, so that the sender keeps the message and tries again.
    Defer,
    /// Answer 550.
    Reject,
}
