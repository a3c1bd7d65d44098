//! Who works next, and who is turned away: pure, so that it is tested with a clock of its own.
//!
//! Each task has an estimated cost. Per lane, what waits is bounded by the sum of these. If a task comes that
//! makes it more, the dearest of the waiting ones and the new one goes, until the rest fits. A task that would
//! begin too late to be done by its deadline does not wait at all.
//!
//! Ours go first, and some slots are for them alone: mail from outside takes none unless as many stay free.
//! That is strict: while ours fill the other slots, nobody from outside works.
//!
//! Each task that was let in ends in one of the counts, or waits, or works: [`Counts::accepted`] is their sum.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

/// Whose task it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Mail from outside.
    Outside,
    /// Authenticated, local.
    Ours,
}

/// How much works and waits at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Tasks at work at once.
    pub slots: usize,
    /// As many more of ours.
    pub reserved: usize,
    /// The estimated cost of all that wait in a lane.
    pub waiting: Duration,
    /// How many may wait in a lane, however cheap.
    pub tasks: usize,
}

/// Why a task was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Skip {
    /// Too much waits, and it was the dearest.
    Full,
    /// It would not be done in time.
    Deadline,
}

/// A task that wants to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose it is.
    pub lane: Lane,
    /// How long it will take, as far as that can be told.
    pub cost: Duration,
    /// The shortest time that is worth beginning: its cost, unless it can be done in part.
    pub least: Duration,
    /// When it is of no use any more.
    pub deadline: Instant,
}

/// A task that was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Where it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It may begin.
    Works(Ticket),
    /// It is told when it may.
    Waits(Ticket),
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was answered.
    Done,
    /// Its worker crashed.
    Crashed,
    /// Its worker was killed at the deadline.
    Late,
    /// There was no worker: none could be started.
    Unserved,
    /// The deadline passed while it waited.
    Waited,
    /// Nobody wants it any more.
    Dropped,
}

/// What those who wait are told.
#[derive(Debug, PartialEq, Eq)]
pub struct Notice<T> {
    /// Who.
    pub token: T,
    /// It may begin; or it was skipped, and is not known here any more.
    pub turn: Result<(), Skip>,
}

/// What became of all tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Let in, to work or to wait.
    pub accepted: u64,
    /// Not let in: the dearest when too much waited.
    pub refused_full: u64,
    /// Not let in: would not have been done in time.
    pub refused_deadline: u64,
    /// Answered.
    pub done: u64,
    /// Their worker crashed.
    pub crashed: u64,
    /// Their worker was killed at the deadline.
    pub late: u64,
    /// No worker could be started for them.
    pub unserved: u64,
    /// Waited, and then were the dearest when too much waited.
    pub skipped_full: u64,
    /// Waited, until there was no time left.
    pub skipped_deadline: u64,
    /// Given up by who asked.
    pub dropped: u64,
}

impl Counts {
    /// Nobody had time for them.
    pub fn skipped(&self) -> u64 {
        self.refused_full + self.refused_deadline + self.skipped_full + self.skipped_deadline
    }

    /// Of those let in, how many have ended.
    pub fn ended(&self) -> u64 {
        self.done
            + self.crashed
            + self.late
            + self.unserved
            + self.skipped_full
            + self.skipped_deadline
            + self.dropped
    }

    fn skip(&mut self, skip: Skip) {
        match skip {
            Skip::Full => self.skipped_full += 1,
            Skip::Deadline => self.skipped_deadline += 1,
        }
    }

    fn end(&mut self, end: End) {
        match end {
            End::Done => self.done += 1,
            End::Crashed => self.crashed += 1,
            End::Late => self.late += 1,
            End::Unserved => self.unserved += 1,
            End::Waited => self.skipped_deadline += 1,
            End::Dropped => self.dropped += 1,
        }
    }
}

/// Who works and who waits; `T` is how one who waits is told.
#[derive(Debug)]
pub struct Queue<T> {
    room: Room,
    working: BTreeMap<Ticket, Working>,
    outside: VecDeque<Waiting<T>>,
    ours: VecDeque<Waiting<T>>,
    next: u64,
    counts: Counts,
}

#[derive(Debug)]
struct Working {
    /// When it will be done, as far as that can be told.
    until: Instant,
}

#[derive(Debug)]
struct Waiting<T> {
    ticket: Ticket,
    offer: Offer,
    token: T,
}

impl<T> Queue<T> {
    /// Empty.
    pub fn new(room: Room) -> Self {
        let room = Room { slots: room.slots.max(1), ..room };
        Self {
            room,
            working: BTreeMap::new(),
            outside: VecDeque::new(),
            ours: VecDeque::new(),
            next: 0,
            counts: Counts::default(),
        }
    }

    /// Lets a task in, or not; and what others are to be told, who are skipped for its sake.
    ///
    /// # Errors
    /// It is skipped at once.
    pub fn offer(
        &mut self,
        offer: Offer,
        token: T,
        now: Instant,
    ) -> (Result<Place, Skip>, Vec<Notice<T>>) {
        if self.start(offer, now) + offer.least > offer.deadline {
            self.counts.refused_deadline += 1;
            return (Err(Skip::Deadline), Vec::new());
        }
        let ticket = Ticket(self.next);
        if self.has_slot(offer.lane) {
            self.admit();
            self.work(ticket, offer, now);
            return (Ok(Place::Works(ticket)), Vec::new());
        }
        let Some(notices) = self.make_room(offer) else {
            self.counts.refused_full += 1;
            return (Err(Skip::Full), Vec::new());
        };
        self.admit();
        self.lane(offer.lane).push_back(Waiting { ticket, offer, token });
        (Ok(Place::Waits(ticket)), notices)
    }

