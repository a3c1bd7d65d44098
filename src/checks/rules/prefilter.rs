//! Which of many patterns can match a text: one pass over it tells.
//!
//! All literals of all patterns are in one sieve, and those that are looked for in skeletons in
//! another. A pass over a text marks the patterns of which a literal occurs; the others cannot match,
//! but for those without a usable literal.

use super::{
    compile::index,
    pattern::{Genre, Literals, View, is_plain_ascii},
    sieve::Sieve,
};

/// A pattern that needs a literal, and how many such literals it needs.
type Needy = (u32, u32);

/// A prefilter being put together.
#[derive(Debug, Default)]
pub(super) struct Builder {
    genre: Genre,
    count: u32,
    /// Literals and the patterns that need one of them.
    plain: Vec<(Vec<u8>, Needy)>,
    skeletal: Vec<(Vec<u8>, Needy)>,
    always: Vec<u32>,
    unless_ascii: Vec<u32>,
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
    pub(super) fn add(&mut self, literals: Option<&Literals>) {
        let number = self.count;
        self.count = self.count.saturating_add(1);
        let Some(literals) = literals else {
            self.always.push(number);
            return;
        };
        if literals.only_in_ascii() {
            self.unless_ascii.push(number);
        }
        let list = match literals.view() {
            View::Plain => &mut self.plain,
            View::Skeleton => &mut self.skeletal,
        };
        let owner = (number, literals.times());
        list.extend(literals.iter().map(|literal| (literal.to_vec(), owner)));
    }

    /// Makes the sieves.
    pub(super) fn build(self) -> Prefilter {
        let views = [(View::Plain, self.plain), (View::Skeleton, self.skeletal)];
        let sieves = views.into_iter().filter(|(_, literals)| !literals.is_empty());
        let sieves =
            sieves.map(|(view, literals)| (view, Sieve::new(literals, self.genre))).collect();
        let Self { count, always, unless_ascii, .. } = self;
        Prefilter { count: index(count), sieves, always, unless_ascii }
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
    /// For each pattern the number of the last pass that marked it, and how many literals it found.
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
        sieve.pass(view.of(text, room), |&(owner, times)| {
            let Some(mark) = marks.get_mut(index(owner)) else { return };
            if mark.0 != *pass {
                *mark = (*pass, 0);
            }
            mark.1 = mark.1.saturating_add(1);
            if mark.1 == times {
                candidates.push(owner);
            }
        });
    }
}
