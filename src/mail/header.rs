//! Header fields, byte for byte and decoded (RFC 5322, section 2.2).
//!
//! Our own splitter, since ranges must be exact for signatures and for removing a field, whatever
//! bytes it holds. It reads fields as SMTP servers do:
//! - a field begins with a name (no blanks or control characters) and a colon, blanks before the
//!   colon allowed; lines that begin with a blank continue it;
//! - the block ends at the first empty line, or before the first line that is neither: that line
//!   is already the body;
//! - an mbox `From ` line at the very beginning is passed over.

use std::ops::Range;

use super::{
    encoded_word,
    lines::{next_line, without_line_end},
};

/// The most fields that are read from one header, and from all headers of a message together.
pub(super) const MOST_FIELDS: usize = 10_000;

/// One header field of the message or of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// As written, without the colon and blanks before it.
    pub name: String,
    /// Where the whole field stands in the raw message, its last line end included. Empty for
    /// fields of a message that was attached in a transfer encoding: they do not stand there.
    pub field: Range<usize>,
    /// Where its value stands: from just behind the colon to before the last line end; folded
    /// lines and the blank behind the colon included.
    pub value: Range<usize>,
    /// The value unfolded (each fold is one blank), with encoded words (RFC 2047) decoded,
    /// trimmed; of at most its first 8 KiB. Bytes that are no UTF-8 are read as windows-1252.
    /// Encoded words stay as they are in fields that hold no text for people: Received,
    /// Message-ID, Date, References, List-* and the like.
    pub decoded: String,
}

/// The fields at the head of a message or part, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderBlock {
    /// The fields; at most 10,000.
    pub fields: Vec<Header>,
}

impl HeaderBlock {
    /// Reads the fields at the beginning of `raw`: a header alone or with the body behind it.
    /// Never fails: what is no field ends the block. Ranges count from the beginning of `raw`.
    pub fn parse(raw: &[u8]) -> Self {
        read(raw, 0, Scope::Message, &mut MOST_FIELDS.clone()).block
    }

    /// All fields of this name (compared without case), first to last.
    pub fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Header> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The decoded value of the first field of this name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.decoded.as_str())
    }
}

/// Where a header stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// At the beginning of everything.
    Message,
    /// In a multipart, where a line that begins with two hyphens may be a boundary.
    Part,
}

/// A header that was read.
#[derive(Debug)]
pub(super) struct Head {
    /// Its fields.
    pub(super) block: HeaderBlock,
    /// Where the body begins.
    pub(super) body: usize,
    /// Whether an empty line separates it from the body, or nothing follows.
    pub(super) is_separated: bool,
}

/// Reads a header from `start` on. Each field takes one from `budget`; with none left, fields are
/// passed over unread.
pub(super) fn read(bytes: &[u8], start: usize, scope: Scope, budget: &mut usize) -> Head {
    let mut block = HeaderBlock::default();
    let mut at = start;
    if is_mbox_line(bytes.get(start..).unwrap_or_default()) {
        at = next_line(bytes, at);
    }
    while at < bytes.len() {
        let line_end = next_line(bytes, at);
        let line = bytes.get(at..line_end).unwrap_or_default();
        if without_line_end(line).is_empty() {
            return Head { block, body: line_end, is_separated: true };
        }
        let Some(colon) = colon(line, scope) else {
            return Head { block, body: at, is_separated: false };
        };
        let end = field_end(bytes, line_end);
        if let Some(left) = budget.checked_sub(1) {
            *budget = left;
            block.fields.push(field(bytes, at..end, colon));
        }
        at = end;
    }
    Head { block, body: bytes.len(), is_separated: true }
}

/// The line that mbox files put before a message.
fn is_mbox_line(bytes: &[u8]) -> bool {
    bytes.starts_with(b"From ") || bytes.starts_with(b">From ")
}

/// Where the colon stands in the first line of a field; `None` if the line is none.
fn colon(line: &[u8], scope: Scope) -> Option<usize> {
    if scope == Scope::Part && line.starts_with(b"--") {
        return None;
    }
    let is_name = |byte: &u8| !matches!(byte, 0..=b' ' | b':' | 0x7f);
    let name = line.iter().take_while(|byte| is_name(byte)).count();
    let rest = line.get(name..)?;
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (name > 0 && rest.get(blanks) == Some(&b':')).then_some(name + blanks)
}

/// The end of a field whose first line ends at `line_end`: behind its last continuation.
fn field_end(bytes: &[u8], mut line_end: usize) -> usize {
    while matches!(bytes.get(line_end), Some(b' ' | b'\t')) {
        line_end = next_line(bytes, line_end);
    }
    line_end
}

/// Reads the field that stands in `place`; the colon is the `colon`th byte of it.
fn field(bytes: &[u8], place: Range<usize>, colon: usize) -> Header {
    let whole = bytes.get(place.clone()).unwrap_or_default();
    let name = whole.get(..colon).unwrap_or_default().trim_ascii_end();
    let value_start = place.start + colon + 1;
    let value = without_line_end(bytes.get(value_start..place.end).unwrap_or_default());
    Header {
        name: String::from_utf8_lossy(name).into_owned(),
        field: place,
        value: value_start..value_start + value.len(),
        decoded: encoded_word::value(name, value),
    }
}
