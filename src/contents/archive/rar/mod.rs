//! RAR archives, of version 4 and before, and of version 5: names, sizes, what is encrypted, and the members
//! that are merely stored.
//!
//! Nothing that may be used here unpacks the rest: the one decoder that is complete has a licence that
//! forbids to write another, and those written anew are too young for hostile files.

mod five;
mod four;
#[cfg(test)]
pub(super) mod tests;

use crate::{
    contents::{
        archive::fields::{Fields, span},
        reading::{Entry, ReadError, Reading},
    },
    mail::{Lock, TraitKind},
};

const SIGNATURE_FOUR: &[u8] = b"Rar!\x1a\x07\0";
const SIGNATURE_FIVE: &[u8] = b"Rar!\x1a\x07\x01\0";

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    if let Some(rest) = bytes.strip_prefix(SIGNATURE_FIVE) {
        return blocks(rest, five::block, reading);
    }
    match bytes.strip_prefix(SIGNATURE_FOUR) {
        Some(rest) => blocks(rest, four::block, reading),
        None => Err(ReadError::broken("no header")),
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
    LockedHeaders,
    End,
    Other,
}

/// What a header says of a file.
struct File {
    name: String,
    size: u64,
    is_folder: bool,
    is_locked: bool,
    is_stored: bool,
    /// It begins in the volume before, or goes on in the next.
    is_part: bool,
}

fn blocks(
    bytes: &[u8],
    block: fn(Fields<'_>) -> Option<Block>,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let mut at = 0;
    while at < bytes.len() as u64 {
        reading.time()?;
        let fields = Fields::at(bytes, at);
        let Some(block) = fields.and_then(block).filter(|block| block.header > 0) else {
            return Err(ReadError::broken("no header"));
        };
        at = at.saturating_add(block.header);
        match block.what {
            What::File(file) => self::file(file, span(bytes, at, block.content), reading)?,
            What::LockedHeaders => {
                reading.lock(Lock::Locked);
                return Ok(());
            }
            What::End => return Ok(()),
            What::Other => {}
        }
        at = at.saturating_add(block.content);
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
    if file.is_locked || !file.is_stored {
        return reading.unreadable(entry, file.size);
    }
    if packed < file.size && !file.is_part {
        reading.is(TraitKind::Broken, "cut off");
    }
    reading.member(entry, &mut content)
}
