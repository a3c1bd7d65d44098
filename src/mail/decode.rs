//! Transfer encodings (RFC 2045, section 6) and charsets.
//!
//! Tolerant where mail readers are: what is not in the alphabet is skipped or kept, never an
//! error. Every function is linear in its input.

use mail_parser::decoders::charsets::map::charset_decoder;

/// How a body is encoded (Content-Transfer-Encoding).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, and whatever is unknown: the bytes as they stand.
    #[default]
    Identity,
    /// RFC 2045, section 6.8.
    Base64,
    /// RFC 2045, section 6.7.
    QuotedPrintable,
}

impl Encoding {
    /// From the field's value; blanks, quotes and a trailing `;` do not matter.
    pub(super) fn from_field(value: &str) -> Self {
        let is_edge = |c: char| !c.is_ascii_alphanumeric();
        let token = value.split([';', ' ', '(']).find(|word| !word.is_empty()).unwrap_or_default();
        match token.trim_matches(is_edge).to_ascii_lowercase().as_str() {
            "base64" => Self::Base64,
            "quoted-printable" => Self::QuotedPrintable,
            _ => Self::Identity,
        }
    }

    /// The decoded bytes; `None` where they are the bytes themselves.
    pub(super) fn decode(self, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Identity => None,
            Self::Base64 => Some(base64(body)),
            Self::QuotedPrintable => Some(quoted_printable(body)),
        }
    }
}

/// Not a character of the base64 alphabet.
const NOT_BASE64: u8 = 0xff;

/// Value of each byte in the base64 alphabet.
const BASE64: [u8; 256] = base64_values();

const fn base64_values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NOT_BASE64; 256];
    let mut value = 0;
    while value < alphabet.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, on constants")]
        {
            values[alphabet[value] as usize] = value as u8;
        }
        value += 1;
    }
    values
}

/// The six bits that a character of the base64 alphabet stands for.
pub(super) fn sextet(byte: u8) -> Option<u8> {
    BASE64.get(usize::from(byte)).copied().filter(|&value| value != NOT_BASE64)
}

/// Base64, skipping what is not in the alphabet. Padding ends a group, and more may follow: several
/// encoded texts glued together decode to the texts glued together.
pub(super) fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut characters) = (0_u32, 0_u8);
    for &byte in text {
        let value = BASE64.get(usize::from(byte)).copied().unwrap_or(NOT_BASE64);
        if value != NOT_BASE64 {
            bits = (bits << 6) | u32::from(value);
            characters += 1;
            if characters == 4 {
                out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
                (bits, characters) = (0, 0);
            }
        } else if byte == b'=' {
            last_group(&mut out, bits, characters);
            (bits, characters) = (0, 0);
        }
    }
    last_group(&mut out, bits, characters);
    out
}

/// The bytes of an incomplete group of two or three characters; a single one holds none.
fn last_group(out: &mut Vec<u8>, bits: u32, characters: u8) {
    match characters {
        2 => out.push((bits >> 4) as u8),
        3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => {}
    }
}

/// Quoted-printable. An `=` that introduces neither a byte nor a soft line break stays as it is;
/// blanks at the end of a line are padding of the transport and go.
pub(super) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let content = super::lines::without_line_end(line);
        let line_end = line.get(content.len()..).unwrap_or_default();
        let content = content.trim_ascii_end();
        // A soft break needs a line end to remove; at the end of the text there is none.
        match content.strip_suffix(b"=") {
            Some(content) => unescape(&mut out, content, b'=', |byte| byte),
            None => {
                unescape(&mut out, content, b'=', |byte| byte);
                out.extend_from_slice(line_end);
            }
        }
    }
    out
}

/// Replaces the escape character and two hexadecimal digits (`=XX`, `%XX`) by the byte they stand
/// for; `plain` says what any other byte stands for.
pub(super) fn unescape(out: &mut Vec<u8>, mut text: &[u8], escape: u8, plain: impl Fn(u8) -> u8) {
    while let Some((&first, rest)) = text.split_first() {
        text = rest;
        let escaped = if first == escape { hex_byte(rest) } else { None };
        match escaped {
            Some(byte) => {
                out.push(byte);
                text = rest.get(2..).unwrap_or_default();
            }
            None => out.push(plain(first)),
        }
    }
}

/// The byte that the first two characters stand for in hexadecimal.
pub(super) fn hex_byte(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let value = digit(0)? * 16 + digit(1)?;
    u8::try_from(value).ok()
}

