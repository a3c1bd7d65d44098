//! Encoded words in header fields (RFC 2047).
//!
//! Ours rather than mail-parser's, which looks for the end of each word to the end of the field: a
//! field full of beginnings takes quadratic time there.

use super::decode::{base64, unescape, unicode};

/// The longest encoded word that is decoded, in bytes. RFC 2047 allows 75; some software does not
/// split at all. It bounds how far the end of a word is looked for.
const LONGEST: usize = 1_000;

/// How many beginnings without an end are tried in one text. The rest of it stays as it is.
const MOST_FAILURES: usize = 16;

/// One encoded word as written.
struct Word<'t> {
    charset: &'t str,
    bytes: Vec<u8>,
    rest: &'t [u8],
}

/// Text with each encoded word replaced by what it stands for.
///
/// Blanks between two words go. Neighbours in the same charset are joined before the charset is
/// taken off, since senders cut characters in two. Other bytes are read by
/// [`unicode`] without a charset.
pub fn decode(text: &[u8]) -> String {
    // Looking for one character is much faster than for two.
    if !text.contains(&b'?') {
        return unicode(None, text);
    }
    let mut out = String::with_capacity(text.len());
    let mut plain_from = text;
    let mut at = text;
    let mut open: Option<(String, Vec<u8>)> = None;
    let mut failures = 0;
    while failures < MOST_FAILURES
        && let Some(begin) = find_begin(at)
    {
        let candidate = at.get(begin..).unwrap_or_default();
        let Some(word) = read(candidate) else {
            at = candidate.get(2..).unwrap_or_default();
            failures += 1;
            continue;
        };
        let plain_length = plain_from.len() - candidate.len();
        let plain = plain_from.get(..plain_length).unwrap_or_default();
        let adjacent = open.is_some() && plain.iter().all(u8::is_ascii_whitespace);
        if !adjacent {
            close(&mut out, open.take());
            out.push_str(&unicode(None, plain));
        }
        open = Some(join(&mut out, open, &word));
        plain_from = word.rest;
        at = word.rest;
    }
    close(&mut out, open);
    out.push_str(&unicode(None, plain_from));
    out
}

/// Where the next `=?` stands.
fn find_begin(text: &[u8]) -> Option<usize> {
    text.windows(2).position(|pair| pair == b"=?")
}

/// Adds a word to the bytes of its neighbour where both are in the same charset.
fn join(out: &mut String, open: Option<(String, Vec<u8>)>, word: &Word<'_>) -> (String, Vec<u8>) {
    match open {
        Some((charset, mut bytes)) if charset.eq_ignore_ascii_case(word.charset) => {
            bytes.extend_from_slice(&word.bytes);
            (charset, bytes)
        }
        other => {
            close(out, other);
            (word.charset.to_owned(), word.bytes.clone())
        }
    }
}

fn close(out: &mut String, open: Option<(String, Vec<u8>)>) {
    if let Some((charset, bytes)) = open {
        out.push_str(&unicode(Some(&charset), &bytes));
    }
}

/// `=?charset*language?Q?text?=` at the beginning of `text`.
fn read(text: &[u8]) -> Option<Word<'_>> {
    let window = text.get(2..text.len().min(LONGEST))?;
    let charset_end = window.iter().position(|&byte| byte == b'?')?;
    let charset = std::str::from_utf8(window.get(..charset_end)?).ok()?;
    let charset = charset.split('*').next().unwrap_or_default();
    let encoding = window.get(charset_end + 1)?;
    let data = window.get(charset_end + 3..)?;
    if charset.is_empty() || window.get(charset_end + 2) != Some(&b'?') {
        return None;
    }
    let length = data.windows(2).position(|pair| pair == b"?=")?;
    let content = data.get(..length)?;
    let bytes = match encoding {
        b'q' | b'Q' => q_encoding(content),
        b'b' | b'B' => base64(content),
        _ => return None,
    };
    Some(Word { charset, bytes, rest: text.get(2 + charset_end + 3 + length + 2..)? })
}

/// The "Q" encoding: quoted-printable with `_` for the blank.
fn q_encoding(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    unescape(&mut out, text, b'=', |byte| if byte == b'_' { b' ' } else { byte });
    out
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
        ] {
            assert_eq!(decode(text.as_bytes()), decoded, "{text}");
        }
    }
}
