//! Zip archives. The directory at the end is read first; but members that it does not tell, or tells
//! otherwise than they tell themselves, are read, too: so are archives that were cut off, and those made to
//! look different to different programs.

mod header;
mod open;
#[cfg(test)]
pub(super) mod tests;

use std::ops::Range;

use memchr::memmem;

pub(in crate::contents) use self::header::{End, Header};
use self::{
    header::{DESCRIPTOR, DIRECTORY, Directory, MEMBER},
    open::Keys,
};
use crate::{
    contents::{
        archive::fields::{Fields, span},
        reading::{Entry, ReadError, Reading},
        unpack::{Method, unpacked},
    },
    mail::{Lock, TraitKind},
};

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let directory = Directory::find(bytes);
    let keys = Keys::find(smallest_locked(bytes, directory, reading)?, reading)?;
    let mut archive = Zip { bytes, keys, used: Vec::new() };
    match directory {
        Some(directory) => archive.by_directory(directory, reading)?,
        None => reading.is(TraitKind::Broken, "no directory"),
    }
    archive.by_scan(directory.is_some(), reading)
}

/// An archive being read.
struct Zip<'b> {
    bytes: &'b [u8],
    keys: Keys,
    /// What members that were read take, headers included.
    used: Vec<Range<u64>>,
}

/// A member, and whether the virus scanner may see another one.
struct Member<'h> {
    header: &'h Header,
    is_hidden: bool,
}

impl Zip<'_> {
    /// Reads what the directory tells.
    fn by_directory(
        &mut self,
        directory: Directory,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let mut entries = directory.entries(self.bytes);
        for entry in entries.by_ref() {
            reading.time()?;
            self.entry(&entry, directory.shift.saturating_add(entry.offset), reading)?;
        }
        self.used.push(directory.start..entries.at);
        Ok(())
    }

    /// Reads the member of an entry, `at` its own header; as that tells it, too, if it tells it otherwise.
    fn entry(
        &mut self,
        entry: &Header,
        at: u64,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let Some((own, start)) = Header::member_at(self.bytes, at) else {
            reading.is(TraitKind::Broken, "a member is not where the directory has it");
            return reading.unreadable(Entry::named(entry.shown_name()), entry.size);
        };
        let end = start.saturating_add(entry.packed);
        self.used.push(at..if end <= self.bytes.len() as u64 { end } else { start });
        if own.name != entry.name {
            let [own, other] = [own.shown_name(), entry.shown_name()];
            reading.is(TraitKind::Broken, &format!("two names: {own} and {other}"));
        }
        let bytes = self.bytes;
        if !entry.is_folder() {
            let mut content = span(bytes, start, entry.packed);
            self.member(&Member { header: entry, is_hidden: false }, &mut content, reading)?;
        }
        if disagrees(entry, &own) {
            reading.is(TraitKind::Broken, "a member differs from the directory");
            let packed = if own.has_descriptor() { entry.packed } else { own.packed };
            let own = Header { crc: entry.crc, size: entry.size, packed, ..own };
            let mut content = span(bytes, start, packed);
            self.member(&Member { header: &own, is_hidden: true }, &mut content, reading)?;
        }
        Ok(())
    }

    /// Reads members between what was read.
    fn by_scan(&mut self, has_directory: bool, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let mut used = std::mem::take(&mut self.used);
        used.sort_unstable_by_key(|range| range.start);
        let end = self.bytes.len() as u64;
        let mut gap = 0;
        for range in used {
            if gap < range.start.min(end) {
                self.gap(gap..range.start.min(end), has_directory, reading)?;
            }
            gap = gap.max(range.end);
        }
        if gap < end { self.gap(gap..end, has_directory, reading) } else { Ok(()) }
    }

    fn gap(
        &mut self,
        gap: Range<u64>,
        has_directory: bool,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let mut rest = span(self.bytes, gap.start, gap.end - gap.start);
        while let Some(at) = memmem::find(rest, MEMBER) {
            reading.time()?;
            rest = rest.get(at..).unwrap_or_default();
            let Some((header, length)) = Header::member(rest).filter(|(h, _)| is_likely(h)) else {
                rest = rest.get(MEMBER.len()..).unwrap_or_default();
                continue;
            };
            if has_directory {
                reading.is(TraitKind::Broken, "a member that the directory does not tell");
            }
            rest = rest.get(length as usize..).unwrap_or_default();
            rest = self.found(&header, rest, reading)?;
        }
        Ok(())
    }

    /// Reads a member that begins here; answers what comes after it.
    fn found<'r>(
        &mut self,
        header: &Header,
        rest: &'r [u8],
        reading: &mut Reading<'_>,
    ) -> Result<&'r [u8], ReadError> {
        if header.is_folder() && !header.has_descriptor() {
            return Ok(rest);
        }
        let member = Member { header, is_hidden: true };
        let ends_itself = header.packing() == 8 && !header.is_locked();
        let is_lie = header.packed > rest.len() as u64;
        if is_lie || header.has_descriptor() && header.packed == 0 && ends_itself {
            let mut content = rest;
            self.member(&member, &mut content, reading)?;
            // A size beyond the end hides nothing; only what a decoder took is passed over.
            return Ok(if ends_itself { content } else { rest });
        }
        let length = match header.packed {
            0 if header.has_descriptor() => length_to_mark(rest),
            packed => usize::try_from(packed).unwrap_or(usize::MAX),
        };
        let (mut content, rest) = rest.split_at_checked(length).unwrap_or_default();
        let header = &Header { packed: length as u64, ..header.clone() };
        self.member(&Member { header, ..member }, &mut content, reading)?;
        Ok(rest)
    }

    /// Reads a member; takes what belongs to it from `content`.
    fn member(
        &mut self,
        member: &Member<'_>,
        content: &mut &[u8],
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let header = member.header;
        let mut entry = Entry {
            packed: content.len() as u64,
            is_hidden: member.is_hidden || !is_scanned(header.method),
            ..Entry::named(header.shown_name())
        };
        if !header.is_locked() {
            return content_of(header, entry, content, reading);
        }
        entry.lock = Lock::Locked;
        let Some(opened) = self.keys.open(header, content) else {
            return reading.unreadable(entry, header.size);
        };
        entry.lock = Lock::Opened;
        content_of(header, entry, &mut opened.as_slice(), reading)
    }
}

