//! Files that a page holds as text, for a script to make a file or a page of them.
//!
//! The script is not run: what is looked for is what it must have, the bytes of the file. They stand in
//! `data:` addresses (RFC 2397), in strings of base64 or of percent and backslash escapes, also in pieces that
//! are put together, and in lists of numbers.

use std::{borrow::Cow, io::Cursor};

use data_encoding::{BASE64_NOPAD, DecodePartial};

use crate::{
    contents::{
        formats,
        reading::{Entry, ReadError, Reading},
    },
    mail::{TraitKind, file_type},
};

/// Shorter ones hide nothing: bytes of the file.
const SHORTEST: usize = 48;

/// Reads what a page hides.
///
/// # Errors
/// The budget is used up.
pub(super) fn read(page: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    addresses(page, reading)?;
    for script in scripts(page) {
        strings(script, reading)?;
        lists(script, reading)?;
    }
    Ok(())
}

/// Whether [`read`] can find anything: for a quick look at all pages.
pub(in crate::contents) fn may_hide(page: &[u8]) -> bool {
    let has = |word: &[u8]| find(page, word, 0).is_some();
    has(b"data:") || has(b"<script") || has(b"onload") || has(b"onerror")
}

/// The contents of `data:` addresses.
fn addresses(page: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut at = 0;
    while let Some(start) = find(page, b"data:", at) {
        reading.time()?;
        at = start + 5;
        let behind = page.get(at..).unwrap_or_default();
        let is_end = |b: &u8| matches!(b, b'"' | b'\'' | b'>' | b')' | b' ' | b'\n' | b'<');
        // The type and its parameters, which are short, and may not be ended by a quote.
        let head = behind.get(..200).unwrap_or(behind);
        let Some(comma) = head.iter().position(|b| *b == b',') else { continue };
        let (media, rest) = behind.split_at_checked(comma).unwrap_or_default();
        if media.iter().any(is_end) {
            continue;
        }
        let rest = rest.get(1..).unwrap_or_default();
        let content = rest.get(..rest.iter().position(is_end).unwrap_or(rest.len()));
        let content = content.unwrap_or_default();
        let bytes = if media.to_ascii_lowercase().ends_with(b";base64") {
            base64(&unescaped(content))
        } else {
            Some(unescaped(content).into_owned())
        };
        at += comma + 1 + content.len();
        tell(bytes, b"data", reading)?;
    }
    Ok(())
}

/// What stands between `<script` and `</script`; all of the page, if it is nothing but a script.
fn scripts(page: &[u8]) -> Vec<&[u8]> {
    let mut scripts = Vec::new();
    let mut at = 0;
    while let Some(start) = find(page, b"<script", at) {
        let end = find(page, b"</script", start).unwrap_or(page.len());
        scripts.extend(page.get(start..end));
        at = end.max(start + 1);
    }
    scripts
}

/// Strings that are base64 or escapes. Those with nothing but `+` and blanks between are one.
fn strings(script: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut rest = script;
    while let Some((string, behind)) = next_string(rest) {
        reading.time()?;
        let mut whole = string.to_vec();
        rest = behind;
        while let Some((string, behind)) = continued(rest) {
            whole.extend_from_slice(string);
            rest = behind;
        }
        if whole.len() < SHORTEST {
            continue;
        }
        let plain = unescaped(&whole);
        let found = match plain {
            Cow::Owned(plain) if plain.len() * 2 < whole.len() => Some(plain),
            plain => base64(&plain),
        };
        tell(found, b"string", reading)?;
    }
    Ok(())
}

/// The next string in a script, without its quotes, and what is behind it.
fn next_string(script: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = script.iter().position(|b| matches!(b, b'"' | b'\'' | b'`'))?;
    let (_, from) = script.split_at_checked(start)?;
    let (quote, inner) = from.split_first()?;
    let mut is_escaped = false;
    let end = inner.iter().position(|b| {
        let ends = b == quote && !is_escaped;
        is_escaped = *b == b'\\' && !is_escaped;
        ends
    });
    let end = end.unwrap_or(inner.len());
    Some((inner.get(..end)?, inner.get(end + 1..).unwrap_or_default()))
}

/// The string that goes on with one that has just ended.
fn continued(behind: &[u8]) -> Option<(&[u8], &[u8])> {
    let behind = behind.trim_ascii_start().strip_prefix(b"+")?.trim_ascii_start();
    matches!(behind.first(), Some(b'"' | b'\'' | b'`')).then(|| next_string(behind))?
}

