//! Lessons and events in.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    Store,
    engine::Done,
    error::{Fault, Mistake, StoreError},
    event::{Batch, Cursor, Entry, Event, Kind, LATEST, Lesson, Outcome, Record, Stamp, Topic},
    ledger::Ledger,
};

impl Store {
    /// Takes lessons that were given here and now. Durable on return, all or nothing.
    ///
    /// # Errors
    /// Why it could not be written. Nothing was, or (if the disk failed in the last step) all was.
    pub fn teach(&self, lessons: Vec<Lesson>) -> Result<Batch, StoreError> {
        self.teach_at(lessons, now())
    }

    /// As [`Store::teach`], at another time, in milliseconds since 1970.
    ///
    /// # Errors
    /// As [`Store::teach`].
    pub fn teach_at(&self, lessons: Vec<Lesson>, time: u64) -> Result<Batch, StoreError> {
        self.named(
            self.batch(|ledger| {
                lessons.into_iter().map(|lesson| ledger.teach(lesson, time)).collect()
            }),
        )
    }

    /// Takes pieces of other stores' journals, each origin's in its order, and notes how far the log
    /// they came by has been read now. Durable on return, all or nothing. What was applied before
    /// changes nothing.
    ///
    /// # Errors
    /// [`Fault::Gap`] if something is missing in between; [`Fault::Malformed`] for what no store
    /// can have made (a caller who wants to go on puts a [`Record::Void`] in its place); why it
    /// could not be written.
    pub fn apply(
        &self,
        records: Vec<Record>,
        read_to: Option<Cursor>,
    ) -> Result<Batch, StoreError> {
        self.named(self.batch(|ledger| {
            if let Some(cursor) = read_to {
                ledger.set_cursor(cursor);
            }
            records.into_iter().map(|record| ledger.apply(record)).collect()
        }))
    }

    /// The caller has written its model down as of this change number: what leads up to it is no
    /// longer needed for [`Store::changes_since`].
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn checkpointed(&self, number: u64) -> Result<(), StoreError> {
        self.named(self.write(false, |ledger| ledger.checkpointed(number)))
    }

    fn batch(
        &self,
        work: impl FnOnce(&mut Ledger<'_>) -> Result<Vec<Outcome>, Fault>,
    ) -> Result<Batch, Fault> {
        self.transact(true, |mut ledger| {
            let outcomes = work(&mut ledger)?;
            let dirty = ledger.finish()?;
            let batch = ledger.batch(outcomes);
            Ok(if dirty { Done::Commit(batch) } else { Done::Nothing(batch) })
        })
    }

    /// Work on the ledger, in one transaction; `tell` collects the changes.
    pub(super) fn write<R>(
        &self,
        tell: bool,
        work: impl FnOnce(&mut Ledger<'_>) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        self.transact(tell, |mut ledger| {
            let result = work(&mut ledger)?;
            Ok(if ledger.finish()? { Done::Commit(result) } else { Done::Nothing(result) })
        })
    }

    fn transact<R>(
        &self,
        tell: bool,
        work: impl FnOnce(Ledger<'_>) -> Result<Done<R>, Fault>,
    ) -> Result<R, Fault> {
        if self.reading {
            return Err(Fault::Reading);
        }
        let most = self.settings.most_messages.get();
        self.engine.write(|transaction| work(Ledger::open(transaction, most, tell)?))
    }
}

impl Ledger<'_> {
    /// Gives a lesson at `now`, in milliseconds since 1970.
    fn teach(&mut self, lesson: Lesson, now: u64) -> Result<Outcome, Fault> {
        if lesson.kind.topic() == Topic::Access {
            return self.teach_access(lesson, now);
        }
        let known = self.find(lesson.digest)?;
        let said = known.as_ref().map(|entry| entry.kind);
        match (said, lesson.kind) {
            (None | Some(Kind::Forgotten), Kind::Forgotten) => return Ok(Outcome::NotKnown),
            (Some(said), kind) if said == kind => return Ok(Outcome::Known),
            (_, Kind::Forgotten) => {}
            _ if lesson.features.len() > lesson.kind.most_features() => {
                return Ok(Outcome::TooLarge);
            }
            _ => {}
        }
        let replaced = known.as_ref().map_or(0, |entry| entry.stamp.time);
        let stamp = self.next_stamp(now, replaced)?;
        let features = if lesson.kind == Kind::Forgotten { Vec::new() } else { lesson.features };
        self.merge(lesson.digest, Entry { stamp, kind: lesson.kind, features })
    }

    /// The stamp of the next event of this origin.
    pub(super) fn next_stamp(&mut self, now: u64, replaced: u64) -> Result<Stamp, Fault> {
        let horizon = self.horizon.map_or(0, |(time, ..)| time);
        let known = self.state.clock.max(replaced).max(horizon);
        let time = now.max(known.saturating_add(1)).min(LATEST);
        let origin = self.state.origin;
        let sequence = self.position(origin)?.saturating_add(1);
        self.state.clock = time;
        self.set_position(origin, sequence)?;
        Ok(Stamp { time, origin, sequence })
    }

    /// Applies one record, and moves the position of its origin.
    fn apply(&mut self, record: Record) -> Result<Outcome, Fault> {
        let (origin, first, last) = match &record {
            Record::Event(Event { entry, .. }) => {
                (entry.stamp.origin, entry.stamp.sequence, entry.stamp.sequence)
            }
            Record::Void { origin, first, last } => (*origin, *first, *last),
        };
        check(&record, origin, first, last).map_err(|mistake| Fault::Malformed {
            origin,
            sequence: first,
            mistake,
        })?;
        let position = self.position(origin)?;
        if last <= position {
            return Ok(Outcome::Duplicate);
        }
        let expected = position.saturating_add(1);
        if first > expected {
            return Err(Fault::Gap { origin, expected, found: first });
        }
        if origin == self.state.origin {
            self.renew_origin()?;
        }
        self.set_position(origin, last)?;
        match record {
            Record::Event(Event { digest, entry }) => self.merge(digest, entry),
            Record::Void { .. } => Ok(Outcome::Void),
        }
    }
}

fn check(record: &Record, origin: u64, first: u64, last: u64) -> Result<(), Mistake> {
    match record {
        Record::Event(Event { entry, .. }) => check_entry(entry),
        Record::Void { .. } if origin == 0 => Err(Mistake::Origin),
        Record::Void { .. } if first == 0 || last < first => Err(Mistake::Sequence),
        Record::Void { .. } => Ok(()),
    }
}

/// Can a store have made it?
pub(super) fn check_entry(entry: &Entry) -> Result<(), Mistake> {
    match entry {
        Entry { stamp, .. } if stamp.origin == 0 => Err(Mistake::Origin),
        Entry { stamp, .. } if stamp.sequence == 0 => Err(Mistake::Sequence),
        Entry { stamp, .. } if stamp.time > LATEST => Err(Mistake::Time),
        Entry { kind, features, .. } if kind.takes_back() && !features.is_empty() => {
            Err(Mistake::Forgotten)
        }
        Entry { kind, features, .. } if features.len() > kind.most_features() => {
            Err(Mistake::Features)
        }
        _ => Ok(()),
    }
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(LATEST)
}
