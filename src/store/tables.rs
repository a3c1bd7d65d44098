//! The layout of the file: tables, and the numbers kept beside them.
//!
//! | table | key | value |
//! |---|---|---|
//! | messages | stamp, digest | kind, features: the entries in canonical order |
//! | digests | digest | stamp: the index into it |
//! | positions | origin | the last sequence applied; one's own: the last given |
//! | journal | own sequence | digest, as long as that event is the last word |
//! | access | digest | stamp, kind, features: the entries of the other topic |
//! | redo | change number | digest, stamp, kind, features *before*; kind 0: nothing |
//! | horizon | nothing | the rank of the oldest entry when the store was last full |
//! | numbers | name | [`State`] and the versions |
//!
//! Entries lie by stamp so that new ones are appended, expired ones are cut off in front, and a
//! reader of all of them goes through the file once. A store from before there was the table `access`
//! gets it when it is next written.

use redb::{ReadableTable, Table, TableDefinition};

use super::{
    error::Fault,
    event::{Counts, Cursor, Digest, Stamp},
};

/// The version of this layout.
pub(super) const FORMAT: u128 = 1;

/// Stamp and digest: the order of entries, total even if a stamp were given twice.
pub(super) type Rank = (u64, u64, u64, u128);
/// Time, origin, sequence.
pub(super) type StampRow = (u64, u64, u64);
/// Time, origin, sequence, kind, features.
pub(super) type AccessRow = (u64, u64, u64, u8, &'static [u8]);
/// Digest, time, origin, sequence, kind, features.
pub(super) type RedoRow = (u128, u64, u64, u64, u8, &'static [u8]);

pub(super) const MESSAGES: TableDefinition<'_, Rank, (u8, &[u8])> =
    TableDefinition::new("messages");
pub(super) const DIGESTS: TableDefinition<'_, u128, StampRow> = TableDefinition::new("digests");
pub(super) const POSITIONS: TableDefinition<'_, u64, u64> = TableDefinition::new("positions");
pub(super) const JOURNAL: TableDefinition<'_, u64, u128> = TableDefinition::new("journal");
pub(super) const ACCESS: TableDefinition<'_, u128, AccessRow> = TableDefinition::new("access");
pub(super) const REDO: TableDefinition<'_, u64, RedoRow> = TableDefinition::new("redo");
pub(super) const HORIZON: TableDefinition<'_, (), Rank> = TableDefinition::new("horizon");
pub(super) const NUMBERS: TableDefinition<'_, &str, u128> = TableDefinition::new("numbers");

impl Stamp {
    pub(super) fn row(self) -> StampRow {
        (self.time, self.origin, self.sequence)
    }

    pub(super) fn from_row((time, origin, sequence): StampRow) -> Self {
        Self { time, origin, sequence }
    }

    pub(super) fn rank(self, digest: Digest) -> Rank {
        (self.time, self.origin, self.sequence, digest.number())
    }

    pub(super) fn from_rank((time, origin, sequence, digest): Rank) -> (Self, Digest) {
        (Self { time, origin, sequence }, Digest::from_number(digest))
    }
}

/// The numbers that belong to the set of entries and change with it, in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Of the features.
    pub(super) tokenizer: u32,
    /// This store's name among others; never zero.
    pub(super) origin: u64,
    /// The time of the last lesson given here.
    pub(super) clock: u64,
    /// Up to which of its own events others may know them; see [`super::Store::announce`].
    pub(super) announced: u64,
    /// How far the farm's log has been read.
    pub(super) cursor: Option<Cursor>,
    /// The number of the last change.
    pub(super) number: u64,
    /// Bytes of features in the redo list.
    pub(super) redo_bytes: u64,
    /// Entries by kind.
    pub(super) counts: Counts,
    /// Bytes of features in the entries.
    pub(super) feature_bytes: u64,
    /// See [`super::hash`].
    pub(super) hash: u128,
    /// The part of it that comes from access entries.
    pub(super) access_hash: u128,
}

impl State {
    /// Of an empty store.
    pub(super) fn new(tokenizer: u32) -> Self {
        Self {
            tokenizer,
            origin: rand::random_range(1..=u64::MAX),
            clock: 0,
            announced: 0,
            cursor: None,
            number: 0,
            redo_bytes: 0,
            counts: Counts::default(),
            feature_bytes: 0,
            hash: 0,
            access_hash: 0,
        }
    }

    /// As the file has it.
    pub(super) fn load(numbers: &impl ReadableTable<&'static str, u128>) -> Result<Self, Fault> {
        let wide = |name| number(numbers, name);
        let narrow = |name| number_u64(numbers, name);
        let tokenizer = narrow("tokenizer")?;
        Ok(Self {
            tokenizer: u32::try_from(tokenizer).map_err(|_| damaged("tokenizer"))?,
            origin: narrow("origin")?,
            clock: narrow("clock")?,
            announced: optional(numbers, "announced")?.map_or(0, low_half),
            cursor: optional(numbers, "cursor")?.map(cursor),
            number: narrow("number")?,
            redo_bytes: narrow("redo_bytes")?,
            counts: Counts {
                spam: narrow("spam")?,
                ham: narrow("ham")?,
                forgotten: narrow("forgotten")?,
            },
            feature_bytes: narrow("feature_bytes")?,
            hash: wide("hash")?,
            access_hash: optional(numbers, "access_hash")?.unwrap_or_default(),
        })
    }

    /// Into the file.
    pub(super) fn save(&self, numbers: &mut Table<'_, &'static str, u128>) -> Result<(), Fault> {
        let rows = [
            ("tokenizer", u64::from(self.tokenizer)),
            ("origin", self.origin),
            ("clock", self.clock),
            ("announced", self.announced),
            ("number", self.number),
            ("redo_bytes", self.redo_bytes),
            ("spam", self.counts.spam),
            ("ham", self.counts.ham),
            ("forgotten", self.counts.forgotten),
            ("feature_bytes", self.feature_bytes),
        ];
        for (name, value) in rows {
            numbers.insert(name, u128::from(value))?;
        }
        numbers.insert("hash", self.hash)?;
        numbers.insert("access_hash", self.access_hash)?;
        match self.cursor {
            Some(Cursor { log, sequence }) => {
                numbers.insert("cursor", u128::from(log) << 64 | u128::from(sequence))?
            }
            None => numbers.remove("cursor")?,
        };
        Ok(())
    }
}

/// The row of that name, in a store that may be from before it was kept.
fn optional(
    numbers: &impl ReadableTable<&'static str, u128>,
    name: &str,
) -> Result<Option<u128>, Fault> {
    Ok(numbers.get(name)?.map(|row| row.value()))
}

fn cursor(number: u128) -> Cursor {
    Cursor { log: low_half(number >> 64), sequence: low_half(number) }
}

fn low_half(number: u128) -> u64 {
    number as u64
}

/// The row of that name.
pub(super) fn number(
    numbers: &impl ReadableTable<&'static str, u128>,
    name: &str,
) -> Result<u128, Fault> {
    Ok(numbers.get(name)?.ok_or_else(|| damaged(name))?.value())
}

fn number_u64(numbers: &impl ReadableTable<&'static str, u128>, name: &str) -> Result<u64, Fault> {
    u64::try_from(number(numbers, name)?).map_err(|_| damaged(name))
}

fn damaged(name: &str) -> Fault {
    Fault::Damaged(format!("no number `{name}`"))
}
