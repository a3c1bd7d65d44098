//! What a replay takes: time, CPU time, memory.

use std::{
    fs,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{Usage, UsageWho, getrusage},
    time::TimeVal,
};

use crate::replay::{Effort, Memory};

/// Between two looks at the memory, in messages.
const LOOK: usize = 10_000;

/// Measures while messages are judged, on several threads.
pub(super) struct Meter {
    started: Instant,
    cpu: Duration,
    messages: AtomicUsize,
    memory: Mutex<Vec<Memory>>,
}

impl Meter {
    /// From now on.
    pub(super) fn start() -> Self {
        let (messages, memory) = Default::default();
        Self { started: Instant::now(), cpu: cpu(), messages, memory }
    }

    /// A message was judged.
    pub(super) fn step(&self) {
        let messages = self.messages.fetch_add(1, Ordering::Relaxed) + 1;
        if messages.is_multiple_of(LOOK) {
            let memory = Memory { messages, rss_bytes: rss_bytes() };
            self.memory.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        }
    }

    /// What it took until now.
    pub(super) fn stop(self) -> Effort {
        let mut memory = self.memory.into_inner().unwrap_or_else(PoisonError::into_inner);
        let messages = self.messages.into_inner();
        if !messages.is_multiple_of(LOOK) {
            memory.push(Memory { messages, rss_bytes: rss_bytes() });
        }
        memory.sort_by_key(|memory| memory.messages);
        let peak = usage().map_or(0, |usage| u64::try_from(usage.max_rss()).unwrap_or(0) * 1024);
        Effort {
            took: self.started.elapsed(),
            cpu: cpu().saturating_sub(self.cpu),
            peak_rss_bytes: peak,
            memory,
        }
    }
}

fn usage() -> Option<Usage> {
    getrusage(UsageWho::RUSAGE_SELF).ok()
}

/// CPU time of this process.
fn cpu() -> Duration {
    let duration = |time: TimeVal| {
        Duration::from_micros(
            u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0),
        )
    };
    usage()
        .map_or(Duration::ZERO, |usage| duration(usage.user_time()) + duration(usage.system_time()))
}

/// The memory of this process now, in bytes; 0 where the kernel does not tell (proc(5), `VmRSS`).
fn rss_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
