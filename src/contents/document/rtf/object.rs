//! Objects in RTF: what OLE 1 wrote ([MS-OLEDS], 2.2), mostly around what OLE 2 did.

use std::io::Cursor;

use memchr::memmem;

use crate::{
    contents::{
        document::{
            addresses::is_remote,
            charset,
            little::{size_at, u32_at},
            ole,
        },
        reading::{Entry, ReadError, Reading},
    },
    mail::TraitKind,
};

/// First bytes of a compound file.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// An object's head.
struct Head<'b> {
    is_link: bool,
    class: String,
    topic: String,
    /// Its size, and its bytes.
    data: &'b [u8],
}

/// Bytes from digits; anything else between them is nothing.
pub(super) fn digits(text: &[u8]) -> Vec<u8> {
    let mut digits = text.iter().filter_map(|&byte| char::from(byte).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len() / 2);
    while let (Some(high), Some(low)) = (digits.next(), digits.next()) {
        bytes.push((high << 4 | low) as u8);
    }
    bytes
}

/// Reads an object.
///
/// # Errors
/// The budget is used up.
pub(super) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let head = head(bytes);
    if let Some(head) = &head {
        reading.is(TraitKind::Object, &head.class);
        if head.is_link || is_remote(&head.topic) {
            reading.is(TraitKind::External, &head.topic);
            reading.uri(&head.topic);
        }
    } else {
        reading.is(TraitKind::Object, "object");
    }
    // Heads may lie; a compound file is seen without them.
    if let Some(at) = memmem::find(bytes, COMPOUND) {
        return member(String::new(), bytes.get(at..).unwrap_or_default(), reading);
    }
    let Some(head) = head.filter(|head| !head.is_link) else {
        return member(String::new(), bytes, reading);
    };
    let (name, file) = ole::packaged(head.data);
    member(name, file, reading)
}

fn member(name: String, bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let entry = Entry { name, packed: bytes.len() as u64, ..Entry::default() };
    reading.member(entry, &mut Cursor::new(bytes))
}

fn head(bytes: &[u8]) -> Option<Head<'_>> {
    let format = u32_at(bytes, 4)?;
    let (class, rest) = text(bytes.get(8..)?)?;
    let (topic, rest) = text(rest)?;
    let (_, data) = text(rest)?;
    matches!(format, 1 | 2).then_some(Head { is_link: format == 1, class, topic, data })
}

/// A text with its length before, and what is behind.
fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let size = size_at(bytes, 0).filter(|size| *size <= 4_096)?;
    let rest = bytes.get(4..)?;
    let text = charset::western(rest.get(..size)?);
    Some((text.trim_end_matches('\0').to_owned(), rest.get(size..)?))
}
