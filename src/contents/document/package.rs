//! Files that are zip archives of parts with names: office documents.
//!
//! Only what office programs read: the directory at the end, parts stored or deflated.

use std::{
    collections::HashMap,
    io::{Cursor, Read},
};

use memchr::memmem;

use super::{
    charset, inflate,
    little::{size_at, u16_at},
};
use crate::{
    contents::reading::{Entry, ReadError, Reading},
    mail::{Limit, Lock},
};

/// How many parts are told from each other.
const MOST_PARTS: usize = 20_000;

/// The longest comment behind the directory, and the end of the directory itself.
const TAIL: usize = 65_535 + 22;

/// The parts of a document.
pub(super) struct Package<'b> {
    bytes: &'b [u8],
    /// By their names in lower case; of equal ones the last.
    parts: HashMap<String, Part>,
}

/// A part, as the directory has it.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    name: String,
    is_locked: bool,
    method: u16,
    packed: usize,
    size: usize,
    /// Where its own head is.
    head: usize,
}

/// The kind of document that a zip archive is, whatever the order of its files: the usual extension.
pub(super) fn kind(bytes: &[u8]) -> Option<&'static str> {
    let package = Package::open(bytes).ok()?;
    let has = |folder: &str| package.parts.keys().any(|name| name.starts_with(folder));
    let folders = [("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")];
    if has("[content_types].xml") {
        folders.into_iter().find(|(folder, _)| has(folder)).map(|(_, kind)| kind)
    } else {
        (has("content.xml") && (has("mimetype") || has("meta-inf/manifest.xml"))).then_some("odt")
    }
}

impl<'b> Package<'b> {
    /// Opens one.
    ///
    /// # Errors
    /// It has no directory.
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, ReadError> {
        let parts = directory(bytes).ok_or_else(|| ReadError::broken("no directory of parts"))?;
        let parts = parts.into_iter().map(|part| (part.name.to_lowercase(), part)).collect();
        Ok(Self { bytes, parts })
    }

    /// The names of all parts in lower case: short ones first, so that numbered parts are in their order.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.parts.keys().cloned().collect();
        names.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
        names
    }

    /// The bytes of a part; `None` if there is none, or it cannot be read.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn load(
        &self,
        name: &str,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(part) = self.parts.get(&*name.to_lowercase()) else { return Ok(None) };
        let Some(mut content) = self.content(part) else { return Ok(None) };
        match reading.load(&mut content, part.packed.max(1) as u64) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError::Broken(_) | ReadError::Limit(Limit::Ratio)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a part as a file of its own.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn member(&self, name: &str, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let Some(part) = self.parts.get(name) else { return Ok(()) };
        let lock = if part.is_locked { Lock::Locked } else { Lock::None };
        let packed = part.packed.max(1) as u64;
        let entry = Entry { packed, lock, ..Entry::named(&part.name) };
        let Some(mut content) = self.content(part) else {
            return reading.unreadable(entry, part.size as u64);
        };
        match reading.member(entry, &mut content) {
            Err(ReadError::Limit(Limit::Ratio)) => Ok(()),
            other => other,
        }
    }

    /// What comes of a part; `None` if it is packed in an unknown way, or not there.
    fn content(&self, part: &Part) -> Option<Box<dyn Read + 'b>> {
        let head = self.bytes.get(part.head..)?;
        let head = head.strip_prefix(b"PK\x03\x04")?;
        let names = usize::from(u16_at(head, 22)?) + usize::from(u16_at(head, 24)?);
        let packed = head.get(26 + names..)?;
        let packed = Cursor::new(packed.get(..part.packed).unwrap_or(packed));
        match part.method {
            _ if part.is_locked => None,
            0 => Some(Box::new(packed)),
            8 => Some(Box::new(inflate::deflate(packed))),
            _ => None,
        }
    }
}

/// The parts by the directory at the end; `None` if there is none.
fn directory(bytes: &[u8]) -> Option<Vec<Part>> {
    let tail = bytes.len().saturating_sub(TAIL);
    let end = tail + memmem::rfind(bytes.get(tail..)?, b"PK\x05\x06")?;
    let (size, offset) = (size_at(bytes, end + 12)?, size_at(bytes, end + 16)?);
    // Other bytes may stand before the archive; then all places are off by as many.
    let start = end.checked_sub(size)?;
    let shift = start.checked_sub(offset)?;
    let mut rest = bytes.get(start..end)?;
    let mut parts = Vec::new();
    while let Some((part, after)) = entry(rest, shift).filter(|_| parts.len() < MOST_PARTS) {
        parts.push(part);
        rest = after;
    }
    Some(parts)
}

/// An entry of the directory, and what is behind.
fn entry(bytes: &[u8], shift: usize) -> Option<(Part, &[u8])> {
    let head = bytes.strip_prefix(b"PK\x01\x02")?;
    let length = |at| u16_at(head, at).map(usize::from);
    let name = length(24)?;
    let end = 42 + name + length(26)? + length(28)?;
    let part = Part {
        name: text(head.get(42..42 + name)?),
        is_locked: u16_at(head, 4)? & 1 != 0,
        method: u16_at(head, 6)?,
        packed: size_at(head, 16)?,
        size: size_at(head, 20)?,
        head: size_at(head, 38)?.checked_add(shift)?,
    };
    Some((part, head.get(end..)?))
}

fn text(name: &[u8]) -> String {
    let name = String::from_utf8(name.to_vec()).unwrap_or_else(|_| charset::western(name));
    name.replace('\\', "/")
}
