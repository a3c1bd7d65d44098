//! The other thing that is learned: whom an administrator lets in or keeps out.
//!
//! An order is a lesson like any other: durable when the answer comes, told to other nodes, followed by the
//! scribe. What judging reads is the [`Book`], which the scribe writes anew whenever entries have changed,
//! here or elsewhere.

use std::sync::{Arc, mpsc::sync_channel};

use serde::{Deserialize, Serialize};

use super::{
    LearnError, Learner, Taught,
    scribe::{Task, Unless},
    taught,
};
use crate::{
    checks::access::{Book, Entry, List, Pattern, digest},
    store::{self, Digest, Kind, Lesson, Store},
    verdict::Word,
};

/// What an administrator wants of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// To be there as it stands here; since when is for the store to say.
    Set(Entry),
    /// Not to be there.
    Remove(Pattern),
}

impl Order {
    fn lesson(&self) -> Result<Lesson, LearnError> {
        let (kind, pattern, features) = match self {
            Self::Set(entry) => (kind(entry.word), &entry.pattern, entry.to_bytes()?),
            Self::Remove(pattern) => (Kind::Unlisted, pattern, Vec::new()),
        };
        Ok(Lesson { kind, digest: Digest(digest(pattern)), features })
    }
}

impl Learner {
    /// Carries out orders; when this returns, they are durable and judging heeds them. Those before one
    /// that fails are carried out.
    ///
    /// # Errors
    /// See [`LearnError`]. Nothing is done if a note cannot be kept.
    #[expect(clippy::disallowed_methods, reason = "a learner blocks, and says so")]
    pub fn order(&self, orders: &[Order]) -> Result<Vec<Taught>, LearnError> {
        let lessons: Result<Vec<_>, _> = orders.iter().map(Order::lesson).collect();
        let mut answers = Vec::new();
        // All at once: they share the waiting for the disk.
        for lesson in lessons? {
            let (reply, answer) = sync_channel(1);
            let task = Task::Lesson(lesson, Unless::Never, reply);
            self.queue.send(task).map_err(|_| LearnError::Stopped)?;
            answers.push(answer);
        }
        let outcomes =
            answers.into_iter().map(|answer| answer.recv().map_err(|_| LearnError::Stopped)?);
        outcomes.map(|outcome| taught(outcome?)).collect()
    }

    /// Whom an administrator lets in or keeps out: what it holds follows what is learned.
    pub fn book(&self) -> &Arc<Book> {
        &self.book
    }
}

fn kind(word: Word) -> Kind {
    match word {
        Word::Allow => Kind::Allowed,
        Word::Block => Kind::Blocked,
    }
}

/// All entries of the store. What cannot be read, as of a later version, is left out and told.
pub(super) fn list(store: &Store) -> Result<List, LearnError> {
    let mut entries = Vec::new();
    store.access(|digest, entry| entries.extend(read(digest, &entry)))?;
    Ok(entries.into_iter().collect())
}

fn read(digest: Digest, entry: &store::Entry) -> Option<Entry> {
    let word = match entry.kind {
        Kind::Allowed => Word::Allow,
        Kind::Blocked => Word::Block,
        _ => return None,
    };
    let read = Entry::from_bytes(digest.0, word, &entry.features, entry.stamp.time);
    let read = read.inspect_err(|error| {
        tracing::error!(%digest, error = crate::chain(error), "an access entry is not heeded");
    });
    read.ok()
}
