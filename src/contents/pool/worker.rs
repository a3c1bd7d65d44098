//! One worker, from the side of the service.

use std::{
    fs, io,
    os::unix::process::ExitStatusExt as _,
    process::ExitStatus,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::AsyncReadExt as _,
    process::{Child, ChildStderr, ChildStdin, ChildStdout},
    task::JoinHandle,
    time::timeout,
};

use super::lines::{Limiter, Lines};
use crate::contents::{
    process::Role,
    task::{Confined, Hello, PROTOCOL},
    wire::{self, Most, WireError},
};

/// How a worker ended that should not have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Death {
    /// By a signal: 9 if somebody killed it, 31 if it called what it may not, 6 or 11 if it was in trouble.
    #[error("it was ended by signal {0}")]
    Signal(i32),
    /// By itself.
    #[error("it ended with status {0}")]
    Status(i32),
    /// It said what it cannot mean.
    #[error("its answer is none")]
    Answer(#[source] WireError),
    /// It said what makes no sense.
    #[error("its answer makes no sense: {0}")]
    Unsound(&'static str),
    /// It would not go away.
    #[error("it does not end")]
    Stuck,
}

/// Why there is no worker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The program cannot be started.
    #[error("it cannot be started")]
    Spawn(#[source] io::Error),
    /// It ended before it was ready.
    #[error("it ended at once ({words})")]
    Died {
        /// What it said.
        words: String,
        /// How.
        #[source]
        how: Death,
    },
    /// It did not become ready.
    #[error("it did not become ready")]
    Silent,
    /// It is of another release.
    #[error("it speaks release {0} of the protocol")]
    Protocol(u32),
    /// Those before it did not come up; the next try is later.
    #[error("none came up before, and the next try is later")]
    Paused,
}

/// The first word.
const HELLO: Most = Most { head: 64, bytes: 0, strings: 0 };

/// How long a worker may take to become ready.
const READY: Duration = Duration::from_secs(10);

/// How long it may take to end.
const END: Duration = Duration::from_secs(1);

/// One worker.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    /// Its process, and the group of all that it starts.
    group: Pid,
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    words: Words,
    reader: JoinHandle<()>,
    /// How many tasks it has done.
    pub(super) tasks: u32,
    /// When it had its last one.
    pub(super) used: Instant,
}

/// The last line that it said.
type Words = Arc<Mutex<String>>;

impl Worker {
    /// Waits until it is ready; and tells how far it is confined.
    ///
    /// # Errors
    /// It is not.
    pub(super) async fn greet(
        mut child: Child,
        role: Role,
        limiter: Arc<Mutex<Limiter>>,
    ) -> Result<(Self, Confined), StartError> {
        let no_pipe = || StartError::Spawn(io::Error::other("it has no pipes"));
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).ok_or_else(no_pipe)?;
        let stdin = child.stdin.take().ok_or_else(no_pipe)?;
        let stdout = child.stdout.take().ok_or_else(no_pipe)?;
        let stderr = child.stderr.take().ok_or_else(no_pipe)?;
        let words = Words::default();
        let reader = tokio::spawn(hear(stderr, Arc::clone(&words), role, pid, limiter));
        let group = Pid::from_raw(pid);
        let mut worker =
            Self { child, group, stdin, stdout, words, reader, tasks: 0, used: Instant::now() };
        match timeout(READY, wire::receive::<Hello>(&mut worker.stdout, HELLO)).await {
            Ok(Ok((Hello { protocol: PROTOCOL, confined }, _))) => Ok((worker, confined)),
            Ok(Ok((Hello { protocol, .. }, _))) => Err(StartError::Protocol(protocol)),
            Ok(Err(error)) => {
                let (how, words) = worker.death(error).await;
                Err(StartError::Died { words, how })
            }
            Err(_) => Err(StartError::Silent),
        }
    }

    /// Its process.
    pub(super) fn process(&self) -> i32 {
        self.group.as_raw()
    }

    /// Whether it has not ended by itself while it had nothing to do.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its memory in bytes and the processor time it took in its life, if the system tells.
    pub(super) fn usage(&self) -> Option<(u64, Duration)> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.group)).ok()?;
        usage(&stat, rustix::param::page_size() as u64)
    }

    /// Kills it, and does not wait for its end. If it has nothing to do, it loses nothing.
    pub(super) fn kill(mut self) {
        tokio::spawn(async move { self.end().await });
    }

    /// Kills it if it is not dead already; how it ended, and what it said last.
    pub(super) async fn death(mut self, error: WireError) -> (Death, String) {
        let status = self.end().await;
        let how = match error {
            WireError::Ended | WireError::Io(_) => status.map_or(Death::Stuck, death),
            WireError::TooBig(_) | WireError::Garbled(_) => Death::Answer(error),
        };
        // All who could write there are dead, so this ends by itself.
        let _ = timeout(END, &mut self.reader).await;
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (how, words)
    }

    async fn end(&mut self) -> Option<ExitStatus> {
        self.kill_group();
        timeout(END, self.child.wait()).await.ok()?.ok()
    }

    /// Kills it and all that it started, unless it has been waited for: then its number may be another's.
    fn kill_group(&self) {
        if self.child.id().is_some() {
            let _ = killpg(self.group, Signal::SIGKILL);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill_group();
    }
}

fn death(status: ExitStatus) -> Death {
    match (status.signal(), status.code()) {
        (Some(signal), _) => Death::Signal(signal),
        (None, code) => Death::Status(code.unwrap_or_default()),
    }
}

/// Memory and processor time by a line of `/proc/PID/stat` (proc(5)); time is there in hundredths of a second
/// on every processor that this runs on.
fn usage(stat: &str, page: u64) -> Option<(u64, Duration)> {
    // The name stands in parentheses, and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<u64> =
        rest.split_whitespace().map(|field| field.parse().unwrap_or_default()).collect();
    let (user, system, pages) = (fields.get(11)?, fields.get(12)?, fields.get(21)?);
    let time = Duration::from_millis(user.saturating_add(*system).saturating_mul(10));
    Some((pages.saturating_mul(page), time))
}

/// Brings what it says to the log.
async fn hear(
    mut stderr: ChildStderr,
    words: Words,
    role: Role,
    pid: i32,
    limiter: Arc<Mutex<Limiter>>,
) {
    let mut lines = Lines::default();
    let mut bytes = [0; 1_024];
    while let Ok(read) = stderr.read(&mut bytes).await {
        let said = match bytes.get(..read).filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => lines.push(bytes),
            None => lines.finish().into_iter().collect(),
        };
        for line in said {
            log(role, pid, &line, &limiter);
            *words.lock().unwrap_or_else(PoisonError::into_inner) = line;
        }
        if read == 0 {
            return;
        }
    }
}

fn log(role: Role, pid: i32, line: &str, limiter: &Mutex<Limiter>) {
    let mut limiter = limiter.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(unsaid) = limiter.may(Instant::now()) {
        tracing::warn!(role = role.name(), pid, unsaid, line, "a worker says");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_from_proc() {
        let stat =
            "7 (a) b) (c) S 1 7 7 0 -1 4194304 1 2 3 4 150 50 0 0 30 19 1 0 99 1048576 25 18";
        assert_eq!(usage(stat, 4_096), Some((25 * 4_096, Duration::from_secs(2))));
        assert_eq!(usage("7 (a", 4_096), None);
        let own = fs::read_to_string("/proc/self/stat").unwrap();
        assert!(usage(&own, 4_096).unwrap().0 > 100_000);
    }
}
