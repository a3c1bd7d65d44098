//! The header as rules see it: SpamAssassin's view, which is more patient with broken lines than
//! mail servers are.
//!
//! - A line that is no field is passed over; the fourth ends the header, and so does a line that
//!   begins with `--`.
//! - What stands before the first colon is the name, whatever it is.
//! - Values are cut at 8 KiB.
//! - Fields named `X-Spam-…` are no part of the message: another filter's opinion is no fact. Only
//!   `ALL:raw` has them.

use std::{borrow::Cow, cell::OnceCell, cmp::Ordering, ops::Range};

use memchr::{memchr, memrchr};

use super::mailboxes::{Mailbox, mailboxes};
use crate::mail::decode_words;

/// The longest value that is read, in bytes.
const LONGEST_VALUE: usize = 8 << 10;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 256;

/// How many lines may be no fields.
const MOST_ERRORS: usize = 3;

/// The most fields that are read; what follows is passed over.
const MOST_FIELDS: usize = 10_000;

/// The fields of a message, ready to be asked for by name as often as there are rules.
#[derive(Debug, Default)]
pub(in super::super) struct Fields<'c> {
    list: Vec<Field<'c>>,
    /// Indices, those of one name together and in order; names by [`compare`].
    by_name: Vec<usize>,
    /// Every field with its folds as it was sent, and lines that are none.
    lines: Vec<&'c [u8]>,
}

/// One field.
#[derive(Debug)]
pub(in super::super) struct Field<'c> {
    /// The name as sent.
    pub(in super::super) name: &'c [u8],
    /// What stands behind the colon, folds and the last line end included; line ends are LF.
    pub(in super::super) raw: Cow<'c, [u8]>,
    decoded: OnceCell<String>,
    mailboxes: OnceCell<Vec<Mailbox>>,
    /// Of the first field of a name: what [`Fields::joined`] answers.
    joined: OnceCell<String>,
}

impl Field<'_> {
    /// The value on one line, trimmed, in Unicode, with encoded words decoded.
    pub(in super::super) fn decoded(&self) -> &str {
        self.decoded.get_or_init(|| {
            let line = unfolded(&self.raw);
            let line = trimmed(&line);
            if has_words(self.name) { decoded(line) } else { unicode(line).into_owned() }
        })
    }

    /// The mailboxes that the value lists as it was sent.
    pub(super) fn mailboxes(&self) -> &[Mailbox] {
        self.mailboxes.get_or_init(|| mailboxes(&self.raw))
    }
}

impl<'c> Fields<'c> {
    /// Reads the header of a message.
    pub(in super::super) fn of(message: &'c [u8]) -> Self {
        let first = line_end(message, 0);
        let is_mbox = is_mbox_line(message.get(..first).unwrap_or_default());
        let start = if is_mbox { first } else { 0 };
        let last = message.len().saturating_sub(1);
        let last = message.get(..last).and_then(|text| memrchr(b'\n', text));
        let first_line = message.get(start..line_end(message, start)).unwrap_or_default();
        let last_line = message.get(last.map_or(0, |at| at + 1)..).unwrap_or_default();
        let has_crlf = first_line.ends_with(b"\r\n") || last_line.ends_with(b"\r\n");
        let mut fields = Self::default();
        for place in places(message, start, has_crlf) {
            let line = message.get(place).unwrap_or_default();
            fields.lines.push(line);
            fields.add(line, has_crlf);
        }
        fields.sort();
        fields
    }

    /// All of them, first to last.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &Field<'c>> {
        self.list.iter()
    }

    /// Those of a name in lower case, first to last.
    pub(in super::super) fn named(
        &self,
        name: &str,
    ) -> impl DoubleEndedIterator<Item = &Field<'c>> {
        let order = |&index: &usize| {
            self.list
                .get(index)
                .map_or(Ordering::Less, |field| compare(field.name, name.as_bytes()))
        };
        let start = self.by_name.partition_point(|index| order(index).is_lt());
        let from_start = self.by_name.get(start..).unwrap_or_default();
        let length = from_start.iter().take_while(|index| order(index).is_eq()).count();
        let indices = from_start.get(..length).unwrap_or_default();
        indices.iter().filter_map(|&index| self.list.get(index))
    }

    /// Whether there is one of this name, in lower case.
    pub(in super::super) fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// The fields as sent, name, folds and line ends included.
    pub(in super::super) fn lines(&self) -> impl Iterator<Item = &'c [u8]> {
        self.lines.iter().copied()
    }

    /// The decoded values of all fields of a name in lower case, each with a line feed behind it.
    pub(in super::super) fn joined(&self, name: &str) -> &str {
        let mut fields = self.named(name).peekable();
        let Some(first) = fields.peek().copied() else { return "" };
        first.joined.get_or_init(|| {
            let mut text = String::new();
            for field in fields {
                text.push_str(field.decoded());
                text.push('\n');
            }
            text
        })
    }

    fn add(&mut self, line: &'c [u8], has_crlf: bool) {
        let Some(colon) = memchr(b':', line) else { return };
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        if self.list.len() >= MOST_FIELDS {
            return;
        }
        let end = name.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'));
        let name = name.get(..end.map_or(0, |end| end + 1)).unwrap_or_default();
        let name = name.get(..LONGEST_NAME).unwrap_or(name);
        if name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"X-Spam-")) {
            return;
        }
        let value = value.get(1..).unwrap_or_default();
        let raw = if has_crlf { super::bare_line_feeds(value) } else { Cow::Borrowed(value) };
        let raw = match raw {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(..LONGEST_VALUE).unwrap_or(text)),
            Cow::Owned(mut text) => {
                text.truncate(LONGEST_VALUE);
                Cow::Owned(text)
            }
        };
        let (decoded, mailboxes, joined) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        self.list.push(Field { name, raw, decoded, mailboxes, joined });
    }

    fn sort(&mut self) {
        let name = |&index: &usize| self.list.get(index).map_or(&b""[..], |field| field.name);
        let mut by_name: Vec<usize> = (0..self.list.len()).collect();
        by_name.sort_by(|one, other| compare(name(one), name(other)));
        self.by_name = by_name;
    }
}

