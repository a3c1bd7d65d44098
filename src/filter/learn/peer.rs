//! Learning from other nodes, and being learned from.

use tokio::sync::watch;

use super::{
    LearnError, Learner,
    scribe::{Chore, Task},
};
use crate::store::{Cursor, Outcome, Record, Standing};

impl Learner {
    /// Changes whenever something was taught here, not by other nodes.
    pub fn taught(&self) -> watch::Receiver<u64> {
        self.taught.clone()
    }

    /// Which events are learned, and what other nodes may know of them.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn standing(&self) -> Result<Standing, LearnError> {
        Ok(self.store.standing()?)
    }

    /// What was taught here from that sequence on: at most `most` records.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn journal_from(&self, sequence: u64, most: usize) -> Result<Vec<Record>, LearnError> {
        Ok(self.store.journal_from(sequence, most)?)
    }

    /// Other nodes may be told of what was taught here up to that sequence: see
    /// [`crate::store::Store::announce`].
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn announce(&self, sequence: u64) -> Result<(), LearnError> {
        Ok(self.store.announce(sequence)?)
    }

    /// Learns what other nodes were taught, all or nothing; when this returns it is durable, and judging
    /// knows it. The log it came by has been read so far.
    ///
    /// # Errors
    /// Something is missing in between, or was made by no store; the store cannot be written.
    pub fn apply(&self, records: Vec<Record>, cursor: Cursor) -> Result<Vec<Outcome>, LearnError> {
        self.ask(|reply| Task::Chore(Chore::Apply(records, cursor, reply)))?
    }

    /// The log has been read so far.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn read_to(&self, cursor: Cursor) -> Result<(), LearnError> {
        Ok(self.store.read_to(cursor)?)
    }

    /// Events are given under this name from now on: see [`crate::store::Store::speak_as`].
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn speak_as(&self, name: u32) -> Result<(), LearnError> {
        Ok(self.store.speak_as(name)?)
    }

    /// This store is an older copy of itself: see [`crate::store::Store::disown`].
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn disown(&self) -> Result<(), LearnError> {
        Ok(self.store.disown()?)
    }
}
