//! What a learner is asked for, and what it answers.

use serde::{Deserialize, Serialize};

use crate::store::Kind;

/// What is to be done about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Teach {
    /// Learn that it is spam.
    Spam,
    /// Learn that it is ham.
    Ham,
    /// Take back whatever was learned of it.
    Forget,
}

impl Teach {
    /// The word for it, on command lines and in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Ham => "ham",
            Self::Forget => "forget",
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Spam => Kind::Spam,
            Self::Ham => Kind::Ham,
            Self::Forget => Kind::Forgotten,
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taught {
    /// It was new, or had been forgotten.
    Learned,
    /// It was known as the other.
    Moved,
    /// It is known as just that already.
    Known,
    /// It is no longer known.
    Forgotten,
    /// It was to be forgotten, but is not known.
    NotKnown,
}

/// How much is learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Messages learned as spam.
    pub spam: u64,
    /// Messages learned as ham.
    pub ham: u64,
    /// Messages that were forgotten, and are remembered as such.
    pub forgotten: u64,
    /// Whom an administrator lets in or keeps out: entries in force.
    pub access: usize,
    /// Distinct tokens.
    pub tokens: usize,
    /// The model's memory, in bytes.
    pub model_bytes: usize,
    /// Whether all nodes that learned the same have the same model, bit for bit.
    pub settled: bool,
    /// The store's files, in bytes.
    pub file_bytes: u64,
    /// Who this store is in events.
    pub origin: String,
    /// The same on every node that has learned the same.
    pub state_hash: String,
}

/// What looking at everything found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How much is learned.
    pub status: Status,
    /// The store's file had to be mended.
    pub repaired: bool,
    /// What does not fit together, at most twenty; empty if all is well.
    pub mistakes: Vec<String>,
}

/// What was taken in of another filter's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Messages of spam that they are of.
    pub spam: u32,
    /// Messages of ham.
    pub ham: u32,
    /// Words that are known now.
    pub words: usize,
    /// Words that have no place here, or were seen once only.
    pub left_out: u64,
    /// It had been taken in before: nothing has changed.
    pub known: bool,
}
