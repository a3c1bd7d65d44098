//! The walk through what is in a message: what each reader reads from, and tells.

use std::{io::Read, time::Instant};

use sha2::{Digest as _, Sha256};

use super::{
    budget::{Bounds, Budget, Cut},
    formats,
};
use crate::mail::{FoundText, Inside, Item, Limit, Lock, Origin, TraitKind, file_type};

/// The longest text that is kept of one item, in bytes.
const LONGEST_TEXT: usize = 256 << 10;

/// How many addresses are kept of one item.
const MOST_URIS: usize = 200;

/// The reader of one format: `bytes` are all of the file.
///
/// # Errors
/// The file is damaged, or the budget used up. What was told before stands.
pub(super) type Reader = fn(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError>;

/// Why a reader stopped before the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not what it seemed, or damaged: what was wrong, in few words.
    #[error("{0}")]
    Broken(String),
    /// The budget is used up.
    #[error("beyond the limit")]
    Limit(Limit),
}

impl ReadError {
    /// Damaged: what was wrong.
    pub(super) fn broken(what: impl ToString) -> Self {
        Self::Broken(what.to_string())
    }
}

impl From<Limit> for ReadError {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

/// What was found, and the bytes that others have to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What was found.
    pub inside: Inside,
    /// Bytes of items that others have to see, by their place among the items: pictures, and what the virus
    /// scanner does not reach by itself.
    pub kept: Vec<(u32, Vec<u8>)>,
}

/// A file that is about to be read: what its container says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// Its name, folders included.
    pub name: String,
    /// How many bytes it takes packed; 0 if that cannot be told: then what holds it counts.
    pub packed: u64,
    /// It was encrypted.
    pub lock: Lock,
    /// The virus scanner is not expected to find it by itself.
    pub is_hidden: bool,
}

impl Entry {
    /// One with this name.
    pub(super) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// One walk.
pub(super) struct Reading<'p> {
    budget: Budget,
    /// Words of the message that may be passwords, the likeliest first.
    passwords: &'p [String],
    found: Found,
    /// What is being read, from the outside in.
    path: Vec<Place>,
}

/// An item being read.
struct Place {
    item: u32,
    /// Its bytes.
    size: u64,
    /// Of its beginnings, no virus scanner finds it by itself.
    is_hidden: bool,
}

impl<'p> Reading<'p> {
    /// Of one message.
    pub(super) fn new(bounds: Bounds, passwords: &'p [String]) -> Self {
        Self { budget: Budget::new(bounds), passwords, found: Found::default(), path: Vec::new() }
    }

    /// Reads a part of the message.
    pub(super) fn part(&mut self, part: u32, name: &str, bytes: &[u8]) {
        if let Err(limit) = self.budget.member(0) {
            self.limited(limit);
            return;
        }
        let item = Item { part, name: name.to_owned(), ..Item::default() };
        self.enter(item, bytes, false);
    }

    /// All that was found.
    pub(super) fn finish(mut self) -> Found {
        self.found.inside.limits.sort_unstable();
        self.found.inside.limits.dedup();
        self.found
    }

    /// Reads a file in the one being read, and what is in that. One that becomes too much for what it takes
    /// is only told: those beside it may still be read.
    ///
    /// # Errors
    /// The budget is used up, so that nothing more need be tried here.
    pub(super) fn member(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), ReadError> {
        self.budget.member(self.path.len()).map_err(|limit| self.limited(limit))?;
        let holder = self.path.last();
        let packed = if entry.packed > 0 { entry.packed } else { holder.map_or(0, |h| h.size) };
        let is_hidden = entry.is_hidden
            || entry.lock == Lock::Opened
            || holder.is_some_and(|holder| holder.is_hidden);
        let mut bytes = Vec::new();
        let read = self.budget.read(content, packed, &mut bytes);
        let mut item = self.item(entry);
        match read {
            Ok(()) => {}
            Err(Cut::Io(error)) => item.add_trait(TraitKind::Broken, &error.to_string()),
            Err(Cut::Limit(limit)) => {
                item.size = bytes.len() as u64;
                item.kind = file_type(&bytes).map_or("", |known| known.extension).to_owned();
                self.found.inside.items.push(item);
                let error = self.limited(limit);
                return if limit == Limit::Ratio { Ok(()) } else { Err(error) };
            }
        }
        self.enter(item, &bytes, is_hidden);
        Ok(())
    }

