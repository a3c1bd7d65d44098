//! Mailboxes in header fields, as SpamAssassin finds them in what people and spammers write
//! (Util::parse_header_addresses).
//!
//! A list is read from its beginning, one mailbox with its comma after the other: `name <address>`,
//! an address alone, or a name alone, each perhaps with a comment behind it. Where nothing fits,
//! reading ends; if an `@` is left, addresses in angle brackets are taken from the rest.

use std::borrow::Cow;

use super::{fields::is_blank, host::is_host};

/// The most mailboxes that are read from one field.
const MOST: usize = 1_000;

/// How many `>` are tried as the end of one address, from the last one on, and how many addresses
/// in brackets may stand behind one name. Both bound the time for hostile lists.
const MOST_TRIES: usize = 16;

/// A person or thing that sends or gets mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mailbox {
    /// The name before the address, without quotes, or the comment behind it.
    pub(super) name: Option<Vec<u8>>,
    /// `local@domain`.
    pub(super) address: Option<Vec<u8>>,
}

/// The mailboxes of a list, at most 1,000. `value` is best taken as sent: decoded, a name may look
/// like an address.
pub(super) fn mailboxes(value: &[u8]) -> Vec<Mailbox> {
    let text = without_escaped_backslashes(value);
    let mut rest = without_group(&text);
    let mut list = Vec::new();
    while list.len() < MOST
        && let Some((entry, end)) = entry(rest)
    {
        list.push(entry.mailbox());
        rest = rest.get(end..).unwrap_or_default();
    }
    if rest.contains(&b'@') {
        bracketed(rest, &mut list);
    }
    list
}

/// Trailing blanks and pairs of backslashes go.
fn without_escaped_backslashes(value: &[u8]) -> Cow<'_, [u8]> {
    let end = value.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |end| end + 1);
    let value = value.get(..end).unwrap_or_default();
    if !value.windows(2).any(|pair| pair == b"\\\\") {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match behind {
            [b'\\', behind @ ..] if byte == b'\\' => rest = behind,
            _ => out.push(byte),
        }
    }
    Cow::Owned(out)
}

/// The list without the name of a group (`team: a@b, c@d;`); nothing of an empty group.
fn without_group(text: &[u8]) -> &[u8] {
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'(' | b')' | b'<' | b'>');
    let plain = text.iter().take_while(is_plain).count();
    let colon = text.get(..plain).and_then(|text| text.iter().rposition(|&byte| byte == b':'));
    let Some(colon) = colon.filter(|&colon| colon > 0) else { return text };
    let rest = skip_blanks(text, colon + 1);
    let rest = text.get(rest..).unwrap_or_default();
    if rest.first() == Some(&b';') { &[] } else { rest }
}

fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| is_blank(**byte)).count()
}

/// What one entry of a list consists of.
#[derive(Clone, Copy, Debug, Default)]
struct Entry<'t> {
    phrase: Option<&'t [u8]>,
    /// What stands in angle brackets.
    angle: Option<&'t [u8]>,
    /// An address without brackets.
    bare: Option<&'t [u8]>,
    comment: Option<&'t [u8]>,
}

/// How an entry ends: with a comment, perhaps, and where the next one begins.
type Ending<'t> = (Option<&'t [u8]>, usize);

/// The first entry of a list and where the next one begins.
fn entry(text: &[u8]) -> Option<(Entry<'_>, usize)> {
    let start = skip_blanks(text, 0);
    let phrase_end = end_of_phrase(text, start);
    let phrase = text.get(start..phrase_end).filter(|phrase| !phrase.is_empty());
    if let Some((angle, (comment, end))) = angle(text, phrase_end) {
        return Some((Entry { phrase, angle: Some(angle), bare: None, comment }, end));
    }
    let bare = ends_of_address(text, start).into_iter().flatten().find_map(|address_end| {
        let (comment, end) = end_of_entry(text, address_end)?;
        let bare = text.get(start..address_end);
        Some((Entry { bare, comment, ..Entry::default() }, end))
    });
    bare.or_else(|| {
        // Where there is nothing, a blank is a name.
        let phrase = phrase.or_else(|| text.get(start.checked_sub(1)?..start));
        let (comment, end) = end_of_entry(text, phrase_end)?;
        Some((Entry { phrase: Some(phrase?), comment, ..Entry::default() }, end))
    })
}

