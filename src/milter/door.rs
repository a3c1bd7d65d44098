//! The door as a whole: what all its sessions share, and how it opens, reloads and drains.

use std::{io, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};
use tracing::{info, warn};

use super::{Settings, callbacks, reply::Replies, stream::Listener};
use crate::{filter::Filter, listen::Socket, mail::ListenerName};

/// After the messages in flight, idle sessions get so long to see that the door is closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a listener ended.
#[derive(Debug, thiserror::Error)]
#[error("the milter listener {listener} ended")]
pub struct DoorError {
    listener: ListenerName,
    #[source]
    source: io::Error,
}

/// What a session takes when it begins and keeps to its end: never two configurations in one.
pub(super) struct Snapshot {
    pub(super) filter: Arc<Filter>,
    pub(super) replies: Arc<Replies>,
    authserv_id: String,
}

impl Snapshot {
    /// Who signs Authentication-Results: as configured, or the MTA's own name.
    pub(super) fn authserv_id<'s>(&'s self, mta: Option<&'s str>) -> &'s str {
        if self.authserv_id.is_empty() { mta.unwrap_or_default() } else { &self.authserv_id }
    }
}

/// What all sessions share.
pub(super) struct Shared {
    snapshot: ArcSwap<Snapshot>,
    /// Sessions that are served; those without a place are told 451.
    pub(super) served: Arc<Semaphore>,
    draining: watch::Sender<bool>,
    in_flight: watch::Sender<usize>,
}

/// The milter door.
#[derive(Clone)]
pub struct Door {
    shared: Arc<Shared>,
    /// All connections let in, served or not.
    places: Arc<Semaphore>,
    most: usize,
    idle: Duration,
    drain: Duration,
}

impl Door {
    /// A door with this filter behind it.
    pub fn new(settings: &Settings, filter: Arc<Filter>, replies: Arc<Replies>) -> Self {
        let authserv_id = settings.authserv_id.clone();
        let shared = Shared {
            snapshot: ArcSwap::from_pointee(Snapshot { filter, replies, authserv_id }),
            served: Arc::new(Semaphore::new(settings.max_connections)),
            draining: watch::Sender::new(false),
            in_flight: watch::Sender::new(0),
        };
        // Enough to tell a burst of clients 451 instead of cutting them off.
        let most = settings.max_connections + settings.max_connections / 4 + 16;
        Self {
            shared: Arc::new(shared),
            places: Arc::new(Semaphore::new(most)),
            most,
            idle: Duration::from_secs(settings.idle_seconds),
            drain: Duration::from_secs(settings.drain_seconds),
        }
    }

    /// New connections get this from now on; those that are open keep what they have.
    pub fn reconfigure(&self, authserv_id: String, filter: Arc<Filter>, replies: Arc<Replies>) {
        self.shared.snapshot.store(Arc::new(Snapshot { filter, replies, authserv_id }));
    }

    /// Serves one listener until [`Door::close`] has drained it.
    ///
    /// # Errors
    /// The listener cannot go on; nothing it accepted is lost.
    pub async fn serve(self, name: ListenerName, socket: Socket) -> Result<(), DoorError> {
        let stop = wait_for(self.shared.draining.subscribe(), |&draining| draining).boxed();
        let listener = Listener::new(socket, Arc::clone(&self.places), stop);
        let config = indymilter::Config {
            // One more than `places` gives, so that it is never this limit that lets people hang.
            max_connections: self.most + 1,
            connection_timeout: self.idle,
            ..indymilter::Config::default()
        };
        let callbacks = callbacks::callbacks(&self.shared, &name);
        let drained = self.clone().drained();
        let (over, mut ended) = watch::channel(false);
        let shutdown = async move {
            drained.await;
            let _ = over.send(true);
        };
        let run = indymilter::run(listener, callbacks, config, shutdown);
        let late = async {
            let _ = ended.wait_for(|&over| over).await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            result = run => result.map_err(|source| DoorError { listener: name, source }),
            () = late => Ok(()),
        }
    }

    /// Stops accepting. Messages in flight are finished, new ones are told 451.
    pub fn close(&self) {
        self.shared.draining.send_replace(true);
        info!(in_flight = *self.shared.in_flight.borrow(), "draining");
    }

    /// Until the door is closed and no message is in flight, or the time for that is over.
    async fn drained(self) {
        wait_for(self.shared.draining.subscribe(), |&draining| draining).await;
        let idle = wait_for(self.shared.in_flight.subscribe(), |&count| count == 0);
        if timeout(self.drain, idle).await.is_err() {
            let left = *self.shared.in_flight.borrow();
            warn!(left, "messages were still in flight when the time to drain was over");
        }
    }
}

impl Shared {
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    pub(super) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// A message is in flight until this is dropped.
    pub(super) fn take_off(self: &Arc<Self>) -> InFlight {
        self.in_flight.send_modify(|count| *count += 1);
        InFlight(Arc::clone(self))
    }
}

/// One message in flight.
pub(super) struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.send_modify(|count| *count = count.saturating_sub(1));
    }
}

async fn wait_for<T>(mut channel: watch::Receiver<T>, wanted: impl FnMut(&T) -> bool) {
    let gone = channel.wait_for(wanted).await.is_err();
    if gone {
        std::future::pending::<()>().await;
    }
}
