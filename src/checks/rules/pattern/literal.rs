//! Strings a text must contain for a pattern to match: what the prefilter looks for.
//!
//! For every pattern a small set is found such that any match contains at least one member,
//! ASCII case apart. `v[i1]agra` gives `viagra` and `v1agra`; `(?:cheap|buy) +meds` gives
//! `meds`. The longest and least common are kept.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};

/// What weighs less is in every text: see [`weight`].
const LEAST_WEIGHT: usize = 3;
/// More bytes hardly make a string rarer.
const MOST_LENGTH: usize = 16;
/// More strings a pattern cost more than they save.
const MOST_STRINGS: usize = 200;
/// More alternatives at one place are given up while strings are put together.
const MOST_PIECES: usize = 24;

/// A set of strings, lower case, of which every match contains at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Literals(BTreeSet<Vec<u8>>);

impl Literals {
    /// Those of a pattern; `None` if there are none worth looking for.
    pub(super) fn required(hir: &Hir) -> Option<Self> {
        let found = examine(hir);
        best(found.required, found.whole.and_then(usable)).map(|strings| Self(least(strings)))
    }

    /// The strings.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }
}

/// Without the strings that contain another one.
fn least(strings: Strings) -> Strings {
    let contains = |long: &[u8], short: &[u8]| long.windows(short.len()).any(|at| at == short);
    let needless = |string: &Vec<u8>| {
        strings.iter().any(|other| other.len() < string.len() && contains(string, other))
    };
    strings.iter().filter(|string| !needless(string)).cloned().collect()
}

type Strings = BTreeSet<Vec<u8>>;

/// What is known about a piece of a pattern.
struct Found {
    /// All the strings the piece itself stands for, zero-width conditions apart; `None` if they
    /// are too many.
    whole: Option<Strings>,
    /// The best set of which every match of the piece contains a member.
    required: Option<Strings>,
}

impl Found {
    fn whole(strings: Strings) -> Self {
        Self { whole: Some(strings), required: None }
    }

    fn nothing() -> Self {
        Self { whole: None, required: None }
    }

    fn empty() -> Self {
        Self::whole(Strings::from([Vec::new()]))
    }
}

fn examine(hir: &Hir) -> Found {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Found::empty(),
        HirKind::Literal(literal) => Found::whole(Strings::from([literal.0.to_ascii_lowercase()])),
        HirKind::Class(class) => bytes_of(class).map_or_else(Found::nothing, Found::whole),
        HirKind::Capture(capture) => examine(&capture.sub),
        HirKind::Concat(pieces) => sequence(pieces.iter().map(examine)),
        HirKind::Alternation(branches) => alternatives(branches.iter().map(examine)),
        HirKind::Repetition(repetition) => {
            repeated(&repetition.sub, repetition.min, repetition.max)
        }
    }
}

/// The members of a class of few bytes, in lower case.
fn bytes_of(class: &Class) -> Option<Strings> {
    let Class::Bytes(class) = class else { return None };
    let mut strings = Strings::new();
    for range in class.ranges() {
        if range.len() > MOST_PIECES {
            return None;
        }
        strings.extend((range.start()..=range.end()).map(|b| vec![b.to_ascii_lowercase()]));
    }
    (strings.len() <= MOST_PIECES).then_some(strings)
}

fn repeated(sub: &Hir, least: u32, most: Option<u32>) -> Found {
    const FEW: u32 = 8;
    let found = examine(sub);
    match (least, most) {
        (0, Some(1)) => {
            let whole = found.whole.map(|mut strings| {
                strings.insert(Vec::new());
                strings
            });
            Found { whole, required: None }
        }
        (0, _) => Found::nothing(),
        (least, most) => {
            let copies = (0..least.min(FEW))
                .map(|_| Found { whole: found.whole.clone(), required: found.required.clone() });
            let open = (most != Some(least) || least > FEW).then(Found::nothing);
            sequence(copies.chain(open))
        }
    }
}

fn sequence(pieces: impl Iterator<Item = Found>) -> Found {
    let mut run = Strings::from([Vec::new()]);
    let mut unbroken = true;
    let mut required = None;
    for piece in pieces {
        required = best(required, piece.required);
        let joined = piece.whole.as_ref().and_then(|strings| joined(&run, strings));
        run = joined.unwrap_or_else(|| {
            unbroken = false;
            let before = std::mem::take(&mut run);
            required = best(required.take(), usable(before));
            piece.whole.unwrap_or_else(|| Strings::from([Vec::new()]))
        });
    }
    if unbroken {
        return Found { whole: Some(run), required };
    }
    Found { whole: None, required: best(required, usable(run)) }
}

fn alternatives(branches: impl Iterator<Item = Found>) -> Found {
    let (mut whole, mut required) = (Some(Strings::new()), Some(Strings::new()));
    for branch in branches {
        let own = best(branch.required, branch.whole.clone().and_then(usable));
        whole = union(whole, branch.whole, MOST_STRINGS);
        required = union(required, own, MOST_STRINGS);
    }
    Found { whole, required }
}

fn union(one: Option<Strings>, other: Option<Strings>, most: usize) -> Option<Strings> {
    let (mut one, other) = (one?, other?);
    one.extend(other);
    (one.len() <= most).then_some(one)
}

/// Every string of `run` followed by every one of `next`; `None` if they become too many or too
/// long.
fn joined(run: &Strings, next: &Strings) -> Option<Strings> {
    let longest = |strings: &Strings| strings.iter().map(Vec::len).max().unwrap_or(0);
    let many = run.len().saturating_mul(next.len());
    if many > MOST_PIECES.max(next.len()) || longest(run) + longest(next) > 4 * MOST_LENGTH {
        return None;
    }
    let pairs = run.iter().flat_map(|a| next.iter().map(move |b| (a, b)));
    Some(pairs.map(|(a, b)| [a.as_slice(), b.as_slice()].concat()).collect())
}

/// The set shortened to what a search uses; `None` if it would find too much.
fn usable(strings: Strings) -> Option<Strings> {
    let fits = !strings.is_empty()
        && strings.len() <= MOST_STRINGS
        && strings.iter().all(|string| weight(string) >= LEAST_WEIGHT);
    let shortened =
        |string: Vec<u8>| string.get(..MOST_LENGTH).map_or(string.clone(), <[u8]>::to_vec);
    fits.then(|| strings.into_iter().map(shortened).collect())
}

/// The set that will be found in fewer texts.
fn best(one: Option<Strings>, other: Option<Strings>) -> Option<Strings> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if rarity(&other) > rarity(&one) { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// How rare the most common member is, and how few there are.
fn rarity(strings: &Strings) -> (usize, std::cmp::Reverse<usize>) {
    let rarest = strings.iter().map(|string| weight(string)).min().unwrap_or(0);
    (rarest, std::cmp::Reverse(strings.len()))
}

/// How rare a string is: long ones are, and those with bytes that plain prose does without. What
/// nearly every message contains weighs little however long it is.
fn weight(string: &[u8]) -> usize {
    const COMMON: [&[u8]; 10] = [
        b"http",
        b"https",
        b"://",
        b"http://",
        b"https://",
        b"www.",
        b".com",
        b"the",
        b"content-",
        b"text/",
    ];
    let byte = |&byte: &u8| match byte {
        b'$' | b'%' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'~' | 0x80.. => 3,
        _ => 1,
    };
    if COMMON.contains(&string) { LEAST_WEIGHT } else { string.iter().map(byte).sum() }
}