/// Where quoted and plain text ends: before a comma, a semicolon, an angle bracket or a quote that
/// is not closed.
fn end_of_phrase(text: &[u8], mut at: usize) -> usize {
    loop {
        match text.get(at) {
            Some(b'"') => match end_of_quoted(text, at) {
                Some(end) => at = end,
                None => return at,
            },
            Some(b',' | b';' | b'<') | None => return at,
            Some(_) => at += 1,
        }
    }
}

/// Where the quoted text ends that begins at `at`.
fn end_of_quoted(text: &[u8], at: usize) -> Option<usize> {
    end_of_enclosed(text, at, b'"', b"\"")
}

/// Where the comment ends that begins at `at`; comments do not nest.
fn end_of_comment(text: &[u8], at: usize) -> Option<usize> {
    end_of_enclosed(text, at, b')', b"()")
}

fn end_of_enclosed(text: &[u8], at: usize, close: u8, special: &[u8]) -> Option<usize> {
    let mut end = at + 1;
    loop {
        match text.get(end)? {
            b'\\' => end += 2,
            &byte if byte == close => return Some(end + 1),
            byte if special.contains(byte) => return None,
            _ => end += 1,
        }
    }
}

/// What stands in angle brackets, and how the entry ends.
fn angle(text: &[u8], at: usize) -> Option<(&[u8], Ending<'_>)> {
    if text.get(at) != Some(&b'<') {
        return None;
    }
    let start = skip_blanks(text, at + 1);
    for close in closes(text, start) {
        let inside = text.get(start..close).unwrap_or_default();
        if let Some(ending) = end_behind_brackets(text, close + 1, MOST_TRIES) {
            let length = inside.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |end| end + 1);
            return Some((inside.get(..length).unwrap_or_default(), ending));
        }
    }
    None
}

/// The angle brackets that may close what begins at `start`, in the order of preference: those of
/// the run without blanks in which the first `>` or `@` stands, from the last on.
fn closes(text: &[u8], start: usize) -> Vec<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let first = rest.iter().position(|byte| matches!(byte, b'>' | b'@'));
    let Some(first) = first.map(|first| start + first) else { return Vec::new() };
    let run = text.get(first..).unwrap_or_default();
    let run_end = first + run.iter().take_while(|byte| !is_blank(**byte)).count();
    let behind_run = skip_blanks(text, run_end);
    let mut closes = Vec::new();
    if run_end > first && text.get(behind_run) == Some(&b'>') {
        closes.push(behind_run);
    }
    let in_run = (first + 1..run_end).rev().filter(|&at| text.get(at) == Some(&b'>'));
    closes.extend(in_run.take(MOST_TRIES));
    if text.get(first) == Some(&b'>') {
        closes.push(first);
    }
    closes
}

/// Where an entry ends behind its address: some software writes that twice.
fn end_behind_brackets(text: &[u8], at: usize, tries: usize) -> Option<Ending<'_>> {
    let open = skip_blanks(text, at);
    if text.get(open) == Some(&b'<') && tries > 0 {
        let mut start = skip_blanks(text, open + 1);
        if text.get(start) == Some(&b'"') {
            start = end_of_quoted(text, start).unwrap_or(start);
        }
        let run = text.get(start..).unwrap_or_default();
        let run_end = start + run.iter().take_while(|byte| !is_blank(**byte)).count();
        let last = (start..=skip_blanks(text, run_end)).rfind(|&at| text.get(at) == Some(&b'>'))?;
        return end_behind_brackets(text, last + 1, tries - 1);
    }
    end_of_entry(text, at)
}

/// Where an entry ends: behind a comment, at a comma, a semicolon or the end of the text.
fn end_of_entry(text: &[u8], at: usize) -> Option<Ending<'_>> {
    let separator = |at: usize| {
        let at = skip_blanks(text, at);
        match text.get(at) {
            None => Some(at),
            Some(b',' | b';') => Some(at + 1),
            Some(_) => None,
        }
    };
    let open = skip_blanks(text, at);
    if text.get(open) == Some(&b'(')
        && let Some(close) = end_of_comment(text, open)
        && let Some(end) = separator(close)
    {
        return Some((text.get(open + 1..close - 1), end));
    }
    separator(at).map(|end| (None, end))
}

