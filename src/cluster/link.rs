//! The connection to the servers: what the farm needs of NATS JetStream, and nothing else.
//!
//! The log is read message by message with requests of our own. A consumer would be state on the
//! servers, and after a cut or the loss of a leader it may stay silent for minutes without an
//! error. Plain subscriptions only wake the reader up.
//!
//! A server that has been cut off from the others goes on answering questions from what it last
//! knew. So what is read here is believed only beside a message that was acknowledged ([`Link::say`]).
//!
//! The oldest nats-server this works with is 2.9 (Debian 12).

use std::{collections::BTreeMap, path::Path, time::Duration};

use async_nats::{
    Client, ConnectOptions, Subscriber,
    jetstream::{
        self, Context,
        context::PublishErrorKind,
        object_store::{self, ObjectStore},
        stream::{Config, DiscardPolicy, LastRawMessageErrorKind, StorageType, Stream},
    },
};
use data_encoding::BASE64URL;
use futures_util::StreamExt as _;
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    Node, Settings,
    piece::Piece,
    plan::{Log, Published, Snapshot},
    report::Report,
    settings::given,
    subject::{
        JOURNAL, JOURNALS, SNAPSHOT, SNAPSHOTS, SNAPSHOTS_STREAM, SNAPSHOTS_SUBJECTS, STATUS,
        STATUSES, inbox_prefix, journal, status,
    },
};

/// How long a server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A dead connection is noticed after two of these.
const PING: Duration = Duration::from_secs(2);

/// What a server adds to messages of a stream that it sends as an answer.
const NATS_STREAM: &str = "Nats-Stream";

/// What the object store keeps about each object.
const OBJECTS: &str = "$O.GATEPOST_SNAPSHOTS.M.>";

/// A snapshot comes or goes in chunks; for one of them the servers may take so long.
const CHUNK_PATIENCE: Duration = Duration::from_secs(20);

/// Why the servers could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// A file of the configuration cannot be read.
    #[error("cannot read {path}")]
    File {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No server can be had.
    #[error("no NATS server can be reached, or none lets this node in")]
    Connect(#[source] async_nats::ConnectError),
    /// A stream or the object store can neither be found nor made.
    #[error("JetStream has no {what}, and it cannot be made")]
    Make {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: async_nats::Error,
    },
    /// A stream is not as gatepost makes it.
    #[error(
        "stream {0} is not as gatepost makes it (subjects, republish, mirror, sources, allow_direct): \
         have the servers' operator delete it, it is made anew from what the nodes know"
    )]
    Strange(String),
    /// A question was not answered, or with an error.
    #[error("JetStream does not answer about {what}")]
    Ask {
        /// What was asked.
        what: &'static str,
        /// Why.
        #[source]
        source: async_nats::Error,
    },
    /// A message was not acknowledged; it may have arrived.
    #[error("{what} was not acknowledged")]
    Publish {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: async_nats::Error,
    },
    /// The last message on a subject is not the one that was expected.
    #[error("somebody else has written meanwhile")]
    Overtaken,
    /// A message of another version.
    #[error("{what} cannot be read")]
    Form {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A snapshot could not be written to the disk, or read.
    #[error("a snapshot cannot be written or read")]
    Disk(#[source] std::io::Error),
    /// A snapshot did not arrive.
    #[error("a snapshot stopped half-way")]
    Stalled,
}

/// The copies of the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Copies {
    /// The server that leads; none: there is one alone.
    pub(super) leader: Option<String>,
    /// How many there are to be.
    pub(super) all: usize,
    /// How many are up to date, as the leader sees it.
    pub(super) current: usize,
}

/// A message of the log.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Its place in the log.
    pub(super) place: u64,
    /// Its subject, which the server has checked.
    pub(super) subject: String,
    /// The server itself put it there, as an answer that somebody had sent to this subject.
    pub(super) is_answer: bool,
    /// A piece, if it is good.
    pub(super) payload: Vec<u8>,
}

/// Something was published; whoever wants to know more asks.
#[derive(Debug)]
pub(super) enum News {
    /// The log has grown.
    Log,
    /// A node said how it is; not yet read.
    Report {
        /// Which node, by the subject.
        node: String,
        /// What it said.
        payload: Vec<u8>,
    },
    /// There is another snapshot.
    Snapshot,
}

