//! Forms of Received fields, written as they look:
//!
//! ```text
//! {helo} ({rdns} [{ip}]) by {by} (
//! ```
//! Outside braces a character stands for itself. A form describes the beginning of a line; it says
//! `{$}` where the line must end. In braces:
//!
//! | | stands for |
//! |---|---|
//! | `{}` `{helo}` | anything without blanks, kept under the name |
//! | `{helo^()}` | anything without these characters |
//! | `{helo?}` `{^)?}` | the same, or nothing |
//! | `{rdns.}` | with a dot that is neither first nor last |
//! | `{by\b}` | up to the last letter, digit or underscore |
//! | `{ip}` `{[ip]}` `{~ip}` | an address; perhaps in brackets; not kept |
//! | `{local}` | this machine |
//! | `{...}` `{***}` | anything, as little or as much as possible |
//! | `{#}` `{A}` `{HELO}` `{SMTP}` | digits, a letter, `HELO` or `EHLO`, `SMTP` or `ESMTP` |
//!
//! `name` is both `helo` and `rdns`. What stands for anything takes as much as it can and gives back
//! what the rest of the form needs.

use memchr::{memchr, memchr_iter, memrchr_iter};

use super::address;

/// What a form keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Only looked at.
    None,
    Helo,
    Rdns,
    /// The HELO name and the name of the address, which are the same.
    Name,
    By,
    Ident,
    Id,
    Ip,
    /// `helo=… ident=…` in any order.
    Pairs,
}

/// How many slots there are.
const SLOTS: usize = 9;

/// What a form has kept: places in the line.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept([Option<(usize, usize)>; SLOTS]);

impl Kept {
    /// What is kept under a name.
    pub(super) fn get<'l>(&self, slot: Slot, line: &'l str) -> Option<&'l str> {
        let (start, end) = self.0.get(slot as usize).copied().flatten()?;
        line.get(start..end)
    }

    /// Where it ends.
    pub(super) fn end(&self, slot: Slot) -> Option<usize> {
        self.0.get(slot as usize).copied().flatten().map(|(_, end)| end)
    }

    fn set(&mut self, slot: Slot, place: (usize, usize)) {
        if let Some(kept) = self.0.get_mut(slot as usize) {
            *kept = Some(place);
        }
    }
}

/// A form, ready to be compared with lines.
#[derive(Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Copy, Debug)]
enum Piece {
    Text(&'static [u8]),
    Run(Run),
    Ip(Slot),
    /// With or without brackets.
    BracketedIp,
    Localhost,
    OneOf(&'static [&'static str]),
    Letter,
    /// Anything, as little as possible.
    Short(Slot),
    /// Anything, as much as possible.
    Long,
    End,
}

/// Bytes of a kind.
#[derive(Clone, Copy, Debug)]
struct Run {
    slot: Slot,
    kind: Kind,
    least: usize,
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Digits,
    /// Anything but these.
    Without(&'static [u8]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Any,
    /// Has a dot inside.
    Dotted,
    /// Ends behind a letter, digit or underscore.
    EndsInWord,
}

impl Template {
    /// Reads a form; one that is not well-formed matches nothing.
    pub(super) fn new(form: &'static str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = form;
        while let Some((text, behind)) = rest.split_once('{') {
            let Some((name, behind)) = behind.split_once('}') else {
                return Self(vec![Piece::OneOf(&[])]);
            };
            if !text.is_empty() {
                pieces.push(Piece::Text(text.as_bytes()));
            }
            pieces.push(Piece::named(name));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.as_bytes()));
        }
        Self(pieces)
    }

    /// What a line of this form holds.
    pub(super) fn read(&self, line: &str) -> Option<Kept> {
        let mut kept = Kept::default();
        matches(&self.0, line.as_bytes(), 0, &mut kept).then_some(kept)
    }
}

impl Piece {
    fn named(name: &'static str) -> Self {
        match name {
            "$" => Self::End,
            "..." => Self::Short(Slot::None),
            "pairs..." => Self::Short(Slot::Pairs),
            "***" => Self::Long,
            "ip" => Self::Ip(Slot::Ip),
            "~ip" => Self::Ip(Slot::None),
            "[ip]" => Self::BracketedIp,
            "local" => Self::Localhost,
            "HELO" => Self::OneOf(&["HELO", "EHLO"]),
            "SMTP" => Self::OneOf(&["SMTP", "ESMTP"]),
            "A" => Self::Letter,
            _ => Self::Run(Run::named(name)),
        }
    }
}

