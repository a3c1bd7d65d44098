//! The one thread that writes: store first, then model and book, then answers.

#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    Compacted, LearnError, Mark, access, checkpoint,
    step::{Step, from_nothing},
};
use crate::{
    checks::{
        access::Book,
        bayes::{Knowledge, Model},
    },
    metrics,
    store::{Batch, Cursor, Lesson, Outcome, Record, Store},
};

/// Lessons in one transaction.
const BATCH: usize = 64;

/// So long nobody teaches, and the scribe tidies up.
const IDLE: Duration = Duration::from_secs(2);

/// So many changes are copied even if there is no pause.
const CHANGES_TO_COPY: u64 = 20_000;

/// The model is tens of megabytes: in pauses it is copied no more often than this.
const COPY_EVERY: Duration = Duration::from_secs(60);

/// At the end the model is settled if one in so many messages was taught since it last was, or since
/// this process began.
const SETTLED_AT_END: u64 = 20;

/// Settling the model takes at most one part in so many of a core.
const SETTLE_SHARE: u32 = 100;

type Learned = Result<Outcome, LearnError>;

/// What the scribe is asked for.
#[derive(Debug)]
pub(super) enum Task {
    /// A lesson, when it is left out, and where its outcome goes.
    Lesson(Lesson, Unless, SyncSender<Learned>),
    /// What needs a transaction of its own.
    Chore(Chore),
}

/// When a lesson is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unless {
    /// Always learned.
    Never,
    /// Left out if anything has been said about that message, a moment ago included.
    Known,
}

/// What is done apart from lessons.
#[derive(Debug)]
pub(super) enum Chore {
    /// The store was changed by somebody else; tell when model and book have followed.
    CatchUp(SyncSender<()>),
    /// Give space back.
    Compact(SyncSender<Result<Compacted, LearnError>>),
    /// Take what other nodes have learned; the log has been read so far.
    Apply(Vec<Record>, Cursor, SyncSender<Result<Vec<Outcome>, LearnError>>),
    /// A model made anew, and of which state it is; `None` if that failed.
    Settled(Option<Box<(Mark, Model)>>),
    /// End.
    Stop,
}

/// The thread's state.
pub(super) struct Scribe {
    folder: PathBuf,
    store: Arc<Store>,
    knowledge: Arc<Knowledge>,
    /// The access entries, for those who judge.
    book: Arc<Book>,
    /// The way back to itself, for the thread that settles.
    queue: SyncSender<Task>,
    /// Counts the times that something was taught here.
    taught: watch::Sender<u64>,
    /// Which state of the store the model is of.
    mark: Mark,
    /// The store's last change when the model was last made anew, or this process began.
    settled: u64,
    /// The store's last change that is in the copy.
    copied: u64,
    /// When this process last copied it, or tried to.
    tried_at: Option<Instant>,
    /// That did not go well.
    copy_failed: bool,
    settling: Settling,
    /// Nobody waits for a model made anew any more.
    is_over: Arc<AtomicBool>,
}

/// When the model is made anew.
#[derive(Debug)]
enum Settling {
    /// Not before this moment.
    Rests { until: Option<Instant> },
    /// Another thread is at it since then.
    Runs { since: Instant, thread: JoinHandle<()> },
}

impl Scribe {
    /// Makes the model as the store has it: from its copy and what changed since, or else anew.
    pub(super) fn new(
        folder: &Path,
        store: Arc<Store>,
        knowledge: Arc<Knowledge>,
        queue: SyncSender<Task>,
    ) -> Result<Self, LearnError> {
        let copy = checkpoint::read(folder).unwrap_or_else(|error| {
            tracing::warn!(error = crate::chain(&error), "the copy of the model is of no use");
            None
        });
        let book = Arc::new(Book::new(access::list(&store)?));
        let mut scribe = Self {
            folder: folder.to_owned(),
            store,
            book,
            knowledge,
            queue,
            taught: watch::Sender::default(),
            mark: Mark::default(),
            settled: 0,
            copied: 0,
            tried_at: None,
            copy_failed: false,
            settling: Settling::Rests { until: None },
            is_over: Arc::default(),
        };
        match copy.map(|(mark, model)| scribe.resume(mark, model)).transpose()?.flatten() {
            Some(()) => scribe.copied = scribe.mark.change,
            None => scribe.rebuild()?,
        }
        scribe.settled = scribe.mark.change;
        scribe.copy_book();
        Ok(scribe)
    }

