//! Bytes in a row that every match of a pattern contains: eight digits, or sixteen capitals.
//!
//! Patterns without any usable string often have such a run, and a text without it is told at a
//! glance: of sixteen places in a row one is looked at, and where that byte is of another class none
//! of the others matters (Boyer and Moore, 1977).

use regex_syntax::hir::{Class, Hir, HirKind};

use super::Genre;

/// More pieces of a pattern are not looked at.
const MOST_PIECES: usize = 60;
/// Longer runs tell no more.
const LONGEST: usize = 100;
/// Looking for a class pays if no more than this share of a text is of it.
const MOST_OF_A_TEXT: f64 = 0.5;
/// How often, per byte of text, a run may begin.
const MOST_OFTEN: f64 = 3e-4;

/// So many bytes of a class in a row.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Run {
    bytes: Bytes,
    length: usize,
}

/// A class of bytes, one bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bytes([u64; 4]);

/// A piece of a pattern: of which bytes it takes how many at least.
struct Piece<'h> {
    bytes: Bytes,
    length: usize,
    /// What is in it, if it must be there.
    inside: Option<&'h Hir>,
}

impl Run {
    /// The rarest run of which a pattern has need; `None` if texts of this genre often have it.
    pub(super) fn required(hir: &Hir, genre: Genre) -> Option<Self> {
        let often = Bytes::often(genre);
        let (run, often) = rarest(hir, &often)?;
        (often <= MOST_OFTEN).then_some(run)
    }

    /// Whether a text has it.
    pub(in super::super) fn is_in(&self, text: &[u8]) -> bool {
        let mut start = 0;
        while let Some(window) = text.get(start..start + self.length) {
            match window.iter().rposition(|&byte| !self.bytes.has(byte)) {
                Some(other) => start += other + 1,
                None => return true,
            }
        }
        false
    }
}

/// The rarest run, and how often it begins, per byte of text.
fn rarest(hir: &Hir, often: &[f64]) -> Option<(Run, f64)> {
    let mut pieces = Vec::new();
    add(hir, &mut pieces);
    pieces.truncate(MOST_PIECES);
    let inside = pieces.iter().filter_map(|piece| piece.inside).filter_map(|it| rarest(it, often));
    let rows = (0..pieces.len()).filter_map(|from| stretch(pieces.get(from..)?, often));
    inside.chain(rows).min_by(|(_, one), (_, other)| one.total_cmp(other))
}

/// The rarest run that begins with the first piece.
fn stretch(pieces: &[Piece<'_>], often: &[f64]) -> Option<(Run, f64)> {
    let mut bytes = Bytes::default();
    let mut length = 0_usize;
    let runs = pieces.iter().map(|piece| {
        bytes = bytes.or(piece.bytes);
        length = length.saturating_add(piece.length).min(LONGEST);
        (Run { bytes, length }, bytes.often_in_a_row(length, often))
    });
    let runs = runs.filter(|(run, _)| run.length > 0);
    runs.min_by(|(_, one), (_, other)| one.total_cmp(other))
}

/// Cuts a pattern into pieces.
fn add<'h>(hir: &'h Hir, pieces: &mut Vec<Piece<'h>>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Capture(capture) => add(&capture.sub, pieces),
        HirKind::Concat(subs) => subs.iter().for_each(|sub| add(sub, pieces)),
        HirKind::Literal(literal) => {
            let piece = |&byte: &u8| Piece { bytes: Bytes::one(byte), length: 1, inside: None };
            pieces.extend(literal.0.iter().map(piece));
        }
        HirKind::Repetition(repetition) => {
            let inside = (repetition.min > 0).then_some(&*repetition.sub);
            pieces.push(Piece { inside, ..Piece::of(hir) });
        }
        HirKind::Alternation(_) | HirKind::Class(_) => pieces.push(Piece::of(hir)),
    }
}

impl Piece<'_> {
    fn of(hir: &Hir) -> Self {
        let length = hir.properties().minimum_len().unwrap_or(0);
        Self { bytes: Bytes::of(hir), length, inside: None }
    }
}

