//! What is set, and told, of workers.

use serde::{Deserialize, Serialize};

use super::{
    cost::Costs,
    queue::{Counts, Skip},
    worker::{Death, StartError},
};
use crate::contents::task::Confined;

/// How many workers there are, and how much each may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Tasks at once; 0 means one a processor core.
    pub workers: usize,
    /// As many more for mail that is not from outside.
    pub reserved: usize,
    /// Memory of a worker, in bytes of address space; of each process, if it starts others.
    pub memory_bytes: u64,
    /// Whether workers work on a kernel that cannot confine them.
    pub unconfined: bool,
    /// After so many tasks, a worker is replaced; 1 gives each task one of its own.
    pub tasks_each: u32,
    /// A worker that holds more after a task is replaced, in bytes.
    pub idle_bytes: u64,
    /// How much may wait in each lane, as the time that it is expected to take, in milliseconds.
    pub waiting_ms: u64,
    /// How many tasks may wait in each lane, however short.
    pub waiting_tasks: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workers: 0,
            reserved: 1,
            memory_bytes: 1 << 30,
            unconfined: false,
            tasks_each: 500,
            idle_bytes: 256 << 20,
            waiting_ms: 20_000,
            waiting_tasks: 500,
        }
    }
}

/// Why a task has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Its worker crashed, or had to be killed for what it said.
    #[error("the worker crashed ({words})")]
    Crashed {
        /// What it said last.
        words: String,
        /// How.
        #[source]
        how: Death,
    },
    /// Its worker was killed at the deadline.
    #[error("the worker was not done in time")]
    Late,
    /// There is too much to do.
    #[error("skipped: {}", match .0 {
        Skip::Full => "too much to do",
        Skip::Deadline => "it would not be done in time",
    })]
    Skipped(Skip),
    /// None can be started.
    #[error("there is no worker")]
    NoWorker(#[source] StartError),
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What the workers do.
    pub role: String,
    /// What became of all tasks.
    pub counts: Counts,
    /// Tasks at work.
    pub working: usize,
    /// Tasks from outside that wait.
    pub waiting_outside: usize,
    /// Tasks of ours that wait.
    pub waiting_ours: usize,
    /// How long those that wait are expected to take, in milliseconds.
    pub waiting_ms: u64,
    /// What becomes of processes.
    pub processes: Processes,
    /// How far the last one that was started is confined.
    pub confined: Option<Confined>,
    /// What work is expected to cost.
    pub costs: Costs,
}

/// What became of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processes {
    /// Started, and ready.
    pub started: u64,
    /// Did not become ready.
    pub failed: u64,
    /// Ended for what they had done or held.
    pub retired: u64,
    /// Have nothing to do now.
    pub idle: usize,
}