/// An open connection.
pub(super) struct Link {
    node: Node,
    client: Client,
    jetstream: Context,
    journal: Stream,
    status: Stream,
    snapshots: ObjectStore,
    /// What they are kept in.
    bucket: Stream,
}

impl Link {
    /// Connects; makes what is missing on the servers.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub(super) async fn open(settings: &Settings, node: &Node) -> Result<Self, LinkError> {
        let options = options(settings, node).await?;
        let client = options.connect(&settings.nats).await.map_err(LinkError::Connect)?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(PATIENCE);
        let replicas = settings.replicas.get();
        let journal = make(&jetstream, "log", log_config(replicas)).await?;
        let status = make(&jetstream, "stream of states", status_config(replicas)).await?;
        let (snapshots, bucket) = make_bucket(&jetstream, replicas).await?;
        Ok(Self { node: node.clone(), client, jetstream, journal, status, snapshots, bucket })
    }

    /// The name of the server, for people.
    pub(super) fn server(&self) -> String {
        let info = self.client.server_info();
        if info.server_name.is_empty() { info.host } else { info.server_name }
    }

    /// What is published from now on.
    ///
    /// # Errors
    /// The connection is closed.
    pub(super) async fn news(
        &self,
    ) -> Result<impl futures_util::Stream<Item = News> + Unpin + use<>, LinkError> {
        let log = self.subscribe(JOURNALS).await?.map(|_| News::Log);
        let reports = self.subscribe(STATUSES).await?.map(|message| {
            let node = message.subject.rsplit('.').next().unwrap_or_default().to_owned();
            News::Report { node, payload: message.payload.to_vec() }
        });
        let snapshots = self.subscribe(SNAPSHOT).await?.map(|_| News::Snapshot);
        let both = futures_util::stream::select(log, reports);
        Ok(futures_util::stream::select(both, snapshots))
    }

    async fn subscribe(&self, subject: &'static str) -> Result<Subscriber, LinkError> {
        let subscribed = self.client.subscribe(subject).await;
        subscribed.map_err(|error| LinkError::Ask { what: "news", source: error.into() })
    }

    /// The log as the server has it, and how its copies are.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) async fn log(&self) -> Result<(Log, Copies), LinkError> {
        let info = self.journal.get_info().await;
        let info =
            info.map_err(|error| LinkError::Ask { what: "the log", source: error.into() })?;
        let state = &info.state;
        let first =
            if state.messages == 0 { state.last_sequence + 1 } else { state.first_sequence };
        let log = Log {
            number: info.created.unix_timestamp_nanos() as u64,
            first,
            last: state.last_sequence,
            bytes: state.bytes,
        };
        let cluster = info.cluster.as_ref();
        let others = cluster.map_or(&[][..], |cluster| &cluster.replicas);
        let current = others.iter().filter(|other| other.current && !other.offline).count();
        let leader = cluster.and_then(|cluster| cluster.leader.clone());
        Ok((log, Copies { leader, all: others.len() + 1, current: current + 1 }))
    }

    /// This node's last piece of that origin in the log.
    ///
    /// # Errors
    /// The server does not answer.
    pub(super) async fn published(&self, origin: u64) -> Result<Published, LinkError> {
        let subject = journal(&self.node, origin);
        let message = match self.journal.get_last_raw_message_by_subject(&subject).await {
            Ok(message) => message,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                return Ok(Published::default());
            }
            Err(error) => {
                return Err(LinkError::Ask { what: "the log", source: error.into() });
            }
        };
        // By what it is, not by its name: servers can be made to repeat messages under other names, and
        // to leave answers of their own there. What is not known to be told is told again.
        let sequence = Piece::last_event(&message.payload).unwrap_or_default();
        Ok(Published { sequence, place: message.sequence })
    }

    /// Appends a piece, unless the last one of its origin is at another place than `after` (0: there is
    /// none). Returns its place.
    ///
    /// # Errors
    /// [`LinkError::Overtaken`], also if the server says that it has a piece of this name; it was not
    /// acknowledged, but may have arrived.
    pub(super) async fn publish(
        &self,
        piece: &Piece,
        payload: Vec<u8>,
        (after, attempt): (u64, u32),
    ) -> Result<u64, LinkError> {
        let subject = journal(&self.node, piece.origin);
        let id = piece.id(attempt);
        self.send("a piece of the journal", subject, payload, Some(&id), Some(after)).await
    }

    async fn send(
        &self,
        what: &'static str,
        subject: String,
        payload: Vec<u8>,
        id: Option<&str>,
        after: Option<u64>,
    ) -> Result<u64, LinkError> {
        let mut message = jetstream::message::PublishMessage::build().payload(payload.into());
        if let Some(id) = id {
            message = message.message_id(id);
        }
        if let Some(after) = after {
            message = message.expected_last_subject_sequence(after);
        }
        let sent = async { self.jetstream.send_publish(subject, message).await?.await };
        match timeout(PATIENCE, sent).await {
            Ok(Ok(ack)) if ack.duplicate => Err(LinkError::Overtaken),
            Ok(Ok(ack)) => Ok(ack.sequence),
            Ok(Err(error)) if error.kind() == PublishErrorKind::WrongLastSequence => {
                Err(LinkError::Overtaken)
            }
            Ok(Err(error)) => Err(LinkError::Publish { what, source: error.into() }),
            Err(late) => Err(LinkError::Publish { what, source: late.into() }),
        }
    }

    /// The first message of the log after that place.
    ///
    /// # Errors
    /// The server does not answer.
    pub(super) async fn read_after(&self, place: u64) -> Result<Option<Message>, LinkError> {
        let next = self.journal.raw_message_builder().sequence(place.saturating_add(1));
        match next.next_by_subject(JOURNALS).send().await {
            Ok(message) => Ok(Some(Message {
                place: message.sequence,
                subject: message.subject.to_string(),
                payload: message.payload.to_vec(),
                is_answer: message.headers.get(NATS_STREAM).is_some(),
            })),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(LinkError::Ask { what: "the log", source: error.into() }),
        }
    }

    /// The log forgets everything up to that place.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub(super) async fn trim(&self, to: u64) -> Result<(), LinkError> {
        let purged = self.journal.purge().sequence(to.saturating_add(1)).await;
        purged.map(drop).map_err(|error| LinkError::Ask { what: "the log", source: error.into() })
    }

    /// Says how this node is. Acknowledged: the servers are a majority.
    ///
    /// # Errors
    /// It was not acknowledged.
    pub(super) async fn say(&self, report: &Report) -> Result<(), LinkError> {
        let what = "this node's state";
        let payload = serde_json::to_vec(report);
        let payload = payload.map_err(|source| LinkError::Form { what, source })?;
        self.send(what, status(&self.node), payload, None, None).await.map(drop)
    }

    /// What all nodes said last, as it came, by name.
    ///
    /// # Errors
    /// The server does not answer.
    pub(super) async fn reports(&self) -> Result<BTreeMap<String, Vec<u8>>, LinkError> {
        let asked = |error: async_nats::Error| LinkError::Ask { what: "states", source: error };
        let mut subjects =
            self.status.info_with_subjects(STATUSES).await.map_err(|e| asked(e.into()))?;
        let mut reports = BTreeMap::new();
        while let Some(subject) = subjects.next().await {
            let (subject, _) = subject.map_err(|e| asked(e.into()))?;
            let node = subject.rsplit('.').next().unwrap_or_default().to_owned();
            if let Some((_, payload)) = self.last(&subject).await? {
                reports.insert(node, payload);
            }
        }
        Ok(reports)
    }

    /// The last message of that subject in the stream of states, and its place.
    async fn last(&self, subject: &str) -> Result<Option<(u64, Vec<u8>)>, LinkError> {
        match self.status.get_last_raw_message_by_subject(subject).await {
            Ok(message) => Ok(Some((message.sequence, message.payload.to_vec()))),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(LinkError::Ask { what: "states", source: error.into() }),
        }
    }

    /// The newest snapshot that is there, and the place where it was offered: 0 if none ever was.
    ///
    /// # Errors
    /// The server does not answer; another version offered it.
    pub(super) async fn snapshot(&self) -> Result<(u64, Option<Snapshot>), LinkError> {
        let Some((place, payload)) = self.last(SNAPSHOT).await? else { return Ok((0, None)) };
        let snapshot: Snapshot = serde_json::from_slice(&payload)
            .map_err(|source| LinkError::Form { what: "the offer of a snapshot", source })?;
        let is_there = match self.snapshots.info(&snapshot.object).await {
            Ok(object) => !object.deleted && object.size as u64 == snapshot.bytes,
            Err(error) if error.kind() == object_store::InfoErrorKind::NotFound => false,
            Err(error) => {
                return Err(LinkError::Ask { what: "a snapshot", source: error.into() });
            }
        };
        Ok((place, is_there.then_some(snapshot)))
    }

    /// Offers a snapshot that has been uploaded, in the place of the one that was offered there.
    ///
    /// # Errors
    /// [`LinkError::Overtaken`] if another has been offered meanwhile; it was not acknowledged.
    pub(super) async fn offer(&self, snapshot: &Snapshot, after: u64) -> Result<(), LinkError> {
        let what = "the offer of a snapshot";
        let payload = serde_json::to_vec(snapshot);
        let payload = payload.map_err(|source| LinkError::Form { what, source })?;
        self.send(what, SNAPSHOT.to_owned(), payload, None, Some(after)).await.map(drop)
    }

    /// Puts a file into the object store under that name. Returns its size in bytes.
    ///
    /// # Errors
    /// It cannot be read, or did not arrive.
    pub(super) async fn upload(&self, object: &str, file: &Path) -> Result<u64, LinkError> {
        let mut file = File::open(file).await.map_err(LinkError::Disk)?;
        let put = self.snapshots.put(object, &mut file).await;
        let put =
            put.map_err(|error| LinkError::Publish { what: "a snapshot", source: error.into() })?;
        Ok(put.size as u64)
    }

    /// Gets a file from the object store, whose digest it must have.
    ///
    /// # Errors
    /// It is not there, stopped half-way, is not what was put there, or cannot be written.
    pub(super) async fn download(&self, object: &str, to: &Path) -> Result<(), LinkError> {
        let found = timeout(CHUNK_PATIENCE, self.snapshots.get(object)).await;
        let found = found.map_err(|_| LinkError::Stalled)?;
        let mut from =
            found.map_err(|error| LinkError::Ask { what: "a snapshot", source: error.into() })?;
        let mut file = private(to).await.map_err(LinkError::Disk)?;
        let mut chunk = vec![0; 128 * 1024];
        loop {
            let read = timeout(CHUNK_PATIENCE, from.read(&mut chunk)).await;
            let read = read.map_err(|_| LinkError::Stalled)?.map_err(LinkError::Disk)?;
            match chunk.get(..read) {
                Some([]) | None => break,
                Some(bytes) => file.write_all(bytes).await.map_err(LinkError::Disk)?,
            }
        }
        file.flush().await.map_err(LinkError::Disk)
    }

    /// Removes objects that this node made, but these. They are not listed as async-nats does it: by a
    /// consumer, which can stay silent.
    ///
    /// # Errors
    /// The server does not answer.
    pub(super) async fn remove_own_but(&self, kept: &[&str]) -> Result<(), LinkError> {
        let asked = |error| LinkError::Ask { what: "snapshots", source: error };
        let mut subjects =
            self.bucket.info_with_subjects(OBJECTS).await.map_err(|error| asked(error.into()))?;
        while let Some(subject) = subjects.next().await {
            let (subject, _) = subject.map_err(|error| asked(error.into()))?;
            let Some(object) = object_of(&subject) else { continue };
            if is_made_by(&object, &self.node) && !kept.contains(&object.as_str()) {
                self.remove(&object, &subject).await.map_err(asked)?;
            }
        }
        Ok(())
    }

    /// Removes an object, and the word that it was there.
    async fn remove(&self, object: &str, subject: &str) -> Result<(), async_nats::Error> {
        if !self.snapshots.info(object).await?.deleted {
            self.snapshots.delete(object).await?;
        }
        self.bucket.purge().filter(subject).await?;
        Ok(())
    }
}

