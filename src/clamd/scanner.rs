//! Scans over several sockets, with fail-over.

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use clamav_client::{PONG, tokio as client};
use futures_util::future::join_all;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout, timeout_at},
};
use tracing::{info, warn};

use super::{
    ClamdError, ScanResult, Settings,
    connection::{CONNECT, Dial},
    reply,
};
use crate::{endpoint::Endpoint, metrics};

/// Bytes per chunk of INSTREAM. Far below any size limit of clamd, which counts chunks too.
const CHUNK: usize = 64 * 1_024;
/// How long an unreachable socket is left alone while others answer.
const ASIDE: Duration = Duration::from_secs(10);

/// Asks clamd about bytes. Cheap to clone.
#[derive(Clone)]
pub struct Scanner {
    shared: Arc<Shared>,
}

struct Shared {
    sockets: Vec<Arc<Socket>>,
    slots: Semaphore,
    timeout: Duration,
}

/// What answers at a socket.
#[derive(Debug)]
pub struct Version {
    /// Where.
    pub socket: Endpoint,
    /// The program and its signatures: `ClamAV 1.4.3/27800/…`.
    pub answer: Result<String, ClamdError>,
}

impl Scanner {
    /// Connects to nothing yet.
    pub fn new(settings: &Settings) -> Self {
        let socket = |address: &Endpoint| {
            Arc::new(Socket { address: address.clone(), aside_until: ArcSwapOption::empty() })
        };
        let shared = Shared {
            sockets: settings.sockets.iter().map(socket).collect(),
            slots: Semaphore::new(settings.max_parallel.clamp(1, Semaphore::MAX_PERMITS)),
            timeout: settings.timeout,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Scans bytes. Each socket gets its share of the time that is left.
    ///
    /// # Errors
    /// No socket gave a result: what the last one tried had to say, or
    /// [`ClamdError::Busy`] if no slot became free in time.
    pub async fn scan(&self, bytes: &[u8]) -> Result<ScanResult, ClamdError> {
        let result = self.shared.scan(bytes).await;
        metrics::virus_scan(match &result {
            Ok(ScanResult::Clean) => "clean",
            Ok(ScanResult::Infected { .. }) => "infected",
            Err(_) => "failed",
        });
        result
    }

    /// Asks every socket what answers there: for `config check`.
    pub async fn versions(&self) -> Vec<Version> {
        join_all(self.shared.sockets.iter().map(|socket| async {
            Version { socket: socket.address.clone(), answer: socket.version().await }
        }))
        .await
    }
}

impl fmt::Debug for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sockets = self.shared.sockets.iter().map(|socket| &socket.address);
        f.debug_list().entries(sockets).finish()
    }
}

