//! A pattern as a row of pieces, and the best stretches of it to look for.

use std::ops::Range;

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
/// Sets of strings, of each of which a match needs one.
const MOST_SETS: usize = 3;

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
    /// Too many things can stand here. But one string of each of these sets is among them.
    Gap(Vec<Required>),
}

/// The rarest sets of strings, the rarest first, of each of which every match contains one.
pub(super) fn required(hir: &Hir, view: View, genre: Genre) -> Vec<Required> {
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
        let Class::Bytes(class) = class else { return Piece::Gap(Vec::new()) };
        let mut strings = Strings::new();
        for range in class.ranges() {
            for byte in range.start()..=range.end() {
                strings.insert(self.seen(&[byte]));
                if strings.len() > MOST_PIECES {
                    return Piece::Gap(Vec::new());
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
        let branches: Vec<Vec<Required>> = rows.iter().map(|row| self.best(row)).collect();
        Piece::Gap(self.of_any(&branches))
    }

    /// What a match of any of the branches needs: one of the first sets of all, one of the second ones,
    /// and so on. Where a branch has no such set, its last one stands for it.
    fn of_any(self, branches: &[Vec<Required>]) -> Vec<Required> {
        let sets = (0..MOST_SETS).map_while(|number| {
            let new = number == 0 || branches.iter().any(|sets| sets.len() > number);
            let each = branches.iter().map(|sets| sets.get(number).or(sets.last()));
            let each: Vec<&Required> = each.collect::<Option<_>>().filter(|_| new)?;
            let all: Strings = each.into_iter().flat_map(|set| set.strings.clone()).collect();
            Required::new(all, self.genre).filter(|set| set.strings.len() <= MOST_BRANCHES)
        });
        sets.collect()
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
            _ => row.push(Piece::Gap(Vec::new())),
        }
    }

    /// The rarest sets: of the stretches of a row, and of what its gaps contain.
    fn best(self, row: &[Piece]) -> Vec<Required> {
        let row = row.get(..MOST_LOOKED_AT).unwrap_or(row);
        let mut sets = self.some_of(row, MOST_SETS);
        sets.sort_by(|one, other| one.often.total_cmp(&other.often));
        sets.truncate(MOST_SETS);
        sets
    }

    /// The rarest set of a row and, so often, of what stands before and behind it.
    fn some_of(self, row: &[Piece], times: usize) -> Vec<Required> {
        let Some(Part { place, mut sets }) = self.rarest(row).filter(|_| times > 0) else {
            return Vec::new();
        };
        for rest in [row.get(..place.start), row.get(place.end..)].into_iter().flatten() {
            sets.extend(self.some_of(rest, times - 1));
        }
        sets
    }

    fn rarest(self, row: &[Piece]) -> Option<Part> {
        let in_gaps = row.iter().enumerate().filter_map(|(at, piece)| match piece {
            Piece::Gap(sets) if !sets.is_empty() => {
                Some(Part { place: at..at + 1, sets: sets.clone() })
            }
            _ => None,
        });
        let stretches = (0..row.len()).filter_map(|from| self.stretch(row, from));
        in_gaps.chain(stretches).min_by(|one, other| one.often().total_cmp(&other.often()))
    }

    /// The rarest set that begins with this piece.
    fn stretch(self, row: &[Piece], from: usize) -> Option<Part> {
        let mut rarest: Option<Part> = None;
        let mut strings = Strings::from([Vec::new()]);
        for (at, piece) in row.iter().enumerate().skip(from).take(LONGEST_STRETCH) {
            let Piece::Strings(next) = piece else { break };
            let Some(joined) = joined(&strings, next) else { break };
            strings = joined;
            let cut = strings.iter().map(|string| string.get(..LONGEST).unwrap_or(string).to_vec());
            let set = Required::new(cut.collect(), self.genre);
            let is_rarer =
                |set: &Required| rarest.as_ref().is_none_or(|rarest| set.often < rarest.often());
            if let Some(set) = set.filter(is_rarer) {
                rarest = Some(Part { place: from..at + 1, sets: vec![set] });
            }
            if strings.iter().all(|string| string.len() >= LONGEST) {
                break;
            }
        }
        rarest
    }
}

/// What some pieces of a row need.
struct Part {
    /// Which pieces.
    place: Range<usize>,
    /// The rarest first; there is one.
    sets: Vec<Required>,
}

impl Part {
    /// How often the rarest set is in ordinary text, per byte.
    fn often(&self) -> f64 {
        self.sets.first().map_or(f64::INFINITY, |set| set.often)
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