/// Where an address may end that begins at `at`: read with a quoted local part, and without.
fn ends_of_address(text: &[u8], at: usize) -> [Option<usize>; 2] {
    let quoted = match text.get(at) {
        Some(b'"') => end_of_quoted(text, at),
        _ => None,
    };
    let is_local = |byte: &&u8| {
        let is_special = matches!(byte, b'<' | b'>' | b'(' | b')' | b'[' | b']');
        !(is_special || matches!(byte, b'@' | b',' | b':' | b';') || is_blank(**byte))
    };
    let plain = text.get(at..).unwrap_or_default().iter().take_while(is_local).count();
    let plain = (plain > 0).then_some(at + plain);
    [quoted, plain].map(|local| end_of_domain(text, local?))
}

/// Where the domain ends whose `@` stands at `at`.
fn end_of_domain(text: &[u8], at: usize) -> Option<usize> {
    let domain = text.get(at..)?.strip_prefix(b"@")?;
    let is_part = |byte: &&u8| {
        let is_special = matches!(byte, b'<' | b'>' | b'(' | b')' | b'[' | b']');
        !(is_special || matches!(byte, b'"' | b',' | b':' | b';') || is_blank(**byte))
    };
    let length = match domain.first()? {
        b'[' => {
            let is_literal = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
            let inside = domain.iter().skip(1).take_while(is_literal).count();
            let is_closed = inside > 0 && domain.get(inside + 1) == Some(&b']');
            if is_closed { inside + 2 } else { 0 }
        }
        _ => domain.iter().take_while(is_part).count(),
    };
    (length > 0).then_some(at + 1 + length)
}

/// Whether all of a text is an address that may be one.
fn is_address(text: &[u8]) -> bool {
    let quotes = text.iter().filter(|&&byte| byte == b'"').count();
    let is_odd = text.starts_with(b"\"\"@") || quotes == 1;
    !is_odd && ends_of_address(text, 0).contains(&Some(text.len()))
}

impl Entry<'_> {
    /// The mailbox that is meant.
    fn mailbox(&self) -> Mailbox {
        let angle = self.angle.map(without_comments);
        let mut address = angle.as_deref().or(self.bare).filter(|text| is_address(text));
        let phrase = self.phrase.map(unquoted);
        let mut name = phrase.as_deref().filter(|name| !name.is_empty() && Some(*name) != address);
        if address.is_none() && name.is_some_and(is_address_of_host) {
            address = name.take();
        }
        Mailbox {
            name: name.or(self.comment).map(<[u8]>::to_vec),
            address: address.map(|address| until_second_at(address).to_vec()),
        }
    }
}

/// A name that is an address, of a host that may exist.
fn is_address_of_host(name: &[u8]) -> bool {
    let host = name.split(|&byte| byte == b'@').nth(1).unwrap_or_default();
    is_address(name) && is_host(&String::from_utf8_lossy(host))
}

fn until_second_at(address: &[u8]) -> &[u8] {
    let mut ats = address.iter().enumerate().filter(|(_, byte)| **byte == b'@');
    let end = ats.nth(1).map_or(address.len(), |(at, _)| at);
    address.get(..end).unwrap_or_default()
}

/// Text without comments, which do not nest.
fn without_comments(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'(') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    // Where no comment closes, none does further on.
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match end_of_comment(text, at).filter(|_| byte == b'(') {
            Some(end) => at = end,
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

/// A phrase without its quotes, what they escape, and comments.
fn unquoted(phrase: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(phrase.len());
    let mut at = 0;
    while let Some(&byte) = phrase.get(at) {
        let end = if byte == b'"' { end_of_quoted(phrase, at) } else { None };
        if let Some(end) = end {
            let inside = phrase.get(at + 1..end - 1).unwrap_or_default();
            out.extend(inside.iter().filter(|&&byte| byte != b'\\'));
            at = end;
            continue;
        }
        let rest = phrase.get(at..).unwrap_or_default();
        let plain = rest.iter().take_while(|byte| **byte != b'"').count().max(1);
        out.extend_from_slice(&without_comments(rest.get(..plain).unwrap_or_default()));
        at += plain;
    }
    out
}

/// The addresses in angle brackets, wherever they stand.
fn bracketed(text: &[u8], list: &mut Vec<Mailbox>) {
    let opens = text.iter().enumerate().filter(|(_, byte)| **byte == b'<');
    for (open, _) in opens {
        let ends = ends_of_address(text, open + 1);
        let end = ends.into_iter().flatten().find(|&end| text.get(end) == Some(&b'>'));
        let address = end.and_then(|end| text.get(open + 1..end)).filter(|text| is_address(text));
        if list.len() < MOST
            && let Some(address) = address
        {
            let address = Some(until_second_at(address).to_vec());
            list.push(Mailbox { name: None, address });
        }
    }
}