impl Bytes {
    fn one(byte: u8) -> Self {
        Self::default().with(byte..=byte)
    }

    fn with(mut self, bytes: impl Iterator<Item = u8>) -> Self {
        for byte in bytes {
            let word = self.0.get_mut(usize::from(byte >> 6));
            word.into_iter().for_each(|word| *word |= 1 << (byte & 63));
        }
        self
    }

    fn or(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a | e, b | f, c | g, d | h])
    }

    #[inline]
    fn has(self, byte: u8) -> bool {
        let word = self.0.get(usize::from(byte >> 6));
        word.is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    /// All bytes that a match can contain.
    fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::default(),
            HirKind::Literal(literal) => Self::default().with(literal.0.iter().copied()),
            HirKind::Class(class) => Self::of_class(class),
            HirKind::Repetition(repetition) => Self::of(&repetition.sub),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(subs) | HirKind::Alternation(subs) => {
                subs.iter().map(Self::of).fold(Self::default(), Self::or)
            }
        }
    }

    fn of_class(class: &Class) -> Self {
        let ranges: Vec<(u32, u32)> = match class {
            Class::Bytes(class) => {
                class.iter().map(|range| (range.start().into(), range.end().into())).collect()
            }
            // What the parser makes of branches that are one character each.
            Class::Unicode(class) => {
                class.iter().map(|range| (range.start().into(), range.end().into())).collect()
            }
        };
        // In UTF-8 all characters beyond ASCII are bytes beyond ASCII.
        let is_wide = |end: u32| matches!(class, Class::Unicode(_)) && end > 0x7f;
        ranges.into_iter().fold(Self::default(), |all, (start, end)| {
            let [first, last] = [start, end].map(|c| u8::try_from(c).unwrap_or(u8::MAX));
            let all = all.with(first..=last);
            if is_wide(end) { all.with(0x80..=u8::MAX) } else { all }
        })
    }

    /// How often each byte stands in texts of a genre.
    fn often(genre: Genre) -> Vec<f64> {
        (0..=u8::MAX).map(|byte| genre.often_byte(byte)).collect()
    }

    /// How often, per byte of text, so many of these begin in a row; 1 if that takes long to see.
    fn often_in_a_row(self, length: usize, often: &[f64]) -> f64 {
        let all: f64 = often.iter().sum();
        let these = (0..=u8::MAX).zip(often).filter(|(byte, _)| self.has(*byte));
        let share = these.map(|(_, often)| often).sum::<f64>() / all;
        if share > MOST_OF_A_TEXT {
            return 1.0;
        }
        share.powi(i32::try_from(length).unwrap_or(i32::MAX)) * (1.0 - share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rules::pattern::audit::parse;

    fn run(pattern: &str) -> Option<Run> {
        Run::required(&parse(pattern).unwrap(), Genre::Mixed)
    }

    #[test]
    fn runs_are_what_a_match_needs() {
        for (pattern, has, has_not) in [
            (r"(?-u)\d{8}", "a12345678", "1234567a1234567"),
            (r"(?-u)\b(?:[0-9]{4}-?){3}", "x1234-56781234", "1234-5678 1234"),
            (r"(?-u)[a-z]*[A-Z]{12,20}[a-z]*", "ABCDEFGHIJKL", "ABCDEFGHIJK"),
            (r"(?-u)(?:[A-Z]{12}|[0-9]{13})x", "ABCDEFGHIJKL1", "ABCDEFGHIJKx"),
            (r"(?-u)(?:a(?:[0-9]{9})+b)+", "a123456789b", "a12345678b"),
        ] {
            let run = run(pattern).unwrap();
            assert!(run.is_in(has.as_bytes()), "{pattern}: {run:?}");
            assert!(!run.is_in(has_not.as_bytes()), "{pattern}: {run:?}");
        }
    }

    #[test]
    fn usual_runs_are_none() {
        for pattern in
            [r"(?-u)[a-z]+", r"(?-u)[a-z]{3} [a-z]", r"(?-u)(?:[0-9]{9})*a", "", "(?-u)."]
        {
            assert_eq!(run(pattern), None, "{pattern}");
        }
    }
}