/// The object that a subject of the object store is about; its name stands there in base 64.
fn object_of(subject: &str) -> Option<String> {
    let name = BASE64URL.decode(subject.rsplit('.').next()?.as_bytes()).ok()?;
    String::from_utf8(name).ok()
}

/// The name of an object: who made it, and something that no other has.
pub(super) fn object_name(node: &Node) -> String {
    format!("{node}.{:016x}", rand::random::<u64>())
}

fn is_made_by(object: &str, node: &Node) -> bool {
    object.split_once('.').is_some_and(|(maker, _)| maker == node.as_str())
}

/// A file for its owner alone: features tell what people write about.
async fn private(path: &Path) -> std::io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(path).await
}

async fn options(settings: &Settings, node: &Node) -> Result<ConnectOptions, LinkError> {
    let mut options = ConnectOptions::new()
        .name(format!("gatepost {node}"))
        .custom_inbox_prefix(inbox_prefix(node))
        .ping_interval(PING)
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE));
    if let Some(ca) = given(&settings.tls_ca) {
        options = options.add_root_certificates(ca.to_owned()).require_tls(true);
    }
    if let (Some(cert), Some(key)) = (given(&settings.tls_cert), given(&settings.tls_key)) {
        options = options.add_client_certificate(cert.to_owned(), key.to_owned()).require_tls(true);
    }
    if let Some(path) = given(&settings.nkey) {
        let seed = fs::read_to_string(path).await.map_err(|source| unreadable(path, source))?;
        options = options.nkey(seed.trim().to_owned());
    }
    if let Some(path) = given(&settings.credentials) {
        options =
            options.credentials_file(path).await.map_err(|source| unreadable(path, source))?;
    }
    Ok(options)
}

