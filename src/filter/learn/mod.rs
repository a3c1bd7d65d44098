//! Learning: what is taught is made durable in the store, then known to the classifier.
//!
//! [`Learner`] owns the store. Everybody may teach at the same time: the control door, `train`, the
//! filter itself ([`autolearn`]). One thread, the scribe, takes what they bring in batches: one
//! transaction each, after which the messages are learned for good, whatever happens; then the
//! model in memory follows, then everybody gets the answer. Judging only ever reads that model,
//! and waits for a learner no longer than one message takes to be added to it.
//!
//! What an administrator says of those who send mail ([`Order`]) goes the same way, to the [`Book`] instead of
//! the model.
//!
//! The model follows what is taught, in that order, and is a little off by it. In pauses it is made anew
//! from what the store holds, and is a function of that alone then ([`Status::settled`]). Beside the
//! store lies a copy of it ([`checkpoint`]), so that a start need not read everything again; it may be
//! deleted.

mod access;
mod answer;
pub mod autolearn;
mod checkpoint;
mod error;
mod foreign;
mod peer;
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

pub use crate::store::Compacted;
pub use access::{CopyError, Order, read_copy as read_access};
pub use answer::{Adopted, Status, Taught, Teach, Verified};
pub use checkpoint::{CheckpointError, Mark, read as read_checkpoint};
pub use error::LearnError;
pub use foreign::{Foreign, ForeignError, is_foreign};
pub use settings::Settings;

use self::scribe::{Chore, Scribe, Task, Unless};
use tokio::sync::watch;

use crate::{
    checks::{
        Case,
        access::Book,
        bayes::{self, Features, Knowledge},
    },
    mail::Message,
    metrics,
    store::{self, Digest, Fault, Imported, Kind, Lesson, Outcome, Standing, Store, StoreError},
};

/// Messages that wait for the scribe before teachers have to wait.
const QUEUE: usize = 256;

/// Learns. Its methods block: call them on a thread for that.
#[derive(Debug)]
pub struct Learner {
    store: Arc<Store>,
    knowledge: Arc<Knowledge>,
    book: Arc<Book>,
    scan_bytes: usize,
    queue: SyncSender<Task>,
    taught: watch::Receiver<u64>,
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
        let (taught, book) = (scribe.taught(), scribe.book());
        let thread = thread::Builder::new().name("scribe".to_owned());
        let thread = thread.spawn(move || work(scribe, tasks)).map_err(LearnError::Thread)?;
        let scribe = Mutex::new(Some(thread));
        Ok(Self { store, knowledge, book, scan_bytes, queue, taught, scribe })
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
        taught(self.ask(|reply| Task::Lesson(lesson, Unless::Never, reply))??)
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
        match self.ask(|reply| Task::Lesson(lesson, Unless::Known, reply))?? {
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
            access: self.book.list().len(),
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

    /// Writes all that is learned, as it is at this moment, in the store's line format. Returns of which
    /// events that is the state.
    ///
    /// # Errors
    /// The store cannot be read, or `to` not be written.
    pub fn export(&self, to: &mut dyn Write) -> Result<Standing, LearnError> {
        Ok(self.store.export(to)?)
    }

    /// Takes in what another store has exported; all or nothing.
    ///
    /// # Errors
    /// The lines are not what an export wrote, or the store cannot be written.
    pub fn import(&self, from: &mut dyn BufRead) -> Result<Imported, LearnError> {
        let imported = self.store.import(from)?;
        self.ask(|reply| Task::Chore(Chore::CatchUp(reply)))?;
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
            known &= taught(self.ask(|reply| Task::Lesson(lesson, Unless::Never, reply))??)?
                == Taught::Known;
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
        self.ask(|reply| Task::Chore(Chore::Compact(reply)))?
    }

    /// Ends when all that was brought is durable and the model has been copied. Who teaches later
    /// is told [`LearnError::Stopped`].
    pub fn close(&self) {
        // A scribe that is gone needs no word; a poisoned lock still holds the handle.
        let _ = self.queue.send(Task::Chore(Chore::Stop));
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
