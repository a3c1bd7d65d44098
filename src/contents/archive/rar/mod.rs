//! RAR archives, of version 4 and before, and of version 5. Headers are read here: names, sizes, and what is
//! encrypted. What is merely stored is read here, too; an archive with anything more in it is unpacked by
//! [`unpack::rar`], and listed here if that fails.

mod five;
mod four;
#[cfg(test)]
pub(super) mod tests;

use std::{
    io::{self, Read},
    time::Instant,
};

use crate::{
    contents::{
        archive::{
            fields::{Fields, span},
            lock::MOST_TRIES,
        },
        reading::{Entry, ReadError, Reading},
        unpack,
    },
    mail::{Lock, TraitKind},
};

const SIGNATURE_FOUR: &[u8] = b"Rar!\x1a\x07\0";
const SIGNATURE_FIVE: &[u8] = b"Rar!\x1a\x07\x01\0";

/// The dearest key that is made of passwords; WinRAR takes 15, and up to 24 are allowed, which take minutes.
const DEAREST_KEY: u8 = 18;

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let blocks = blocks(bytes).ok_or_else(|| ReadError::broken("no header"))?;
    let mut found = Contents::default();
    for block in blocks.clone() {
        reading.time()?;
        found.add(&block);
    }
    if found.is_packed || found.is_locked {
        let is_tried = found.is_locked && found.cost <= DEAREST_KEY;
        let password = if is_tried { password(bytes, reading)? } else { None };
        if found.has_locked_headers {
            reading.lock(if password.is_some() { Lock::Opened } else { Lock::Locked });
        }
        if let Some(end) = unpacked(bytes, password.as_deref(), reading) {
            return end;
        }
    }
    list(blocks, reading)
}

/// What an archive has in it.
#[derive(Default)]
struct Contents {
    is_packed: bool,
    is_locked: bool,
    has_locked_headers: bool,
    /// The dearest key.
    cost: u8,
}

impl Contents {
    fn add(&mut self, block: &Placed<'_>) {
        match &block.what {
            What::File(file) => {
                self.is_packed |= !file.is_stored && !file.is_folder;
                self.is_locked |= file.is_locked;
                self.cost = self.cost.max(file.cost);
            }
            What::LockedHeaders { cost } => {
                (self.is_locked, self.has_locked_headers) = (true, true);
                self.cost = self.cost.max(*cost);
            }
            What::End | What::Damaged | What::Other => {}
        }
    }
}

/// The password that opens it, of those that the message tells.
fn password(bytes: &[u8], reading: &mut Reading<'_>) -> Result<Option<String>, ReadError> {
    for password in reading.passwords().iter().take(MOST_TRIES) {
        reading.time()?;
        if unpack::rar::opens(bytes, password, reading.deadline()) {
            return Ok(Some(password.clone()));
        }
    }
    Ok(None)
}

/// Reads the members; `None` if not one could be told.
fn unpacked(
    bytes: &[u8],
    password: Option<&str>,
    reading: &mut Reading<'_>,
) -> Option<Result<(), ReadError>> {
    let mut visitor = Visitor { reading, has_told: false, limit: Ok(()) };
    let unpacked = unpack::rar::members(bytes, password, &mut visitor);
    let Visitor { has_told, limit, .. } = visitor;
    match (limit, unpacked) {
        (Err(limit), _) => Some(Err(limit)),
        (Ok(()), Ok(())) => Some(Ok(())),
        (Ok(()), Err(error)) => has_told.then(|| Err(ReadError::broken(error))),
    }
}

/// Tells what is unpacked.
struct Visitor<'r, 'p> {
    reading: &'r mut Reading<'p>,
    has_told: bool,
    limit: Result<(), ReadError>,
}

impl unpack::rar::Visitor for Visitor<'_, '_> {
    fn room(&mut self, packed: u64) -> u64 {
        self.reading.room(packed)
    }

