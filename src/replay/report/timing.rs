//! What a replay took.

use std::time::Duration;

use serde::Serialize;

use super::Records;
use crate::replay::{Bin, Record, histogram::histogram};

/// What was measured around a replay.
#[derive(Clone, Debug, Default)]
pub struct Effort {
    /// By the clock.
    pub took: Duration,
    /// CPU time of the process.
    pub cpu: Duration,
    /// The most memory the process ever had, in bytes.
    pub peak_rss_bytes: u64,
    /// Its memory on the way.
    pub memory: Vec<Memory>,
}

/// The memory of the process when so many messages were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Messages.
    pub messages: usize,
    /// Resident, in bytes.
    pub rss_bytes: u64,
}

/// What depends on the machine and its mood.
#[derive(Clone, Debug, Serialize)]
pub struct Timing {
    /// By the clock, with reading and all threads.
    pub messages_per_second: f64,
    /// By the clock.
    pub seconds: f64,
    /// CPU time of the process a message, with reading.
    pub cpu_micros_per_message: f64,
    /// The most memory the process ever had, in bytes.
    pub peak_rss_bytes: u64,
    /// Its memory on the way.
    pub memory: Vec<Memory>,
    /// The time from a message's end to its judgement.
    pub latency: Latency,
    /// Messages by that time: the decimal logarithm of milliseconds.
    pub latency_histogram: Vec<Bin>,
    /// The messages that took longest.
    pub slowest: Vec<Slow>,
}

/// Percentiles, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// The mean.
    pub mean_ms: f64,
    /// Half of the messages took no longer.
    pub p50_ms: f64,
    /// 90 %.
    pub p90_ms: f64,
    /// 99 %.
    pub p99_ms: f64,
    /// 99.9 %.
    pub p999_ms: f64,
    /// All of them.
    pub max_ms: f64,
}

/// A message that took long.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slow {
    /// Where it is.
    pub path: String,
    /// From its end to its judgement.
    pub millis: f64,
}

impl Timing {
    /// Of records and the effort they took; `list` messages are listed.
    pub fn new(records: Records<'_>, effort: Effort, list: usize) -> Self {
        let messages = records.all.len();
        let log = |record: &Record| (record.label, millis(record.micros.max(1)).log10());
        Self {
            messages_per_second: messages as f64 / effort.took.as_secs_f64().max(1e-9),
            seconds: effort.took.as_secs_f64(),
            cpu_micros_per_message: effort.cpu.as_secs_f64() * 1e6 / messages.max(1) as f64,
            peak_rss_bytes: effort.peak_rss_bytes,
            memory: effort.memory,
            latency: Latency::of(records.all.iter().map(|record| record.micros).collect()),
            latency_histogram: histogram(records.all.iter().map(log)),
            slowest: slowest(records, list),
        }
    }
}

impl Latency {
    fn of(mut micros: Vec<u32>) -> Self {
        micros.sort_unstable();
        let sum: u64 = micros.iter().copied().map(u64::from).sum();
        let at = |share: f64| {
            let rank = (micros.len() as f64 * share).ceil() as usize;
            micros.get(rank.saturating_sub(1)).copied().map_or(0.0, millis)
        };
        Self {
            mean_ms: sum as f64 / 1e3 / micros.len().max(1) as f64,
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: at(1.0),
        }
    }
}

fn slowest(records: Records<'_>, list: usize) -> Vec<Slow> {
    let mut all: Vec<&Record> = records.all.iter().collect();
    all.sort_by_key(|record| std::cmp::Reverse(record.micros));
    let slow = |record: &Record| Slow {
        path: records.mail.path(record.origin),
        millis: millis(record.micros),
    };
    all.into_iter().take(list).map(slow).collect()
}

fn millis(micros: u32) -> f64 {
    f64::from(micros) / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let latency = Latency::of((1..=1000).rev().map(|ms| ms * 1000).collect());
        let expected = [500.5, 500.0, 900.0, 990.0, 999.0, 1000.0];
        let Latency { mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = latency;
        assert_eq!([mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms], expected);
        assert_eq!(Latency::of(Vec::new()), Latency::default());
    }
}