/// An order of names in which case does not count: shorter ones first, which tells most apart.
fn compare(one: &[u8], other: &[u8]) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| {
        let lower = u8::to_ascii_lowercase;
        one.iter().map(lower).cmp(other.iter().map(lower))
    })
}

/// The line that mbox files put before a message.
fn is_mbox_line(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From") else { return false };
    let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
    blanks > 1 || (blanks == 1 && rest.get(1) != Some(&b':'))
}

/// Where the line that begins at `start` ends, its line feed included.
fn line_end(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    memchr(b'\n', rest).map_or(text.len(), |at| start + at + 1)
}

/// Where fields stand, folds included, and lines that are none.
fn places(message: &[u8], mut start: usize, has_crlf: bool) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut errors = 0;
    while start < message.len() {
        let end = line_end(message, start);
        let line = message.get(start..end).unwrap_or_default();
        let is_fold = line.starts_with(b" ") || line.starts_with(b"\t");
        if let Some(place) = places.last_mut().filter(|_| is_fold) {
            place.end = end;
            start = end;
            continue;
        }
        let is_empty = line == b"\n" || (has_crlf && line == b"\r\n");
        errors += usize::from(!(is_fold || is_field(line)));
        if is_empty || line.starts_with(b"--") || errors > MOST_ERRORS {
            break;
        }
        places.push(start..end);
        start = end;
    }
    places
}

/// Whether a line begins with a name of printable ASCII and a colon (RFC 5322, section 2.2).
fn is_field(line: &[u8]) -> bool {
    let name = line.iter().take_while(|byte| byte.is_ascii_graphic() && **byte != b':').count();
    let rest = line.get(name..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    name > 0 && rest.get(blanks) == Some(&b':')
}

/// Fields in which no encoded word means anything (RFC 2047, section 5).
const FOR_MACHINES: [&str; 8] = [
    "received",
    "message-id",
    "date",
    "resent-message-id",
    "resent-date",
    "mime-version",
    "references",
    "in-reply-to",
];

fn has_words(name: &[u8]) -> bool {
    let is_list = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"list-"));
    !is_list && !FOR_MACHINES.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}

/// What `\s` means for bytes.
pub(in super::super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// A text without blanks at its ends.
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|&byte| !is_blank(byte)).map_or(start, |end| end + 1);
    text.get(start..end).unwrap_or_default()
}

/// A value on one line: each line feed with the blanks behind it becomes one blank.
fn unfolded(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    for (index, line) in value.split(|&byte| byte == b'\n').enumerate() {
        if index == 0 {
            out.extend_from_slice(line);
            continue;
        }
        let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if blanks > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(line.get(blanks..).unwrap_or_default());
    }
    Cow::Owned(out)
}

/// A value as written on one line, as SpamAssassin unfolds `:raw` values of several fields.
pub(super) fn unfolded_raw(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        let blanks = behind.iter().take_while(|byte| is_blank(**byte)).count();
        if byte == b'\n' && blanks > 0 {
            out.push(b' ');
            rest = behind.get(blanks..).unwrap_or_default();
        } else {
            out.push(byte);
        }
    }
    out
}

/// Bytes in Unicode, encoded words decoded (RFC 2047).
pub(super) fn decoded(text: &[u8]) -> String {
    let text = unicode(text);
    if text.contains("=?") { decode_words(text.as_bytes()) } else { text.into_owned() }
}

/// The same of a text that may be folded.
pub(super) fn decoded_line(text: &[u8]) -> String {
    let mut line = Vec::with_capacity(text.len());
    for (index, part) in text.split(|&byte| byte == b'\n').enumerate() {
        match part.split_first() {
            Some((b'\t', rest)) if index > 0 => {
                line.push(b' ');
                line.extend_from_slice(rest);
            }
            _ => line.extend_from_slice(part),
        }
    }
    decoded(&line)
}

/// Bytes that are UTF-8, or else windows-1252.
pub(super) fn unicode(text: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(text.iter().map(|&byte| windows_1252(byte)).collect()),
    }
}

fn windows_1252(byte: u8) -> char {
    let special = byte.checked_sub(0x80).and_then(|at| WINDOWS_1252.get(usize::from(at)));
    special.copied().unwrap_or(char::from(byte))
}

/// What windows-1252 has where Latin-1 has control characters; U+FFFD where it has nothing.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];
