//! Lines of raw mail.
//!
//! A line ends with LF; a CR just before it belongs to the line end. That is how SMTP servers cut
//! lines, whatever RFC 5322 wants, so LF-only, CRLF and mixed messages all read as intended. A
//! bare CR is an ordinary character: a message with nothing else is one long line.

use std::io::BufRead;

/// Where the line that begins at `start` ends, its line end included; `bytes.len()` for the last.
pub(super) fn next_line(bytes: &[u8], start: usize) -> usize {
    // `skip_until` is the standard library's only door to its vectorised memchr.
    let mut rest = bytes.get(start..).unwrap_or_default();
    let length = rest.skip_until(b'\n').unwrap_or(0);
    start.saturating_add(length).min(bytes.len())
}

/// A line without its line end.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_lf_alone_or_crlf() {
        let bytes = b"a\r\nb\n\r\nc\rd";
        let mut at = 0;
        let mut lines = Vec::new();
        while at < bytes.len() {
            let end = next_line(bytes, at);
            lines.push(without_line_end(&bytes[at..end]));
            at = end;
        }
        assert_eq!(lines, [&b"a"[..], b"b", b"", b"c\rd"]);
        assert_eq!(next_line(bytes, bytes.len()), bytes.len());
        assert_eq!(without_line_end(b"a\r"), b"a\r");
    }
}
