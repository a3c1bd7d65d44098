//! Threads for computing: no more than messages are judged at once, and always the one that was busy last.
//!
//! Patterns keep automata, and the allocator keeps memory, for each thread that ever ran them. So the
//! work goes to as few threads as can be, where tokio's own pool hands it round among all it has.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        mpsc::{Sender, channel},
    },
    thread,
};

use tokio::sync::oneshot;

/// Does the work, then tells its result.
type Job = Box<dyn FnOnce() -> Tell + Send>;
type Tell = Box<dyn FnOnce()>;

/// The threads. They end when this is dropped and they have nothing to do.
#[derive(Debug, Default)]
pub(super) struct Computing {
    /// Where those wait that have nothing to do; the last one was busy last.
    idle: Mutex<Vec<Sender<Job>>>,
}

impl Computing {
    /// Sets the work going. Its result comes, unless it panics.
    ///
    /// # Errors
    /// There is no idle thread, and no new one can be started.
    pub(super) fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<oneshot::Receiver<T>> {
        let (tell, result) = oneshot::channel();
        let mut job: Job = Box::new(move || {
            let done = work();
            // Whoever asked may have gone away.
            Box::new(move || drop(tell.send(done)))
        });
        while let Some(thread) = self.idle().pop() {
            match thread.send(job) {
                Ok(()) => return Ok(result),
                Err(unsent) => job = unsent.0,
            }
        }
        let computing = Arc::downgrade(self);
        let thread = thread::Builder::new().name("compute".to_owned());
        thread.spawn(move || serve(&computing, job)).map(|_| result)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Sender<Job>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does one job after the other.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, which has nothing else to do")]
fn serve(computing: &Weak<Computing>, first: Job) {
    let mut next = Some(first);
    while let Some(job) = next {
        // After a panic, whoever waits for the result sees that there is none.
        let tell = catch_unwind(AssertUnwindSafe(job));
        let (sender, jobs) = channel();
        // First idle, then heard of: what comes next finds this thread.
        if let Some(computing) = computing.upgrade() {
            computing.idle().push(sender);
        }
        tell.into_iter().for_each(|tell| tell());
        next = jobs.recv().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_thread_does_what_comes_one_after_the_other() {
        let computing = Arc::new(Computing::default());
        let mut threads = Vec::new();
        for _ in 0..20 {
            threads.push(computing.run(|| thread::current().id()).unwrap().await.unwrap());
        }
        threads.dedup();
        assert_eq!(threads.len(), 1);
    }

    #[tokio::test]
    async fn work_that_panics_leaves_its_thread_alive() {
        let computing = Arc::new(Computing::default());
        let fails = || -> usize { panic!("on purpose") };
        assert!(computing.run(fails).unwrap().await.is_err());
        assert_eq!(computing.run(|| 1).unwrap().await, Ok(1));
    }

    #[tokio::test]
    async fn work_is_done_side_by_side() {
        let computing = Arc::new(Computing::default());
        let barrier = Arc::new(std::sync::Barrier::new(3));
        let results = [0, 1, 2].map(|number| {
            let barrier = Arc::clone(&barrier);
            computing.run(move || (barrier.wait(), number).1).unwrap()
        });
        for (number, result) in results.into_iter().enumerate() {
            assert_eq!(result.await, Ok(number));
        }
    }
}
