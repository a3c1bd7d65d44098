//! Questions to the store. Each is answered from one state; writers go on meanwhile.
//!
//! Visitors must not call the store.

use std::collections::HashSet;

use redb::{ReadTransaction, ReadableTable};

use super::{
    Store, access,
    error::{Fault, StoreError},
    event::{Change, Counts, Digest, Entry, Event, Kind, Record, Stamp},
    ledger::{entry, find},
    tables::{DIGESTS, JOURNAL, MESSAGES, NUMBERS, POSITIONS, REDO, Rank, State},
};

impl Store {
    /// What is known of a message.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn entry(&self, digest: Digest) -> Result<Option<Entry>, StoreError> {
        self.named(self.engine.read(|transaction| {
            let digests = transaction.open_table(DIGESTS)?;
            find(&digests, &transaction.open_table(MESSAGES)?, digest)
        }))
    }

    /// Shows all entries of messages in canonical order (by stamp), one at a time. Returns the change number
    /// they are of.
    ///
    /// # Errors
    /// Why it cannot be read; some may have been shown.
    pub fn entries(&self, mut visit: impl FnMut(Digest, Entry)) -> Result<u64, StoreError> {
        self.named(self.engine.read(|transaction| {
            each_entry(transaction, |digest, entry| {
                visit(digest, entry);
                Ok(())
            })?;
            Ok(state(transaction)?.number)
        }))
    }

    /// Shows all entries of messages, one at a time: spam and ham by turns, each in canonical order, as evenly as
    /// their numbers allow; then those that are forgotten. The order follows from the set of entries.
    /// Returns the change number they are of.
    ///
    /// # Errors
    /// Why it cannot be read; some may have been shown.
    pub fn entries_by_turns(
        &self,
        mut visit: impl FnMut(Digest, Entry),
    ) -> Result<u64, StoreError> {
        self.named(self.engine.read(|transaction| {
            let State { counts, number, .. } = state(transaction)?;
            let messages = transaction.open_table(MESSAGES)?;
            let (mut spam, mut ham) =
                (of_kind(&messages, Kind::Spam)?, of_kind(&messages, Kind::Ham)?);
            for kind in turns(counts.spam, counts.ham) {
                let next = if kind == Kind::Spam { spam.next() } else { ham.next() };
                if let Some((digest, entry)) = next.transpose()? {
                    visit(digest, entry);
                }
            }
            for next in of_kind(&messages, Kind::Forgotten)? {
                let (digest, entry) = next?;
                visit(digest, entry);
            }
            Ok(number)
        }))
    }

    /// Shows, for each message that changed after that change number, what it was then and is now;
    /// in the order in which they first changed. Returns the number that leads to. None if the
    /// store no longer knows, or never knew, that number: build anew from [`Store::entries`].
    ///
    /// # Errors
    /// Why it cannot be read; some may have been shown.
    pub fn changes_since(
        &self,
        number: u64,
        mut visit: impl FnMut(Change),
    ) -> Result<Option<u64>, StoreError> {
        self.named(self.engine.read(|transaction| {
            let now = state(transaction)?.number;
            let redo = transaction.open_table(REDO)?;
            let covered = redo.first()?.map_or(now, |(first, _)| first.value().saturating_sub(1));
            if number < covered || number > now {
                return Ok(None);
            }
            each_change(transaction, number, &mut visit)?;
            Ok(Some(now))
        }))
    }

    /// This store's own events from that sequence on, at most `most` records. What has been
    /// superseded or has expired comes as void. Nothing, if that sequence has not been given yet.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn journal_from(&self, sequence: u64, most: usize) -> Result<Vec<Record>, StoreError> {
        self.named(self.engine.read(|transaction| journal(transaction, sequence.max(1), most)))
    }

    /// A hash of all entries, of both topics: two stores with the same hash know the same.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn state_hash(&self) -> Result<u128, StoreError> {
        self.named(self.state()).map(|state| state.hash)
    }

    /// The same of the entries of messages alone.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn messages_hash(&self) -> Result<u128, StoreError> {
        self.named(self.state()).map(|state| state.hash.wrapping_sub(state.access_hash))
    }

    /// How many messages are known as what.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        self.named(self.state()).map(|state| state.counts)
    }

    /// The number of the last change.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn number(&self) -> Result<u64, StoreError> {
        self.named(self.state()).map(|state| state.number)
    }

    /// This store's name among others; never zero. It changes if the store turns out to be an
    /// older copy of itself.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn origin(&self) -> Result<u64, StoreError> {
        self.named(self.state()).map(|state| state.origin)
    }

    /// The last sequence of that origin that was applied, or, of one's own, given. Zero: none.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn position(&self, origin: u64) -> Result<u64, StoreError> {
        self.named(self.engine.read(|transaction| position(transaction, origin)))
    }

    pub(super) fn state(&self) -> Result<State, Fault> {
        self.engine.read(state)
    }
}