    /// Goes on from a model that is of an earlier state. `None` if it is of none that this store
    /// was in, or of one that it no longer knows the way from.
    fn resume(&mut self, mark: Mark, mut model: Model) -> Result<Option<()>, LearnError> {
        let mut now = mark;
        let change = self.store.changes_since(mark.change, |change| {
            Step::of(&change).apply(&mut model);
            now.follow(&change);
        })?;
        let Some(change) = change else { return Ok(None) };
        now.change = change;
        if now.state_hash != self.store.messages_hash()? {
            return Ok(None);
        }
        self.knowledge.replace(model);
        self.moved_to(now);
        Ok(Some(()))
    }

    fn rebuild(&mut self) -> Result<(), LearnError> {
        let started = Instant::now();
        let (mark, model) = from_nothing(&self.store, || true)?;
        let (spam, ham) = model.learned();
        if spam + ham > 0 {
            let seconds = started.elapsed().as_secs_f64();
            tracing::info!(spam, ham, seconds, "the model was made anew from the store");
        }
        self.knowledge.replace(model);
        (self.settled, self.copied) = (mark.change, 0);
        self.moved_to(mark);
        Ok(())
    }

    /// The model is of this state now, and says so to those who judge by it.
    fn moved_to(&mut self, mark: Mark) {
        self.knowledge.set_state(mark.state_hash);
        self.mark = mark;
    }

    /// Changes whenever something was taught here.
    pub(super) fn taught(&self) -> watch::Receiver<u64> {
        self.taught.subscribe()
    }

