//! The words of the store: what is taught, what is kept, what changed.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// The most bytes of features one message may have.
pub const MOST_FEATURE_BYTES: usize = 64 * 1024;

/// The most bytes of features an access entry may have.
pub const MOST_ACCESS_BYTES: usize = 1024;

/// The latest time an event may carry, in milliseconds since 1970: the year 10889. A clock that
/// claims more is broken or hostile, and would leave no later time for anybody.
pub const LATEST: u64 = (1 << 48) - 1;

/// What a message, or an access entry, is known by, however often and wherever it is taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// As the key of a table: numbers compare as the bytes do.
    pub(super) fn number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }

    pub(super) fn from_number(number: u128) -> Self {
        Self(number.to_be_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// When and where something was said. Stamps are ordered by time, then origin, then sequence; no
/// two events have the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Milliseconds since 1970 by the hybrid clock of the origin; at most [`LATEST`].
    pub time: u64,
    /// The store where it was said. Never zero.
    pub origin: u64,
    /// Counts the events of an origin from 1, without a gap.
    pub sequence: u64,
}

/// What events are about. Each topic has its own entries; more may come (greylist, rates, reputation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Messages, for the classifier.
    Message,
    /// Whom an administrator lets in or keeps out.
    Access,
}

/// What was said of a message or an access entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It is spam.
    Spam,
    /// It is not spam.
    Ham,
    /// Nothing any more: what was said before does not count.
    Forgotten,
    /// Whom this access entry names is let in.
    Allowed,
    /// Whom it names is kept out.
    Blocked,
    /// The entry was taken back.
    Unlisted,
}

impl Kind {
    /// As the file has it. Zero stands for "nothing known".
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Spam => 1,
            Self::Ham => 2,
            Self::Forgotten => 3,
            Self::Allowed => 4,
            Self::Blocked => 5,
            Self::Unlisted => 6,
        }
    }

    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Spam),
            2 => Some(Self::Ham),
            3 => Some(Self::Forgotten),
            4 => Some(Self::Allowed),
            5 => Some(Self::Blocked),
            6 => Some(Self::Unlisted),
            _ => None,
        }
    }

    /// What an event that says this is about.
    pub const fn topic(self) -> Topic {
        match self {
            Self::Spam | Self::Ham | Self::Forgotten => Topic::Message,
            Self::Allowed | Self::Blocked | Self::Unlisted => Topic::Access,
        }
    }

    /// Whether it takes back what was said: then it has no features.
    pub const fn takes_back(self) -> bool {
        matches!(self, Self::Forgotten | Self::Unlisted)
    }

    /// How many bytes of features it may have.
    pub const fn most_features(self) -> usize {
        match (self.takes_back(), self.topic()) {
            (true, _) => 0,
            (false, Topic::Message) => MOST_FEATURE_BYTES,
            (false, Topic::Access) => MOST_ACCESS_BYTES,
        }
    }
}

/// The last word on one message, or one access entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who said it, and when.
    pub stamp: Stamp,
    /// What was said.
    pub kind: Kind,
    /// What the classifier counts, or whom an access entry names, in an encoding of theirs; empty if
    /// taken back.
    pub features: Vec<u8>,
}

/// A lesson that has been given: what replicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Of which message or access entry.
    pub digest: Digest,
    /// What was said.
    pub entry: Entry,
}

/// What a person or a trap says about a message, or an administrator of an access entry, here and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What it is.
    pub kind: Kind,
    /// Which message or access entry.
    pub digest: Digest,
    /// At most [`Kind::most_features`]; of no account when it takes back.
    pub features: Vec<u8>,
}

/// One piece of an origin's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An event that is still the last word at its origin.
    Event(Event),
    /// Events that no longer matter: superseded or expired.
    Void {
        /// Whose.
        origin: u64,
        /// The first sequence.
        first: u64,
        /// The last one, itself void.
        last: u64,
    },
}

/// How far a store has read the log by which it is told the journals of others. The store only keeps
/// it, together with what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// Which log: no two have the same number.
    pub log: u64,
    /// The place of the last piece that was read; zero: none was.
    pub sequence: u64,
}

/// What became of one lesson or record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// New, or known again after it had been forgotten.
    Learned,
    /// From spam to ham or back; or the same said later, at another store.
    Moved,
    /// It does not count any more.
    Forgotten,
    /// A lesson that says what is known already. No event.
    Known,
    /// Nothing to forget. No event.
    NotKnown,
    /// More than [`Kind::most_features`]. No event.
    TooLarge,
    /// Something later has been said about this message or access entry.
    Superseded,
    /// Older than everything that is kept.
    Expired,
    /// Applied before.
    Duplicate,
    /// The position moved, nothing else.
    Void,
}

/// What a message was and is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which message.
    pub digest: Digest,
    /// Before. None: not known.
    pub before: Option<Entry>,
    /// After. None: expired.
    pub after: Option<Entry>,
}

/// What one durable call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// One for each lesson or record, in their order.
    pub outcomes: Vec<Outcome>,
    /// One for each message that is not what it was, in the order in which they first changed.
    pub changes: Vec<Change>,
    /// Access entries are not what they were. They have no change numbers.
    pub access: bool,
    /// The change number before. A model that stands at another number has missed something, e.g.
    /// a call that was durable although it failed: let it take [`super::Store::changes_since`].
    pub since: u64,
    /// The change number now.
    pub number: u64,
}

/// How many messages are known as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spam.
    pub spam: u64,
    /// Not spam.
    pub ham: u64,
    /// Forgotten, and kept to outlast older news.
    pub forgotten: u64,
}

impl Counts {
    /// All entries.
    pub fn total(&self) -> u64 {
        self.spam + self.ham + self.forgotten
    }

    /// None: not a message.
    pub(super) fn of(&mut self, kind: Kind) -> Option<&mut u64> {
        match kind {
            Kind::Spam => Some(&mut self.spam),
            Kind::Ham => Some(&mut self.ham),
            Kind::Forgotten => Some(&mut self.forgotten),
            Kind::Allowed | Kind::Blocked | Kind::Unlisted => None,
        }
    }
}