impl Run {
    fn named(name: &'static str) -> Self {
        let (name, least) = match name.strip_suffix('?') {
            Some(name) => (name, 0),
            None => (name, 1),
        };
        let (name, kind) = match name.split_once('^') {
            Some((name, without)) => (name, Kind::Without(without.as_bytes())),
            None if name == "#" => ("", Kind::Digits),
            None => (name, Kind::Without(b" ")),
        };
        let (name, shape) = match (name.strip_suffix('.'), name.strip_suffix("\\b")) {
            (Some(name), _) => (name, Shape::Dotted),
            (_, Some(name)) => (name, Shape::EndsInWord),
            _ => (name, Shape::Any),
        };
        let slot = match name {
            "helo" => Slot::Helo,
            "rdns" => Slot::Rdns,
            "name" => Slot::Name,
            "by" => Slot::By,
            "ident" => Slot::Ident,
            "id" => Slot::Id,
            "pairs" => Slot::Pairs,
            _ => Slot::None,
        };
        Self { slot, kind, least, shape }
    }

    /// How much of a text it can take, in bytes.
    fn longest(&self, text: &[u8]) -> usize {
        let end = match self.kind {
            Kind::Digits => text.iter().position(|byte| !byte.is_ascii_digit()),
            Kind::Without(&[other]) => memchr(other, text),
            Kind::Without(others) => text.iter().position(|byte| others.contains(byte)),
        };
        end.unwrap_or(text.len())
    }

    /// Whether the run may be this text.
    fn may_be(&self, text: &[u8]) -> bool {
        match self.shape {
            Shape::Any => true,
            Shape::Dotted => {
                text.get(1..text.len().saturating_sub(1)).is_some_and(|inner| inner.contains(&b'.'))
            }
            Shape::EndsInWord => text.last().is_some_and(|&byte| address::is_word(byte)),
        }
    }
}

/// Whether the pieces match from `at` on. Recurses as deep as a form has pieces.
fn matches(pieces: &[Piece], line: &[u8], at: usize, kept: &mut Kept) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return true };
    let here = line.get(at..).unwrap_or_default();
    match piece {
        Piece::Text(text) => here.starts_with(text) && matches(rest, line, at + text.len(), kept),
        Piece::Run(run) => run_matches(run, rest, line, at, kept),
        Piece::Ip(slot) => address::end_of_ip(line, at).is_some_and(|end| {
            kept.set(*slot, (at, end));
            matches(rest, line, end, kept)
        }),
        Piece::BracketedIp => {
            let start = at + usize::from(here.first() == Some(&b'['));
            address::end_of_ip(line, start).is_some_and(|end| {
                kept.set(Slot::Ip, (start, end));
                matches(rest, line, end + usize::from(line.get(end) == Some(&b']')), kept)
            })
        }
        Piece::Localhost => {
            let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':');
            let length = here.iter().take_while(is_part).count();
            let word = here.get(..length).and_then(|word| std::str::from_utf8(word).ok());
            word.is_some_and(address::is_localhost) && matches(rest, line, at + length, kept)
        }
        Piece::OneOf(words) => words
            .iter()
            .filter(|word| here.starts_with(word.as_bytes()))
            .any(|word| matches(rest, line, at + word.len(), kept)),
        Piece::Letter => {
            here.first().is_some_and(u8::is_ascii_alphabetic) && matches(rest, line, at + 1, kept)
        }
        Piece::Short(slot) => gap_ends(rest, line, at).any(|end| {
            kept.set(*slot, (at, end));
            matches(rest, line, end, kept)
        }),
        Piece::Long => gap_ends(rest, line, at).rev().any(|end| matches(rest, line, end, kept)),
        Piece::End => at == line.len(),
    }
}

fn run_matches(run: &Run, rest: &[Piece], line: &[u8], at: usize, kept: &mut Kept) -> bool {
    let here = line.get(at..).unwrap_or_default();
    let most = run.longest(here);
    let next = match rest.first() {
        Some(Piece::Text(text)) => text.first().copied(),
        _ => None,
    };
    let mut fits = |length: usize| {
        if !run.may_be(here.get(..length).unwrap_or_default()) {
            return false;
        }
        kept.set(run.slot, (at, at + length));
        matches(rest, line, at + length, kept)
    };
    if let Some(next) = next {
        let ends = here.get(run.least..here.len().min(most + 1)).unwrap_or_default();
        return memrchr_iter(next, ends).any(|end| fits(run.least + end));
    }
    // Without text behind it, a run is as long as it can be.
    let shortest = if run.shape == Shape::EndsInWord { run.least } else { most };
    (shortest.max(run.least)..=most).rev().any(fits)
}

/// Where a gap may end: where the text behind it begins.
fn gap_ends<'l>(
    rest: &[Piece],
    line: &'l [u8],
    at: usize,
) -> impl DoubleEndedIterator<Item = usize> + use<'l> {
    let text = match rest.first() {
        Some(Piece::Text(text)) => *text,
        _ => b"",
    };
    let gap = line.get(at..).unwrap_or_default();
    let (anywhere, first, gap) = match text.first() {
        Some(&first) => (0..0, first, gap),
        None => (at..line.len() + 1, 0, &[][..]),
    };
    let begins = move |end: &usize| line.get(*end..).is_some_and(|rest| rest.starts_with(text));
    anywhere.chain(memchr_iter(first, gap).map(move |offset| at + offset).filter(begins))
}
