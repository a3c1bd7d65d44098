//! Scores from labelled messages.
//!
//! ```text
//! messages ──collect──▶ HitMatrix ⇄ cache
//! HitMatrix + RuleSet ──tune──▶ Tuning: new scores, and how good they are by cross-validation
//! Tuning ──score_file──▶ score lines
//! ```
//! A rule keeps its sign: what had a negative score is a sign of ham. Rules that are frozen, on
//! trial (`T_`) or hit too few messages keep their scores, which are part of every sum. Rules that
//! are switched off by a score of 0 are not run, so nothing is known about them.
//!
//! Only rules are asked, not the other checks: the figures are those of rules alone.
//!
//! The same messages, options and rules give the same scores, whatever the order of the messages.

pub mod cache;
mod collect;
mod digest;
mod fit;
mod folds;
mod limits;
mod load;
mod matrix;
mod quality;
mod rate;
mod sample;
mod score_file;
mod validate;
mod workers;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

pub use collect::{CollectError, Labelled, collect, scoring};
pub use digest::Digest;
pub use load::load;
pub use matrix::{HitCount, HitMatrix, Row};
pub use quality::{AtThreshold, Quality};
pub use rate::Rate;
pub use score_file::score_file;
pub use validate::{ByCorpus, Validation};

use self::{limits::Limits, matrix::at, sample::Sample};
use super::{RuleInfo, RuleSet};
use crate::verdict::{Name, Points};

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Parts for the cross-validation, at least 2.
    pub folds: usize,
    /// Chooses who is in which part.
    pub seed: u64,
    /// How many missed spams one false positive is worth.
    pub ham_weight: f64,
    /// How far a score strays from the present one on little evidence, in points: the standard
    /// deviation of what is held possible beforehand. More fits mail of the same kind better, less
    /// fits mail of other kinds better: compare the cross-validation with the corpora that a fit
    /// has not seen.
    pub stray: f64,
    /// The least score of a sign of ham.
    pub least: Points,
    /// The highest score of a rule.
    pub most: Points,
    /// A rule that hits fewer different messages keeps its score.
    pub fewest_hits: u32,
    /// Rules that keep their scores.
    pub frozen: HashSet<Name>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folds: 10,
            seed: 1,
            ham_weight: 20.0,
            stray: 0.5,
            least: Points::from_micros(-5_000_000),
            most: Points::from_micros(4_500_000),
            fewest_hits: 5,
            frozen: HashSet::new(),
        }
    }
}

/// One rule before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its name.
    pub name: Name,
    /// The file it stands in.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The present score.
    pub old: Points,
    /// The fitted score.
    pub new: Points,
    /// The messages it hits.
    pub hits: HitCount,
    /// Whether it may change at all.
    pub status: Status,
}

/// Whether a rule's score may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Fitted.
    Fitted,
    /// Kept as asked, or because the rule is on trial.
    Frozen,
    /// Kept because it hits too few messages.
    Rare,
}

impl Status {
    /// For people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fitted => "fitted",
            Self::Frozen => "frozen",
            Self::Rare => "rare",
        }
    }
}

/// What a fit came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// All rules of the matrix, in the order of the files.
    pub changes: Vec<Change>,
    /// How good the scores are.
    pub validation: Validation,
}

/// Fits the scores of the matrix' rules, which must be rules of this set, and says how good that
/// is: by cross-validation, and by corpus.
pub fn tune(matrix: &HitMatrix, set: &RuleSet, options: &Options) -> Tuning {
    let rules = Tunable::of(matrix, set, options);
    let everything = Sample::of(matrix, |_, _| true);
    let new = rules.fit(&everything, options);
    let validation = validate::validate(matrix, &rules, options, &new);
    let changes = rules.changes(matrix, &everything, new, options);
    Tuning { changes, validation }
}

/// The rules of a matrix and what is known about them.
struct Tunable<'s> {
    rules: Vec<Known<'s>>,
}

/// One rule; `info` is missing if the set does not have it.
struct Known<'s> {
    info: Option<RuleInfo<'s>>,
    frozen: bool,
}

impl<'s> Tunable<'s> {
    fn of(matrix: &HitMatrix, set: &'s RuleSet, options: &Options) -> Self {
        let infos: std::collections::HashMap<&str, RuleInfo<'s>> =
            set.list().map(|info| (info.name.as_str(), info)).collect();
        let known = |name: &Name| Known {
            info: infos.get(name.as_str()).copied(),
            frozen: options.frozen.contains(name) || name.as_str().starts_with("T_"),
        };
        Self { rules: matrix.rules().iter().map(known).collect() }
    }

    /// The present scores.
    fn present(&self) -> Vec<Points> {
        self.rules.iter().map(Known::score).collect()
    }

    fn limits(&self, sample: &Sample, options: &Options) -> Vec<Limits> {
        let limits = |(rule, &different): (&Known<'_>, &u32)| {
            if rule.frozen {
                Limits::fixed(rule.score())
            } else {
                Limits::of(rule.score(), different, options)
            }
        };
        self.rules.iter().zip(&sample.different).map(limits).collect()
    }

    /// The scores that suit a sample best.
    fn fit(&self, sample: &Sample, options: &Options) -> Vec<Points> {
        fit::fit(sample, &self.limits(sample, options), options)
    }

    fn changes(
        &self,
        matrix: &HitMatrix,
        sample: &Sample,
        new: Vec<Points>,
        options: &Options,
    ) -> Vec<Change> {
        let counts = matrix.counts().into_iter().zip(&sample.different);
        self.rules
            .iter()
            .zip(new)
            .zip(counts)
            .filter_map(|((rule, new), (hits, &different))| {
                let info = rule.info?;
                let status = match (rule.frozen, different < options.fewest_hits) {
                    (true, _) => Status::Frozen,
                    (false, true) => Status::Rare,
                    (false, false) => Status::Fitted,
                };
                let (name, file) = (info.name.clone(), info.file.to_owned());
                Some(Change { name, file, line: info.line, old: info.score, new, hits, status })
            })
            .collect()
    }
}

impl Known<'_> {
    fn score(&self) -> Points {
        self.info.map(|info| info.score).unwrap_or_default()
    }
}

/// The score of a message.
fn score(matrix: &HitMatrix, row: &Row, scores: &[Points]) -> Points {
    matrix.hits(row).iter().filter_map(|&rule| scores.get(at(rule)).copied()).sum()
}
