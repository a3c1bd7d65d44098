//! Learning: what is taught is made durable in the store, then known to the classifier.
//!
//! [`Learner`] owns the store. Everybody may teach at the same time: the control door, `train`, the
//! filter itself ([`autolearn`]). One thread, the scribe, takes what they bring in batches: one
//! transaction each, after which the messages are learned for good, whatever happens; then the
//! model in memory follows, then everybody gets the answer. Judging only ever reads that model,
//! and waits for a learner no longer than one message takes to be added to it.
//!
//! The model follows what is taught, in that order, and is a little off by it. In pauses it is made anew
//! from what the store holds, and is a function of that alone then ([`Status::settled`]). Beside the
//! store lies a copy of it ([`checkpoint`]), so that a start need not read everything again; it may be
//! deleted.

pub mod autolearn;
mod checkpoint;
mod foreign;
mod scribe;
mod settings;
mod step;
#[cfg(test)]
mod tests;

use std::{
    io::{BufRead, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use serde::{Deserialize, Serialize};

pub use crate::store::Compacted;
pub use checkpoint::{CheckpointError, Mark, read as read_checkpoint};
pub use foreign::{Foreign, ForeignError, is_foreign};
pub use settings::Settings;

use self::scribe::{Scribe, Task};
use crate::{
    checks::{
        Case,
        bayes::{self, Features, Knowledge},
    },
    mail::Message,
    metrics,
    store::{self, Digest, Fault, Imported, Kind, Lesson, Outcome, Store, StoreError},
};

/// Messages that wait for the scribe before teachers have to wait.
const QUEUE: usize = 256;

/// What is to be done about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Teach {
    /// Learn that it is spam.
    Spam,
    /// Learn that it is ham.
    Ham,
    /// Take back whatever was learned of it.
    Forget,
}

impl Teach {
    /// The word for it, on command lines and in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Ham => "ham",
            Self::Forget => "forget",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Spam => Kind::Spam,
            Self::Ham => Kind::Ham,
            Self::Forget => Kind::Forgotten,
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taught {
    /// It was new, or had been forgotten.
    Learned,
    /// It was known as the other.
    Moved,
    /// It is known as just that already.
    Known,
    /// It is no longer known.
    Forgotten,
    /// It was to be forgotten, but is not known.
    NotKnown,
}

/// Why something was not learned. Nothing of it is in the store.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// The store could not be opened, read or written. Shared by all lessons of a transaction.
    #[error("{0}")]
    Store(Arc<StoreError>),
    /// The copy of the model could not be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// What another filter has written cannot be taken in.
    #[error("the import")]
    Foreign(#[from] ForeignError),
    /// It has no header field.
    #[error("not a message: it has no header fields")]
    NoMessage,
    /// The store has no place for it, as with a clock that is far behind.
    #[error("the store does not take it: {0:?}")]
    NotTaken(Outcome),
    /// Learning has ended, or broke.
    #[error("nothing is learned any more: learning has ended, and the log says why")]
    Stopped,
    /// The thread that learns could not be started.
    #[error("cannot start the thread that learns")]
    Thread(#[source] std::io::Error),
}

impl LearnError {
    /// Another process has the store, maybe for a moment only.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Store(error) if matches!(error.fault, Fault::Busy))
    }

    /// There is no store, and none was to be made.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Store(error) if matches!(error.fault, Fault::Missing))
    }

    /// This message is not learned, others may be.
    pub fn is_about_message(&self) -> bool {
        matches!(self, Self::NotTaken(_) | Self::NoMessage)
    }
}

impl From<StoreError> for LearnError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// How much is learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Messages learned as spam.
    pub spam: u64,
    /// Messages learned as ham.
    pub ham: u64,
    /// Messages that were forgotten, and are remembered as such.
    pub forgotten: u64,
    /// Distinct tokens.
    pub tokens: usize,
    /// The model's memory, in bytes.
    pub model_bytes: usize,
    /// Whether all nodes that learned the same have the same model, bit for bit.
    pub settled: bool,
    /// The store's files, in bytes.
    pub file_bytes: u64,
    /// Who this store is in events.
    pub origin: String,
    /// The same on every node that has learned the same.
    pub state_hash: String,
}

/// What looking at everything found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How much is learned.
    pub status: Status,
    /// The store's file had to be mended.
    pub repaired: bool,
    /// What does not fit together, at most twenty; empty if all is well.
    pub mistakes: Vec<String>,
}

/// What was taken in of another filter's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Messages of spam that they are of.
    pub spam: u32,
    /// Messages of ham.
    pub ham: u32,
    /// Words that are known now.
    pub words: usize,
    /// Words that have no place here, or were seen once only.
    pub left_out: u64,
    /// It had been taken in before: nothing has changed.
    pub known: bool,
}

