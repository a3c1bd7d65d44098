//! One connection to the farm, from its opening to the first thing that fails. Then all that is known of
//! the farm is thrown away; the next session asks anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle, spawn_blocking},
    time::{Instant, sleep_until},
};

use super::{
    Node,
    link::{Copies, Link, LinkError, Message, News, object_name},
    piece::{Piece, PieceError},
    plan::{
        Farm, Limits, Log, Memory, Peer, Published, Snapshot, Step, Use, View, cursor_after_merge,
        look_at,
    },
    report::Report,
    snapshots::{self, Scratch},
    status::Status,
    subject::{name_number, read_journal},
};
use crate::{
    filter::learn::{LearnError, Learner},
    metrics,
    store::{Cursor, Record, Standing},
};

/// A node says how it is so often when nothing happens.
const SAY_EVERY: Duration = Duration::from_secs(2);

/// And after something has happened, so soon.
const SAY_AFTER: Duration = Duration::from_millis(250);

/// Who has said nothing new for so long may be gone.
const ALIVE: Duration = Duration::from_secs(10);

/// Others are asked for by name every so many rounds; what they say in between is heard.
const ROUNDS_TO_ASK: u32 = 5;

/// Pieces that are learned in one transaction, and their bytes.
const MOST_PIECES: usize = 64;
const MOST_BYTES: usize = 2 << 20;

/// Messages of the log that are asked for at once.
const AT_ONCE: usize = 16;

/// Records of one's own that are read at once, and told before others are listened to again.
const MOST_RECORDS: usize = 512;

/// So often a publisher may find that somebody else was faster.
const MOST_OVERTAKEN: u32 = 5;

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

/// What another node said, and when it was heard.
struct Heard {
    report: Report,
    /// By this node's clock.
    at: Instant,
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

    async fn merge(&mut self) -> Result<(), SessionError> {
        let Some(snapshot) = self.snapshot.clone() else { return Ok(()) };
        let file = Scratch::new(&self.local.folder, "taken");
        self.link.download(&snapshot.object, file.path()).await?;
        let imported = snapshots::read(&self.local.learner, file.path()).await?;
        snapshots::taken(&snapshot, &imported);
        self.stand().await?;
        if let Some(cursor) = cursor_after_merge(&self.standing, &snapshot, &self.log) {
            self.with_learner(move |learner| learner.read_to(cursor)).await?;
        }
        self.memory.known = Some(snapshot.object);
        self.memory.gap = None;
        Ok(())
    }

