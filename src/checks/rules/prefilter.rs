//! Which of many patterns can match a text: one pass over it tells.
//!
//! All literals of all patterns are in one sieve, and those that are looked for in skeletons in
//! another. A pass over a text marks the patterns of which literals occur, one of each set they need;
//! the others cannot match, but for those without a usable literal.

use std::collections::BTreeMap;

use super::{
    compile::index,
    pattern::{BYTES, Genre, Literals, View, is_plain_ascii},
    sieve::Sieve,
};

/// A pattern that needs a literal.
#[derive(Clone, Copy, Debug)]
struct Needy {
    pattern: u32,
    need: Need,
}

/// What a literal is to a pattern.
#[derive(Clone, Copy, Debug)]
enum Need {
    /// One of so many literals that it needs.
    Times(u32),
    /// One of the sets of these bits, of which it needs all.
    Sets { these: u32, all: u32 },
}

impl Need {
    /// What has been found of a pattern's needs, this literal too; whether that is enough now and was
    /// not before.
    fn met(self, found: &mut u32) -> bool {
        let before = *found;
        match self {
            Self::Times(times) => {
                *found = before.saturating_add(1);
                *found == times
            }
            Self::Sets { these, all } => {
                *found = before | these;
                *found == all && before != all
            }
        }
    }

    /// Each literal of a pattern, and what it is to it.
    fn of(literals: &Literals) -> Vec<(Vec<u8>, Self)> {
        if literals.times() > 1 {
            let need = Self::Times(literals.times());
            return literals.iter().map(|literal| (literal.to_vec(), need)).collect();
        }
        let mut found: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        let mut all = 0;
        for (number, set) in literals.sets().enumerate() {
            all |= 1 << number;
            for literal in set {
                *found.entry(literal.clone()).or_default() |= 1 << number;
            }
        }
        let need = |(literal, these)| (literal, Self::Sets { these, all });
        found.into_iter().map(need).collect()
    }
}

/// To make a skeleton and look through it takes as long as so many patterns that run.
const SKELETON_COSTS: f64 = 3.0;

/// A prefilter being put together.
#[derive(Debug, Default)]
pub(super) struct Builder {
    genre: Genre,
    patterns: Vec<Option<Literals>>,
}

impl Builder {
    /// For texts of a genre.
    pub(super) fn new(genre: Genre) -> Self {
        Self { genre, ..Self::default() }
    }

    /// What texts it is for.
    pub(super) fn genre(&self) -> Genre {
        self.genre
    }

    /// Adds a pattern, which has the next number; `None`: nothing tells that it cannot match.
    pub(super) fn add(&mut self, literals: Option<Literals>) {
        self.patterns.push(literals);
    }

    /// Makes the sieves.
    pub(super) fn build(self) -> Prefilter {
        let Self { genre, patterns } = self;
        let runs = patterns.iter().flatten().map(|it| it.run_without_skeleton(BYTES));
        let skeletons = runs.sum::<f64>() > SKELETON_COSTS;
        let mut prefilter = Prefilter { count: patterns.len(), ..Prefilter::default() };
        let (mut plain, mut skeletal) = (Vec::new(), Vec::new());
        for (number, literals) in (0..).zip(patterns) {
            let kept =
                |literals| if skeletons { Some(literals) } else { Literals::in_text(literals) };
            let Some(literals) = literals.and_then(kept) else {
                prefilter.always.push(number);
                continue;
            };
            if literals.only_in_ascii() {
                prefilter.unless_ascii.push(number);
            }
            let list = match literals.view() {
                View::Plain => &mut plain,
                View::Skeleton => &mut skeletal,
            };
            let needs = Need::of(&literals).into_iter();
            list.extend(needs.map(|(literal, need)| (literal, Needy { pattern: number, need })));
        }
        let views = [(View::Plain, plain), (View::Skeleton, skeletal)];
        let sieves = views.into_iter().filter(|(_, literals)| !literals.is_empty());
        prefilter.sieves = sieves.map(|(view, it)| (view, Sieve::new(it, genre))).collect();
        prefilter
    }
}

/// The literals of patterns that read the same texts.
#[derive(Debug, Default)]
pub(super) struct Prefilter {
    count: usize,
    sieves: Vec<(View, Sieve<Needy>)>,
    /// Patterns that can match any text.
    always: Vec<u32>,
    /// Patterns that can match any text that is not plain ASCII.
    unless_ascii: Vec<u32>,
}

/// Scratch space for passes, used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// For each pattern the number of the last pass that marked it, and what it found of its needs.
    marks: Vec<(u32, u32)>,
    pass: u32,
    /// The patterns that can match the text that was looked at last.
    candidates: Vec<u32>,
    /// A text as a sieve looks at it.
    view: Vec<u8>,
}

impl Prefilter {
    /// How many patterns it does not tell anything of.
    pub(super) fn unfiltered(&self) -> usize {
        self.always.len()
    }

    /// Bytes that the literals take.
    pub(super) fn size(&self) -> usize {
        self.sieves.iter().map(|(_, sieve)| sieve.size()).sum()
    }

    /// The numbers of the patterns that can match this text.
    pub(super) fn candidates<'s>(&self, text: &[u8], scratch: &'s mut Scratch) -> &'s [u32] {
        scratch.candidates.clear();
        scratch.candidates.extend_from_slice(&self.always);
        for (view, sieve) in &self.sieves {
            scratch.pass(*view, sieve, text, self.count);
        }
        if !self.unless_ascii.is_empty() && !is_plain_ascii(text) {
            scratch.candidates.extend_from_slice(&self.unless_ascii);
            scratch.candidates.sort_unstable();
            scratch.candidates.dedup();
        }
        &scratch.candidates
    }
}

impl Prefilter {
    /// Those that can match one of several texts, each once, in their order; what nothing is told of
    /// is among them even if there is no text.
    pub(super) fn candidates_in_any<'t>(
        &self,
        texts: impl Iterator<Item = &'t [u8]>,
        scratch: &mut Scratch,
    ) -> Vec<u32> {
        let mut numbers = self.always.clone();
        for text in texts {
            numbers.extend_from_slice(self.candidates(text, scratch));
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

impl Scratch {
    /// Adds the candidates of one sieve.
    fn pass(&mut self, view: View, sieve: &Sieve<Needy>, text: &[u8], count: usize) {
        self.pass = self.pass.wrapping_add(1);
        if self.marks.len() < count {
            self.marks.resize(count, (0, 0));
        }
        let Self { marks, pass, candidates, view: room } = self;
        sieve.pass(view.of(text, room), |&Needy { pattern, need }| {
            let Some(mark) = marks.get_mut(index(pattern)) else { return };
            if mark.0 != *pass {
                *mark = (*pass, 0);
            }
            if need.met(&mut mark.1) {
                candidates.push(pattern);
            }
        });
    }
}
