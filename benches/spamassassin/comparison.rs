//! Where two sides agree.

use std::collections::{BTreeMap, BTreeSet};

use crate::answers::{Answer, Answers};

/// Scores that differ by no more than this are equal.
const SCORE_TOLERANCE: f64 = 0.05;

/// Both sides' answers about the messages that both judged.
pub(crate) struct Comparison<'a> {
    /// Path, theirs, ours.
    pub(crate) messages: Vec<(&'a str, &'a Answer, &'a Answer)>,
}

/// How one rule did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Messages on which both hit.
    pub(crate) both: usize,
    /// Messages on which only SpamAssassin hits.
    pub(crate) missed: usize,
    /// Messages on which only gatepost hits.
    pub(crate) extra: usize,
}

/// The rules of an answer that are compared.
pub(crate) type Part = fn(&Answer) -> &BTreeSet<String>;

impl<'a> Comparison<'a> {
    /// Puts the answers side by side.
    pub(crate) fn new(theirs: &'a Answers, ours: &'a Answers) -> Self {
        let side_by_side =
            |(path, our): (&'a String, &'a Answer)| Some((path.as_str(), theirs.0.get(path)?, our));
        let messages: Vec<_> = ours.0.iter().filter_map(side_by_side).collect();
        assert!(!messages.is_empty(), "the answers are about other messages");
        Self { messages }
    }

    /// Every rule that hit anywhere.
    pub(crate) fn by_rule(&self, part: Part) -> BTreeMap<&'a str, Tally> {
        let mut rules: BTreeMap<&str, Tally> = BTreeMap::new();
        for &(_, theirs, ours) in &self.messages {
            let (theirs, ours) = (part(theirs), part(ours));
            for rule in theirs.union(ours) {
                let tally = rules.entry(rule).or_default();
                match (theirs.contains(rule), ours.contains(rule)) {
                    (true, true) => tally.both += 1,
                    (true, false) => tally.missed += 1,
                    _ => tally.extra += 1,
                }
            }
        }
        rules
    }

    /// Messages on which exactly the same rules hit.
    pub(crate) fn same_sets(&self, part: Part) -> usize {
        self.messages.iter().filter(|(_, theirs, ours)| part(theirs) == part(ours)).count()
    }

    /// Messages whose scores are equal within the tolerance.
    pub(crate) fn same_scores(&self) -> usize {
        let same = |theirs: &Answer, ours: &Answer| {
            (theirs.score - ours.score).abs() <= SCORE_TOLERANCE + 1e-9
        };
        self.messages.iter().filter(|(_, theirs, ours)| same(theirs, ours)).count()
    }
}

impl Tally {
    /// Messages on which the sides differ.
    pub(crate) fn differs(self) -> usize {
        self.missed + self.extra
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |sum, tally| Self {
            both: sum.both + tally.both,
            missed: sum.missed + tally.missed,
            extra: sum.extra + tally.extra,
        })
    }
}
