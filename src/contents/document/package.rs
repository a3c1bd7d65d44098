//! Files that are zip archives of parts with names: office documents.
//!
//! Only what office programs read: the directory at the end, parts stored or deflated. Its headers are those of
//! any zip archive ([`Header`]); the way through them is not that of [`zip`](crate::contents::archive::zip), which opens
//! whatever some program may find, in the directory or beside it. A part of a document is what the directory
//! alone tells, the last of its name; a directory that is not where its end says is none; and extra fields,
//! where other names and sizes beyond four bytes stand, are passed over.

use std::{collections::HashMap, io::Read};

use super::{charset, inflate};
use crate::{
    contents::{
        archive::zip::{End, Header},
        reading::{Entry, ReadError, Reading},
    },
    mail::{Limit, Lock},
};

/// How many parts are told from each other.
const MOST_PARTS: usize = 20_000;

/// The longest comment behind the directory, and the end of the directory itself.
const TAIL: usize = 65_535 + 22;

/// The parts of a document.
pub(super) struct Package<'b> {
    bytes: &'b [u8],
    /// What stands before the archive in the file: all places count from there.
    shift: u64,
    /// As the directory has them, by their names in lower case; of equal ones the last.
    parts: HashMap<String, Header>,
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
        let (parts, shift) =
            directory(bytes).ok_or_else(|| ReadError::broken("no directory of parts"))?;
        let parts = parts.into_iter().map(|part| (name_of(&part).to_lowercase(), part)).collect();
        Ok(Self { bytes, shift, parts })
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
        match reading.load(&mut content, part.packed.max(1)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError::Broken(_) | ReadError::Limit(Limit::Ratio)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Has these parts told, each with its name, as far as they can be read.
    ///
    /// # Errors
    /// The budget is used up, or what tells says so.
    pub(super) fn each<'n>(
        &self,
        names: impl Iterator<Item = &'n String>,
        reading: &mut Reading<'_>,
        mut tell: impl FnMut(&str, &[u8], &mut Reading<'_>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        for name in names {
            reading.time()?;
            if let Some(part) = self.load(name, reading)? {
                tell(name, &part, reading)?;
            }
        }
        Ok(())
    }

    /// Reads a part as a file of its own.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn member(&self, name: &str, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let Some(part) = self.parts.get(name) else { return Ok(()) };
        let lock = if part.is_locked() { Lock::Locked } else { Lock::None };
        let packed = part.packed.max(1);
        let entry = Entry { packed, lock, ..Entry::named(name_of(part)) };
        let Some(mut content) = self.content(part) else {
            return reading.unreadable(entry, part.size);
        };
        match reading.member(entry, &mut content) {
            Err(ReadError::Limit(Limit::Ratio)) => Ok(()),
            other => other,
        }
    }

    /// What comes of a part; `None` if it is packed in an unknown way, or not there.
    fn content(&self, part: &Header) -> Option<Box<dyn Read + 'b>> {
        let packed = part.content(self.bytes, self.shift.checked_add(part.offset)?)?;
        match part.method {
            _ if part.is_locked() => None,
            0 => Some(Box::new(packed)),
            8 => Some(Box::new(inflate::deflate(packed))),
            _ => None,
        }
    }
}

/// The parts by the directory at the end, and what stands before the archive in the file, by which all places
/// are off; `None` if there is no directory.
fn directory(bytes: &[u8]) -> Option<(Vec<Header>, u64)> {
    let end = End::find(bytes, TAIL)?;
    let start = end.start()?;
    let shift = start.checked_sub(end.offset)?;
    let mut rest = end.directory(bytes)?;
    let mut parts = Vec::new();
    while let Some((part, after)) = entry(rest).filter(|_| parts.len() < MOST_PARTS) {
        parts.push(part);
        rest = after;
    }
    Some((parts, shift))
}

/// An entry of the directory, and what is behind.
fn entry(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let (part, _, length) = Header::bare_entry(bytes)?;
    Some((part, bytes.get(usize::try_from(length).ok()?..)?))
}

fn name_of(part: &Header) -> String {
    let name =
        String::from_utf8(part.name.clone()).unwrap_or_else(|_| charset::western(&part.name));
    name.replace('\\', "/")
}