fn content_of(
    header: &Header,
    entry: Entry,
    content: &mut &[u8],
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    match method(header, content).map(|method| unpacked(method, &mut *content)) {
        Some(Ok(mut unpacked)) => reading.member(entry, &mut unpacked),
        Some(Err(_)) | None => reading.unreadable(entry, header.size),
    }
}

/// Whether what was decrypted unpacks to what the header tells.
fn unpacks(header: &Header, opened: &[u8], reading: &mut Reading<'_>) -> Result<bool, ReadError> {
    let mut content = opened;
    let Some(Ok(mut unpacked)) =
        method(header, &mut content).map(|method| unpacked(method, content))
    else {
        return Ok(false);
    };
    match reading.load(&mut unpacked, opened.len() as u64) {
        Ok(unpacked) => Ok(crc32fast::hash(&unpacked) == header.crc),
        Err(ReadError::Broken(_)) => Ok(false),
        Err(limit) => Err(limit),
    }
}

/// How a member is packed; takes what stands before the packed bytes.
fn method(header: &Header, content: &mut &[u8]) -> Option<Method> {
    Some(match header.packing() {
        0 => Method::Stored,
        8 => Method::Deflate,
        9 => Method::Deflate64,
        12 => Method::Bzip2,
        14 => lzma(header, content)?,
        93 | 20 => Method::Zstd,
        95 => Method::Xz,
        98 => Method::PpmdI,
        _ => return None,
    })
}

fn lzma(header: &Header, content: &mut &[u8]) -> Option<Method> {
    const HAS_END_MARK: u16 = 2;
    let mut fields = Fields::new(content);
    fields.take(4)?;
    let (properties, window) = (fields.u8()?, fields.u32()?);
    *content = fields.rest();
    let size = if header.flags & HAS_END_MARK != 0 { u64::MAX } else { header.size };
    Some(Method::Lzma { properties, window, size })
}

/// What ClamAV 1.4 unpacks by itself.
fn is_scanned(method: u16) -> bool {
    matches!(method, 0 | 8 | 9 | 12)
}

/// Whether a header found by chance is one.
fn is_likely(header: &Header) -> bool {
    matches!(header.method, 0..=20 | 93..=99) && !header.name.contains(&0)
}

/// Whether the member itself tells another content than the directory.
fn disagrees(entry: &Header, own: &Header) -> bool {
    let sizes = !own.has_descriptor() && own.packed != entry.packed;
    sizes || own.packing() != entry.packing() || own.is_locked() != entry.is_locked()
}

/// How many bytes come before the next mark of any kind.
fn length_to_mark(rest: &[u8]) -> usize {
    let is_mark = |at: &usize| {
        let rest = rest.get(*at..).unwrap_or_default();
        [MEMBER, DIRECTORY, DESCRIPTOR].iter().any(|mark| rest.starts_with(mark))
    };
    memmem::find_iter(rest, b"PK").find(is_mark).unwrap_or(rest.len())
}

/// The smallest encrypted member that the directory tells, with its bytes.
fn smallest_locked<'b>(
    bytes: &'b [u8],
    directory: Option<Directory>,
    reading: &mut Reading<'_>,
) -> Result<Option<(Header, &'b [u8])>, ReadError> {
    let Some(directory) = directory else { return Ok(first_locked(bytes)) };
    let mut smallest: Option<(Header, u64)> = None;
    for entry in directory.entries(bytes) {
        reading.time()?;
        let is_smaller = smallest.as_ref().is_none_or(|(known, _)| entry.packed < known.packed);
        if entry.is_locked() && entry.size > 0 && is_smaller {
            let start = directory.shift.saturating_add(entry.offset);
            smallest = Some((entry, start));
        }
    }
    Ok(smallest.and_then(|(entry, at)| {
        let content = entry.content(bytes, at)?;
        Some((entry, content))
    }))
}

/// Without a directory: the first member, if that is encrypted.
fn first_locked(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let (header, start) = Header::member_at(bytes, memmem::find(bytes, MEMBER)? as u64)?;
    let content = span(bytes, start, header.packed);
    header.is_locked().then_some((header, content))
}
