//! The store: what this node has been taught, as a set that replicates. It knows nothing of spam:
//! features are bytes to it. There are two topics: messages, for the classifier, and access entries, by which
//! an administrator lets in and keeps out ([`Store::access`]); one journal, one clock and one hash serve both.
//!
//! - [`Store::open`] once; it is `Sync`, all calls block (on the disk, or on the writer before).
//! - [`Store::teach`] makes lessons into events of this store's own; [`Store::apply`] takes the
//!   events of others. Each applies its whole batch in one transaction and returns when that is
//!   durable, with the changes for the model in memory. A durable call costs the disk's time for
//!   one flush, so callers who have many lessons hand over many at once.
//! - [`Store::changes_since`] brings a model up to date that was written down earlier, and
//!   [`Store::checkpointed`] says that it has been; [`Store::entries`] builds one from nothing.
//! - [`Store::journal_from`] is what other nodes are told, after [`Store::announce`];
//!   [`Store::standing`] says what they need not tell.
//! - [`Store::verify`], [`Store::compact`], [`Store::export`], [`Store::import`] for the
//!   administrator.
//!
//! # What holds
//! - The state is a function of the set of events, never of the order in which they came: for each
//!   message the event of the greatest stamp, of these the newest [`Settings::most_messages`].
//!   `ledger.rs` has the proof. Stores that know the same events have the same
//!   [`Store::state_hash`]. Access entries never expire: of each the last word stands.
//! - An event is applied exactly once, in one transaction with the position of its origin, the
//!   indexes, the counts and the hash.
//! - Nothing is stored twice: the journal has digests, not events. Where an event has been
//!   superseded or has expired, others get a [`Record::Void`] in its place.
//! - A failed call has changed nothing, or, if the disk failed in the last step, everything; the
//!   same call again does the rest. Nothing in memory has to be repaired after a failure, and
//!   there is nothing to restart.
//! - One process has the file open. The next one is told [`Fault::Busy`].
//!
//! # What is not here
//! Authority: who may say what is for those who call; the upper half of an origin is for them to tell
//! whose it is ([`Store::speak_as`]). Time: events from far in the future are
//! taken as they are (up to [`LATEST`]), as refusing them here but not there would part the nodes.

mod access;
mod engine;
mod error;
mod event;
mod export;
mod hash;
mod import;
mod ledger;
mod line;
mod read;
mod standing;
mod tables;
#[cfg(test)]
mod tests;
mod upkeep;
mod write;

use std::{
    num::NonZeroU64,
    path::{Path, PathBuf},
};

use redb::WriteTransaction;

pub use error::{Fault, LineFault, Mistake, StoreError};
pub use event::{
    Batch, Change, Counts, Cursor, Digest, Entry, Event, Kind, LATEST, Lesson, MOST_ACCESS_BYTES,
    MOST_FEATURE_BYTES, Outcome, Record, Stamp, Topic,
};
pub use import::Imported;
pub use standing::Standing;
pub use upkeep::{Compacted, Size, Verification};

use engine::Engine;
use tables::{
    ACCESS, DIGESTS, FORMAT, HORIZON, JOURNAL, MESSAGES, NUMBERS, POSITIONS, REDO, State, number,
};

/// The name of the file in the store's folder.
pub const FILE_NAME: &str = "tokens.redb";

/// How a store is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many messages are kept, forgotten ones included; the oldest expire. Nodes that are to
    /// agree need the same number.
    pub most_messages: NonZeroU64,
    /// The version of what makes the features.
    pub tokenizer: u32,
}

/// An open store.
#[derive(Debug)]
pub struct Store {
    engine: Engine,
    settings: Settings,
    /// Nothing is to be written.
    reading: bool,
}

impl Store {
    /// Opens the store in that folder; makes folder and store if there are none. A store that was
    /// not closed is repaired first, which reads the whole file.
    ///
    /// # Errors
    /// [`Fault::Busy`], [`Fault::Format`], [`Fault::Tokenizer`], [`Fault::Damaged`], or what the
    /// operating system says.
    pub fn open(folder: &Path, settings: &Settings) -> Result<Self, StoreError> {
        Self::open_as(folder, *settings, false)
    }

    /// Opens a store that exists, whatever its tokenizer, to read and export it.
    ///
    /// # Errors
    /// As [`Store::open`], and [`Fault::Missing`].
    pub fn open_to_read(folder: &Path) -> Result<Self, StoreError> {
        let settings = Settings { most_messages: NonZeroU64::MAX, tokenizer: 0 };
        Self::open_as(folder, settings, true)
    }

    fn open_as(folder: &Path, settings: Settings, reading: bool) -> Result<Self, StoreError> {
        let file = folder.join(FILE_NAME);
        let named = |fault| StoreError::new(&file, fault);
        if !reading {
            engine::create(&file, |new| lay_out(new, settings.tokenizer)).map_err(named)?;
        }
        let engine = Engine::open(&file).map_err(named)?;
        let store = Self { engine, settings, reading };
        store.begin().map_err(named)?;
        Ok(store)
    }

    /// Looks at the versions; expires what is too much by these settings.
    fn begin(&self) -> Result<(), Fault> {
        match self.versions()? {
            (found, _) if found != FORMAT => {
                return Err(Fault::Format { found, ours: FORMAT });
            }
            (_, found) if found != self.settings.tokenizer && !self.reading => {
                return Err(Fault::Tokenizer { found, ours: self.settings.tokenizer });
            }
            _ => {}
        }
        if !self.reading && self.state()?.counts.total() > self.settings.most_messages.get() {
            self.write(false, |ledger| ledger.settle())?;
        }
        Ok(())
    }

    /// Format and tokenizer; of another format, nothing else is known.
    fn versions(&self) -> Result<(u128, u32), Fault> {
        self.engine.read(|transaction| {
            let numbers = transaction.open_table(NUMBERS)?;
            let format = number(&numbers, "format")?;
            let known = format == FORMAT;
            Ok((format, if known { State::load(&numbers)?.tokenizer } else { 0 }))
        })
    }

    /// Which file.
    pub fn file(&self) -> PathBuf {
        self.engine.file().to_owned()
    }

    fn named<R>(&self, result: Result<R, Fault>) -> Result<R, StoreError> {
        result.map_err(|fault| StoreError::new(self.engine.file(), fault))
    }
}

/// All tables of a new store.
fn lay_out(transaction: &WriteTransaction, tokenizer: u32) -> Result<(), Fault> {
    transaction.open_table(MESSAGES)?;
    transaction.open_table(DIGESTS)?;
    transaction.open_table(POSITIONS)?;
    transaction.open_table(JOURNAL)?;
    transaction.open_table(ACCESS)?;
    transaction.open_table(REDO)?;
    transaction.open_table(HORIZON)?;
    let mut numbers = transaction.open_table(NUMBERS)?;
    numbers.insert("format", FORMAT)?;
    State::new(tokenizer).save(&mut numbers)
}