fn unreadable(path: &Path, source: std::io::Error) -> LinkError {
    LinkError::File { path: path.display().to_string(), source }
}

/// The stream, which is made if there is none. Whoever made it, it must not publish by itself: a stream that
/// republishes, mirrors or answers directly could say things in any node's name.
async fn make(
    jetstream: &Context,
    what: &'static str,
    config: Config,
) -> Result<Stream, LinkError> {
    let subjects = config.subjects.clone();
    let made = jetstream.get_or_create_stream(config).await;
    let stream = made.map_err(|error| LinkError::Make { what, source: error.into() })?;
    let found = &stream.cached_info().config;
    let is_plain = found.subjects == subjects
        && found.republish.is_none()
        && found.mirror.is_none()
        && found.sources.as_ref().is_none_or(Vec::is_empty)
        && !found.allow_direct;
    if is_plain { Ok(stream) } else { Err(LinkError::Strange(found.name.clone())) }
}

/// Discards nothing: a log that is full refuses, and what is refused waits in the journals.
fn log_config(num_replicas: usize) -> Config {
    Config {
        name: JOURNAL.to_owned(),
        subjects: vec![JOURNALS.to_owned()],
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas,
        ..Config::default()
    }
}

fn status_config(num_replicas: usize) -> Config {
    Config {
        name: STATUS.to_owned(),
        subjects: vec![STATUSES.to_owned(), SNAPSHOT.to_owned()],
        max_messages_per_subject: 1,
        storage: StorageType::File,
        num_replicas,
        ..Config::default()
    }
}

async fn make_bucket(
    jetstream: &Context,
    replicas: usize,
) -> Result<(ObjectStore, Stream), LinkError> {
    let what = "object store";
    let bucket = make(jetstream, what, bucket_config(replicas)).await?;
    let made = jetstream.get_object_store(SNAPSHOTS).await;
    let snapshots = made.map_err(|error| LinkError::Make { what, source: error.into() })?;
    Ok((snapshots, bucket))
}

/// As async-nats makes it, but without direct reads: with these a node could have the server publish what
/// it wants as any other.
fn bucket_config(num_replicas: usize) -> Config {
    Config {
        name: SNAPSHOTS_STREAM.to_owned(),
        subjects: vec![SNAPSHOTS_SUBJECTS.to_owned()],
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        allow_rollup: true,
        num_replicas,
        ..Config::default()
    }
}