    fn deadline(&self) -> Instant {
        self.reading.deadline()
    }

    fn member(&mut self, member: unpack::rar::Member) -> bool {
        self.has_told = true;
        let lock = match (member.is_locked, &member.content) {
            (false, _) => Lock::None,
            (true, None) => Lock::Locked,
            (true, Some(_)) => Lock::Opened,
        };
        let entry = Entry { name: member.name, packed: member.packed, lock, is_hidden: true };
        self.limit = match member.content {
            None => self.reading.unreadable(entry, member.size),
            Some(content) => {
                let end = End(member.error);
                self.reading.member(entry, &mut content.as_slice().chain(end))
            }
        };
        self.limit.is_ok()
    }
}

/// The end of what could be read, or why there is no more.
struct End(Option<String>);

impl Read for End {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), |error| Err(io::Error::other(error)))
    }
}

/// A block of an archive.
struct Block {
    what: What,
    /// How long its header is, and what comes after that, in bytes.
    header: u64,
    content: u64,
}

/// What a block is.
enum What {
    File(File),
    /// All headers from here on are encrypted.
    LockedHeaders {
        cost: u8,
    },
    End,
    /// None that can be read.
    Damaged,
    Other,
}

/// Reads the block that begins here.
type Parse = fn(Fields<'_>) -> Option<Block>;

/// What a header says of a file.
struct File {
    name: String,
    size: u64,
    is_folder: bool,
    is_locked: bool,
    /// How dear a key is: the exponent of the number of steps, where that can be chosen.
    cost: u8,
    is_stored: bool,
    /// It begins in the volume before, or goes on in the next.
    is_part: bool,
}

/// A block in its place.
struct Placed<'b> {
    what: What,
    content: &'b [u8],
}

/// The blocks of an archive, up to the end or where it is damaged; `None`: it is none.
fn blocks(bytes: &[u8]) -> Option<impl Iterator<Item = Placed<'_>> + Clone> {
    let five = bytes.strip_prefix(SIGNATURE_FIVE).map(|rest| (rest, five::block as Parse));
    let four = bytes.strip_prefix(SIGNATURE_FOUR).map(|rest| (rest, four::block as Parse));
    let (bytes, parse) = five.or(four)?;
    let mut at = Some(0);
    Some(std::iter::from_fn(move || {
        let start = at.filter(|at| *at < bytes.len() as u64)?;
        let block = Fields::at(bytes, start).and_then(parse).filter(|block| block.header > 0);
        let Some(block) = block else {
            at = None;
            return Some(Placed { what: What::Damaged, content: &[] });
        };
        let start = start.saturating_add(block.header);
        let is_last = matches!(block.what, What::End | What::LockedHeaders { .. });
        at = (!is_last).then(|| start.saturating_add(block.content));
        Some(Placed { what: block.what, content: span(bytes, start, block.content) })
    }))
}

/// Tells what the headers tell, and what is merely stored.
fn list<'b>(
    blocks: impl Iterator<Item = Placed<'b>>,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    for Placed { what, content } in blocks {
        reading.time()?;
        match what {
            What::File(file) => self::file(file, content, reading)?,
            What::Damaged => return Err(ReadError::broken("no header")),
            What::LockedHeaders { .. } | What::End | What::Other => {}
        }
    }
    Ok(())
}

fn file(file: File, mut content: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    if file.is_folder {
        return Ok(());
    }
    let lock = if file.is_locked { Lock::Locked } else { Lock::None };
    // Debian's clamd opens these archives only with a package that is not free.
    let packed = content.len() as u64;
    let entry = Entry { name: file.name, packed, lock, is_hidden: true };
    let is_link = packed == 0 && file.size > 0;
    if file.is_locked || !file.is_stored || is_link {
        return reading.unreadable(entry, file.size);
    }
    if packed < file.size && !file.is_part {
        reading.is(TraitKind::Broken, "cut off");
    }
    reading.member(entry, &mut content)
}
