//! Addresses in running text.

use std::ops::Range;

use memchr::{memchr, memmem};

/// Longest local part, in bytes.
const LOCAL: usize = 64;
/// Longest label of a domain before the last, in bytes.
const LABEL: usize = 61;
/// Labels of a domain, the last one included.
const LABELS: std::ops::RangeInclusive<usize> = 2..=5;

/// The first address that begins at `from` or later: a dot-atom, `@`, and a domain of at most five
/// labels whose last one is a top-level domain.
pub(in super::super::super) fn find(
    text: &[u8],
    from: usize,
    is_tld: &impl Fn(&[u8]) -> bool,
) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        at += memchr(b'@', text.get(at..)?)?;
        if let Some(end) = domain_end(text, at + 1, is_tld)
            && let Some(start) = local_starts(text, at, from).next()
        {
            return Some(start..end);
        }
        at += 1;
    }
}

/// Where an address may begin whose `@` stands at `at`, not before `from`, the longest first: at
/// most 64 bytes before the `@`, and behind a dot or what is no part of addresses.
pub(super) fn local_starts(
    text: &[u8],
    at: usize,
    from: usize,
) -> impl Iterator<Item = usize> + use<> {
    let floor = from.max(at.saturating_sub(LOCAL));
    let mut starts = Vec::new();
    let mut start = at;
    while start > floor {
        let byte = text.get(start - 1).copied().unwrap_or_default();
        let is_inner =
            is_atom(byte) || (byte == b'.' && start < at && starts.last() == Some(&start));
        if !is_inner {
            break;
        }
        start -= 1;
        let before = start.checked_sub(1).and_then(|before| text.get(before));
        if is_atom(byte) && before.is_none_or(|&before| !is_atom(before)) {
            starts.push(start);
        }
    }
    starts.into_iter().rev()
}

/// Where the domain ends that begins at `start`, if it is one and the address may end there.
pub(super) fn domain_end(
    text: &[u8],
    start: usize,
    is_tld: &impl Fn(&[u8]) -> bool,
) -> Option<usize> {
    let rest = text.get(start..)?;
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let goes_on = |at: usize| {
        let next = rest.get(at + 1);
        rest.get(at).is_some_and(|&byte| {
            is_inner(byte) || (byte == b'.' && next.is_some_and(u8::is_ascii_alphanumeric))
        })
    };
    let longest = (LABEL + 1) * LABELS.end();
    let length = (0..=longest).find(|&at| !goes_on(at))?;
    let domain = rest.get(..length)?;
    let labels: Vec<&[u8]> = domain.split(|&byte| byte == b'.').collect();
    let (last, others) = labels.split_last()?;
    let is_domain = LABELS.contains(&labels.len())
        && others.iter().all(|label| is_label(label))
        && is_tld(&last.to_ascii_lowercase());
    is_domain.then_some(start + length)
}

fn is_label(label: &[u8]) -> bool {
    let ends = [label.first(), label.last()];
    label.len() <= LABEL
        && ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}

/// A character of atoms (RFC 5322, section 3.2.3).
fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// A paragraph without the addresses that its writer did not put there to be written to: those in
/// web addresses, in angle brackets, and before a word with a colon, as in a quote's first line.
pub(super) fn without_quoted(text: &[u8], is_tld: &impl Fn(&[u8]) -> bool) -> Vec<u8> {
    without_bracketed(&without_links(text), is_tld)
}

/// Each web address with an `@` in it becomes a blank.
fn without_links(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    let mut at = 0;
    while let Some(found) = next_scheme(text, at) {
        at = found.end;
        let Some(end) = link_end(text, found.end) else { continue };
        let is_bracketed = found.start > done && text.get(found.start - 1) == Some(&b'<');
        let start = found.start - usize::from(is_bracketed);
        out.extend_from_slice(text.get(done..start).unwrap_or_default());
        out.push(b' ');
        (done, at) = (end, end);
    }
    out.extend_from_slice(text.get(done..).unwrap_or_default());
    out
}

/// The next `http://` or `https://` from `from` on.
fn next_scheme(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut from = from;
    loop {
        let colon = from + memmem::find(text.get(from..)?, b"://")?;
        let before = text.get(from..colon)?;
        let is_scheme = |name: &&[u8]| {
            let start = before.len().checked_sub(name.len());
            start
                .and_then(|start| before.get(start..))
                .is_some_and(|b| b.eq_ignore_ascii_case(name))
        };
        if let Some(name) = [&b"https"[..], b"http"].iter().find(|name| is_scheme(name)) {
            return Some(colon - name.len()..colon + 3);
        }
        from = colon + 3;
    }
}

/// Where a web address ends whose host begins at `start`, if it holds an `@`, at most 255 bytes
/// before and 255 behind it.
fn link_end(text: &[u8], start: usize) -> Option<usize> {
    const MOST: usize = 255;
    let rest = text.get(start..)?;
    let run = rest.iter().take(2 * MOST + 3).take_while(|byte| !byte.is_ascii_whitespace()).count();
    let run = rest.get(..run)?;
    let length = |at: usize| match run.get(at..)? {
        [b'@', ..] => Some(1),
        [b'%', b'4', b'0', ..] => Some(3),
        _ => None,
    };
    let (at, mark) = (0..=MOST.min(run.len())).rev().find_map(|at| Some((at, length(at)?)))?;
    Some(start + (at + mark + MOST).min(run.len()))
}