impl Shared {
    async fn scan(&self, bytes: &[u8]) -> Result<ScanResult, ClamdError> {
        let end = Instant::now() + self.timeout;
        let _slot = timeout_at(end, self.slots.acquire())
            .await
            .map_err(|_elapsed| ClamdError::Busy { after: self.timeout })?;
        let mut why = ClamdError::NoSocket;
        let sockets = self.candidates();
        for (sockets_left, socket) in (1..=sockets.len() as u32).rev().zip(sockets) {
            let share = end.saturating_duration_since(Instant::now()) / sockets_left;
            match socket.scan(bytes, share).await {
                Ok(result) => return Ok(result),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    /// The sockets not aside, in order; all of them when all are aside.
    fn candidates(&self) -> Vec<&Arc<Socket>> {
        let ready: Vec<_> = self.sockets.iter().filter(|socket| !socket.is_aside()).collect();
        if ready.is_empty() { self.sockets.iter().collect() } else { ready }
    }
}

struct Socket {
    address: Endpoint,
    aside_until: ArcSwapOption<Instant>,
}

impl Socket {
    async fn scan(
        self: &Arc<Self>,
        bytes: &[u8],
        within: Duration,
    ) -> Result<ScanResult, ClamdError> {
        let end = Instant::now() + within;
        if self.is_suspect() {
            self.ping(within.min(CONNECT)).await?;
        }
        let dial = Dial::new(&self.address);
        let scan = client::scan_buffer(bytes, &dial, Some(CHUNK));
        let reply = match timeout_at(end, scan).await {
            Ok(Ok(reply)) if !reply.is_empty() => reply,
            Ok(Ok(_nothing)) => return Err(self.broken(&dial, io::ErrorKind::UnexpectedEof.into())),
            Ok(Err(error)) => return Err(self.broken(&dial, error)),
            Err(_elapsed) => return Err(self.late(within)),
        };
        reply::read(&reply).map_err(|reply| {
            warn!(socket = %self.address, reply, "clamd does not scan");
            ClamdError::Reply { socket: self.address.clone(), reply }
        })
    }

    /// Whether anybody is alive there; puts the socket aside or takes it back.
    async fn ping(&self, within: Duration) -> Result<(), ClamdError> {
        let socket = || self.address.clone();
        let dial = Dial::new(&self.address);
        let alive = match timeout(within, client::ping(&dial)).await {
            Ok(Ok(reply)) if reply == PONG => Ok(()),
            Ok(Ok(reply)) => {
                Err(ClamdError::Reply { socket: socket(), reply: reply::printable(&reply) })
            }
            Ok(Err(error)) => Err(self.error(&dial, error)),
            Err(_elapsed) => Err(ClamdError::Timeout { socket: socket(), after: within }),
        };
        match &alive {
            Ok(()) => self.take_back(),
            Err(error) => self.put_aside(error),
        }
        alive
    }

    async fn version(&self) -> Result<String, ClamdError> {
        let dial = Dial::new(&self.address);
        let asked = timeout(CONNECT * 2, client::get_version(&dial)).await;
        match asked.unwrap_or_else(|elapsed| Err(elapsed.into())) {
            Ok(reply) if !reply.is_empty() => Ok(reply::printable(&reply)),
            Ok(_nothing) => Err(self.error(&dial, io::ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(self.error(&dial, error)),
        }
    }

    /// Notes a broken connection or one that never was.
    fn broken(self: &Arc<Self>, dial: &Dial<'_>, source: io::Error) -> ClamdError {
        let error = self.error(dial, source);
        if dial.connected() {
            self.suspect()
        } else {
            self.put_aside(&error)
        }
        error
    }

    /// Notes that no answer came in time.
    fn late(self: &Arc<Self>, after: Duration) -> ClamdError {
        self.suspect();
        ClamdError::Timeout { socket: self.address.clone(), after }
    }

    fn error(&self, dial: &Dial<'_>, source: io::Error) -> ClamdError {
        let socket = self.address.clone();
        if dial.connected() {
            ClamdError::Lost { socket, source }
        } else {
            ClamdError::Connect { socket, source }
        }
    }

    /// Finds out, without keeping a message waiting, whether the socket or the data is to blame.
    fn suspect(self: &Arc<Self>) {
        let socket = Arc::clone(self);
        // What it finds is noted by `ping` itself.
        tokio::spawn(async move { socket.ping(CONNECT).await.is_ok() });
    }

    /// Whether it failed and has not proved itself since.
    fn is_suspect(&self) -> bool {
        self.aside_until.load().is_some()
    }

    /// Whether it is to be left alone as long as others answer.
    fn is_aside(&self) -> bool {
        self.aside_until.load().as_deref().is_some_and(|until| Instant::now() < *until)
    }

    fn put_aside(&self, why: &ClamdError) {
        let before = self.aside_until.swap(Some(Arc::new(Instant::now() + ASIDE)));
        if before.is_none() {
            let cause = why.source().map(ToString::to_string);
            warn!(socket = %self.address, %why, cause, "clamd put aside");
        }
    }

    fn take_back(&self) {
        if self.aside_until.swap(None).is_some() {
            info!(socket = %self.address, "clamd is back");
        }
    }
}

#[cfg(test)]
mod tests;
