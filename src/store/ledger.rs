//! How an event becomes part of the state.
//!
//! # The state is a function of the set of events
//! Let E be a set of events. R(E) has, for each digest, its event of greatest stamp. S(E), the
//! state, is the newest N of R(E), by rank (stamp, then digest). If S(E) has N entries, the
//! horizon h(E) is the rank of the oldest of them. Nodes that know the same events have the same
//! state, if their N is the same. It is found one event at a time, in any order, because of this:
//!
//! 1. Adding an event to E replaces one entry of R(E) by a later one, adds one, or changes
//!    nothing. So the rank of the Nth newest entry, h(E), never falls.
//! 2. An event below h(E) is not in S(E ∪ {e}), as the horizon does not fall, and cannot displace
//!    anything there: it is refused as expired, and nothing need be remembered of it. In
//!    particular an old lesson about a message whose "forgotten" has expired stays out.
//! 3. An event e above h(E) is compared with the entry of its digest in S(E). If there is none,
//!    the one in R(E) lies below h(E), hence below e: e is the greatest. So S(E ∪ {e}) is S(E)
//!    with e, and without the oldest entry if that makes N + 1.
//! 4. Any set of events between S(E) and E has the state S(E), by 1 and 2. So an origin may leave
//!    out of its journal what it has superseded or expired itself: what is in S(E) was never
//!    either of these at its origin, whose own events are part of E.
//!
//! All of this is about messages. Events of the other topic, in `access.rs`, are merged into a table of their
//! own, which has no horizon and no N: their part of the state is R(E) itself. They take their place in
//! journals all the same, and 4 holds for them as well.
//!
//! The horizon is kept in the file and only rises. With N as it was, that says nothing new; if an
//! administrator raises N, it keeps out what had been superseded by entries that have expired.
//!
//! # The clock
//! A lesson's time is the latest of: now; one more than this store's last; than the entry it
//! replaces; than the horizon. (A hybrid logical clock, Kulkarni et al. 2014.) So what a person
//! says wins over what their node knows, whatever the clocks of other nodes say.

use indexmap::IndexMap;
use redb::{ReadableTable, ReadableTableMetadata, Table, WriteTransaction};

use super::{
    error::Fault,
    event::{Batch, Change, Cursor, Digest, Entry, Kind, Outcome, Stamp, Topic},
    hash::entry_hash,
    standing::name_of,
    tables::{
        ACCESS, AccessRow, DIGESTS, HORIZON, JOURNAL, MESSAGES, NUMBERS, POSITIONS, REDO, Rank,
        RedoRow, StampRow, State,
    },
};

/// The redo list is cut to these: who was away for longer reads all entries instead.
const MOST_REDO_CHANGES: u64 = 1 << 16;
const MOST_REDO_BYTES: u64 = 64 * 1024 * 1024;

/// What a message was and is.
type BeforeAfter = (Option<Entry>, Option<Entry>);

/// A write transaction's view of the store.
pub(super) struct Ledger<'t> {
    pub(super) messages: Table<'t, Rank, (u8, &'static [u8])>,
    pub(super) digests: Table<'t, u128, StampRow>,
    pub(super) positions: Table<'t, u64, u64>,
    pub(super) journal: Table<'t, u64, u128>,
    pub(super) access: Table<'t, u128, AccessRow>,
    redo: Table<'t, u64, RedoRow>,
    horizon_row: Table<'t, (), Rank>,
    numbers: Table<'t, &'static str, u128>,
    pub(super) state: State,
    pub(super) horizon: Option<Rank>,
    /// N.
    most: u64,
    /// The change number at the start.
    since: u64,
    /// What changed; None if nobody wants to know.
    changes: Option<IndexMap<Digest, BeforeAfter>>,
    /// Access entries were changed.
    pub(super) access_changed: bool,
    /// Something was written.
    dirty: bool,
}

