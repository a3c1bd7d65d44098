//! The other topic of events: what an administrator lets in or keeps out, each entry known by its digest.
//!
//! These events share journal, positions, clock and state hash with those of messages, and nothing else.
//! They have a table of their own, are no messages, make no change that a model would follow, and never
//! expire: of each digest the event of the greatest stamp stands, so their part of the state is a function
//! of the set of events without any horizon. Who takes an entry back leaves [`Kind::Unlisted`], which
//! outlasts older news for good; people write these entries, so they are few.

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata as _, TableError};

use super::{
    Store,
    error::{Fault, StoreError},
    event::{Digest, Entry, Kind, Lesson, MOST_ACCESS_BYTES, Outcome, Stamp},
    hash::entry_hash,
    ledger::{Ledger, entry, supersedes},
    tables::{ACCESS, AccessRow},
};

impl Store {
    /// Shows all access entries, taken back ones included, in the order of their digests.
    ///
    /// # Errors
    /// Why it cannot be read; some may have been shown.
    pub fn access(&self, mut visit: impl FnMut(Digest, Entry)) -> Result<(), StoreError> {
        self.named(self.engine.read(|transaction| {
            each_access(transaction, |digest, entry| {
                visit(digest, entry);
                Ok(())
            })
        }))
    }

    /// What is known of one access entry.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn access_entry(&self, digest: Digest) -> Result<Option<Entry>, StoreError> {
        self.named(self.engine.read(|transaction| match table(transaction)? {
            Some(table) => find(&table, digest),
            None => Ok(None),
        }))
    }
}

impl Ledger<'_> {
    /// Sets an access entry or takes it back, at `now`, in milliseconds since 1970.
    pub(super) fn teach_access(&mut self, lesson: Lesson, now: u64) -> Result<Outcome, Fault> {
        let Lesson { kind, digest, mut features } = lesson;
        if kind == Kind::Unlisted {
            features = Vec::new();
        }
        let known = self.find_access(digest)?;
        match &known {
            None if kind == Kind::Unlisted => return Ok(Outcome::NotKnown),
            Some(known) if known.kind == kind && kind == Kind::Unlisted => {
                return Ok(Outcome::NotKnown);
            }
            Some(known) if known.kind == kind && known.features == features => {
                return Ok(Outcome::Known);
            }
            _ if features.len() > MOST_ACCESS_BYTES => return Ok(Outcome::TooLarge),
            _ => {}
        }
        let replaced = known.map_or(0, |known| known.stamp.time);
        let stamp = self.next_stamp(now, replaced)?;
        self.merge_access(digest, Entry { stamp, kind, features })
    }

    /// Merges one event into the state; see the module's header.
    pub(super) fn merge_access(&mut self, digest: Digest, entry: Entry) -> Result<Outcome, Fault> {
        let before = self.find_access(digest)?;
        let outcome = match &before {
            Some(before) if !supersedes(&entry, before) => return Ok(Outcome::Superseded),
            _ if entry.kind == Kind::Unlisted => Outcome::Forgotten,
            Some(before) if before.kind != Kind::Unlisted => Outcome::Moved,
            _ => Outcome::Learned,
        };
        if let Some(before) = &before {
            self.count_access(entry_hash(digest, before).wrapping_neg());
            if before.stamp.origin == self.state.origin {
                self.journal.remove(before.stamp.sequence)?;
            }
        }
        self.count_access(entry_hash(digest, &entry));
        if entry.stamp.origin == self.state.origin {
            self.journal.insert(entry.stamp.sequence, digest.number())?;
        }
        self.access.insert(digest.number(), row(&entry))?;
        self.access_changed = true;
        self.touch();
        Ok(outcome)
    }

    /// The entry of that digest.
    pub(super) fn find_access(&self, digest: Digest) -> Result<Option<Entry>, Fault> {
        find(&self.access, digest)
    }

    fn count_access(&mut self, hash: u128) {
        self.state.hash = self.state.hash.wrapping_add(hash);
        self.state.access_hash = self.state.access_hash.wrapping_add(hash);
    }
}

/// All access entries, in the order of their digests.
pub(super) fn each_access(
    transaction: &ReadTransaction,
    mut visit: impl FnMut(Digest, Entry) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let Some(table) = table(transaction)? else { return Ok(()) };
    for row in table.iter()? {
        let (digest, value) = row?;
        visit(Digest::from_number(digest.value()), from_row(value.value())?)?;
    }
    Ok(())
}

/// How many there are, taken back ones included.
pub(super) fn count(transaction: &ReadTransaction) -> Result<u64, Fault> {
    table(transaction)?.map_or(Ok(0), |table| Ok(table.len()?))
}

/// The table; a store from before there were such entries has none until it is next written.
pub(super) fn table(
    transaction: &ReadTransaction,
) -> Result<Option<ReadOnlyTable<u128, AccessRow>>, Fault> {
    match transaction.open_table(ACCESS) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Looks an entry up, in whichever transaction the table is of.
pub(super) fn find(
    table: &impl ReadableTable<u128, AccessRow>,
    digest: Digest,
) -> Result<Option<Entry>, Fault> {
    table.get(digest.number())?.map(|row| from_row(row.value())).transpose()
}

fn row(entry: &Entry) -> (u64, u64, u64, u8, &[u8]) {
    let Stamp { time, origin, sequence } = entry.stamp;
    (time, origin, sequence, entry.kind.code(), &entry.features)
}

fn from_row(
    (time, origin, sequence, kind, features): (u64, u64, u64, u8, &[u8]),
) -> Result<Entry, Fault> {
    entry(Stamp { time, origin, sequence }, kind, features)
}
