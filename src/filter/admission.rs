//! How much is judged at once, and who is turned away when that is not enough.
//!
//! Three bounds: messages being computed (one a core), messages waiting for that, and bytes of
//! messages held in memory. Beyond them the sender is told 4xx and keeps the message; what is
//! judged is judged completely, so load never changes a verdict.
//!
//! There are two lanes, each with slots and memory of its own: mail from outside, and everybody
//! else. So authenticated users never queue behind a flood from outside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::computing::Computing;

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Messages computed at once in each lane; 0 means one a processor core.
    pub parallel: usize,
    /// Messages waiting for that in each lane, before new ones are told 451.
    pub max_waiting: usize,
    /// How long one may wait, in milliseconds, before it is told 451; the profile's deadline runs
    /// from then on.
    pub max_wait_ms: u64,
    /// Bytes of messages held in memory over all connections, before new ones are told 451; a
    /// quarter of them is kept for mail that is not from outside.
    pub memory_bytes: usize,
    /// How much of one message is read; the rest is skipped and a finding says so.
    pub scan_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            parallel: 0,
            max_waiting: 200,
            max_wait_ms: 5_000,
            memory_bytes: 512 << 20,
            scan_bytes: 25 << 20,
        }
    }
}

/// Whose slots a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Mail from outside.
    Outside,
    /// Authenticated, local, and profiles that do not refuse early.
    Ours,
}

/// There is no room now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The bounds, shared by all sessions; survives a reload so that nothing is counted twice.
#[derive(Debug)]
pub struct Admission {
    /// Who does the work of those that have a slot.
    pub(super) computing: Arc<Computing>,
    /// Who computes what had to wait for answers first. Other threads: these hold no automata.
    pub(super) concluding: Arc<Computing>,
    outside: Slots,
    ours: Slots,
    max_wait: Duration,
}

#[derive(Debug)]
struct Slots {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_waiting: usize,
    memory: Arc<Memory>,
}

#[derive(Debug)]
struct Memory {
    used: AtomicUsize,
    limit: usize,
}

impl Admission {
    /// With these bounds.
    pub fn new(settings: &Settings) -> Self {
        let cores = || std::thread::available_parallelism().map_or(2, usize::from);
        let parallel = if settings.parallel == 0 { cores() } else { settings.parallel };
        let slots = |limit| Slots {
            free: Arc::new(Semaphore::new(parallel)),
            waiting: AtomicUsize::new(0),
            max_waiting: settings.max_waiting,
            memory: Arc::new(Memory { used: AtomicUsize::new(0), limit }),
        };
        let kept = settings.memory_bytes / 4;
        Self {
            computing: Arc::default(),
            concluding: Arc::default(),
            outside: slots(settings.memory_bytes - kept),
            ours: slots(kept),
            max_wait: Duration::from_millis(settings.max_wait_ms),
        }
    }

    /// Whether a new message had better be told 451 before it is sent.
    pub fn is_full(&self, lane: Lane) -> bool {
        let slots = self.slots(lane);
        slots.waiting.load(Ordering::Relaxed) >= slots.max_waiting
            || slots.memory.used.load(Ordering::Relaxed) >= slots.memory.limit
    }

    /// Waits for a slot; dropping the permit frees it.
    ///
    /// # Errors
    /// [`Full`]: too many wait already, or it waited too long.
    pub async fn enter(&self, lane: Lane) -> Result<OwnedSemaphorePermit, Full> {
        let slots = self.slots(lane);
        if let Ok(permit) = Arc::clone(&slots.free).try_acquire_owned() {
            return Ok(permit);
        }
        let place = slots.queue()?;
        let permit = timeout(self.max_wait, Arc::clone(&slots.free).acquire_owned()).await;
        drop(place);
        permit.map_err(|_| Full)?.map_err(|_| Full)
    }

    /// An account for the bytes of one message.
    pub fn account(&self, lane: Lane) -> Account {
        Account { memory: Arc::clone(&self.slots(lane).memory), bytes: 0 }
    }

    fn slots(&self, lane: Lane) -> &Slots {
        match lane {
            Lane::Outside => &self.outside,
            Lane::Ours => &self.ours,
        }
    }
}

/// A place in the queue, given back when dropped, also by a session that went away.
struct Place<'s>(&'s AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Slots {
    fn queue(&self) -> Result<Place<'_>, Full> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place(&self.waiting);
        if before >= self.max_waiting { Err(Full) } else { Ok(place) }
    }
}

/// The bytes one message holds; given back when dropped.
#[derive(Debug)]
pub struct Account {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Account {
    /// Takes so many bytes more.
    ///
    /// # Errors
    /// [`Full`]: all messages together would hold more than the limit. Nothing is taken.
    pub fn take(&mut self, bytes: usize) -> Result<(), Full> {
        let used = self.memory.used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if used > self.memory.limit {
            self.memory.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Full);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Gives back all that was taken.
    pub fn give_back(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.memory.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tight() -> Admission {
        Admission::new(&Settings {
            parallel: 1,
            max_waiting: 1,
            max_wait_ms: 10,
            memory_bytes: 100,
            scan_bytes: 100,
        })
    }

    #[tokio::test]
    async fn a_full_lane_leaves_the_other_free() {
        let admission = tight();
        let held = admission.enter(Lane::Outside).await.unwrap();
        assert_eq!(admission.enter(Lane::Outside).await.unwrap_err(), Full, "waited too long");
        assert!(admission.enter(Lane::Ours).await.is_ok());
        assert!(!admission.is_full(Lane::Outside), "nobody waits any more");
        drop(held);
        assert!(admission.enter(Lane::Outside).await.is_ok());
    }

    #[test]
    fn bytes_are_given_back() {
        let admission = tight();
        let mut account = admission.account(Lane::Outside);
        assert_eq!(account.take(60), Ok(()));
        assert_eq!(account.take(60), Err(Full));
        assert_eq!(account.take(15), Ok(()));
        assert!(admission.is_full(Lane::Outside));
        assert!(!admission.is_full(Lane::Ours), "a quarter is kept for ours");
        account.give_back();
        assert!(!admission.is_full(Lane::Outside));
        drop(account);
        assert_eq!(admission.account(Lane::Outside).take(75), Ok(()));
    }
}