    /// Makes a snapshot and offers it, while everything goes on. Its name, if it was taken.
    fn make_snapshot(&self) -> JoinHandle<Result<Option<String>, SessionError>> {
        let (local, link) = (self.local.clone(), Arc::clone(&self.link));
        let (before, after) = (self.snapshot.clone(), self.offered_at);
        tokio::spawn(async move {
            let file = Scratch::new(&local.folder, "made");
            let standing = snapshots::write(&local.learner, file.path()).await?;
            let object = object_name(&local.name);
            let bytes = link.upload(&object, file.path()).await?;
            let by = (local.name.as_str(), local.tokenizer);
            let Some(snapshot) = Snapshot::of(object, by, &standing, bytes, before.as_ref()) else {
                return Ok(None);
            };
            let offered = link.offer(&snapshot, after).await;
            let kept = [Some(&snapshot), before.as_ref()].into_iter().flatten();
            let kept: Vec<&str> = kept.map(|snapshot| snapshot.object.as_str()).collect();
            match offered {
                Ok(()) => link.remove_own_but(&kept).await?,
                Err(LinkError::Overtaken) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            metrics::farm_snapshot("made", bytes);
            tracing::info!(bytes, "made a snapshot for the farm");
            Ok(Some(snapshot.object))
        })
    }

    async fn made(
        &mut self,
        made: Result<Option<String>, SessionError>,
    ) -> Result<(), SessionError> {
        (self.making, self.memory.is_offering) = (None, false);
        if let Some(object) = made? {
            self.memory.known = Some(object);
        }
        self.ask_for_snapshot().await
    }

    /// Tells the farm what was taught here, from that event on; not all at once, if it is much.
    async fn publish(&mut self, from: u64) -> Result<(), SessionError> {
        let given = self.standing.given();
        let records = self
            .with_learner(move |learner| {
                learner.announce(given)?;
                learner.journal_from(from, MOST_RECORDS)
            })
            .await?;
        for mut piece in Piece::of_journal(records) {
            // What was taught meanwhile is not announced yet.
            piece.cut_after(given);
            if piece.records.is_empty() || !self.publish_piece(&piece).await? {
                break;
            }
        }
        Ok(())
    }

    /// False: what is last in the log is not what was thought.
    async fn publish_piece(&mut self, piece: &Piece) -> Result<bool, SessionError> {
        let payload = piece.to_bytes(self.local.tokenizer)?;
        let bytes = payload.len();
        match self.link.publish(piece, payload, (self.published.place, self.overtaken)).await {
            Ok(place) => {
                self.published = Published { sequence: piece.last, place };
                self.log.last = self.log.last.max(place);
                self.overtaken = 0;
                metrics::farm_piece("told", piece.last - piece.first + 1, bytes);
                Ok(true)
            }
            Err(LinkError::Overtaken) => {
                self.overtaken += 1;
                if self.overtaken > MOST_OVERTAKEN {
                    return Err(SessionError::Twin(self.local.name.clone()));
                }
                self.published = self.link.published(self.standing.origin).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Learns what is next in the log. False: nothing was.
    async fn read(&mut self) -> Result<bool, SessionError> {
        let Some(start) = self.standing.cursor else { return Ok(false) };
        let mut batch = Batch::new(start, self.standing.clone());
        let mut known = pin!(read_ahead(Arc::clone(&self.link), start.sequence, self.log.last));
        while !batch.is_full() {
            let message = match known.next().await {
                Some(message) => message?,
                // Whether there is more than was known.
                None => self.link.read_after(batch.cursor.sequence).await?,
            };
            let Some(message) = message else { break };
            if message.place <= batch.cursor.sequence {
                continue;
            }
            self.log.last = self.log.last.max(message.place);
            batch.pieces += 1;
            if !self.take(message, &mut batch) {
                break;
            }
        }
        let Batch { records, cursor, is_ours, .. } = batch;
        if cursor != start {
            self.with_learner(move |learner| learner.apply(records, cursor)).await?;
        }
        if is_ours {
            self.stand().await?;
            self.disown().await?;
        }
        Ok(cursor != start || is_ours || self.memory.gap.is_some())
    }

    /// Adds a message to the batch. False: it has to wait.
    fn take(&mut self, message: Message, batch: &mut Batch) -> bool {
        let place = message.place;
        match open(&message, self.local.tokenizer) {
            Ok(piece) => match look_at(&batch.standing, piece.origin, piece.first, piece.last) {
                Use::Apply => batch.add(piece, message.payload.len()),
                Use::Known => {}
                Use::Ours => {
                    batch.is_ours = true;
                    return false;
                }
                Use::Gap(gap) => {
                    self.memory.gap = Some(gap);
                    return false;
                }
            },
            Err(refusal) => self.refuse(&message, &refusal),
        }
        batch.cursor.sequence = place;
        true
    }

    async fn pass_over(&mut self) -> Result<(), SessionError> {
        let gap = self.memory.gap.take();
        let (Some(gap), Some(cursor)) = (gap, self.standing.cursor) else { return Ok(()) };
        let Some(message) = self.link.read_after(cursor.sequence).await? else { return Ok(()) };
        self.refuse(&message, &Refusal::Gap { origin: gap.origin, first: gap.first });
        let cursor = Cursor { sequence: message.place, ..cursor };
        self.with_learner(move |learner| learner.read_to(cursor)).await
    }

    /// Counts what is refused; says so once a session for each subject and reason.
    fn refuse(&mut self, message: &Message, refusal: &Refusal) {
        let why = refusal.word();
        metrics::farm_refused(why);
        self.local.status.send_modify(|status| status.refused += 1);
        let error = crate::chain(refusal);
        let Message { place, subject, .. } = message;
        if self.complained.len() < 100 && self.complained.insert((subject.clone(), why)) {
            tracing::warn!(subject, place, error, "a piece of the farm's log is refused");
        } else {
            tracing::debug!(subject, place, error, "a piece of the farm's log is refused");
        }
    }

    async fn hear(&mut self, news: News) -> Result<(), SessionError> {
        match news {
            News::Log => {}
            News::Snapshot => self.ask_for_snapshot().await?,
            News::Report { node, payload } => {
                self.note_report(node.clone(), &payload);
                self.look_for_twin(&node)?;
            }
        }
        Ok(())
    }

    /// After something was heard in that name, just now: what the servers have kept may have been said by
    /// this node before it was started again, by whatever clock it had then.
    fn look_for_twin(&self, node: &str) -> Result<(), SessionError> {
        let Local { name, process, .. } = &self.local;
        let is_other = |heard: &Heard| heard.report.process != *process;
        match self.heard.get(node).is_some_and(is_other) && node == name.as_str() {
            true => Err(SessionError::Twin(name.clone())),
            false => Ok(()),
        }
    }

    fn note_report(&mut self, node: String, payload: &[u8]) {
        let Ok(report) = serde_json::from_slice::<Report>(payload) else {
            // Of another version, or of somebody with a key who is no gatepost.
            metrics::farm_refused("form");
            return;
        };
        match self.heard.get_mut(&node) {
            Some(heard) if heard.report.at == report.at => heard.report = report,
            _ => drop(self.heard.insert(node, Heard { report, at: Instant::now() })),
        }
    }

    async fn ask_for_reports(&mut self) -> Result<(), SessionError> {
        for (node, payload) in self.link.reports().await? {
            self.note_report(node, &payload);
        }
        Ok(())
    }

    async fn ask_for_snapshot(&mut self) -> Result<(), SessionError> {
        (self.offered_at, self.snapshot) = self.link.snapshot().await?;
        let (found, ours) = (self.snapshot.as_ref().map(|s| s.tokenizer), self.local.tokenizer);
        match found.filter(|&found| found != ours) {
            Some(found) => Err(SessionError::Tokenizer { found, ours }),
            None => Ok(()),
        }
    }

    /// Says how this node is, and asks how the farm is: what is acknowledged comes from a majority, so
    /// the answers right after it are not those of a server that was left behind.
    async fn round(&mut self) -> Result<(), SessionError> {
        self.say().await?;
        self.rounds += 1;
        (self.log, self.copies) = self.link.log().await?;
        self.published = self.link.published(self.standing.origin).await?;
        self.ask_for_snapshot().await?;
        if self.rounds.is_multiple_of(ROUNDS_TO_ASK) {
            self.ask_for_reports().await?;
        }
        Ok(())
    }

    async fn say(&mut self) -> Result<(), SessionError> {
        let report = self.report();
        self.link.say(&report).await?;
        (self.has_news, self.said_at) = (false, Instant::now());
        let heard = Heard { report, at: Instant::now() };
        self.heard.insert(self.local.name.to_string(), heard);
        Ok(())
    }

    fn report(&mut self) -> Report {
        let (at, untold) = (now(), self.untold());
        if untold == 0 && self.unread() == 0 {
            self.level_at = at;
        }
        Report {
            peer: Peer::of(&self.standing, self.local.most_messages),
            process: self.local.process,
            at,
            level_at: self.level_at,
            untold,
            spam: self.standing.counts.spam,
            ham: self.standing.counts.ham,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Own events that the farm has not been told.
    fn untold(&self) -> u64 {
        let origin = &self.standing.origin;
        let covered = self.snapshot.as_ref().and_then(|s| s.positions.get(origin).copied());
        let told = self.published.sequence.max(covered.unwrap_or_default());
        self.standing.given().saturating_sub(told)
    }

    /// Pieces of the log that have not been read.
    fn unread(&self) -> u64 {
        let cursor = self.standing.cursor.filter(|cursor| cursor.log == self.log.number);
        self.log.last.saturating_sub(cursor.map_or(0, |cursor| cursor.sequence))
    }

    fn publish_status(&self) {
        metrics::farm_lag(self.untold(), self.unread());
        let reports = self
            .heard
            .iter()
            .map(|(name, heard)| (name.as_str(), &heard.report, heard.at.elapsed()));
        self.local.status.send_modify(|status| {
            status.connected(self.link.server());
            status.farm(&self.log, &self.copies, self.snapshot.as_ref());
            status.nodes(reports);
            status.count();
        });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(making) = self.making.take() {
            making.abort();
        }
    }
}

/// Pieces that are learned in one transaction.
struct Batch {
    records: Vec<Record>,
    cursor: Cursor,
    /// Where the store will stand.
    standing: Standing,
    pieces: usize,
    bytes: usize,
    /// There are events of this node that it does not know.
    is_ours: bool,
}

impl Batch {
    fn new(cursor: Cursor, standing: Standing) -> Self {
        Self { records: Vec::new(), cursor, standing, pieces: 0, bytes: 0, is_ours: false }
    }

    fn is_full(&self) -> bool {
        self.pieces >= MOST_PIECES || self.bytes >= MOST_BYTES
    }

    fn add(&mut self, piece: Piece, bytes: usize) {
        metrics::farm_piece("learned", piece.last - piece.first + 1, bytes);
        self.standing.positions.insert(piece.origin, piece.last);
        self.records.extend(piece.records);
        self.bytes += bytes;
    }
}

/// Why a piece of the log is not learned.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("its subject is no journal's, or it did not come from the node")]
    Subject,
    #[error("it cannot be read")]
    Piece(#[source] PieceError),
    #[error("it has events of origin {0:016x}, which is not that node's")]
    Stranger(u64),
    #[error("origin {origin:016x}: what comes before event {first} is nowhere to be had yet")]
    Gap { origin: u64, first: u64 },
}

impl Refusal {
    fn word(&self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Piece(PieceError::Tokenizer { .. }) => "tokenizer",
            Self::Piece(_) => "form",
            Self::Stranger(_) => "stranger",
            Self::Gap { .. } => "gap",
        }
    }
}

/// The piece in a message, if the node on whose subject it came may say it.
fn open(message: &Message, tokenizer: u32) -> Result<Piece, Refusal> {
    let subject = read_journal(&message.subject).filter(|_| !message.is_answer);
    let (node, origin) = subject.ok_or(Refusal::Subject)?;
    let piece = Piece::from_bytes(&message.payload, tokenizer).map_err(Refusal::Piece)?;
    let is_its_own = piece.origin == origin && (origin >> 32) as u32 == name_number(&node);
    if is_its_own { Ok(piece) } else { Err(Refusal::Stranger(piece.origin)) }
}

/// What follows that place in the log, up to its known end, asked for side by side: a far server takes its
/// time for each answer, and others write meanwhile. What has been trimmed gives the next one there
/// is, more than once.
fn read_ahead(
    link: Arc<Link>,
    after: u64,
    last: u64,
) -> impl Stream<Item = Result<Option<Message>, LinkError>> {
    let ask = move |place| {
        let link = Arc::clone(&link);
        async move { link.read_after(place).await }
    };
    stream::iter(after..last).map(ask).buffered(AT_ONCE)
}

/// Waits for the snapshot that is being made; for ever if none is.
async fn finished(
    making: &mut Option<JoinHandle<Result<Option<String>, SessionError>>>,
) -> Result<Option<String>, SessionError> {
    match making {
        Some(task) => task.await?,
        None => std::future::pending().await,
    }
}

/// Waits for the word; who could give it may be gone.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|&stop| stop).await;
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
