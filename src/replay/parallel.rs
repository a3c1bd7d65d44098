//! Work on many messages at once, whose results come in the order of the messages.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    thread,
};

use super::Letter;
use crate::corpus::SourceError;

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A message could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Judging a message broke its thread: a mistake in gatepost, worth a report.
    #[error("a thread of the replay broke")]
    Broken,
}

/// Does `work` for each letter on `jobs` threads, which may block. One message a thread is in memory
/// at a time. The results are in the order of the letters, without those that are `None`.
///
/// # Errors
/// A letter could not be read, or `work` failed or panicked: the rest is left.
pub fn in_parallel<T: Send, E: From<ReplayError> + Send>(
    letters: impl Iterator<Item = Result<Letter, SourceError>> + Send,
    jobs: NonZeroUsize,
    work: impl Fn(Letter) -> Result<Option<T>, E> + Sync,
) -> Result<Vec<T>, E> {
    let feed = Mutex::new(Some(letters));
    let one_thread = || -> Result<Vec<(usize, T)>, E> {
        let mut done = Vec::new();
        while let Some(letter) = next(&feed) {
            let worked = letter.map_err(|error| E::from(error.into())).and_then(|letter| {
                let number = letter.number;
                Ok(work(letter)?.map(|result| (number, result)))
            });
            done.extend(worked.inspect_err(|_| stop(&feed))?);
        }
        Ok(done)
    };
    let threads = thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.get()).map(|_| scope.spawn(one_thread)).collect();
        let broken = |_| Err(ReplayError::Broken.into());
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(broken)).collect::<Vec<_>>()
    });
    let mut all = Vec::new();
    for done in threads {
        all.append(&mut done?);
    }
    all.sort_unstable_by_key(|&(number, _)| number);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

/// The next letter; none once the others have stopped.
fn next<I: Iterator>(feed: &Mutex<Option<I>>) -> Option<I::Item> {
    feed.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.next()
}

/// Lets nobody begin another letter.
fn stop<I>(feed: &Mutex<Option<I>>) {
    *feed.lock().unwrap_or_else(PoisonError::into_inner) = None;
}