/// Learns. Its methods block: call them on a thread for that.
#[derive(Debug)]
pub struct Learner {
    store: Arc<Store>,
    knowledge: Arc<Knowledge>,
    scan_bytes: usize,
    queue: SyncSender<Task>,
    scribe: Mutex<Option<JoinHandle<()>>>,
}

impl Learner {
    /// Opens the store, makes the model, starts the scribe. Of a message at most `scan_bytes` are
    /// read.
    ///
    /// # Errors
    /// The store belongs to another process, is damaged, or made by another version.
    pub fn open(settings: &Settings, scan_bytes: usize) -> Result<Self, LearnError> {
        let Settings { path, most_messages } = settings;
        let bounds = store::Settings { most_messages: *most_messages, tokenizer: bayes::TOKENIZER };
        let store = Arc::new(Store::open(path, &bounds)?);
        let knowledge = Arc::new(Knowledge::default());
        let (queue, tasks) = sync_channel(QUEUE);
        let scribe = Scribe::new(path, Arc::clone(&store), Arc::clone(&knowledge), queue.clone())?;
        let thread = thread::Builder::new().name("scribe".to_owned());
        let thread = thread.spawn(move || work(scribe, tasks)).map_err(LearnError::Thread)?;
        let scribe = Mutex::new(Some(thread));
        Ok(Self { store, knowledge, scan_bytes, queue, scribe })
    }

    /// As [`Self::open`], but makes no store where there is none.
    ///
    /// # Errors
    /// As [`Self::open`]; there is no store.
    pub fn open_existing(settings: &Settings, scan_bytes: usize) -> Result<Self, LearnError> {
        let path = settings.path.join(store::FILE_NAME);
        if path.try_exists().is_ok_and(|there| !there) {
            return Err(StoreError { path, fault: Fault::Missing }.into());
        }
        Self::open(settings, scan_bytes)
    }

    /// What is known: grows with what is learned.
    pub fn knowledge(&self) -> &Arc<Knowledge> {
        &self.knowledge
    }

    /// How much of a message is read, in bytes.
    pub fn scan_bytes(&self) -> usize {
        self.scan_bytes
    }

    /// Learns or forgets a message; when this returns, it is durable.
    ///
    /// # Errors
    /// See [`LearnError`].
    pub fn teach(&self, teach: Teach, message: Vec<u8>) -> Result<Taught, LearnError> {
        let message = self.parse(message);
        if message.headers().fields.is_empty() {
            return Err(LearnError::NoMessage);
        }
        let digest = Digest(bayes::digest(&message));
        let foreseen = self.foreseen(teach, digest)?;
        if matches!(foreseen, Taught::Known | Taught::NotKnown) {
            return Ok(foreseen);
        }
        let features = match teach {
            Teach::Forget => Vec::new(),
            Teach::Spam | Teach::Ham => Features::of(&message).to_bytes(),
        };
        let lesson = Lesson { kind: teach.kind(), digest, features };
        taught(self.ask(|reply| Task::Teach(lesson, reply))??)
    }

    /// Learns a message that has just arrived, unless anybody has taught it before: `None` then.
    ///
    /// # Errors
    /// See [`LearnError`].
    pub fn teach_arriving(&self, teach: Teach, case: &Case) -> Result<Option<Taught>, LearnError> {
        let Case { envelope, message } = case;
        let digest = Digest(bayes::digest(message));
        if self.store.entry(digest)?.is_some() {
            return Ok(None);
        }
        let features = Features::arriving(message, envelope).to_bytes();
        let lesson = Lesson { kind: teach.kind(), digest, features };
        match self.ask(|reply| Task::TeachNew(lesson, reply))?? {
            Outcome::Known => Ok(None),
            outcome => taught(outcome).map(Some),
        }
    }

