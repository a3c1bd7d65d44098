//! Values of header fields in Unicode: unfolded, and with encoded words read (RFC 2047).
//!
//! As SpamAssassin reads them: neighbours in one charset are joined before the charset is taken
//! off, since senders cut characters in two; bytes that are no UTF-8 are windows-1252.

use std::borrow::Cow;

use super::{
    charset,
    entity::transfer::{base64, quoted_printable},
    lines::without_line_end,
};

/// How much of a value is read, in bytes.
pub(super) const LONGEST_VALUE: usize = 8_192;

/// Fields in which no encoded word means anything; those of resent messages as well.
const FOR_MACHINES: &[&[u8]] = &[
    b"received",
    b"message-id",
    b"date",
    b"resent-message-id",
    b"resent-date",
    b"mime-version",
    b"references",
    b"in-reply-to",
];

/// The value of a field as people read it: its first 8 KiB unfolded, trimmed and decoded. Encoded
/// words stay as they are in fields for machines: Received, Message-ID, Date, List-* and the like.
pub(super) fn value(name: &[u8], raw: &[u8]) -> String {
    let line = unfolded(beginning(raw));
    if has_words(name) { decode(trimmed(&line)) } else { unicode(trimmed(&line)).into_owned() }
}

/// The beginning of a value that is read; a CRLF counts as one byte.
fn beginning(raw: &[u8]) -> &[u8] {
    let mut left = LONGEST_VALUE;
    let mut end = 0;
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        let length = line.len() - usize::from(line.ends_with(b"\r\n"));
        if length > left {
            end += left;
            break;
        }
        left -= length;
        end += line.len();
    }
    raw.get(..end).unwrap_or(raw)
}

/// Whether encoded words mean something in a field (RFC 2047, section 5).
fn has_words(name: &[u8]) -> bool {
    let is_list = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"list-"));
    !is_list && !FOR_MACHINES.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// A value on one line: each line end with the blanks behind it becomes one blank. A line end that
/// no blank follows goes.
pub(super) fn unfolded(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\n') {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    for (number, line) in value.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
        let blanks = if number == 0 { 0 } else { line.iter().take_while(is_blank).count() };
        if blanks > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(without_line_end(line.get(blanks..).unwrap_or_default()));
    }
    Cow::Owned(out)
}

fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t'..=b'\r', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'..=b'\r'] = text {
        text = rest;
    }
    text
}

fn unicode(text: &[u8]) -> Cow<'_, str> {
    charset::text(text, "utf-8").chars
}

/// Text with each encoded word replaced by what it stands for. Blanks between two words go.
pub fn decode(text: &[u8]) -> String {
    let text = unicode(text);
    // Looking for one character is much faster than for two.
    if !text.contains('?') {
        return text.into_owned();
    }
    let mut pieces = Pieces::default();
    let mut rest = text.as_ref();
    let mut is_behind_word = false;
    while let Some(at) = rest.find("=?") {
        let (plain, candidate) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let Some(word) = read(candidate) else {
            pieces.add_plain(rest.get(..at + 1).unwrap_or_default());
            rest = rest.get(at + 1..).unwrap_or_default();
            is_behind_word = false;
            continue;
        };
        let is_gap = is_behind_word && !plain.is_empty() && plain.trim_ascii_start().is_empty();
        if !is_gap {
            pieces.add_plain(plain);
        }
        pieces.add(&word);
        rest = word.rest;
        is_behind_word = true;
    }
    pieces.add_plain(rest);
    pieces.into_text()
}

/// Decoded so far, and the bytes of neighbouring words whose charset is still on.
#[derive(Default)]
struct Pieces {
    text: String,
    charset: String,
    bytes: Vec<u8>,
}

impl Pieces {
    fn add_plain(&mut self, plain: &str) {
        if !plain.is_empty() {
            self.close();
            self.text.push_str(plain);
        }
    }

    fn add(&mut self, word: &Word<'_>) {
        if !word.charset.eq_ignore_ascii_case(&self.charset) {
            self.close();
            word.charset.clone_into(&mut self.charset);
        }
        self.bytes.extend_from_slice(&word.bytes);
    }

    fn close(&mut self) {
        let charset = self.charset.split('*').next().unwrap_or_default();
        if !self.bytes.is_empty() {
            self.text.push_str(&charset::text_of_word(&self.bytes, charset));
        }
        self.bytes.clear();
        self.charset.clear();
    }

    fn into_text(mut self) -> String {
        self.close();
        self.text
    }
}

/// One encoded word as written.
struct Word<'t> {
    /// With the language behind an asterisk (RFC 2231).
    charset: &'t str,
    bytes: Vec<u8>,
    rest: &'t str,
}

/// `=?charset*language?Q?text?=` at the beginning of `text`.
fn read(text: &str) -> Option<Word<'_>> {
    let (charset, behind) = text.strip_prefix("=?")?.split_once('?')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'_' | b'-');
    if charset.is_empty() || !charset.bytes().all(is_name) {
        return None;
    }
    let (encoding, behind) = behind.split_at_checked(1)?;
    let (content, behind) = behind.strip_prefix('?')?.split_once('?')?;
    let rest = behind.strip_prefix('=')?;
    let bytes = match encoding {
        "q" | "Q" => quoted_printable(content.replace('_', "=20").as_bytes()),
        "b" | "B" => base64(content.as_bytes()),
        _ => return None,
    };
    Some(Word { charset, bytes, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_decoded_and_the_rest_kept() {
        for (text, decoded) in [
            ("plain", "plain"),
            ("=?utf-8?Q?caf=C3=A9?=", "café"),
            ("=?utf-8*fr?q?a_b?= c", "a b c"),
            ("x =?iso-8859-1?B?6Q==?= y", "x é y"),
            ("=?utf-8?Q?a?=  =?utf-8?Q?b?=", "ab"),
            ("=?utf-8?Q?a?= - =?utf-8?Q?b?=", "a - b"),
            ("=?utf-8?Q?=C3?= =?UTF-8?Q?=A9?=", "é"),
            ("=?utf-8?Q?a?= =?koi8-r?Q?=F0?=", "aП"),
            ("a=?utf-8?Q?b?=c", "abc"),
            ("=?utf-8?Q?a b?=", "a b"),
            ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
            ("=?utf-8?Q?a", "=?utf-8?Q?a"),
            ("=?", "=?"),
            ("=??Q?a?=", "=??Q?a?="),
            ("=?=?utf-8?Q?a?=", "=?a"),
            ("=?utf-8?Q??=", ""),
            ("=?utf-8?Q?a?b?=", "=?utf-8?Q?a?b?="),
        ] {
            assert_eq!(decode(text.as_bytes()), decoded, "{text}");
        }
    }

    #[test]
    fn values_are_unfolded_trimmed_and_decoded() {
        for (name, raw, decoded) in [
            ("Subject", &b" a \r\n\t b\r\n"[..], "a  b"),
            ("Subject", b"\n a", "a"),
            ("Subject", b"caf\xe9", "café"),
            ("Subject", b"=?utf-8?q?a?=", "a"),
            ("Content-Type", b"=?utf-8?q?a?=", "a"),
            ("List-Id", b"=?utf-8?q?a?=", "=?utf-8?q?a?="),
            ("Resent-Date", b"=?utf-8?q?a?=", "=?utf-8?q?a?="),
            ("X-Received", b"=?utf-8?q?a?=", "a"),
        ] {
            assert_eq!(value(name.as_bytes(), raw), decoded, "{name}");
        }
    }
}
