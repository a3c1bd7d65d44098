//! What a PDF file says about itself: `/Author(Jane Doe)`, `/Title<FEFF0041>`.

use memchr::{memchr, memchr_iter};

/// A property of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Author,
    Creator,
    Created,
    Modified,
    Producer,
    Title,
}

/// How each property is written.
const KEYS: &[(&[u8], Detail)] = &[
    (b"/Author", Detail::Author),
    (b"/Creator", Detail::Creator),
    (b"/CreationDate", Detail::Created),
    (b"/ModDate", Detail::Modified),
    (b"/Producer", Detail::Producer),
    (b"/Title", Detail::Title),
];

/// How much of a value is kept, in bytes.
const LONGEST: usize = 256;

/// How many values of a file are kept.
const MOST: usize = 10_000;

/// How many blanks may stand before a value.
const MOST_BLANKS: usize = 2;

impl Detail {
    /// As rules name it.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "author" => Self::Author,
            "creator" => Self::Creator,
            "created" => Self::Created,
            "modified" => Self::Modified,
            "producer" => Self::Producer,
            "title" => Self::Title,
            _ => return None,
        })
    }
}

/// Adds what a line says: the first value of each property.
pub(super) fn read(line: &[u8], details: &mut Vec<(Detail, Vec<u8>)>) {
    let mut seen = [Seen::default(); KEYS.len()];
    for at in memchr_iter(b'/', line) {
        let rest = line.get(at..).unwrap_or_default();
        for ((key, detail), seen) in KEYS.iter().zip(&mut seen) {
            let value = rest.strip_prefix(*key).filter(|_| !seen.value && details.len() < MOST);
            let Some(value) = value.map(without_blanks) else { continue };
            let text = match detail {
                Detail::Created | Detail::Modified => date(value),
                _ => seen.text(value),
            };
            if let Some(mut text) = text {
                text.truncate(LONGEST);
                details.push((*detail, text));
                seen.value = true;
            }
        }
    }
}

/// What a line has shown of a property.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// A value.
    value: bool,
    /// A parenthesis that never closes. Those behind it do not, either: no need to look.
    open_literal: bool,
    /// The same of `<`.
    open_hexadecimal: bool,
}

impl Seen {
    /// A text in parentheses or in hexadecimal.
    fn text(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        match value.split_first() {
            Some((b'(', rest)) if !self.open_literal => {
                let end = closing(rest);
                self.open_literal = end.is_none();
                rest.get(..end?).map(literal)
            }
            Some((b'<', rest)) if !self.open_hexadecimal => {
                let end = memchr(b'>', rest);
                self.open_hexadecimal = end.is_none();
                rest.get(..end?).map(hexadecimal)
            }
            _ => None,
        }
    }
}

/// The digits of `(D:20070703144220)`.
fn date(value: &[u8]) -> Option<Vec<u8>> {
    let value = value.strip_prefix(b"(D:")?;
    let length = value.iter().take(LONGEST).take_while(|byte| byte.is_ascii_digit()).count();
    value.get(..length).filter(|digits| !digits.is_empty()).map(<[u8]>::to_vec)
}

/// What stands behind at most two blanks.
fn without_blanks(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let blanks = value.iter().take(MOST_BLANKS).take_while(is_blank).count();
    value.get(blanks..).unwrap_or_default()
}

/// Where the first parenthesis closes that no backslash stands before.
fn closing(text: &[u8]) -> Option<usize> {
    memchr_iter(b')', text)
        .find(|&at| at.checked_sub(1).and_then(|before| text.get(before)) != Some(&b'\\'))
}

/// A text in hexadecimal; what is no pair of digits is passed over.
fn hexadecimal(text: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        rest = behind;
        if let (Some(high), Some(low)) = (digit(first), behind.first().and_then(digit)) {
            bytes.extend(u8::try_from(high * 16 + low).ok());
            rest = behind.get(1..).unwrap_or_default();
        }
    }
    without_utf16(bytes)
}

/// A text in parentheses: octal escapes, then escaped parentheses and backslashes.
fn literal(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut rest, mut before) = (text, 0);
    while let [first, behind @ ..] = rest {
        let digits = behind.first_chunk::<3>().filter(|_| *first == b'\\' && before != b'\\');
        (before, rest) = (*first, behind);
        match digits.and_then(octal) {
            Some(byte) => {
                bytes.push(byte);
                before = 0;
                rest = behind.get(3..).unwrap_or_default();
            }
            None => bytes.push(*first),
        }
    }
    unescaped(&without_utf16(bytes))
}

fn octal(digits: &[u8; 3]) -> Option<u8> {
    let value = |byte: u8, most: u8| (b'0'..=most).contains(&byte).then(|| byte - b'0');
    let [first, second, third] = *digits;
    Some(value(first, b'3')? * 64 + value(second, b'7')? * 8 + value(third, b'7')?)
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        rest = behind;
        match behind.first() {
            Some(&escaped @ (b'(' | b')' | b'\\')) if *first == b'\\' => {
                bytes.push(escaped);
                rest = behind.get(1..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
    bytes
}

/// Texts in UTF-16 lose their mark and the upper half of Latin letters.
fn without_utf16(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.starts_with(b"\xfe\xff") || bytes.starts_with(b"\xff\xfe") {
        bytes.drain(..2);
        bytes.retain(|&byte| byte != 0);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read() {
        for (line, detail, value) in [
            (&b"/Author(Jane Doe)>>endobj"[..], Detail::Author, Some(&b"Jane Doe"[..])),
            (b"<</Producer (Some \\(free\\) tool)", Detail::Producer, Some(b"Some (free) tool")),
            (b"/Title<FEFF00410042>", Detail::Title, Some(b"AB")),
            (b"/Title<41 4 2 43>", Detail::Title, Some(b"AC")),
            (b"/Creator(\\376\\377\\000H\\000P)", Detail::Creator, Some(b"HP")),
            (b"/Creator(a\\\\101b)", Detail::Creator, Some(b"a\\101b")),
            (b"/Author\t (x)", Detail::Author, Some(b"x")),
            (b"/Author   (x)", Detail::Author, None),
            (b"/Author(x", Detail::Author, None),
            (b"/AuthorX /Author()", Detail::Author, Some(b"")),
            (b"/CreationDate(D:20070703144220+02'00')", Detail::Created, Some(b"20070703144220")),
            (b"/ModDate (D:2007)", Detail::Modified, Some(b"2007")),
            (b"/ModDate (2007)", Detail::Modified, None),
            (b"Author(x)", Detail::Author, None),
        ] {
            let mut details = Vec::new();
            read(line, &mut details);
            let found = details.iter().find(|(other, _)| *other == detail);
            assert_eq!(found.map(|(_, text)| text.as_slice()), value, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn values_have_an_end() {
        let mut details = Vec::new();
        read(format!("/Title({})", "x".repeat(1000)).as_bytes(), &mut details);
        assert_eq!(details[0].1.len(), LONGEST);
    }
}