    /// A file in the one being read that cannot be opened, of this size as far as is known.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn unreadable(&mut self, entry: Entry, size: u64) -> Result<(), ReadError> {
        self.budget.member(self.path.len()).map_err(|limit| self.limited(limit))?;
        let item = self.item(entry);
        self.found.inside.items.push(Item { size, ..item });
        Ok(())
    }

    /// Reads a stream of the file being read, which took `packed` bytes there, without telling it as a file of
    /// its own.
    ///
    /// # Errors
    /// It is damaged, or the budget is used up.
    pub(super) fn load(
        &mut self,
        content: &mut dyn Read,
        packed: u64,
    ) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        match self.budget.read(content, packed, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(Cut::Io(error)) => Err(ReadError::broken(error)),
            Err(Cut::Limit(limit)) => Err(self.limited(limit)),
        }
    }

    /// A text of the file being read.
    pub(super) fn text(&mut self, origin: Origin, text: &str) {
        let Some(item) = self.current() else { return };
        let used: usize = item.texts.iter().map(|text| text.text.len()).sum();
        let end = text.floor_char_boundary(LONGEST_TEXT.saturating_sub(used));
        let text = text.get(..end).unwrap_or_default();
        if !text.trim().is_empty() {
            item.texts.push(FoundText { origin, text: text.to_owned() });
        }
    }

    /// An address in the file being read.
    pub(super) fn uri(&mut self, uri: &str) {
        let Some(item) = self.current() else { return };
        let uri = uri.trim();
        let is_new = !item.uris.iter().any(|known| known == uri);
        if !uri.is_empty() && uri.len() <= 4_096 && is_new && item.uris.len() < MOST_URIS {
            item.uris.push(uri.to_owned());
        }
    }

    /// Something that the file being read can do.
    pub(super) fn is(&mut self, kind: TraitKind, detail: &str) {
        if let Some(item) = self.current() {
            item.add_trait(kind, detail);
        }
    }

    /// The file being read is encrypted.
    pub(super) fn lock(&mut self, lock: Lock) {
        if let Some(item) = self.current() {
            item.lock = lock;
        }
    }

    /// What the file being read is, if its first bytes do not tell all.
    pub(super) fn kind(&mut self, kind: &str) {
        if let Some(item) = self.current() {
            item.kind = kind.to_owned();
        }
    }

    /// The name of the file being read; empty if it has none.
    pub(super) fn name(&self) -> &str {
        let item = self.path.last().map(|place| place.item as usize);
        item.and_then(|item| self.found.inside.items.get(item)).map_or("", |item| &item.name)
    }

    /// Words of the message that may be passwords, the likeliest first.
    pub(super) fn passwords(&self) -> &'p [String] {
        self.passwords
    }

    /// Whether there is time left; asked in every loop whose length the input decides.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn time(&mut self) -> Result<(), ReadError> {
        self.budget.time().map_err(|limit| self.limited(limit))
    }

    /// Has a function tell of a file, as a reader would.
    #[cfg(test)]
    pub(super) fn within(&mut self, name: &str, tell: impl FnOnce(&mut Self)) {
        let item = self.item(Entry::named(name));
        self.found.inside.items.push(item);
        let item = (self.found.inside.items.len() - 1) as u32;
        self.path.push(Place { item, size: 0, is_hidden: false });
        tell(self);
        self.path.pop();
    }

    /// How many bytes [`Reading::member`] takes of so many packed ones (0: of what holds them), for decoders
    /// that push what they unpack.
    pub(super) fn room(&self, packed: u64) -> u64 {
        let holder = self.path.last().map_or(0, |holder| holder.size);
        self.budget.room(if packed > 0 { packed } else { holder })
    }

    /// Until when [`Reading::time`] is left.
    pub(super) fn deadline(&self) -> Instant {
        self.budget.deadline()
    }

    fn item(&self, entry: Entry) -> Item {
        let parent = self.path.last().map(|place| place.item);
        let holder = parent.and_then(|parent| self.found.inside.items.get(parent as usize));
        let part = holder.map_or(0, |holder| holder.part);
        Item { part, parent, name: entry.name, lock: entry.lock, ..Item::default() }
    }

    fn enter(&mut self, mut item: Item, bytes: &[u8], is_hidden: bool) {
        let known = file_type(bytes).map_or("", |known| known.extension);
        item.kind = known.to_owned();
        item.size = bytes.len() as u64;
        item.digest = Some(Sha256::digest(bytes).into());
        item.is_hidden = is_hidden;
        let number = self.found.inside.items.len() as u32;
        self.found.inside.items.push(item);
        if is_hidden || formats::is_picture(known) {
            self.found.kept.push((number, bytes.to_vec()));
        }
        self.path.push(Place { item: number, size: bytes.len() as u64, is_hidden });
        if let Some(read) = formats::reader(known, bytes) {
            match read(bytes, self) {
                Ok(()) => {}
                Err(ReadError::Broken(what)) => self.is(TraitKind::Broken, &what),
                Err(ReadError::Limit(limit)) => drop(self.limited(limit)),
            }
        }
        self.path.pop();
    }

    fn current(&mut self) -> Option<&mut Item> {
        let item = self.path.last()?.item;
        self.found.inside.items.get_mut(item as usize)
    }

    fn limited(&mut self, limit: Limit) -> ReadError {
        self.found.inside.limits.push(limit);
        ReadError::Limit(limit)
    }
}