/// Bytes as text in Unicode.
///
/// Without a declared charset, or with an unknown one, bytes that are UTF-8 are UTF-8 and all
/// others windows-1252, where every byte means something: nothing a rule could look for is lost.
/// An incomplete character at the end (a text cut off) does not make a text something else.
pub(super) fn unicode(charset: Option<&str>, bytes: &[u8]) -> String {
    let charset = charset.unwrap_or("us-ascii").to_ascii_lowercase().replace('_', "-");
    let is_plain = bytes.is_ascii() && !begins_with_any(&charset, REWRITES_ASCII);
    if is_plain || charset == "utf-8" || charset == "utf8" {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let is_vague = VAGUE.contains(&charset.as_str()) || begins_with_any(&charset, UNREADABLE);
    let declared = charset_decoder(charset.as_bytes()).filter(|_| !is_vague);
    let may_be_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    match declared.or_else(|| charset_decoder(b"windows-1252")) {
        Some(decoder) if declared.is_some() || !may_be_utf8 => decoder(bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Labels that say nothing about bytes above 127.
const VAGUE: &[&str] = &["us-ascii", "ascii", "unknown-8bit", "x-unknown", "default", "unknown"];

/// Charsets whose decoder in mail-parser replaces the whole text by one character, as browsers
/// do. Mail readers show at least what is ASCII in it.
const UNREADABLE: &[&str] = &["iso-2022-cn", "iso-2022-kr", "csiso2022kr", "hz", "replacement"];

/// Charsets in which ASCII bytes may stand for something else. Texts in all others are spared the
/// decoder where there is nothing to decode, which is most of the time.
const REWRITES_ASCII: &[&str] = &[
    "utf-16",
    "utf-32",
    "utf-7",
    "csutf",
    "ucs",
    "iso-10646",
    "unicode",
    "csunicode",
    "iso-2022-jp",
    "csiso2022jp",
];

fn begins_with_any(text: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| text.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_takes_what_mail_readers_take() {
        for (text, bytes) in [
            ("aGVsbG8=", "hello"),
            ("aGVsbG8", "hello"),
            ("aGVs\r\nbG8=\r\n", "hello"),
            ("a-G:V s!bG8=", "hello"),
            ("aGk=aGk=", "hihi"),
            ("a", ""),
            ("====", ""),
            ("", ""),
        ] {
            assert_eq!(base64(text.as_bytes()), bytes.as_bytes(), "{text}");
        }
    }

    #[test]
    fn quoted_printable_takes_what_mail_readers_take() {
        for (text, bytes) in [
            ("a=3Db", "a=b"),
            ("a=3d", "a="),
            ("a=\r\nb", "ab"),
            ("a=  \r\nb", "ab"),
            ("a=\nb", "ab"),
            ("a  \r\nb", "a\r\nb"),
            ("a=zz", "a=zz"),
            ("a=3", "a=3"),
            ("a=", "a"),
            ("==3D", "=="),
        ] {
            let decoded = quoted_printable(text.as_bytes());
            assert_eq!(String::from_utf8_lossy(&decoded), bytes, "{text:?}");
        }
    }

    #[test]
    fn encodings_are_known_by_sloppy_names() {
        for (value, encoding) in [
            ("base64", Encoding::Base64),
            (" BASE64 ", Encoding::Base64),
            ("\"base64\";", Encoding::Base64),
            ("Quoted-Printable (really)", Encoding::QuotedPrintable),
            ("8bit", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            assert_eq!(Encoding::from_field(value), encoding, "{value}");
        }
    }

    #[test]
    fn text_is_decoded_by_its_charset_or_the_best_guess() {
        for (charset, bytes, text) in [
            (None, &b"caf\xc3\xa9"[..], "café"),
            (None, b"caf\xe9 x", "café x"),
            (None, b"caf\xc3\xa9 \xc3", "café \u{fffd}"),
            (Some("us-ascii"), b"caf\xe9 x", "café x"),
            (Some("no-such"), b"caf\xe9 x", "café x"),
            (Some("UTF-8"), b"a\xffb", "a\u{fffd}b"),
            (Some("koi8-r"), b"\xf0\xd2\xc9", "При"),
            (Some("gb2312"), b"\xc4\xe3", "你"),
            (Some("iso-2022-jp"), b"\x1b$B%O\x1b(B", "ハ"),
            (Some("UTF_7"), b"+AGE-b", "ab"),
            (Some("iso-2022-kr"), b"abc", "abc"),
            (Some("ISO_2022_KR"), b"abc\xe9 x", "abcé x"),
            (Some("utf-16le"), b"a\0b\0", "ab"),
        ] {
            assert_eq!(unicode(charset, bytes), text, "{charset:?} {bytes:?}");
        }
    }
}