    /// A task has ended; who may begin now is to be told. Nothing happens if it is not known any more.
    pub fn end(&mut self, ticket: Ticket, end: End, now: Instant) -> Vec<Notice<T>> {
        let was_waiting = self.remove(ticket).is_some();
        if was_waiting || self.working.remove(&ticket).is_some() {
            self.counts.end(end);
        }
        self.fill(now)
    }

    /// What became of all tasks.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many work.
    pub fn working(&self) -> usize {
        self.working.len()
    }

    /// How many of a lane wait, and what they cost together.
    pub fn waiting(&self, lane: Lane) -> (usize, Duration) {
        let waiting = self.waiting_in(lane);
        (waiting.len(), waiting.iter().map(|task| task.offer.cost).sum())
    }

    fn admit(&mut self) {
        self.next += 1;
        self.counts.accepted += 1;
    }

    fn work(&mut self, ticket: Ticket, offer: Offer, now: Instant) {
        self.working.insert(ticket, Working { until: now + offer.cost });
    }

    fn waiting_in(&self, lane: Lane) -> &VecDeque<Waiting<T>> {
        match lane {
            Lane::Outside => &self.outside,
            Lane::Ours => &self.ours,
        }
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Waiting<T>> {
        match lane {
            Lane::Outside => &mut self.outside,
            Lane::Ours => &mut self.ours,
        }
    }

    /// How many slots must be free for one of this lane.
    fn needed(&self, lane: Lane) -> usize {
        match lane {
            Lane::Outside => self.room.reserved + 1,
            Lane::Ours => 1,
        }
    }

    fn is_free(&self, lane: Lane) -> bool {
        let slots = self.room.slots + self.room.reserved;
        slots.saturating_sub(self.working.len()) >= self.needed(lane)
    }

    /// Whether a new one need not wait: behind nobody of its lane, nor of ours.
    fn has_slot(&self, lane: Lane) -> bool {
        self.is_free(lane) && self.ours.is_empty() && self.waiting_in(lane).is_empty()
    }

    /// When a new one would begin, if all goes as estimated.
    fn start(&self, offer: Offer, now: Instant) -> Instant {
        let slots = self.room.slots + self.room.reserved;
        let mut free: Vec<Instant> = self.working.values().map(|w| w.until.max(now)).collect();
        free.resize(slots.max(free.len()), now);
        free.sort_unstable();
        let outside = self.outside.iter().filter(|_| offer.lane == Lane::Outside);
        for before in self.ours.iter().chain(outside) {
            let start = take(&mut free, self.needed(before.offer.lane), now);
            let until = start + before.offer.cost;
            let place = free.partition_point(|other| *other <= until);
            free.insert(place, until);
        }
        take(&mut free, self.needed(offer.lane), now)
    }

    /// Skips the dearest of the lane until this one fits; `None`: it is the dearest itself. Among equals, the
    /// last goes.
    fn make_room(&mut self, offer: Offer) -> Option<Vec<Notice<T>>> {
        let Room { waiting: most, tasks, .. } = self.room;
        let (mut count, mut cost) = self.waiting(offer.lane);
        let fits = |count: usize, cost: Duration| count < tasks && cost + offer.cost <= most;
        let mut dearest: Vec<(Duration, Ticket)> = Vec::new();
        if !fits(count, cost) {
            let waiting = self.waiting_in(offer.lane).iter();
            dearest = waiting.map(|task| (task.offer.cost, task.ticket)).collect();
            dearest.sort_unstable();
        }
        let mut skipped = Vec::new();
        while !fits(count, cost) {
            let (dear, ticket) = dearest.pop().filter(|(dear, _)| *dear > offer.cost)?;
            skipped.push(ticket);
            count -= 1;
            cost = cost.saturating_sub(dear);
        }
        let tasks: Vec<_> = skipped.into_iter().filter_map(|ticket| self.remove(ticket)).collect();
        Some(tasks.into_iter().map(|task| self.skip(task, Skip::Full)).collect())
    }

    fn remove(&mut self, ticket: Ticket) -> Option<Waiting<T>> {
        [Lane::Ours, Lane::Outside].into_iter().find_map(|lane| {
            let waiting = self.lane(lane);
            let place = waiting.iter().position(|task| task.ticket == ticket)?;
            waiting.remove(place)
        })
    }

    fn skip(&mut self, task: Waiting<T>, skip: Skip) -> Notice<T> {
        self.counts.skip(skip);
        Notice { token: task.token, turn: Err(skip) }
    }

    /// Lets those begin for whom there are slots now; skips those for whom it is too late.
    fn fill(&mut self, now: Instant) -> Vec<Notice<T>> {
        let mut notices = Vec::new();
        while let Some(task) = self.next_task() {
            if now + task.offer.least > task.offer.deadline {
                notices.push(self.skip(task, Skip::Deadline));
            } else {
                self.work(task.ticket, task.offer, now);
                notices.push(Notice { token: task.token, turn: Ok(()) });
            }
        }
        notices
    }

    fn next_task(&mut self) -> Option<Waiting<T>> {
        let lane = if self.ours.is_empty() { Lane::Outside } else { Lane::Ours };
        if self.is_free(lane) { self.lane(lane).pop_front() } else { None }
    }
}

/// Takes one slot of these, when so many of them are free.
fn take(free: &mut Vec<Instant>, needed: usize, now: Instant) -> Instant {
    let place = needed.min(free.len()).saturating_sub(1);
    if place < free.len() { free.remove(place) } else { now }
}

#[cfg(test)]
mod tests;
