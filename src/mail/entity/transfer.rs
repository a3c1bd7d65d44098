//! Transfer encodings as SpamAssassin takes them off. Differences to [`super::super::decode`],
//! which reads as mail readers do: blanks at the end of a text stay, and padding inside base64 is
//! data.

use memchr::{memchr, memmem};

use super::super::decode::{hex_byte, sextet};

/// A body without its encoding, by the exact name of the encoding; `None` for the body itself.
/// `is_text`: line ends become LF.
pub(super) fn decode(encoding: &str, body: &[u8], is_text: bool) -> Option<Vec<u8>> {
    if encoding.eq_ignore_ascii_case("quoted-printable") {
        Some(with_lf(quoted_printable(body)))
    } else if encoding.eq_ignore_ascii_case("base64") {
        let decoded = base64(body);
        Some(if is_text { with_lf(decoded) } else { decoded })
    } else {
        None
    }
}

/// Quoted-printable: blanks before line ends go, then soft breaks, then escapes are read.
pub(in super::super) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = memchr(b'\n', rest) {
        let (line, behind) = rest.split_at_checked(end + 1).unwrap_or((rest, &[]));
        rest = behind;
        let content = super::super::lines::without_line_end(line);
        let line_end = line.get(content.len()..).unwrap_or_default();
        let content = without_blanks(content);
        match content.strip_suffix(b"=") {
            Some(content) => unescape(&mut out, content),
            None => {
                unescape(&mut out, content);
                out.extend_from_slice(line_end);
            }
        }
    }
    unescape(&mut out, rest);
    out
}

fn without_blanks(mut line: &[u8]) -> &[u8] {
    while let [start @ .., b' ' | b'\t'] = line {
        line = start;
    }
    line
}

/// Adds a line with its `=XX` read. An escape that a soft break cuts in two is none.
fn unescape(out: &mut Vec<u8>, mut line: &[u8]) {
    while let Some(at) = memchr(b'=', line) {
        out.extend_from_slice(line.get(..at).unwrap_or_default());
        let behind = line.get(at + 1..).unwrap_or_default();
        match hex_byte(behind) {
            Some(byte) => {
                out.push(byte);
                line = behind.get(2..).unwrap_or_default();
            }
            None => {
                out.push(b'=');
                line = behind;
            }
        }
    }
    out.extend_from_slice(line);
}

/// Base64. What is not in the alphabet is skipped; padding inside stands for zero bits if the text
/// is otherwise clean, and for one bits if not.
pub(in super::super) fn base64(text: &[u8]) -> Vec<u8> {
    let is_space = |byte: u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let (mut count, mut is_clean) = (0_usize, true);
    for &byte in text {
        if !is_space(byte) {
            count += 1;
            is_clean &= byte == b'=' || sextet(byte).is_some();
        }
    }
    let is_clean = is_clean && count >= 2 && count.is_multiple_of(4);
    let end = text.iter().rposition(|&byte| byte != b'=' && (sextet(byte).is_some()));
    let text = text.get(..end.map_or(0, |end| end + 1)).unwrap_or_default();
    let padding = if is_clean { 0 } else { 63 };
    let value = |&byte: &u8| if byte == b'=' { Some(padding) } else { sextet(byte) };
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut characters) = (0_u32, 0_u8);
    for value in text.iter().filter_map(value) {
        bits = (bits << 6) | u32::from(value);
        characters += 1;
        if characters == 4 {
            out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
            (bits, characters) = (0, 0);
        }
    }
    match characters {
        2 => out.push((bits >> 4) as u8),
        3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => {}
    }
    out
}

/// CRLF as LF.
pub(super) fn with_lf(text: Vec<u8>) -> Vec<u8> {
    match memmem::find(&text, b"\r\n") {
        None => text,
        Some(first) => squashed(&text, first),
    }
}

fn squashed(text: &[u8], first: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(text.get(..first).unwrap_or_default());
    let mut rest = text.get(first..).unwrap_or_default();
    while let Some(end) = memchr(b'\n', rest) {
        let (line, behind) = rest.split_at_checked(end + 1).unwrap_or((rest, &[]));
        out.extend_from_slice(super::super::lines::without_line_end(line));
        out.push(b'\n');
        rest = behind;
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_is_read_line_by_line() {
        for (text, bytes) in [
            ("a=3Db", "a=b"),
            ("a=\r\nb", "ab"),
            ("a=  \r\nb", "ab"),
            ("a  \r\nb  ", "a\r\nb  "),
            ("a=zz=3", "a=zz=3"),
            ("a=", "a="),
            ("==3D", "=="),
        ] {
            let decoded = quoted_printable(text.as_bytes());
            assert_eq!(String::from_utf8_lossy(&decoded), bytes, "{text:?}");
        }
        assert_eq!(decode("Quoted-Printable", b"a=0D=0Ab", true).unwrap(), b"a\nb");
        assert_eq!(decode("quoted-printable;", b"a=41", true), None);
    }

    #[test]
    fn base64_takes_padding_inside_for_data() {
        for (text, bytes) in [
            ("aGVsbG8=", &b"hello"[..]),
            ("aGVs\r\nbG8=\r\n", b"hello"),
            ("aGVsbG8", b"hello"),
            ("a-G:V s!bG8=", b"hello"),
            ("aGk=aGk=", b"hi\0hi"),
            ("aGk=aGk=!", b"hi\x3fhi"),
            ("a", b""),
            ("====", b""),
            ("", b""),
        ] {
            assert_eq!(base64(text.as_bytes()), bytes, "{text}");
        }
        assert_eq!(decode("base64", b"YQ0KYg==", true).unwrap(), b"a\nb");
        assert_eq!(decode("base64", b"YQ0KYg==", false).unwrap(), b"a\r\nb");
    }
}
