//! What a store is among others that are told its journal, and it theirs.

use std::collections::BTreeMap;

use redb::{ReadTransaction, ReadableTable};

use super::{
    Store,
    error::{Fault, StoreError},
    event::{Counts, Cursor},
    read::state,
    tables::POSITIONS,
};

/// Which events a state is of, and what others may know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The store's name among others; never zero.
    pub origin: u64,
    /// Up to which of its own events others may know them.
    pub announced: u64,
    /// The last sequence of each origin that was applied; of one's own: that was given.
    pub positions: BTreeMap<u64, u64>,
    /// How far the log of all journals has been read.
    pub cursor: Option<Cursor>,
    /// The same on every store that knows the same.
    pub state_hash: u128,
    /// How many messages are known as what.
    pub counts: Counts,
}

impl Standing {
    /// The sequence of the last event that this store has given; zero: none.
    pub fn given(&self) -> u64 {
        self.positions.get(&self.origin).copied().unwrap_or_default()
    }
}

impl Store {
    /// Where the store stands, read from one state.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn standing(&self) -> Result<Standing, StoreError> {
        self.named(self.engine.read(standing))
    }

    /// Says that others may be told of its own events up to that one from now on. Call it *before* they
    /// are told: if anybody ever knows more than was announced, then this is an older copy of the
    /// store that told them, restored from a backup, and its numbers are taken.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn announce(&self, sequence: u64) -> Result<(), StoreError> {
        self.named(self.write(false, |ledger| {
            if sequence > ledger.state.announced {
                ledger.state.announced = sequence;
                ledger.touch();
            }
            Ok(())
        }))
    }

    /// This is an older copy of a store that has told others more than this one announced. It gets
    /// another origin. The old one's events after the announced ones are others' now: to be
    /// applied as they come. What was taught here under the same numbers stays in the state, and
    /// others learn of it by an export.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn disown(&self) -> Result<(), StoreError> {
        self.named(self.write(false, |ledger| {
            let (old, announced) = (ledger.state.origin, ledger.state.announced);
            ledger.renew_origin()?;
            ledger.set_position(old, announced)
        }))
    }

    /// Takes another origin, unless its upper half says that name already. Others learn of what was
    /// taught before by an export.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn speak_as(&self, name: u32) -> Result<(), StoreError> {
        self.named(self.write(false, |ledger| {
            if name_of(ledger.state.origin) == name { Ok(()) } else { ledger.take_origin(name) }
        }))
    }

    /// Notes how far the log of all journals has been read, without anything that was in it.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn read_to(&self, cursor: Cursor) -> Result<(), StoreError> {
        self.named(self.write(false, |ledger| {
            ledger.set_cursor(cursor);
            Ok(())
        }))
    }
}

/// The upper half of an origin: whose it is.
pub(super) fn name_of(origin: u64) -> u32 {
    (origin >> 32) as u32
}

pub(super) fn standing(transaction: &ReadTransaction) -> Result<Standing, Fault> {
    let state = state(transaction)?;
    let mut positions = BTreeMap::new();
    for row in transaction.open_table(POSITIONS)?.iter()? {
        let (origin, sequence) = row?;
        positions.insert(origin.value(), sequence.value());
    }
    Ok(Standing {
        origin: state.origin,
        announced: state.announced,
        positions,
        cursor: state.cursor,
        state_hash: state.hash,
        counts: state.counts,
    })
}
