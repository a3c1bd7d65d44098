//! The other thing that is learned: whom an administrator lets in or keeps out.
//!
//! An order is a lesson like any other: durable when the answer comes, told to other nodes, followed by the
//! scribe. What judging reads is the [`Book`], which the scribe writes anew whenever entries have changed,
//! here or elsewhere. Beside the store lies a copy of the list, for processes that judge and do not own the
//! store (`gatepost check`); it may be deleted, and comes back with the next change or start.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::sync_channel},
};

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

/// The name of the copy in the store's folder.
const COPY: &str = "access";

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

    /// Who was let in or kept out, and when, is asked later.
    fn log(&self, taught: Taught) {
        match self {
            _ if matches!(taught, Taught::Known | Taught::NotKnown) => {}
            Self::Set(Entry { pattern, word, unverified, note, .. }) => {
                let word = word.as_str();
                tracing::info!(%pattern, word, unverified, note, "an access entry is set");
            }
            Self::Remove(pattern) => tracing::info!(%pattern, "an access entry is removed"),
        }
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
        let done: Result<Vec<_>, _> = outcomes.map(|outcome| taught(outcome?)).collect();
        for (order, taught) in orders.iter().zip(done.iter().flatten()) {
            order.log(*taught);
        }
        done
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

/// Writes the copy: beside the old one, then in its place. What a crash leaves is written again at the start.
pub(super) fn write_copy(folder: &Path, list: &List) -> io::Result<()> {
    let path = folder.join(COPY);
    if list.is_empty() && !path.exists() {
        return Ok(());
    }
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    let lines: String = list.entries().into_iter().map(line).collect();
    file.write_all(lines.as_bytes())?;
    fs::rename(&beside, &path)
}

/// Word, since when, with or without proof, pattern, note: parted by tabs, which none of them has.
fn line(entry: &Entry) -> String {
    let Entry { pattern, word, unverified, note, since } = entry;
    let unverified = u8::from(*unverified);
    format!("{}\t{since}\t{unverified}\t{pattern}\t{note}\n", word.as_str())
}

/// Why the copy of the list cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub struct CopyError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// Reads the copy of the list that the owner of the store in that folder has left. `None` if there is none.
///
/// # Errors
/// It cannot be read, or is no such copy.
pub fn read_copy(folder: &Path) -> Result<Option<List>, CopyError> {
    let path = folder.join(COPY);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(CopyError { path, source }),
    };
    let list: Option<List> = text.lines().map(read_line).collect();
    let wrong = || CopyError { path, source: io::ErrorKind::InvalidData.into() };
    list.map(Some).ok_or_else(wrong)
}

fn read_line(line: &str) -> Option<Entry> {
    let mut fields = line.splitn(5, '\t');
    let word = match fields.next()? {
        "allow" => Word::Allow,
        "block" => Word::Block,
        _ => return None,
    };
    let since = fields.next()?.parse().ok()?;
    let unverified = fields.next()? == "1";
    let pattern = fields.next()?.parse().ok()?;
    Some(Entry { pattern, word, unverified, note: fields.next()?.to_owned(), since })
}
