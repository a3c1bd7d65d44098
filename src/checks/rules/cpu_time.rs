//! The clock that limits go by: other work on the machine does not move it.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// CPU time that this thread has taken. Asking takes some hundred nanoseconds.
pub(super) fn of_thread() -> Duration {
    // The clock is there since Linux 2.6; without it no limit would ever be reached.
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
