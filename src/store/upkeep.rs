//! What an administrator asks of the store.

use std::{fs, os::unix::fs::MetadataExt};

use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};

use super::{
    Store, access,
    error::{Fault, StoreError},
    event::{Counts, Digest, Entry, Topic},
    hash::entry_hash,
    read::{each_entry, state},
    tables::{DIGESTS, HORIZON, JOURNAL, MESSAGES, State},
};

/// No more than so many mistakes are told.
const MOST_MISTAKES: usize = 20;

/// What [`Store::verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Counted anew.
    pub counts: Counts,
    /// Computed anew.
    pub state_hash: u128,
    /// Access entries, taken back ones included.
    pub access: u64,
    /// The engine had to repair its own bookkeeping.
    pub repaired: bool,
    /// What does not fit together, at most twenty. None: all is well.
    pub mistakes: Vec<String>,
}

/// How much room the store takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The length of the file, in bytes.
    pub file_bytes: u64,
    /// What it takes of the disk, in bytes.
    pub disk_bytes: u64,
    /// Messages, forgotten ones included.
    pub entries: u64,
    /// Their features, in bytes.
    pub feature_bytes: u64,
}

/// What [`Store::compact`] achieved, in bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

impl Store {
    /// Reads everything and checks that it fits together. Nothing else is done meanwhile.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if the engine cannot repair its file; why it cannot be read.
    pub fn verify(&self) -> Result<Verification, StoreError> {
        self.named(self.engine.alone(|database| {
            let sound = database.check_integrity()?;
            let mut verification = audit(&database.begin_read()?)?;
            verification.repaired = !sound;
            Ok(verification)
        }))
    }

    /// Gives the disk back what the file does not need. Nothing else is done meanwhile.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn compact(&self) -> Result<Compacted, StoreError> {
        self.named(self.compact_file())
    }

    fn compact_file(&self) -> Result<Compacted, Fault> {
        if self.reading {
            return Err(Fault::Reading);
        }
        let before = fs::metadata(self.engine.file())?.len();
        self.engine.alone(compact)?;
        Ok(Compacted { before, after: fs::metadata(self.engine.file())?.len() })
    }

    /// How much room the store takes.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn size(&self) -> Result<Size, StoreError> {
        self.named(self.state().and_then(|state| {
            let file = fs::metadata(self.engine.file())?;
            Ok(Size {
                file_bytes: file.len(),
                disk_bytes: file.blocks() * 512,
                entries: state.counts.total(),
                feature_bytes: state.feature_bytes,
            })
        }))
    }
}

/// The engine moves a part of the pages at a time.
fn compact(database: &mut Database) -> Result<(), Fault> {
    while database.compact()? {}
    Ok(())
}

/// Counts and hashes everything anew.
struct Audit {
    counts: Counts,
    feature_bytes: u64,
    hash: u128,
    access: u64,
    access_hash: u128,
    /// Entries of this store's own origin.
    own: u64,
    mistakes: Vec<String>,
}

impl Audit {
    fn take(&mut self, digest: Digest, entry: &Entry, topic: Topic) {
        let hash = entry_hash(digest, entry);
        self.hash = self.hash.wrapping_add(hash);
        match topic {
            Topic::Message => self.feature_bytes += entry.features.len() as u64,
            Topic::Access => {
                self.access += 1;
                self.access_hash = self.access_hash.wrapping_add(hash);
            }
        }
        if let Some(count) = self.counts.of(entry.kind) {
            *count += 1;
        }
        if entry.kind.topic() != topic {
            self.mistake(format!("entry {digest} is in the wrong table"));
        }
        if entry.features.len() > entry.kind.most_features() {
            self.mistake(format!("entry {digest} has too many features"));
        }
    }

    /// An event of this store's own is in its journal.
    fn in_journal(
        &mut self,
        digest: Digest,
        entry: &Entry,
        journal: &impl ReadableTable<u64, u128>,
    ) -> Result<(), Fault> {
        self.own += 1;
        let row = journal.get(entry.stamp.sequence)?.map(|row| row.value());
        if row != Some(digest.number()) {
            self.mistake(format!("event {} is not in the journal", entry.stamp.sequence));
        }
        Ok(())
    }

    fn mistake(&mut self, mistake: String) {
        if self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push(mistake);
        }
    }

    fn compare<T: PartialEq + std::fmt::Display>(&mut self, what: &str, found: T, kept: T) {
        if found != kept {
            self.mistake(format!("{what}: {found} found, {kept} kept"));
        }
    }

    fn conclude(&mut self, kept: &State) {
        self.compare("spam", self.counts.spam, kept.counts.spam);
        self.compare("ham", self.counts.ham, kept.counts.ham);
        self.compare("forgotten", self.counts.forgotten, kept.counts.forgotten);
        self.compare("bytes of features", self.feature_bytes, kept.feature_bytes);
        self.compare("state hash", self.hash, kept.hash);
        self.compare("hash of access entries", self.access_hash, kept.access_hash);
    }
}

fn audit(transaction: &ReadTransaction) -> Result<Verification, Fault> {
    let state = state(transaction)?;
    let digests = transaction.open_table(DIGESTS)?;
    let journal = transaction.open_table(JOURNAL)?;
    let mut audit = Audit {
        counts: Counts::default(),
        feature_bytes: 0,
        hash: 0,
        access: 0,
        access_hash: 0,
        own: 0,
        mistakes: Vec::new(),
    };
    each_entry(transaction, |digest, entry| {
        audit.take(digest, &entry, Topic::Message);
        let row = digests.get(digest.number())?.map(|row| row.value());
        if row != Some(entry.stamp.row()) {
            audit.mistake(format!("message {digest} is not indexed by its digest"));
        }
        match entry.stamp.origin == state.origin {
            true => audit.in_journal(digest, &entry, &journal),
            false => Ok(()),
        }
    })?;
    access::each_access(transaction, |digest, entry| {
        audit.take(digest, &entry, Topic::Access);
        match entry.stamp.origin == state.origin {
            true => audit.in_journal(digest, &entry, &journal),
            false => Ok(()),
        }
    })?;
    audit.compare("digests", digests.len()?, audit.counts.total());
    audit.compare("journal", journal.len()?, audit.own);
    audit.conclude(&state);
    audit_horizon(transaction, &mut audit)?;
    Ok(Verification {
        counts: audit.counts,
        state_hash: audit.hash,
        access: audit.access,
        repaired: false,
        mistakes: audit.mistakes,
    })
}

fn audit_horizon(transaction: &ReadTransaction, audit: &mut Audit) -> Result<(), Fault> {
    let horizon = transaction.open_table(HORIZON)?.get(())?.map(|row| row.value());
    let messages = transaction.open_table(MESSAGES)?;
    let oldest = messages.first()?.map(|(rank, _)| rank.value());
    if oldest.is_some_and(|oldest| horizon.is_some_and(|horizon| oldest < horizon)) {
        audit.mistake("an entry is older than the horizon".to_owned());
    }
    Ok(())
}