/// Lists of numbers that are bytes.
fn lists(script: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut at = 0;
    while let Some(start) = find(script, b"[", at) {
        reading.time()?;
        let list = script.get(start + 1..).unwrap_or_default();
        let is_of_numbers = |b: &u8| b.is_ascii_hexdigit() || b", \r\n\txX".contains(b);
        let end = list.iter().position(|b| !is_of_numbers(b)).unwrap_or(list.len());
        at = start + 1 + end;
        let numbers = list.get(..end).unwrap_or_default().split(|b| *b == b',');
        let bytes: Option<Vec<u8>> = numbers.map(number).collect();
        tell(bytes, b"list", reading)?;
    }
    Ok(())
}

fn number(text: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hexadecimal) => u8::from_str_radix(hexadecimal, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Tells of these bytes, if they are a file.
fn tell(bytes: Option<Vec<u8>>, how: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let Some(bytes) = bytes.filter(|bytes| bytes.len() >= SHORTEST) else { return Ok(()) };
    let kind = file_type(&bytes).map(|known| known.extension);
    let is_program = kind.is_some_and(|kind| !formats::is_picture(kind) && !is_dressing(kind));
    let is_text = kind.is_none() && bytes.iter().all(|b| matches!(b, b'\t' | b'\n' | b'\r' | 32..));
    if kind.is_none() && !is_text {
        return Ok(());
    }
    if is_program {
        let how = String::from_utf8_lossy(how);
        reading.is(TraitKind::Smuggled, &format!("{} in a {how}", kind.unwrap_or_default()));
    }
    let entry = Entry { is_hidden: true, packed: bytes.len() as u64, ..Entry::default() };
    reading.member(entry, &mut Cursor::new(bytes))
}

/// Whether it is what pages hold honestly.
fn is_dressing(kind: &str) -> bool {
    matches!(
        kind,
        "svg" | "woff" | "woff2" | "ttf" | "otf" | "eot" | "ico" | "avif" | "mp3" | "mp4"
    )
}

/// Base64 or its form for addresses, with blanks in it, up to where it ends; `None` for what is none.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let letters = text.iter().filter(|b| !b.is_ascii_whitespace()).map(|b| match b {
        b'-' => b'+',
        b'_' => b'/',
        b => *b,
    });
    let mut letters: Vec<u8> = letters.collect();
    while letters.last() == Some(&b'=') {
        letters.pop();
    }
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    let mut out = vec![0; BASE64_NOPAD.decode_len(letters.len()).ok()?];
    match BASE64_NOPAD.decode_mut(&letters, &mut out) {
        Ok(written) => out.truncate(written),
        // Bits behind the last byte are a slip; a strange letter is no base64.
        Err(DecodePartial { written, read, .. }) if read + 4 >= letters.len() => {
            out.truncate(written);
        }
        Err(_) => return None,
    }
    Some(out)
}

/// Without percent escapes (RFC 3986, section 2.1) and those of scripts: `\x41`, `\u0041`, `\101`.
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|b| matches!(b, b'%' | b'\\')) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let escape = match first {
            b'%' => hexadecimal(behind, b"u", 4).or_else(|| hexadecimal(behind, b"", 2)),
            b'\\' => hexadecimal(behind, b"x", 2).or_else(|| hexadecimal(behind, b"u", 4)),
            _ => None,
        };
        match escape {
            Some((character, behind)) => {
                push(&mut out, character);
                rest = behind;
            }
            None => {
                // What a backslash stands before is itself.
                if first != b'\\' {
                    out.push(first);
                }
                rest = behind;
            }
        }
    }
    Cow::Owned(out)
}

/// A number of so many hexadecimal digits behind these letters, and what is behind it.
fn hexadecimal<'t>(text: &'t [u8], letters: &[u8], digits: usize) -> Option<(u32, &'t [u8])> {
    let (number, behind) = text.strip_prefix(letters)?.split_at_checked(digits)?;
    let number = u32::from_str_radix(std::str::from_utf8(number).ok()?, 16).ok()?;
    Some((number, behind))
}

/// Bytes as themselves, other characters in UTF-8.
fn push(out: &mut Vec<u8>, character: u32) {
    match u8::try_from(character) {
        Ok(byte) => out.push(byte),
        Err(_) => {
            let character = char::from_u32(character).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Where a word stands, in any case of its letters.
fn find(text: &[u8], word: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let first = word.first()?;
    let mut at = 0;
    loop {
        let behind = rest.get(at..)?;
        at += memchr::memchr2(*first, first.to_ascii_uppercase(), behind)?;
        let here = rest.get(at..)?.get(..word.len())?;
        if here.eq_ignore_ascii_case(word) {
            return Some(from + at);
        }
        at += 1;
    }
}
