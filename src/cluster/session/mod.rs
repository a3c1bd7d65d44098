//! One connection to the farm, from its opening to the first thing that fails. Then all that is known of
//! the farm is thrown away; the next session asks anew.
//!
//! Here is the loop: what is next ([`View`] says it), and waiting. Doing it is a file each, as the algorithm
//! has it ([`cluster`](super)): `telling`, `reading`, `snapshot`, `reports`.

mod reading;
mod reports;
mod snapshot;
mod telling;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures_util::{Stream, StreamExt as _};
use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle, spawn_blocking},
    time::{Instant, sleep_until},
};

use self::{reports::Heard, snapshot::finished};
use super::{
    Node,
    link::{Copies, Link, LinkError, News},
    piece::PieceError,
    plan::{Farm, Limits, Log, Memory, Published, Snapshot, Step, View},
    status::Status,
    subject::name_number,
};
use crate::{
    filter::learn::{LearnError, Learner},
    store::Standing,
};

/// A node says how it is so often when nothing happens.
const SAY_EVERY: Duration = Duration::from_secs(2);

/// And after something has happened, so soon.
const SAY_AFTER: Duration = Duration::from_millis(250);

/// Who has said nothing new for so long may be gone.
const ALIVE: Duration = Duration::from_secs(10);

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    /// The servers.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The store.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// The farm has features that mean nothing here.
    #[error(
        "the farm learned with tokenizer {found}, this version has {ours}: this node waits until they \
         agree (see the README on upgrading a farm)"
    )]
    Tokenizer {
        /// The farm's.
        found: u32,
        /// This version's.
        ours: u32,
    },
    /// A thread broke.
    #[error("a thread was interrupted")]
    Thread(#[from] JoinError),
    /// A piece cannot be written.
    #[error("an event cannot be told")]
    Piece(#[from] PieceError),
    /// Another process publishes under this node's name.
    #[error(
        "another process speaks as node `{0}`: every node needs a name of its own ([cluster] node)"
    )]
    Twin(Node),
    /// The connection was closed.
    #[error("the connection to the servers is closed")]
    Closed,
}

/// What a session needs to know of its node.
#[derive(Clone)]
pub(super) struct Local {
    pub(super) name: Node,
    pub(super) learner: Arc<Learner>,
    /// Where there is room for a snapshot: the store's folder.
    pub(super) folder: PathBuf,
    pub(super) most_messages: u64,
    pub(super) tokenizer: u32,
    /// Tells this process from all others.
    pub(super) process: u64,
    pub(super) limits: Limits,
    pub(super) status: watch::Sender<Status>,
}

pub(super) struct Session {
    local: Local,
    link: Arc<Link>,
    standing: Standing,
    log: Log,
    copies: Copies,
    published: Published,
    snapshot: Option<Snapshot>,
    /// Where that was offered.
    offered_at: u64,
    heard: BTreeMap<String, Heard>,
    memory: Memory,
    making: Option<JoinHandle<Result<Option<String>, SessionError>>>,
    /// Something happened since this node said how it is.
    has_news: bool,
    said_at: Instant,
    rounds: u32,
    level_at: u64,
    overtaken: u32,
    /// What was refused, and has been said.
    complained: BTreeSet<(String, &'static str)>,
}

impl Session {
    /// Learns what there is to know of the farm.
    pub(super) async fn begin(local: Local, link: Link) -> Result<Self, SessionError> {
        let link = Arc::new(link);
        let learner = Arc::clone(&local.learner);
        let number = name_number(&local.name);
        let standing = spawn_blocking(move || {
            learner.speak_as(number)?;
            learner.standing()
        });
        let standing = standing.await??;
        let (log, copies) = link.log().await?;
        let mut session = Self {
            log,
            copies,
            published: link.published(standing.origin).await?,
            snapshot: None,
            offered_at: 0,
            heard: BTreeMap::new(),
            memory: Memory::default(),
            making: None,
            has_news: true,
            said_at: Instant::now(),
            rounds: 0,
            level_at: 0,
            overtaken: 0,
            complained: BTreeSet::new(),
            local,
            link,
            standing,
        };
        session.ask_for_reports().await?;
        session.ask_for_snapshot().await?;
        let kept = session.snapshot.iter().map(|snapshot| snapshot.object.as_str());
        // What was made by a session that failed before it could offer it.
        session.link.remove_own_but(&kept.collect::<Vec<_>>()).await?;
        Ok(session)
    }

