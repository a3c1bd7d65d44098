//! A pattern as a row of pieces, and the best stretch of it to look for.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::{Genre, Strings, View, is_kept};

/// More alternatives at one place are given up.
const MOST_PIECES: usize = 24;
/// More strings a stretch costs more than it saves.
const MOST_STRINGS: usize = 96;
/// More strings of all branches of an alternation.
const MOST_BRANCHES: usize = 300;
/// More bytes hardly make a string rarer.
const LONGEST: usize = 14;
/// A stretch goes over so many pieces at most.
const LONGEST_STRETCH: usize = 24;
/// Copies of a repeated piece that are looked at.
const MOST_COPIES: u32 = 8;
/// Only the beginning of very long patterns is looked at.
const MOST_LOOKED_AT: usize = 400;

/// Strings of which a match contains at least one.
#[derive(Clone)]
pub(super) struct Required {
    pub(super) strings: Strings,
    /// How often they are in ordinary text, per byte.
    pub(super) often: f64,
}

impl Required {
    fn new(strings: Strings, genre: Genre) -> Option<Self> {
        let is_usable = !strings.is_empty() && strings.iter().all(|string| !string.is_empty());
        is_usable.then(|| Self { often: genre.often(&strings), strings })
    }
}

/// A piece of a pattern.
#[derive(Clone)]
enum Piece {
    /// One of these stands here; perhaps nothing does.
    Strings(Strings),
    /// Too many things can stand here. But one of these strings is among them, if there are any.
    Gap(Option<Required>),
}

/// The rarest strings of which every match contains one.
pub(super) fn required(hir: &Hir, view: View, genre: Genre) -> Option<Required> {
    let reader = Reader { view, genre };
    reader.best(&reader.pieces(hir))
}

/// How patterns are read.
#[derive(Clone, Copy)]
struct Reader {
    view: View,
    genre: Genre,
}

impl Reader {
    fn pieces(self, hir: &Hir) -> Vec<Piece> {
        let mut row = Vec::new();
        self.add(hir, &mut row);
        row
    }

    fn add(self, hir: &Hir, row: &mut Vec<Piece>) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => row.push(Piece::Strings([self.seen(&literal.0)].into())),
            HirKind::Class(class) => row.push(self.of_class(class)),
            HirKind::Capture(capture) => self.add(&capture.sub, row),
            HirKind::Concat(subs) => subs.iter().for_each(|sub| self.add(sub, row)),
            HirKind::Alternation(branches) => row.push(self.alternatives(branches)),
            HirKind::Repetition(repetition) => self.repeated(repetition, row),
        }
    }

    /// What a view shows of a string.
    fn seen(self, string: &[u8]) -> Vec<u8> {
        let is_seen = |byte: &u8| self.view == View::Plain || is_kept(*byte);
        string.iter().filter(|byte| is_seen(byte)).map(u8::to_ascii_lowercase).collect()
    }

    fn of_class(self, class: &Class) -> Piece {
        let Class::Bytes(class) = class else { return Piece::Gap(None) };
        let mut strings = Strings::new();
        for range in class.ranges() {
            for byte in range.start()..=range.end() {
                strings.insert(self.seen(&[byte]));
                if strings.len() > MOST_PIECES {
                    return Piece::Gap(None);
                }
            }
        }
        Piece::Strings(strings)
    }

    fn alternatives(self, branches: &[Hir]) -> Piece {
        let rows: Vec<Vec<Piece>> = branches.iter().map(|branch| self.pieces(branch)).collect();
        let whole = rows.iter().map(|row| whole(row)).collect::<Option<Vec<Strings>>>();
        let whole: Option<Strings> = whole.map(|sets| sets.into_iter().flatten().collect());
        if let Some(strings) = whole.filter(|strings| strings.len() <= MOST_PIECES) {
            return Piece::Strings(strings);
        }
        let each = rows.iter().map(|row| self.best(row)).collect::<Option<Vec<Required>>>();
        let all: Option<Strings> =
            each.map(|sets| sets.into_iter().flat_map(|set| set.strings).collect());
        let all = all.filter(|strings| strings.len() <= MOST_BRANCHES);
        Piece::Gap(all.and_then(|all| Required::new(all, self.genre)))
    }

    fn repeated(self, repetition: &Repetition, row: &mut Vec<Piece>) {
        let once = self.pieces(&repetition.sub);
        let alone = whole(&once);
        // Nothing of it is seen, however often it stands there.
        if alone.as_ref().is_some_and(|strings| strings.iter().all(Vec::is_empty)) {
            return;
        }
        for _ in 0..repetition.min.min(MOST_COPIES) {
            row.extend(once.iter().cloned());
        }
        let more = repetition.max.map(|max| max - repetition.min);
        match (alone, more) {
            (_, Some(0)) if repetition.min <= MOST_COPIES => {}
            (Some(mut strings), Some(more @ (1 | 2))) if repetition.min <= MOST_COPIES => {
                strings.insert(Vec::new());
                (0..more).for_each(|_| row.push(Piece::Strings(strings.clone())));
            }
            _ => row.push(Piece::Gap(None)),
        }
    }

    /// The rarest set: of the stretches of a row, and of what its gaps contain.
    fn best(self, row: &[Piece]) -> Option<Required> {
        let row = row.get(..MOST_LOOKED_AT).unwrap_or(row);
        let in_gaps = row.iter().filter_map(|piece| match piece {
            Piece::Gap(required) => required.clone(),
            Piece::Strings(_) => None,
        });
        let stretches = (0..row.len()).filter_map(|from| self.stretch(row.get(from..)?));
        in_gaps.chain(stretches).reduce(rarer)
    }

    /// The rarest set that begins with the first piece.
    fn stretch(self, row: &[Piece]) -> Option<Required> {
        let mut rarest: Option<Required> = None;
        let mut strings = Strings::from([Vec::new()]);
        for piece in row.iter().take(LONGEST_STRETCH) {
            let Piece::Strings(next) = piece else { break };
            let Some(joined) = joined(&strings, next) else { break };
            strings = joined;
            let cut = strings.iter().map(|string| string.get(..LONGEST).unwrap_or(string).to_vec());
            rarest =
                rarest.into_iter().chain(Required::new(cut.collect(), self.genre)).reduce(rarer);
            if strings.iter().all(|string| string.len() >= LONGEST) {
                break;
            }
        }
        rarest
    }
}

/// All strings that a row stands for; `None` if they are too many.
fn whole(row: &[Piece]) -> Option<Strings> {
    let mut all = Strings::from([Vec::new()]);
    for piece in row {
        let Piece::Strings(strings) = piece else { return None };
        all = joined(&all, strings).filter(|all| all.len() <= MOST_PIECES)?;
    }
    Some(all)
}

fn rarer(one: Required, other: Required) -> Required {
    if other.often < one.often { other } else { one }
}

/// Every string of `run` followed by every one of `next`; `None` if they become too many.
fn joined(run: &Strings, next: &Strings) -> Option<Strings> {
    if run.len().saturating_mul(next.len()) > MOST_STRINGS.max(next.len()) {
        return None;
    }
    let is_long = |string: &Vec<u8>| string.len() >= LONGEST;
    let pairs = run.iter().flat_map(|a| next.iter().map(move |b| (a, b)));
    let join = |(a, b): (&Vec<u8>, &Vec<u8>)| {
        if is_long(a) { a.clone() } else { [a.as_slice(), b.as_slice()].concat() }
    };
    Some(pairs.map(join).collect())
}
