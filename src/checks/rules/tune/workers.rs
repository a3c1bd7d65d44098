//! Work on all cores.

use std::{
    num::NonZero,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

/// Does a numbered piece of work for each number below `count`, as many at once as there are
/// cores; the results in order.
///
/// # Errors
/// The first failure, after which no further piece is begun.
pub(super) fn on_all_cores<T: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let worker = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let result = work(number);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((number, result));
        }
        done
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count);
    let mut done: Vec<(usize, Result<T, E>)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let results = threads.into_iter().map(thread::ScopedJoinHandle::join);
        results.flat_map(|result| result.unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let squares = on_all_cores(100, |n| Ok::<_, ()>(n * n)).unwrap();
        assert_eq!(squares, (0..100).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(on_all_cores(0, Ok::<_, ()>), Ok(vec![]));
    }

    #[test]
    fn a_failure_ends_it() {
        let done = on_all_cores(1000, |n| if n == 7 { Err(n) } else { Ok(n) });
        assert_eq!(done, Err(7));
    }
}