    /// Goes on until something fails, or `stop` says so.
    pub(super) async fn run(
        mut self,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), SessionError> {
        let mut news = self.link.news().await?;
        let mut taught = self.local.learner.taught();
        self.say().await?;
        loop {
            while self.work().await? {
                if self.said_at.elapsed() >= SAY_EVERY {
                    self.round().await?;
                }
                if *stop.borrow() {
                    return Ok(());
                }
            }
            self.publish_status();
            if self.wait(&mut news, &mut taught, stop).await? {
                return Ok(());
            }
            self.stand().await?;
        }
    }

    /// Waits until there may be something to do. True: it is over.
    async fn wait(
        &mut self,
        news: &mut (impl Stream<Item = News> + Unpin),
        taught: &mut watch::Receiver<u64>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<bool, SessionError> {
        let wake = self.said_at + if self.has_news { SAY_AFTER } else { SAY_EVERY };
        tokio::select! {
            // Whoever taught may have gone; then there is no news any more.
            _ = taught.changed() => self.has_news = true,
            item = news.next() => self.hear(item.ok_or(SessionError::Closed)?).await?,
            made = finished(&mut self.making) => self.made(made).await?,
            () = sleep_until(wake) => self.round().await?,
            () = stopped(stop) => return Ok(true),
        }
        Ok(false)
    }

    /// Does the next thing. False: there is nothing to do.
    async fn work(&mut self) -> Result<bool, SessionError> {
        let farm = self.farm();
        let view = View {
            name: self.local.name.as_str(),
            most_messages: self.local.most_messages,
            limits: self.local.limits,
            standing: &self.standing,
            farm: &farm,
            memory: &self.memory,
        };
        let worked = match view.next() {
            Some(step) => {
                tracing::debug!(?step, "farm");
                self.perform(step).await?;
                true
            }
            None => self.read().await?,
        };
        if worked {
            self.has_news = true;
            self.stand().await?;
        }
        Ok(worked)
    }

    fn farm(&self) -> Farm {
        let heard = self.heard.iter().filter(|(_, heard)| heard.at.elapsed() < ALIVE);
        let alive = heard.map(|(name, _)| name.clone());
        let peers =
            self.heard.iter().map(|(name, heard)| (name.clone(), heard.report.peer.clone()));
        Farm {
            log: self.log,
            published: self.published,
            snapshot: self.snapshot.clone(),
            peers: peers.collect(),
            alive: alive.chain([self.local.name.to_string()]).collect(),
        }
    }

    async fn stand(&mut self) -> Result<(), SessionError> {
        self.standing = self.with_learner(|learner| learner.standing()).await?;
        Ok(())
    }

    async fn with_learner<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Learner) -> Result<T, LearnError> + Send + 'static,
    ) -> Result<T, SessionError> {
        let learner = Arc::clone(&self.local.learner);
        Ok(spawn_blocking(move || work(&learner)).await??)
    }

    async fn perform(&mut self, step: Step) -> Result<(), SessionError> {
        match step {
            Step::Disown => self.disown().await,
            Step::Read(cursor) => {
                self.memory.reread.extend(self.memory.gap.take());
                self.with_learner(move |learner| learner.read_to(cursor)).await
            }
            Step::Merge => self.merge().await,
            Step::Offer => {
                self.memory.is_offering = true;
                self.making = Some(self.make_snapshot());
                Ok(())
            }
            Step::Publish(from) => self.publish(from).await,
            Step::Trim(to) => {
                self.link.trim(to).await?;
                self.log.first = self.log.first.max(to.saturating_add(1));
                Ok(())
            }
            Step::PassOver => self.pass_over().await,
        }
    }

    async fn disown(&mut self) -> Result<(), SessionError> {
        self.with_learner(Learner::disown).await?;
        self.stand().await?;
        self.published = self.link.published(self.standing.origin).await?;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(making) = self.making.take() {
            making.abort();
        }
    }
}

/// Waits for the word; who could give it may be gone.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|&stop| stop).await;
}
