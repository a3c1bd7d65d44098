//! The texts rules read: what `header`, `full` and the others see of a message.

mod fields;
mod header;
mod host;
mod mailboxes;
mod query;
mod sender;

pub(super) use fields::{Fields, is_blank};
pub(super) use query::{HeaderQuery, QueryError};
pub(super) use sender::envelope_from;

use std::borrow::Cow;

use memchr::memchr;

/// Bytes of a message that `full` rules read; the rest is attachments, and time is limited.
const FULL_LIMIT: usize = 1 << 20;

/// The message as `full` rules see it: as sent, with bare line feeds. Rules are written and
/// measured on stored mail, where lines end so; a `\r?$` matches all the same.
pub(super) fn full(raw: &[u8]) -> Cow<'_, [u8]> {
    bare_line_feeds(raw.get(..FULL_LIMIT).unwrap_or(raw))
}

/// Replaces CR LF by LF.
fn bare_line_feeds(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\r', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut bare = Vec::with_capacity(text.len());
    let mut lines = text.split(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_none() {
            bare.extend_from_slice(line);
        } else {
            bare.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            bare.push(b'\n');
        }
    }
    Cow::Owned(bare)
}

#[cfg(test)]
mod tests;
