//! The lines of a body.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::{super::lines::without_line_end, transfer::with_lf};

/// How long a line of a multipart may be, in bytes.
const LONGEST: usize = 2_048;

/// How many empty lines in a row stay.
const MOST_EMPTY: usize = 20;

/// A body with LF for its CRLF, if the message has them, and without some of very many empty
/// lines. An empty message has one empty line.
pub(super) fn of_body(body: &[u8], has_crlf: bool) -> Vec<u8> {
    let body = if has_crlf { with_lf(body.to_vec()) } else { body.to_vec() };
    let surplus = surplus_lines(&body);
    if surplus.is_empty() {
        return body;
    }
    let mut kept = Vec::with_capacity(body.len());
    let mut from = 0;
    for range in surplus {
        kept.extend_from_slice(body.get(from..range.start).unwrap_or_default());
        from = range.end;
    }
    kept.extend_from_slice(body.get(from..).unwrap_or_default());
    kept
}

/// Where lines go: in a row of more than twenty, all but the first and the last nineteen.
fn surplus_lines(body: &[u8]) -> Vec<Range<usize>> {
    let mut surplus = Vec::new();
    // A row that long has as many line ends among blanks; most bodies have none.
    let mut row: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let end = next_line(body, at);
        if is_blank(body.get(at..end).unwrap_or_default()) {
            row.push(at);
        } else {
            end_row(&mut surplus, &mut row, at);
        }
        at = end;
    }
    end_row(&mut surplus, &mut row, body.len());
    surplus
}

/// Ends a row of blank lines, given where each begins.
fn end_row(surplus: &mut Vec<Range<usize>>, row: &mut Vec<usize>, _end: usize) {
    // At the very beginning one more stays.
    let kept = MOST_EMPTY + usize::from(row.first() == Some(&0));
    if row.len() > kept {
        let first = 1 + usize::from(row.first() == Some(&0));
        let (start, end) = (row.get(first), row.get(row.len() - kept + first));
        if let (Some(&start), Some(&end)) = (start, end) {
            surplus.push(start..end);
        }
    }
    row.clear();
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t'..=b'\r'))
}

/// Whether a multipart begins with a line that is neither empty nor its boundary: SpamAssassin
/// then puts an empty line before it.
pub(super) fn needs_empty_line(body: &[u8], boundary: Option<&[u8]>) -> bool {
    let end = next_line(body, 0);
    let first = body.get(..end).unwrap_or_default();
    let is_boundary = first
        .strip_prefix(b"--")
        .is_some_and(|first| boundary.is_some_and(|boundary| first.starts_with(boundary)));
    end < body.len() && !is_blank(first) && !is_boundary
}

/// Where the line that begins at `start` ends, its LF included.
pub(super) fn next_line(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    memchr(b'\n', rest).map_or(bytes.len(), |end| start + end + 1)
}

/// What a line is to a multipart: `Some(true)` is its closing boundary.
pub(super) fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest.strip_prefix(b"--") {
        _ if is_blank(rest) => Some(false),
        Some(rest) if is_blank(rest) => Some(true),
        _ => None,
    }
}

/// The next line that begins with two hyphens, at or behind a place where a line begins.
pub(super) fn next_candidate(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    if rest.starts_with(b"--") {
        return Some(start);
    }
    memmem::find(rest, b"\n--").map(|at| start + at + 1)
}

/// Whether a line is the beginning of a field.
pub(super) fn is_field(line: &[u8], may_have_blanks: bool) -> bool {
    let is_name = |byte: &u8| matches!(byte, 33..=57 | 59..=126);
    let name = line.iter().take_while(|byte| is_name(byte)).count();
    let mut rest = line.get(name..).unwrap_or_default();
    while let [b' ' | b'\t', behind @ ..] = rest
        && may_have_blanks
    {
        rest = behind;
    }
    name > 0 && rest.first() == Some(&b':')
}

/// A body with its long lines cut; `None` if it has none.
pub(super) fn cut_long(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() <= LONGEST {
        return None;
    }
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut copied) = (0, 0);
    while at < body.len() {
        let end = next_line(body, at);
        if end - at > LONGEST {
            let out = out.get_or_insert_default();
            while end - at > LONGEST {
                at += LONGEST;
                out.extend_from_slice(body.get(copied..at).unwrap_or_default());
                out.push(b'\n');
                copied = at;
            }
        }
        at = end;
    }
    let mut out = out?;
    out.extend_from_slice(body.get(copied..).unwrap_or_default());
    Some(out)
}

/// Whether the first or the last line ends in CRLF: then the message has CRLF.
pub(super) fn has_crlf(message: &[u8]) -> bool {
    let first = message.get(..next_line(message, 0)).unwrap_or_default();
    first.ends_with(b"\r\n") && !without_line_end(first).ends_with(b"\n")
        || message.ends_with(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_empty_lines_are_fewer() {
        for (before, count, kept) in
            [("a\n", 20, 20), ("a\n", 21, 20), ("a\n", 90, 20), ("", 21, 21), ("", 50, 21)]
        {
            let lines = |count: usize| format!("{before}{}b\n", " \n".repeat(count)).into_bytes();
            assert_eq!(of_body(&lines(count), false), lines(kept), "{before:?} {count}");
        }
        assert_eq!(of_body(b"a\r\nb\r\n", true), b"a\nb\n");
    }

    #[test]
    fn long_lines_are_cut_as_often_as_needed() {
        assert_eq!(cut_long(b"short\n"), None);
        let line = "x".repeat(2_048);
        let cut = cut_long(format!("a\n{line}\n{line}yz").as_bytes()).unwrap();
        assert_eq!(String::from_utf8(cut).unwrap(), format!("a\n{line}\n\n{line}\nyz"));
    }

    #[test]
    fn boundaries_and_fields_are_known() {
        for (line, expected) in [
            ("--b\n", Some(false)),
            ("--b-- \n", Some(true)),
            ("--b\t", Some(false)),
            ("--bb", None),
            ("-b", None),
            ("--b--x", None),
        ] {
            assert_eq!(delimiter(line.as_bytes(), b"b"), expected, "{line}");
        }
        assert!(is_field(b"A: b", false) && !is_field(b"A : b", false) && is_field(b"A : b", true));
        assert!(!is_field(b": b", false) && !is_field(b"a b: c", true));
    }
}
