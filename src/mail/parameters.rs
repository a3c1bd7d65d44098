//! Structured MIME fields: a value and its parameters (RFC 2045, RFC 2183, RFC 2231).
//!
//! Our own reader, since what a file is called decides whether it is dangerous, and mail readers
//! take far more than the grammar allows: `filename=invoice (1).exe` without quotes is a name.

use super::{
    decode::{unescape, unicode},
    encoded_word,
};

/// How much of a structured field is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// A value such as `text/plain` with its parameters.
#[derive(Debug, Default)]
pub(super) struct Structured {
    /// What stands before the first `;`, in lower case, without comments and blanks.
    pub(super) value: String,
    /// Names in lower case, with the marks of RFC 2231, and values without their quotes.
    parameters: Vec<(String, Vec<u8>)>,
}

impl Structured {
    /// Reads an unfolded value.
    pub(super) fn parse(text: &[u8]) -> Self {
        let text = text.get(..LONGEST).unwrap_or(text);
        let (head, mut rest) = split_at_byte(text, b';');
        let without_comment = split_at_byte(head, b'(').0;
        let value = String::from_utf8_lossy(without_comment).to_ascii_lowercase();
        let value = value.split_whitespace().collect();
        let mut parameters = Vec::new();
        while !rest.is_empty() {
            let (parameter, behind) = read_parameter(rest);
            parameters.extend(parameter);
            rest = behind;
        }
        Self { value, parameters }
    }

    /// A parameter's value in Unicode, its pieces joined and encoded words decoded.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let mut pieces: Vec<Piece<'_>> =
            self.parameters.iter().filter_map(|(key, value)| piece(name, key, value)).collect();
        pieces.sort_by_key(|piece| piece.number);
        let first = pieces.first()?;
        if first.is_plain {
            return Some(encoded_word::decode(first.value));
        }
        let mut charset = None;
        let mut bytes = Vec::new();
        for piece in &pieces {
            let mut value = piece.value;
            if piece.is_encoded && charset.is_none() {
                (charset, value) = split_charset(value);
            }
            if piece.is_encoded {
                bytes.extend_from_slice(&percent_decode(value));
            } else if !piece.is_plain {
                bytes.extend_from_slice(value);
            }
        }
        Some(unicode(charset.as_deref(), &bytes))
    }

    /// A parameter's bytes as written, for boundaries.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }
}

/// One parameter, or one part of one that was split (RFC 2231, section 3).
struct Piece<'v> {
    value: &'v [u8],
    /// Its place; the plain form `name=` stands behind all others, which are preferred.
    number: u32,
    is_encoded: bool,
    is_plain: bool,
}

/// `key` as a piece of the parameter `name`: `name`, `name*`, `name*0`, `name*0*`.
fn piece<'v>(name: &str, key: &str, value: &'v [u8]) -> Option<Piece<'v>> {
    let marks = key.strip_prefix(name)?;
    if marks.is_empty() {
        return Some(Piece { value, number: u32::MAX, is_encoded: false, is_plain: true });
    }
    let marks = marks.strip_prefix('*')?;
    let number = marks.strip_suffix('*').unwrap_or(marks);
    let is_encoded = marks.is_empty() || marks.ends_with('*');
    let number = if number.is_empty() { 0 } else { number.parse().ok()? };
    Some(Piece { value, number, is_encoded, is_plain: false })
}

/// `charset'language'rest`.
fn split_charset(value: &[u8]) -> (Option<String>, &[u8]) {
    let (charset, rest) = split_at_byte(value, b'\'');
    match rest.iter().position(|&byte| byte == b'\'') {
        Some(quote) => (
            Some(String::from_utf8_lossy(charset).into_owned()).filter(|name| !name.is_empty()),
            rest.get(quote + 1..).unwrap_or_default(),
        ),
        None => (None, value),
    }
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    unescape(&mut out, text, b'%', |byte| byte);
    out
}

/// What stands before and behind the first `byte`; all of it and nothing if there is none.
fn split_at_byte(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|&other| other == byte) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
        None => (text, &[]),
    }
}

/// Reads one parameter and the `;` behind it; `None` for one without name or `=`.
fn read_parameter(text: &[u8]) -> (Option<(String, Vec<u8>)>, &[u8]) {
    let name_end = text.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(text.len());
    let name = text.get(..name_end).unwrap_or_default();
    let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
    let rest = text.get(name_end + 1..).unwrap_or_default();
    if text.get(name_end) != Some(&b'=') {
        return (None, rest);
    }
    let (value, rest) = read_value(rest.trim_ascii_start());
    ((!name.is_empty()).then_some((name, value)), rest)
}

/// A quoted string, or everything to the next `;`, blanks included.
fn read_value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let (value, rest) = split_at_byte(text, b';');
        return (value.trim_ascii().to_vec(), rest);
    };
    let mut value = Vec::new();
    let mut is_escaped = false;
    for (at, &byte) in quoted.iter().enumerate() {
        match byte {
            _ if is_escaped => {
                value.push(byte);
                is_escaped = false;
            }
            b'\\' => is_escaped = true,
            b'"' => return (value, split_at_byte(quoted.get(at..).unwrap_or_default(), b';').1),
            _ => value.push(byte),
        }
    }
    (value, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_mail_readers_read_them() {
        for (field, name) in [
            ("attachment; filename=a.txt", Some("a.txt")),
            ("attachment; filename=\"a;b.txt\"; size=1", Some("a;b.txt")),
            ("attachment; FileName = a.txt ", Some("a.txt")),
            ("attachment; filename=invoice (1).exe; x=y", Some("invoice (1).exe")),
            ("attachment; filename=\"a\\\"b\"", Some("a\"b")),
            ("attachment; filename=\"open", Some("open")),
            ("attachment; filename=\"=?utf-8?Q?caf=C3=A9?=.txt\"", Some("café.txt")),
            ("attachment; filename*=utf-8'en'caf%C3%A9", Some("café")),
            ("attachment; filename*=%41", Some("A")),
            ("attachment; filename=plain; filename*=utf-8''better", Some("better")),
            ("attachment; filename*1=b; filename*0=a", Some("ab")),
            ("attachment; filename*0*=iso-8859-1''%E9; filename*1=%41", Some("é%41")),
            ("attachment; filename*x=a", None),
            ("attachment;;; ; filename", None),
            ("attachment", None),
        ] {
            let read = Structured::parse(field.as_bytes());
            assert_eq!(read.value, "attachment", "{field}");
            assert_eq!(read.text("filename").as_deref(), name, "{field}");
        }
    }

    #[test]
    fn values_lose_comments_and_case() {
        for (field, value) in [
            ("Text/HTML; charset=x", "text/html"),
            (" text / plain (comment)", "text/plain"),
            ("", ""),
            (";boundary=x", ""),
        ] {
            assert_eq!(Structured::parse(field.as_bytes()).value, value, "{field}");
        }
        let bytes = Structured::parse(b"multipart/mixed; boundary=\"a b?=\"");
        assert_eq!(bytes.bytes("boundary"), Some(&b"a b?="[..]));
    }
}