    /// What [`Self::teach`] would do.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn foresee(&self, teach: Teach, message: Vec<u8>) -> Result<Taught, LearnError> {
        self.foreseen(teach, Digest(bayes::digest(&self.parse(message))))
    }

    /// How much is learned.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn status(&self) -> Result<Status, LearnError> {
        let counts = self.store.counts()?;
        let (tokens, model_bytes, settled) =
            self.knowledge.read(|model| (model.tokens(), model.memory(), model.is_settled()));
        Ok(Status {
            spam: counts.spam,
            ham: counts.ham,
            forgotten: counts.forgotten,
            tokens,
            model_bytes,
            settled,
            file_bytes: self.store.size()?.file_bytes,
            origin: format!("{:016x}", self.store.origin()?),
            state_hash: format!("{:032x}", self.store.state_hash()?),
        })
    }

    /// Reads everything and checks that it fits together. Teaching waits meanwhile.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn verify(&self) -> Result<Verified, LearnError> {
        let store::Verification { repaired, mistakes, .. } = self.store.verify()?;
        Ok(Verified { status: self.status()?, repaired, mistakes })
    }

    /// Writes all that is learned, as it is at this moment, in the store's line format.
    ///
    /// # Errors
    /// The store cannot be read, or `to` not be written.
    pub fn export(&self, to: &mut dyn Write) -> Result<(), LearnError> {
        self.store.export(to)?;
        Ok(())
    }

    /// Takes in what another store has exported; all or nothing.
    ///
    /// # Errors
    /// The lines are not what an export wrote, or the store cannot be written.
    pub fn import(&self, from: &mut dyn BufRead) -> Result<Imported, LearnError> {
        let imported = self.store.import(from)?;
        self.ask(Task::CatchUp)?;
        Ok(imported)
    }

    /// Takes in what another filter has counted, as far as that can be done. Doing it again changes
    /// nothing.
    ///
    /// # Errors
    /// [`LearnError::Foreign`] if it cannot be done, and what [`Self::teach`] says.
    pub fn adopt(&self, foreign: Foreign, from: &mut dyn BufRead) -> Result<Adopted, LearnError> {
        let counted = foreign::read(foreign, from)?;
        let mut known = true;
        for lesson in counted.lessons() {
            known &= taught(self.ask(|reply| Task::Teach(lesson, reply))??)? == Taught::Known;
        }
        let [spam, ham] = counted.messages;
        let (words, left_out) = (counted.words.len(), counted.left_out);
        Ok(Adopted { spam, ham, words, left_out, known })
    }

    /// Gives space back to the disk. Teaching waits meanwhile, judging does not.
    ///
    /// # Errors
    /// The store cannot be rewritten.
    pub fn compact(&self) -> Result<Compacted, LearnError> {
        self.ask(Task::Compact)?
    }

    /// Ends when all that was brought is durable and the model has been copied. Who teaches later
    /// is told [`LearnError::Stopped`].
    pub fn close(&self) {
        // A scribe that is gone needs no word; a poisoned lock still holds the handle.
        let _ = self.queue.send(Task::Stop);
        let handle = self.scribe.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if handle.is_some_and(|handle| handle.join().is_err()) {
            tracing::error!("the thread that learns broke");
        }
    }

    fn parse(&self, mut message: Vec<u8>) -> Message {
        message.truncate(self.scan_bytes);
        Message::parse(message)
    }

    fn foreseen(&self, teach: Teach, digest: Digest) -> Result<Taught, LearnError> {
        let before = self.store.entry(digest)?.map(|entry| entry.kind);
        Ok(match (teach, before) {
            (Teach::Forget, None | Some(Kind::Forgotten)) => Taught::NotKnown,
            (Teach::Forget, Some(_)) => Taught::Forgotten,
            (_, None | Some(Kind::Forgotten)) => Taught::Learned,
            (_, Some(kind)) if kind == teach.kind() => Taught::Known,
            (_, Some(_)) => Taught::Moved,
        })
    }

    /// Hands the scribe a task and waits for the answer.
    #[expect(clippy::disallowed_methods, reason = "a learner blocks, and says so")]
    fn ask<T>(&self, task: impl FnOnce(SyncSender<T>) -> Task) -> Result<T, LearnError> {
        let (reply, answer) = sync_channel(1);
        self.queue.send(task(reply)).map_err(|_| LearnError::Stopped)?;
        answer.recv().map_err(|_| LearnError::Stopped)
    }
}

impl Drop for Learner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Should the scribe break, which only a mistake of ours can make it, nothing that was acknowledged
/// is lost, and judging goes on with what was known.
fn work(scribe: Scribe, tasks: Receiver<Task>) {
    if catch_unwind(AssertUnwindSafe(|| scribe.run(tasks))).is_err() {
        metrics::learning_failed();
        tracing::error!("learning has ended by a mistake in gatepost; a restart begins it again");
    }
}

/// What lessons of one's own can come to.
fn taught(outcome: Outcome) -> Result<Taught, LearnError> {
    Ok(match outcome {
        Outcome::Learned => Taught::Learned,
        Outcome::Moved => Taught::Moved,
        Outcome::Known => Taught::Known,
        Outcome::Forgotten => Taught::Forgotten,
        Outcome::NotKnown => Taught::NotKnown,
        Outcome::TooLarge
        | Outcome::Superseded
        | Outcome::Expired
        | Outcome::Duplicate
        | Outcome::Void => return Err(LearnError::NotTaken(outcome)),
    })
}
