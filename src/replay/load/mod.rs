//! Load on a milter, any milter: kept mail is played against it the way Postfix would, and what it
//! answers is timed and counted.
//!
//! 1. [`Supply`] reads messages and makes each a [`Delivery`], ahead of time and on a thread of its
//!    own.
//! 2. [`play`] lets a number of clients bring them. Without a rate, each brings its next message
//!    when the last one is answered (a closed loop). With a rate, each message has its time, and its
//!    latency counts from then on, even if all clients were still busy: a milter that stands still
//!    cannot hide that by not being asked (no coordinated omission).
//! 3. [`Tally`] adds up what became of each: [`Played`].
//!
//! [`wire`] speaks in packets, [`conversation`] in commands and answers, [`session`] in messages;
//! [`macros`] are those of Postfix, and [`outcome`] says what the answers mean. The words of the
//! protocol are indymilter's; nothing is shared with our own milter door.

mod conversation;
mod delivery;
mod macros;
mod outcome;
mod session;
mod supply;
mod tally;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, mpsc};

pub use delivery::{Delivery, Origin};
pub use outcome::Outcome;
pub use supply::{Kept, Supply};
pub use tally::{Figures, Latency, Tally};
pub use wire::WireError;

use self::{conversation::Conversation, session::Session};
use crate::{endpoint::Endpoint, verdict::Label};

/// After a connection that failed, so long until the next is tried: a milter that is gone for a
/// moment must not cost all the mail there is.
const PAUSE: Duration = Duration::from_millis(100);

/// How to play.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the milter listens.
    pub milter: Endpoint,
    /// Clients at once, at least one.
    pub concurrency: usize,
    /// Messages a second; as many as can be without one.
    pub rate: Option<f64>,
    /// Messages that a client brings on one connection, at least one. All of them seem to come
    /// from the client of the first.
    pub per_connection: usize,
    /// The longest wait for one answer.
    pub patience: Duration,
}

/// The milter cannot be spoken to at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot talk to the milter at {milter}")]
pub struct LoadError {
    milter: Endpoint,
    #[source]
    source: WireError,
}

/// How long the stages of a message took; `None` for those it did not come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    /// Connecting, the negotiation, CONNECT and HELO; only for the first message of a connection.
    pub connect: Option<Duration>,
    /// MAIL.
    pub mail: Option<Duration>,
    /// All RCPTs.
    pub rcpt: Option<Duration>,
    /// DATA, the header and the body.
    pub content: Option<Duration>,
    /// From the end of the message to the verdict.
    pub end: Option<Duration>,
}

/// One message that was played.
#[derive(Debug)]
pub struct Played {
    /// What it is, where that is known.
    pub label: Option<Label>,
    /// What became of it; an error if the milter left it unanswered.
    pub outcome: Result<Outcome, WireError>,
    /// Its stages.
    pub stages: Stages,
    /// From its beginning, or the time it was due, to the verdict.
    pub whole: Duration,
}

/// Plays all deliveries; `seen` gets each as it is answered, or given up.
///
/// # Errors
/// The milter takes no connection, or does not negotiate, before the first message. Whatever
/// happens later leaves messages unanswered, and goes on.
pub async fn play(
    plan: &Plan,
    deliveries: mpsc::Receiver<Delivery>,
    mut seen: impl FnMut(Played),
) -> Result<(), LoadError> {
    let first = Conversation::open(&plan.milter, plan.patience).await;
    let failed = |source| LoadError { milter: plan.milter.clone(), source };
    let _ = first.map_err(failed)?.quit().await;
    let (done, mut results) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        plan: plan.clone(),
        queue: Mutex::new(Queue { deliveries, number: 0 }),
        start: Instant::now(),
    });
    for _ in 0..plan.concurrency.max(1) {
        let player = Player { shared: Arc::clone(&shared), session: None, done: done.clone() };
        tokio::spawn(player.run());
    }
    drop(done);
    while let Some(played) = results.recv().await {
        seen(played);
    }
    Ok(())
}

/// What all clients share.
struct Shared {
    plan: Plan,
    queue: Mutex<Queue>,
    start: Instant,
}

struct Queue {
    deliveries: mpsc::Receiver<Delivery>,
    number: u32,
}

impl Shared {
    /// The next message, its number, and when it is due.
    async fn next(&self) -> Option<(Delivery, u32, Option<Instant>)> {
        let mut queue = self.queue.lock().await;
        let delivery = queue.deliveries.recv().await?;
        let number = queue.number;
        queue.number = number.wrapping_add(1);
        let after = |rate: f64| Duration::try_from_secs_f64(f64::from(number) / rate).ok();
        let due = self.plan.rate.and_then(after).and_then(|after| self.start.checked_add(after));
        Some((delivery, number, due))
    }
}

/// Waits until a message is due. It begins then, or now if it is late already; that a timer wakes
/// us late is nothing a milter could help.
async fn begin(due: Option<Instant>) -> Instant {
    match due {
        Some(due) if due <= Instant::now() => due,
        Some(due) => {
            tokio::time::sleep_until(due.into()).await;
            Instant::now()
        }
        None => Instant::now(),
    }
}

/// One of the clients.
struct Player {
    shared: Arc<Shared>,
    session: Option<Session>,
    done: mpsc::UnboundedSender<Played>,
}

impl Player {
    async fn run(mut self) {
        while let Some((delivery, number, due)) = self.shared.next().await {
            let begun = begin(due).await;
            let mut stages = Stages::default();
            let outcome = self.bring(&delivery, number, &mut stages).await;
            let whole = begun.elapsed();
            let could_connect = !matches!(outcome, Err(WireError::Connect(_)));
            if outcome.is_err() {
                self.session = None;
            }
            if self.done.send(Played { label: delivery.label, outcome, stages, whole }).is_err() {
                return;
            }
            if !could_connect {
                tokio::time::sleep(PAUSE).await;
            }
            self.make_ready().await;
        }
        if let Some(session) = self.session {
            session.close().await;
        }
    }

    /// Brings a message, on a new connection if need be.
    async fn bring(
        &mut self,
        delivery: &Delivery,
        number: u32,
        stages: &mut Stages,
    ) -> Result<Outcome, WireError> {
        let session = match &mut self.session {
            Some(session) => session,
            None => {
                let start = Instant::now();
                let Plan { milter, patience, .. } = &self.shared.plan;
                let opened = Session::open(milter, *patience, delivery).await?;
                stages.connect = Some(start.elapsed());
                self.session.insert(opened)
            }
        };
        session.bring(delivery, &format!("4G{number:08X}"), stages).await
    }

    /// Once a message is answered: the connection is kept for the next, or closed.
    async fn make_ready(&mut self) {
        let most = self.shared.plan.per_connection;
        if let Some(session) = self.session.take_if(|session| session.messages >= most) {
            session.close().await;
        }
    }
}
