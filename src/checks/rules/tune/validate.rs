//! How good fitted scores are on messages that they were not fitted to.

use std::convert::Infallible;

use super::{
    HitMatrix, Options, Quality, Row, Tunable, folds::folds, quality::Scored, sample::Sample,
    score, workers::on_all_cores,
};
use crate::verdict::Points;

/// Present and fitted scores compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// The present scores.
    pub before: Quality,
    /// Scores fitted to all other folds, for each fold: an estimate for mail of the same kind.
    pub after: Quality,
    /// Scores fitted to these very messages: always too good.
    pub in_sample: Quality,
    /// The same by corpus, in the order of their numbers.
    pub corpora: Vec<ByCorpus>,
}

/// How one corpus is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct ByCorpus {
    /// By the present scores.
    pub before: Quality,
    /// By scores fitted to all other folds.
    pub after: Quality,
    /// By scores fitted to the other corpora alone: an estimate for mail of another kind. `None`
    /// if there is only one.
    pub unseen: Option<Quality>,
}

/// Compares; `fitted` are the scores fitted to all messages.
pub(super) fn validate(
    matrix: &HitMatrix,
    rules: &Tunable<'_>,
    options: &Options,
    fitted: &[Points],
) -> Validation {
    let count = options.folds.max(2);
    let fold_of = folds(matrix, count, options.seed);
    let corpora = matrix.rows().iter().map(|row| usize::from(row.corpus) + 1).max().unwrap_or(0);
    let others = if corpora > 1 { corpora } else { 0 };
    let Ok(mut fits) = on_all_cores(count + others, |number| {
        let sample = match number.checked_sub(count) {
            None => Sample::of(matrix, |at, _| fold_of.get(at) != Some(&number)),
            Some(corpus) => Sample::of(matrix, |_, row| usize::from(row.corpus) != corpus),
        };
        Ok::<_, Infallible>(rules.fit(&sample, options))
    });
    let unseen = fits.split_off(count);
    let judge = Judge { matrix, present: rules.present(), fold_of, fits };
    let corpus = |number: usize| {
        let chosen = |row: &Row| usize::from(row.corpus) == number;
        ByCorpus {
            before: judge.before(chosen),
            after: judge.after(chosen),
            unseen: unseen.get(number).map(|scores| judge.quality(chosen, |_| scores)),
        }
    };
    Validation {
        before: judge.before(|_| true),
        after: judge.after(|_| true),
        in_sample: judge.quality(|_| true, |_| fitted),
        corpora: (0..corpora).map(corpus).collect(),
    }
}

/// Scores for every message.
struct Judge<'m> {
    matrix: &'m HitMatrix,
    present: Vec<Points>,
    /// The fold of each message.
    fold_of: Vec<usize>,
    /// For each fold the scores fitted to the others.
    fits: Vec<Vec<Points>>,
}

impl Judge<'_> {
    fn before(&self, chosen: impl Fn(&Row) -> bool) -> Quality {
        self.quality(chosen, |_| &self.present)
    }

    fn after(&self, chosen: impl Fn(&Row) -> bool) -> Quality {
        self.quality(chosen, |at| {
            let fold = self.fold_of.get(at);
            fold.and_then(|&fold| self.fits.get(fold)).map(Vec::as_slice).unwrap_or_default()
        })
    }

    /// Of the chosen messages, with the scores that `scores` has for each by its place.
    fn quality<'s>(
        &self,
        chosen: impl Fn(&Row) -> bool,
        scores: impl Fn(usize) -> &'s [Points],
    ) -> Quality {
        let rows = self.matrix.rows().iter().enumerate().filter(|(_, row)| chosen(row));
        let scored = rows.map(|(at, row)| (row.label, score(self.matrix, row, scores(at))));
        Quality::of(&scored.collect::<Vec<Scored>>())
    }
}
