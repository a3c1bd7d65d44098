//! Strings a text must contain for a pattern to match: what the prefilter looks for.
//!
//! For every pattern a small set is found such that any match contains at least one member,
//! ASCII case apart. `v[i1]agra` gives `viagra` and `v1agra`; `(?:cheap|buy) +meds` gives
//! `meds`. Of all such sets the one is kept that ordinary mail contains least often, and if it is usual,
//! more of them: `click[^\n]{1,60}(?:here|below)` needs one of each set, in whatever order they stand.
//!
//! A pattern that allows for anything between its letters (`v[_\W]?i[_\W]?a…`) has no such
//! strings. But if all but letters and digits are dropped from a text, every match that was in it
//! leaves a string behind: these are looked for in the text's *skeleton*.
//!
//! A pattern that takes every look-alike of a letter, from any script, has too many strings. Most
//! texts are plain ASCII, though, and in those only a few of them can be: these are looked for
//! there, and in all other texts nothing tells that the pattern cannot match.

mod pieces;
mod plain_ascii;
mod rarity;

pub(in super::super) use plain_ascii::is_plain_ascii;
pub(in super::super) use rarity::Genre;

use std::collections::BTreeSet;

use regex_syntax::hir::{Hir, HirKind, Repetition};

use plain_ascii::in_plain_ascii;

/// What is found more often than this, per byte of ordinary text, is not worth looking for.
const MOST_OFTEN: f64 = 6e-3;
/// The same for URIs, which are short.
const MOST_OFTEN_IN_URIS: f64 = 2e-2;

/// Bytes of an ordinary text.
pub(in super::super) const BYTES: f64 = 300.0;

/// How much seldomer a text has what is common several times.
const REPEATED_ARE_RARER: f64 = 0.1;

/// Strings in skeletons must be so much rarer to be preferred: making a skeleton costs time.
const SKELETON_COSTS: f64 = 3.0;

/// Texts in which a further set must be looked for less often than that are not worth it.
const SELDOM: f64 = 0.01;
/// A further set that more texts contain tells too little.
const USUAL: f64 = 0.5;

/// A set of strings, lower case, of which every match contains at least one.
#[derive(Clone, Debug)]
pub(in super::super) struct Literals {
    strings: Strings,
    /// More such sets.
    further: Vec<Strings>,
    /// How often they are in ordinary text, per byte: the first set, where there are no others.
    often: f64,
    view: View,
    /// How many of them there must be.
    times: u32,
    /// Only in plain ASCII must they be there.
    ascii: bool,
    /// What could be looked for in the text, of those that are looked for in its skeleton.
    in_text: Option<Box<Literals>>,
}

/// What of a text the strings are looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum View {
    /// The text.
    Plain,
    /// Its skeleton: the letters and digits.
    Skeleton,
}

type Strings = BTreeSet<Vec<u8>>;

impl Literals {
    /// Those of a pattern for texts of a genre; `None` if there are none worth looking for.
    pub(super) fn required(hir: &Hir, genre: Genre) -> Option<Self> {
        let in_ascii = || {
            let found = in_plain_ascii(hir)
                .map_or_else(|| Some(Self::NONE), |left| Self::anywhere(&left, genre));
            found.map(|literals| Self { ascii: true, ..literals })
        };
        Self::anywhere(hir, genre).or_else(in_ascii)
    }

    /// Those of what matches nothing.
    const NONE: Self = Self {
        strings: Strings::new(),
        further: Vec::new(),
        often: 0.0,
        view: View::Plain,
        times: 1,
        ascii: false,
        in_text: None,
    };

    /// Whether ordinary text contains what the pattern needs no more often than this, per byte.
    pub(super) fn are_rare(hir: &Hir, often: f64) -> bool {
        let found = pieces::required(hir, View::Plain, Genre::Mixed);
        found.first().is_some_and(|found| found.often <= often)
    }

    /// The rarest of what can be looked for: in either view, and of what is repeated.
    fn anywhere(hir: &Hir, genre: Genre) -> Option<Self> {
        let most = if genre == Genre::Uris { MOST_OFTEN_IN_URIS } else { MOST_OFTEN };
        let repeated = repeated_part(hir);
        let parts = [Some((hir, 1)), repeated].into_iter().flatten();
        let parts: Vec<_> = parts.collect();
        let rarest = |view| {
            let found = parts.iter().filter_map(|&(hir, times)| {
                let mut sets = pieces::required(hir, view, genre).into_iter();
                let pieces::Required { strings, often } = sets.next()?;
                let often = if times > 1 { often * REPEATED_ARE_RARER } else { often };
                let found = Self { strings: least(&strings), often, view, times, ..Self::NONE };
                let found = if times > 1 { found } else { found.with(sets) };
                (often <= most).then_some(found)
            });
            found.min_by(|one, other| one.often.total_cmp(&other.often))
        };
        match (rarest(View::Plain), rarest(View::Skeleton)) {
            (Some(text), Some(skeleton)) if text.often <= skeleton.often * SKELETON_COSTS => {
                Some(text)
            }
            (text, Some(skeleton)) => Some(Self { in_text: text.map(Box::new), ..skeleton }),
            (text, None) => text,
        }
    }