    /// The access entries as they are at each moment.
    pub(super) fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book)
    }

    /// Works until it is told to stop.
    pub(super) fn run(mut self, tasks: Receiver<Task>) {
        loop {
            match tasks.recv_timeout(IDLE) {
                Ok(Task::Chore(Chore::Stop)) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(task) => {
                    if !self.work(task, &tasks) {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.tidy(),
            }
            let behind = self.mark.change.saturating_sub(self.copied);
            if behind >= CHANGES_TO_COPY && (!self.copy_failed || self.may_copy_again()) {
                self.copy();
            }
        }
        // Whoever came too late need not wait for the end to be told.
        drop(tasks);
        self.end();
    }

    /// Does a task and what can be done with it. `false`: it is time to stop.
    fn work(&mut self, task: Task, tasks: &Receiver<Task>) -> bool {
        let mut lessons = Vec::new();
        let mut replies = Vec::new();
        let mut next = Some(task);
        while let Some(task) = next {
            match task {
                Task::Lesson(lesson, Unless::Known, reply) if self.is_known(&lesson, &lessons) => {
                    let _ = reply.send(Ok(Outcome::Known));
                }
                Task::Lesson(lesson, _, reply) => {
                    lessons.push(lesson);
                    replies.push(reply);
                }
                Task::Chore(chore) => {
                    self.teach(std::mem::take(&mut lessons), std::mem::take(&mut replies));
                    if !self.work_alone(chore) {
                        return false;
                    }
                }
            }
            next = (lessons.len() < BATCH).then(|| tasks.try_recv().ok()).flatten();
        }
        self.teach(lessons, replies);
        true
    }

    /// Whether that message is known, or will be when `before` is learned. A store that cannot be
    /// read may know it.
    fn is_known(&self, lesson: &Lesson, before: &[Lesson]) -> bool {
        before.iter().any(|other| other.digest == lesson.digest)
            || !self.store.entry(lesson.digest).is_ok_and(|entry| entry.is_none())
    }

    /// Does what needs a transaction of its own. `false`: it is time to stop.
    fn work_alone(&mut self, chore: Chore) -> bool {
        match chore {
            Chore::Compact(reply) => {
                // Whoever asked may have gone away.
                let _ = reply.send(self.compact());
            }
            Chore::CatchUp(reply) => {
                self.follow_store();
                self.write_book();
                let _ = reply.send(());
            }
            Chore::Apply(records, cursor, reply) => {
                let _ = reply.send(self.apply(records, cursor));
            }
            Chore::Settled(model) => self.settled(model),
            Chore::Stop => return false,
        }
        true
    }

    fn teach(&mut self, lessons: Vec<Lesson>, replies: Vec<SyncSender<Learned>>) {
        if lessons.is_empty() {
            return;
        }
        match self.store.teach(lessons) {
            Ok(batch) => {
                self.follow(&batch);
                self.taught.send_modify(|times| *times += 1);
                for (reply, outcome) in replies.into_iter().zip(batch.outcomes) {
                    let _ = reply.send(Ok(outcome));
                }
            }
            Err(error) => {
                metrics::learning_failed();
                tracing::error!(error = crate::chain(&error), "nothing is learned");
                let error = Arc::new(error);
                for reply in replies {
                    let _ = reply.send(Err(LearnError::Store(Arc::clone(&error))));
                }
                self.follow_failure();
            }
        }
    }

    fn apply(&mut self, records: Vec<Record>, cursor: Cursor) -> Result<Vec<Outcome>, LearnError> {
        match self.store.apply(records, Some(cursor)) {
            Ok(batch) => {
                self.follow(&batch);
                Ok(batch.outcomes)
            }
            Err(error) => {
                self.follow_failure();
                Err(error.into())
            }
        }
    }

    /// A transaction that failed may be durable all the same; whoever then teaches the same is told
    /// that it is known, and nothing would come that the model could follow.
    fn follow_failure(&mut self) {
        // If the store cannot be read either, the next lesson finds out.
        if self.store.number().is_ok_and(|number| number != self.mark.change) {
            self.follow_store();
        }
        self.write_book();
    }

    /// The book follows the store: entries are few, so it is written anew.
    fn write_book(&self) {
        match access::list(&self.store) {
            Ok(list) => self.book.replace(list),
            Err(error) => {
                metrics::learning_failed();
                let error = crate::chain(&error);
                tracing::error!(error, "the access entries are not those of the store");
            }
        }
        self.copy_book();
    }

    fn copy_book(&self) {
        if let Err(error) = access::write_copy(&self.folder, &self.book.list()) {
            tracing::warn!(error = crate::chain(&error), "the access entries are not copied");
        }
    }

    /// Model and book follow the store.
    fn follow(&mut self, batch: &Batch) {
        if batch.access {
            self.write_book();
        }
        if batch.since != self.mark.change {
            return self.follow_store();
        }
        for change in &batch.changes {
            let step = Step::of(change);
            self.knowledge.change(|model| step.apply(model));
            self.mark.follow(change);
        }
        self.moved_to(Mark { change: batch.number, ..self.mark });
    }

    /// The store has changed without the model: a transaction was durable although it failed, or
    /// an export was taken in.
    fn follow_store(&mut self) {
        let followed = self.follow_changes().and_then(|followed| match followed {
            Some(()) => Ok(()),
            None => self.rebuild(),
        });
        if let Err(error) = followed {
            metrics::learning_failed();
            tracing::error!(error = crate::chain(&error), "the model is not what the store has");
        }
    }

    /// Goes on from the model as it is. `None` if the store no longer knows the way.
    fn follow_changes(&mut self) -> Result<Option<()>, LearnError> {
        let mut now = self.mark;
        let change = self.store.changes_since(self.mark.change, |change| {
            let step = Step::of(&change);
            self.knowledge.change(|model| step.apply(model));
            now.follow(&change);
        })?;
        let Some(change) = change else { return Ok(None) };
        self.moved_to(Mark { change, ..now });
        Ok(Some(()))
    }

    fn may_copy_again(&self) -> bool {
        self.tried_at.is_none_or(|at| at.elapsed() >= COPY_EVERY)
    }

    fn tidy(&mut self) {
        if self.may_copy_again() {
            self.copy();
        }
        let rested = match self.settling {
            Settling::Rests { until } => until.is_none_or(|until| Instant::now() >= until),
            Settling::Runs { .. } => false,
        };
        if rested && !self.knowledge.read(Model::is_settled) {
            self.settle();
        }
    }

    /// Makes the model anew on another thread: judging and teaching go on meanwhile.
    fn settle(&mut self) {
        let (store, queue) = (Arc::clone(&self.store), self.queue.clone());
        let is_over = Arc::clone(&self.is_over);
        let job = move || {
            let model = from_nothing(&store, || !is_over.load(Ordering::Relaxed))
                .inspect_err(|error| {
                    tracing::error!(error = crate::chain(error), "the model cannot be made anew");
                })
                .ok()
                .map(Box::new);
            drop(store);
            // The scribe may have stopped; then nobody needs it.
            let _ = queue.send(Task::Chore(Chore::Settled(model)));
        };
        let since = Instant::now();
        self.settling = match thread::Builder::new().name("settle".to_owned()).spawn(job) {
            Ok(thread) => Settling::Runs { since, thread },
            Err(error) => {
                tracing::warn!(%error, "no thread can be started that makes the model anew");
                Settling::Rests { until: Some(since + COPY_EVERY) }
            }
        };
    }

    fn settled(&mut self, model: Option<Box<(Mark, Model)>>) {
        let Settling::Runs { since, .. } = self.settling else { return };
        let took = since.elapsed();
        self.settling = Settling::Rests { until: Some(Instant::now() + took * SETTLE_SHARE) };
        let Some((mark, model)) = model.map(|model| *model) else { return };
        match self.resume(mark, model) {
            Ok(Some(())) => {
                self.settled = mark.change;
                self.copy();
            }
            Ok(None) => tracing::info!("too much was taught while the model was made anew"),
            Err(error) => {
                tracing::error!(error = crate::chain(&error), "the model made anew is not used");
            }
        }
    }

    /// Leaves a copy; a settled one, unless only a little was taught: making the model anew takes as
    /// long as everything took that was ever learned.
    fn end(&mut self) {
        self.stop_settling();
        let (spam, ham) = self.knowledge.read(Model::learned);
        let taught = self.mark.change.saturating_sub(self.settled);
        let is_worth_it = taught >= (spam + ham) / SETTLED_AT_END;
        if is_worth_it
            && !self.knowledge.read(Model::is_settled)
            && let Err(error) = self.rebuild()
        {
            tracing::warn!(error = crate::chain(&error), "the model is left unsettled");
        }
        self.copy();
    }

    /// A store that another thread still reads would stay open, and not be closed properly if the
    /// process ends first: the next one would have to repair it.
    fn stop_settling(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let settling = std::mem::replace(&mut self.settling, Settling::Rests { until: None });
        if let Settling::Runs { thread, .. } = settling
            && thread.join().is_err()
        {
            tracing::error!("the thread that makes the model anew broke");
        }
    }

    fn copy(&mut self) {
        if self.mark.change == self.copied || matches!(self.settling, Settling::Runs { .. }) {
            return;
        }
        let copied = checkpoint::write(&self.folder, self.mark, &self.knowledge);
        let copied = copied.map_err(LearnError::from).and_then(|()| {
            self.copied = self.mark.change;
            Ok(self.store.checkpointed(self.mark.change)?)
        });
        (self.tried_at, self.copy_failed) = (Some(Instant::now()), copied.is_err());
        if let Err(error) = copied {
            metrics::learning_failed();
            tracing::warn!(error = crate::chain(&error), "the model is not copied to the disk");
        }
    }

    fn compact(&mut self) -> Result<Compacted, LearnError> {
        self.copy();
        Ok(self.store.compact()?)
    }
}