/// The numbers, as of this transaction.
pub(super) fn state(transaction: &ReadTransaction) -> Result<State, Fault> {
    State::load(&transaction.open_table(NUMBERS)?)
}

/// Entries of a kind, in canonical order.
fn of_kind(
    messages: &impl ReadableTable<Rank, (u8, &'static [u8])>,
    wanted: Kind,
) -> Result<impl Iterator<Item = Result<(Digest, Entry), Fault>>, Fault> {
    let rows = messages.iter()?;
    Ok(rows.filter_map(move |row| {
        let (rank, value) = match row {
            Ok(row) => row,
            Err(error) => return Some(Err(error.into())),
        };
        let (kind, features) = value.value();
        let (stamp, digest) = Stamp::from_rank(rank.value());
        (kind == wanted.code()).then(|| Ok((digest, entry(stamp, kind, features)?)))
    }))
}

/// So much spam and ham, each spread over the whole: the `n`th of `many` stands at (n + 1/2) / many.
fn turns(spam: u64, ham: u64) -> impl Iterator<Item = Kind> {
    let (mut spam_shown, mut ham_shown) = (0, 0);
    std::iter::from_fn(move || {
        let place = |shown: u64, of: u64| u128::from(2 * shown + 1) * u128::from(of);
        let spam_is_next = ham_shown == ham
            || (spam_shown < spam && place(spam_shown, ham) <= place(ham_shown, spam));
        match spam_is_next {
            true if spam_shown == spam => None,
            true => {
                spam_shown += 1;
                Some(Kind::Spam)
            }
            false => {
                ham_shown += 1;
                Some(Kind::Ham)
            }
        }
    })
}

/// All entries of messages in canonical order.
pub(super) fn each_entry(
    transaction: &ReadTransaction,
    mut visit: impl FnMut(Digest, Entry) -> Result<(), Fault>,
) -> Result<(), Fault> {
    for row in transaction.open_table(MESSAGES)?.iter()? {
        let (rank, value) = row?;
        let (stamp, digest) = Stamp::from_rank(rank.value());
        let (kind, features) = value.value();
        visit(digest, entry(stamp, kind, features)?)?;
    }
    Ok(())
}

/// The first line of the redo list that names a message tells what it was.
fn each_change(
    transaction: &ReadTransaction,
    number: u64,
    visit: &mut impl FnMut(Change),
) -> Result<(), Fault> {
    let redo = transaction.open_table(REDO)?;
    let digests = transaction.open_table(DIGESTS)?;
    let messages = transaction.open_table(MESSAGES)?;
    let mut seen = HashSet::new();
    for row in redo.range(number.saturating_add(1)..)? {
        let (_, row) = row?;
        let (digest, time, origin, sequence, kind, features) = row.value();
        let digest = Digest::from_number(digest);
        if !seen.insert(digest) {
            continue;
        }
        let stamp = Stamp { time, origin, sequence };
        let before = (kind != 0).then(|| entry(stamp, kind, features)).transpose()?;
        let after = find(&digests, &messages, digest)?;
        if before != after {
            visit(Change { digest, before, after });
        }
    }
    Ok(())
}

fn position(transaction: &ReadTransaction, origin: u64) -> Result<u64, Fault> {
    Ok(transaction.open_table(POSITIONS)?.get(origin)?.map_or(0, |row| row.value()))
}

/// Events where the journal has them, one void for each hole between.
fn journal(
    transaction: &ReadTransaction,
    sequence: u64,
    most: usize,
) -> Result<Vec<Record>, Fault> {
    let origin = state(transaction)?.origin;
    let last = position(transaction, origin)?;
    let digests = transaction.open_table(DIGESTS)?;
    let messages = transaction.open_table(MESSAGES)?;
    let access = access::table(transaction)?;
    let (mut records, mut next) = (Vec::new(), sequence);
    for row in transaction.open_table(JOURNAL)?.range(sequence..)? {
        let (at, digest) = row?;
        let (at, digest) = (at.value(), Digest::from_number(digest.value()));
        if records.len() < most && next < at {
            records.push(Record::Void { origin, first: next, last: at - 1 });
        }
        if records.len() >= most {
            return Ok(records);
        }
        // The same digest may mean something in either topic: the event is the one of this number.
        let is_meant = |entry: &Entry| (entry.stamp.origin, entry.stamp.sequence) == (origin, at);
        let entry = match find(&digests, &messages, digest)?.filter(is_meant) {
            None => {
                access.as_ref().map(|access| access::find(access, digest)).transpose()?.flatten()
            }
            found => found,
        };
        let entry = entry.filter(is_meant);
        let entry = entry.ok_or_else(|| Fault::Damaged(format!("event {at} has no entry")))?;
        records.push(Record::Event(Event { digest, entry }));
        next = at + 1;
    }
    if records.len() < most && next <= last {
        records.push(Record::Void { origin, first: next, last });
    }
    Ok(records)
}
