//! Verdicts, and the ones that do not come from the score.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::Party;

/// What happens to a message. Ordered by severity, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Delivered as it is.
    Accept,
    /// Delivered with headers that say it is spam.
    Mark,
    /// Held by the MTA for a person to look at.
    Quarantine,
    /// Refused for now (4xx); the sender keeps it and tries again.
    Defer,
    /// Refused for good (5xx).
    Reject,
    /// Accepted and thrown away. Nobody is told: for administrators who know why.
    Discard,
}

impl Verdict {
    /// The word in configuration, logs, JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Mark => "mark",
            Self::Quarantine => "quarantine",
            Self::Defer => "defer",
            Self::Reject => "reject",
            Self::Discard => "discard",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a reply refuses or defers; picks the reply's configured text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The score reached the profile's threshold.
    Score,
    /// A virus scanner named a signature.
    Virus(String),
    /// The message carries a test string (GTUBE) that every filter refuses.
    TestString,
    /// An attachment of a kind the administrator forbids: its file name.
    Attachment(String),
    /// Block lists know the client.
    ClientListed(Vec<String>),
    /// A check that the profile insists on was late or broke: its name.
    Unchecked(Cow<'static, str>),
    /// More was offered than this machine can judge in time.
    Busy,
    /// The service is shutting down.
    Draining,
    /// Something inside went wrong.
    Internal,
    /// The sender's domain says that the client is not its (SPF).
    SpfFail {
        /// The domain.
        domain: String,
        /// What it says about that; may be empty.
        explanation: String,
    },
    /// The author's domain does not stand behind the message (DMARC).
    DmarcFail {
        /// The domain.
        domain: String,
    },
    /// The administrator keeps them out.
    Blocked {
        /// Whom.
        party: Party,
        /// Their address.
        who: String,
    },
    /// An attachment that the profile does not take.
    Trouble {
        /// What is wrong with it.
        trouble: Trouble,
        /// The file, with what holds it.
        file: String,
    },
}

/// A kind of attachment that an administrator may want to be without, whatever the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trouble {
    /// Encrypted, so that nobody looks into it without its password.
    Encrypted,
    /// A document with macros.
    Macros,
    /// Something that runs when it is opened.
    Dangerous,
}

impl Reason {
    /// The word in logs and JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Virus(_) => "virus",
            Self::TestString => "test_string",
            Self::Attachment(_) => "attachment",
            Self::ClientListed(_) => "client_listed",
            Self::Unchecked(_) => "unchecked",
            Self::Busy => "busy",
            Self::Draining => "draining",
            Self::Internal => "internal",
            Self::SpfFail { .. } => "spf_fail",
            Self::DmarcFail { .. } => "dmarc_fail",
            Self::Blocked { .. } => "blocked",
            Self::Trouble { trouble: Trouble::Encrypted, .. } => "attachment_encrypted",
            Self::Trouble { trouble: Trouble::Macros, .. } => "attachment_macros",
            Self::Trouble { trouble: Trouble::Dangerous, .. } => "attachment_dangerous",
        }
    }

    /// Whether it rests on who sends the message alone, by the word of others: then an administrator who
    /// lets them in overrides it.
    pub fn is_hearsay(&self) -> bool {
        matches!(self, Self::ClientListed(_) | Self::SpfFail { .. } | Self::DmarcFail { .. })
    }
}

/// A verdict that stands beside the score. It never works by adding points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forced {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
}
