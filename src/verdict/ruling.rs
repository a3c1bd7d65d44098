//! What an administrator has said, at run time, about those who send a message.

use serde::{Deserialize, Serialize};

/// What an entry says about whom it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// Let in.
    Allow,
    /// Kept out.
    Block,
}

impl Word {
    /// The word on command lines, in requests and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
        }
    }
}

/// Who of those who send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// The host that connected.
    Client,
    /// The sender in SMTP (MAIL).
    Sender,
    /// The author (From).
    Author,
}

impl Party {
    /// The word in evidence and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Sender => "sender",
            Self::Author => "author",
        }
    }
}

/// An entry that names somebody who sends this message. Of one party, the entry that says it most exactly
/// stands first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Whom.
    pub party: Party,
    /// By which address: of a host or a mailbox.
    pub who: String,
    /// What it says.
    pub word: Word,
    /// The entry's pattern.
    pub entry: String,
    /// The entry's note; may be empty.
    pub note: String,
    /// It lets in whoever says to be this, proved or not.
    pub unverified: bool,
}