impl<'t> Ledger<'t> {
    /// Opens the tables. `most` is N; `tell` collects the changes.
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        most: u64,
        tell: bool,
    ) -> Result<Self, Fault> {
        let numbers = transaction.open_table(NUMBERS)?;
        let state = State::load(&numbers)?;
        let horizon_row = transaction.open_table(HORIZON)?;
        let horizon = horizon_row.get(())?.map(|row| row.value());
        Ok(Self {
            messages: transaction.open_table(MESSAGES)?,
            digests: transaction.open_table(DIGESTS)?,
            positions: transaction.open_table(POSITIONS)?,
            journal: transaction.open_table(JOURNAL)?,
            access: transaction.open_table(ACCESS)?,
            redo: transaction.open_table(REDO)?,
            horizon_row,
            numbers,
            since: state.number,
            state,
            horizon,
            most,
            changes: tell.then(IndexMap::new),
            access_changed: false,
            dirty: false,
        })
    }

    /// Merges one event into the state; see the module's header.
    pub(super) fn merge(&mut self, digest: Digest, entry: Entry) -> Result<Outcome, Fault> {
        match entry.kind.topic() {
            Topic::Message => self.merge_message(digest, entry),
            Topic::Access => self.merge_access(digest, entry),
        }
    }

    fn merge_message(&mut self, digest: Digest, entry: Entry) -> Result<Outcome, Fault> {
        let rank = entry.stamp.rank(digest);
        if self.horizon.is_some_and(|horizon| rank < horizon) {
            return Ok(Outcome::Expired);
        }
        let before = self.find(digest)?;
        let outcome = match &before {
            Some(before) if !supersedes(&entry, before) => return Ok(Outcome::Superseded),
            _ if entry.kind == Kind::Forgotten => Outcome::Forgotten,
            Some(before) if before.kind != Kind::Forgotten => Outcome::Moved,
            _ => Outcome::Learned,
        };
        if let Some(before) = &before {
            self.remove(digest, before)?;
        }
        self.insert(digest, &entry)?;
        self.note(digest, before, Some(entry))?;
        self.settle()?;
        Ok(outcome)
    }

    /// Whether merging it would change anything.
    pub(super) fn is_news(&self, digest: Digest, entry: &Entry) -> Result<bool, Fault> {
        if entry.kind.topic() == Topic::Access {
            return Ok(self.find_access(digest)?.is_none_or(|before| supersedes(entry, &before)));
        }
        let rank = entry.stamp.rank(digest);
        if self.horizon.is_some_and(|horizon| rank < horizon) {
            return Ok(false);
        }
        Ok(self.find(digest)?.is_none_or(|before| supersedes(entry, &before)))
    }

    /// Expires what is too much, then looks where the horizon is.
    pub(super) fn settle(&mut self) -> Result<(), Fault> {
        while self.messages.len()? > self.most {
            self.expire_oldest()?;
        }
        if self.messages.len()? == self.most {
            let oldest = self.messages.first()?.map(|(rank, _)| rank.value());
            self.raise_horizon(oldest)?;
        }
        Ok(())
    }

    /// Takes over the horizon of another store: what lies below it has been superseded or expired
    /// there, and may have been here without our knowing.
    pub(super) fn join_horizon(&mut self, horizon: Rank) -> Result<(), Fault> {
        self.raise_horizon(Some(horizon))?;
        while self.oldest_is_below(horizon)? {
            self.expire_oldest()?;
        }
        Ok(())
    }

    fn oldest_is_below(&self, horizon: Rank) -> Result<bool, Fault> {
        Ok(self.messages.first()?.is_some_and(|(rank, _)| rank.value() < horizon))
    }

    fn raise_horizon(&mut self, to: Option<Rank>) -> Result<(), Fault> {
        if let Some(to) = to.filter(|to| self.horizon.is_none_or(|horizon| horizon < *to)) {
            self.horizon = Some(to);
            self.horizon_row.insert((), to)?;
            self.dirty = true;
        }
        Ok(())
    }

    fn expire_oldest(&mut self) -> Result<(), Fault> {
        let Some(rank) = self.messages.first()?.map(|(rank, _)| rank.value()) else {
            return Ok(());
        };
        let (_, digest) = Stamp::from_rank(rank);
        if let Some(entry) = self.find(digest)? {
            self.remove(digest, &entry)?;
            self.digests.remove(digest.number())?;
            self.note(digest, Some(entry), None)?;
        }
        Ok(())
    }

    /// The entry of a message.
    pub(super) fn find(&self, digest: Digest) -> Result<Option<Entry>, Fault> {
        find(&self.digests, &self.messages, digest)
    }

    /// All but the row of the digest.
    fn remove(&mut self, digest: Digest, entry: &Entry) -> Result<(), Fault> {
        self.messages.remove(entry.stamp.rank(digest))?;
        if entry.stamp.origin == self.state.origin {
            self.journal.remove(entry.stamp.sequence)?;
        }
        let state = &mut self.state;
        state.hash = state.hash.wrapping_sub(entry_hash(digest, entry));
        if let Some(count) = state.counts.of(entry.kind) {
            *count = count.saturating_sub(1);
        }
        state.feature_bytes = state.feature_bytes.saturating_sub(entry.features.len() as u64);
        Ok(())
    }

    fn insert(&mut self, digest: Digest, entry: &Entry) -> Result<(), Fault> {
        let value = (entry.kind.code(), entry.features.as_slice());
        self.messages.insert(entry.stamp.rank(digest), value)?;
        self.digests.insert(digest.number(), entry.stamp.row())?;
        if entry.stamp.origin == self.state.origin {
            self.journal.insert(entry.stamp.sequence, digest.number())?;
        }
        let state = &mut self.state;
        state.hash = state.hash.wrapping_add(entry_hash(digest, entry));
        if let Some(count) = state.counts.of(entry.kind) {
            *count += 1;
        }
        state.feature_bytes += entry.features.len() as u64;
        Ok(())
    }

    /// A change gets its number, its line in the redo list, and its place in the report.
    fn note(
        &mut self,
        digest: Digest,
        before: Option<Entry>,
        after: Option<Entry>,
    ) -> Result<(), Fault> {
        self.dirty = true;
        self.state.number += 1;
        self.redo.insert(self.state.number, redo_row(digest, before.as_ref()))?;
        self.state.redo_bytes += feature_bytes(before.as_ref());
        if let Some(changes) = &mut self.changes {
            changes.entry(digest).or_insert((before, None)).1 = after;
        }
        self.trim_redo()
    }

    fn trim_redo(&mut self) -> Result<(), Fault> {
        while self.redo.len()? > MOST_REDO_CHANGES || self.state.redo_bytes > MOST_REDO_BYTES {
            self.drop_oldest_redo()?;
        }
        Ok(())
    }

    /// Drops the redo list up to a change number.
    pub(super) fn checkpointed(&mut self, number: u64) -> Result<(), Fault> {
        while self.redo.first()?.is_some_and(|(first, _)| first.value() <= number) {
            self.drop_oldest_redo()?;
        }
        Ok(())
    }

    fn drop_oldest_redo(&mut self) -> Result<(), Fault> {
        let bytes = self.redo.pop_first()?.map_or(0, |(_, row)| row.value().5.len() as u64);
        self.state.redo_bytes = self.state.redo_bytes.saturating_sub(bytes);
        self.dirty = true;
        Ok(())
    }

    /// The last sequence applied of an origin; zero if none was.
    pub(super) fn position(&self, origin: u64) -> Result<u64, Fault> {
        Ok(self.positions.get(origin)?.map_or(0, |row| row.value()))
    }

    /// Moves it.
    pub(super) fn set_position(&mut self, origin: u64, sequence: u64) -> Result<(), Fault> {
        match sequence {
            0 => self.positions.remove(origin)?,
            _ => self.positions.insert(origin, sequence)?,
        };
        self.dirty = true;
        Ok(())
    }

    /// How far the log has been read.
    pub(super) fn set_cursor(&mut self, cursor: Cursor) {
        self.dirty |= self.state.cursor != Some(cursor);
        self.state.cursor = Some(cursor);
    }

    /// Another name for this store: somebody knows events under the old one that it does not, so
    /// it is an older copy of itself and its sequence numbers are taken. What it was taught under
    /// them stays, but is no longer in its journal: it must be told otherwise, by an export.
    pub(super) fn renew_origin(&mut self) -> Result<(), Fault> {
        let old = self.state.origin;
        self.take_origin(name_of(old))?;
        tracing::warn!(
            old = format_args!("{old:016x}"),
            new = format_args!("{:016x}", self.state.origin),
            "the token store is an older copy of itself and gets a new origin"
        );
        Ok(())
    }

    /// A fresh origin of that name, of which nobody can have heard yet.
    pub(super) fn take_origin(&mut self, name: u32) -> Result<(), Fault> {
        let old = self.state.origin;
        while self.state.origin == old || self.positions.get(self.state.origin)?.is_some() {
            let number = rand::random_range(1..=u32::MAX);
            self.state.origin = u64::from(name) << 32 | u64::from(number);
        }
        while self.journal.pop_first()?.is_some() {}
        self.state.announced = 0;
        self.dirty = true;
        Ok(())
    }

    /// The numbers were changed.
    pub(super) fn touch(&mut self) {
        self.dirty = true;
    }

    /// Writes the numbers back. Was anything changed?
    pub(super) fn finish(&mut self) -> Result<bool, Fault> {
        if self.dirty {
            self.state.save(&mut self.numbers)?;
        }
        Ok(self.dirty)
    }

    /// The report to the caller.
    pub(super) fn batch(self, outcomes: Vec<Outcome>) -> Batch {
        let changes = self.changes.into_iter().flatten();
        let changes = changes
            .map(|(digest, (before, after))| Change { digest, before, after })
            .filter(|change| change.before != change.after)
            .collect();
        let (access, since, number) = (self.access_changed, self.since, self.state.number);
        Batch { outcomes, changes, access, since, number }
    }
}