    /// With more sets, as long as that saves enough.
    fn with(mut self, sets: impl Iterator<Item = pieces::Required>) -> Self {
        for pieces::Required { strings, often } in sets {
            let runs = self.often * BYTES;
            let has = often * BYTES;
            let strings = least(&strings);
            if runs < SELDOM || has > USUAL || strings == self.strings {
                continue;
            }
            self.often *= has;
            self.further.push(strings);
        }
        self
    }

    /// What is looked for in the text, where skeletons are not worth making; `None` if there is
    /// nothing.
    pub(in super::super) fn in_text(self) -> Option<Self> {
        match self.view {
            View::Plain => Some(self),
            View::Skeleton => self.in_text.map(|literals| *literals),
        }
    }

    /// Of patterns with these literals, how many run on an ordinary text of so many bytes that would
    /// not if skeletons were made.
    pub(in super::super) fn run_without_skeleton(&self, bytes: f64) -> f64 {
        let runs = |literals: &Self| (literals.often * bytes).min(1.0);
        match self.view {
            View::Plain => 0.0,
            View::Skeleton => self.in_text.as_deref().map_or(1.0, runs) - runs(self),
        }
    }

    /// How many of the strings, the same or others, there must be.
    pub(in super::super) fn times(&self) -> u32 {
        self.times
    }

    /// Whether a match outside of plain ASCII may do without them, see [`is_plain_ascii`].
    pub(in super::super) fn only_in_ascii(&self) -> bool {
        self.ascii
    }

    /// How often they are in ordinary text, per byte.
    pub(in super::super) fn often(&self) -> f64 {
        self.often
    }

    /// The strings of the rarest set. If there are none the pattern cannot match.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.strings.iter().map(Vec::as_slice)
    }

    /// All sets; every match contains one string of each.
    pub(in super::super) fn sets(&self) -> impl Iterator<Item = &BTreeSet<Vec<u8>>> {
        std::iter::once(&self.strings).chain(&self.further)
    }

    /// Where they are looked for.
    pub(in super::super) fn view(&self) -> View {
        self.view
    }
}

impl View {
    /// What of a text is looked through, in lower case. `room` is scratch space.
    pub(in super::super) fn of<'t>(self, text: &[u8], room: &'t mut Vec<u8>) -> &'t [u8] {
        room.clear();
        room.extend(text.iter().map(u8::to_ascii_lowercase));
        match self {
            Self::Plain => room,
            Self::Skeleton => skeleton(room),
        }
    }
}

/// Moves what a skeleton keeps to the front, without a decision at any place.
fn skeleton(text: &mut [u8]) -> &[u8] {
    let mut kept = 0;
    for at in 0..text.len() {
        let byte = text.get(at).copied().unwrap_or_default();
        if let Some(place) = text.get_mut(kept) {
            *place = byte;
        }
        kept += usize::from(is_kept(byte));
    }
    text.get(..kept).unwrap_or_default()
}

/// What a skeleton keeps.
fn is_kept(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// What is repeated, of a pattern that repeats something long more often than once, and how often
/// at least.
pub(super) fn repeated_part(hir: &Hir) -> Option<(&Hir, u32)> {
    const LONG: usize = 3;
    match hir.kind() {
        HirKind::Concat(subs) => subs.iter().find_map(repeated_part),
        HirKind::Capture(capture) => repeated_part(&capture.sub),
        HirKind::Repetition(Repetition { min, sub, .. }) if *min >= 2 => {
            let is_long = sub.properties().minimum_len().is_some_and(|length| length >= LONG);
            is_long.then_some((&**sub, *min))
        }
        _ => None,
    }
}

/// Without the strings that contain another one.
fn least(strings: &Strings) -> Strings {
    let contains = |long: &[u8], short: &[u8]| long.windows(short.len()).any(|at| at == short);
    let needless = |string: &Vec<u8>| {
        strings.iter().any(|other| other.len() < string.len() && contains(string, other))
    };
    strings.iter().filter(|string| !needless(string)).cloned().collect()
}