/// Each address in angle brackets or before a word with a colon becomes a blank.
fn without_bracketed(text: &[u8], is_tld: &impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut done, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| memchr(b'@', rest)) {
        let sign = at + found;
        at = sign + 1;
        let Some(end) = domain_end(text, sign + 1, is_tld).and_then(|end| quote_end(text, end))
        else {
            continue;
        };
        let mut starts = local_starts(text, sign, done);
        let Some(start) = starts.find(|&start| !is_behind_mailto(text, start)) else { continue };
        let is_bracketed = start > done && text.get(start - 1) == Some(&b'<');
        out.extend_from_slice(
            text.get(done..start - usize::from(is_bracketed)).unwrap_or_default(),
        );
        out.push(b' ');
        (done, at) = (end, end);
    }
    out.extend_from_slice(text.get(done..).unwrap_or_default());
    out
}

fn is_behind_mailto(text: &[u8], start: usize) -> bool {
    const SCHEME: &[u8] = b"mailto:";
    let scheme = start.checked_sub(SCHEME.len()).and_then(|from| text.get(from..start));
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
}

/// Where the quote ends of which an address ends at `end`: behind `>`, or behind a word of 2 to 11
/// letters with a colon, as `wrote:`, unless it says what kind of address follows.
fn quote_end(text: &[u8], end: usize) -> Option<usize> {
    let rest = text.get(end..)?;
    if rest.first() == Some(&b'>') {
        return Some(end + 1);
    }
    let blanks = rest.iter().take(11).take_while(|byte| byte.is_ascii_whitespace()).count();
    let word = rest.get(blanks..)?;
    let letters = word.iter().take(12).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let is_quote = (1..=10).contains(&blanks)
        && (2..=11).contains(&letters)
        && word.get(letters) == Some(&b':')
        && !names_a_kind(word.get(..letters)?);
    is_quote.then_some(end + blanks + letters + 1)
}

/// `fax`, `tel`, `phone`, `mail` and the like at the beginning.
fn names_a_kind(word: &[u8]) -> bool {
    let word = word.to_ascii_lowercase();
    [&b"fax"[..], b"facsi", b"tel", b"phone", b"mail", b"email"]
        .iter()
        .any(|kind| word.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_tld(label: &[u8]) -> bool {
        [&b"example"[..], b"test"].contains(&label)
    }

    #[test]
    fn addresses_are_found_in_text() {
        let long = format!("{}.{}@x.example", "a".repeat(40), "b".repeat(30));
        let tail = format!("{}@x.example", "b".repeat(30));
        let too_long = format!("{}@x.example", "b".repeat(65));
        for (text, found) in [
            ("write to Joe.B@Mail.example, now", &["Joe.B@Mail.example"][..]),
            ("a@x.example.", &["a@x.example"]),
            ("a@x.example-", &[]),
            ("a@x.example.com", &[]),
            ("a@x.example.-", &["a@x.example"]),
            (".a@x.example a..b@x.test", &["a@x.example", "b@x.test"]),
            ("a.@x.example", &[]),
            ("a@example", &[]),
            ("a@1.2.3.4.test", &["a@1.2.3.4.test"]),
            ("a@1.2.3.4.5.test", &[]),
            ("a@-x.example a@x-.example", &[]),
            ("a@b@c.test", &["b@c.test"]),
            ("a@x.test@y.test", &["a@x.test"]),
            ("@x.test", &[]),
            (&long, &[&tail]),
            (&too_long, &[]),
        ] {
            let (mut from, mut seen) = (0, Vec::new());
            while let Some(range) = find(text.as_bytes(), from, &is_tld) {
                from = range.end;
                seen.push(&text[range]);
            }
            assert_eq!(seen, found, "{text}");
        }
    }

    #[test]
    fn quoted_addresses_are_taken_out() {
        for (text, left) in [
            ("from <a@x.example> to b@x.example", "from   to b@x.example"),
            ("a@x.example wrote: yes", "  yes"),
            ("a@x.example fax: 1", "a@x.example fax: 1"),
            ("a@x.example Email: b", "a@x.example Email: b"),
            ("a@x.example e-mail: b", "a@x.example e-mail: b"),
            ("a@x.example  said:", " "),
            ("a@x.example", "a@x.example"),
            ("mailto:a@x.example>", "mailto:a@x.example>"),
            ("mailto:a.b@x.example>", "mailto:a. "),
            ("<http://a@x.example/y z", "  z"),
            ("see https://x.example/?q=a%40b.example, ok", "see   ok"),
            ("see http://x.example/ a@y.example", "see http://x.example/ a@y.example"),
            ("HTTP://a@b", " "),
        ] {
            let seen = without_quoted(text.as_bytes(), &is_tld);
            assert_eq!(String::from_utf8_lossy(&seen), left, "{text}");
        }
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        for piece in ["@", "a@", "a.", "http://", "http://@", "<a@x.example>", "a@x.example "] {
            let text = piece.repeat(200_000 / piece.len());
            without_quoted(text.as_bytes(), &is_tld);
            find(text.as_bytes(), 0, &|_| false);
        }
    }
}