/// The later one wins. Two different events of one stamp do not happen; if somebody makes them,
/// all nodes still choose the same.
pub(super) fn supersedes(new: &Entry, old: &Entry) -> bool {
    (new.stamp, new.kind, &new.features) > (old.stamp, old.kind, &old.features)
}

fn feature_bytes(entry: Option<&Entry>) -> u64 {
    entry.map_or(0, |entry| entry.features.len() as u64)
}

fn redo_row(digest: Digest, before: Option<&Entry>) -> (u128, u64, u64, u64, u8, &[u8]) {
    let digest = digest.number();
    before.map_or((digest, 0, 0, 0, 0, &[]), |entry| {
        let Stamp { time, origin, sequence } = entry.stamp;
        (digest, time, origin, sequence, entry.kind.code(), &entry.features)
    })
}

/// Looks an entry up, in whichever transaction the tables are of.
pub(super) fn find(
    digests: &impl ReadableTable<u128, StampRow>,
    messages: &impl ReadableTable<Rank, (u8, &'static [u8])>,
    digest: Digest,
) -> Result<Option<Entry>, Fault> {
    let Some(row) = digests.get(digest.number())? else {
        return Ok(None);
    };
    let stamp = Stamp::from_row(row.value());
    let row = messages.get(stamp.rank(digest))?;
    let row = row.ok_or_else(|| Fault::Damaged(format!("message {digest} is in no index")))?;
    let (kind, features) = row.value();
    entry(stamp, kind, features).map(Some)
}

/// An entry as the tables have it.
pub(super) fn entry(stamp: Stamp, kind: u8, features: &[u8]) -> Result<Entry, Fault> {
    let kind = Kind::from_code(kind)
        .ok_or_else(|| Fault::Damaged(format!("an entry is of unknown kind {kind}")))?;
    Ok(Entry { stamp, kind, features: features.to_vec() })
}
