//! The figures of the TREC spam track from scores and labels.

use std::fmt;

use gatepost::checks::bayes::Class;

/// How much ham may be misjudged, as shares.
const LOSSES: [f64; 3] = [0.001, 0.005, 0.01];

/// Scores with labels.
#[derive(Default)]
pub(crate) struct Curve {
    scores: Vec<(f64, Class)>,
}

impl Curve {
    pub(crate) fn add(&mut self, score: f64, class: Class) {
        self.scores.push((score, class));
    }

    /// 1-ROCA, then spam missed at each of [`LOSSES`], all in %.
    fn figures(&self) -> (f64, [f64; 3]) {
        let mut sorted = self.scores.clone();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let count = |of: &[(f64, Class)], class| of.iter().filter(|s| s.1 == class).count() as f64;
        let (spam, ham) = (count(&sorted, Class::Spam), count(&sorted, Class::Ham));
        let (mut caught, mut lost, mut area, mut missed) = (0.0, 0.0, 0.0, [100.0; 3]);
        for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
            let (more_spam, more_ham) = (count(tied, Class::Spam), count(tied, Class::Ham));
            area += more_ham * (spam - caught - more_spam / 2.0);
            caught += more_spam;
            lost += more_ham;
            for (missed, _) in missed.iter_mut().zip(LOSSES).filter(|(_, l)| lost <= l * ham) {
                *missed = 100.0 * (1.0 - caught / spam);
            }
        }
        (100.0 * area / (spam * ham), missed)
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (area, [first, second, third]) = self.figures();
        write!(f, "1-ROCA {area:.4} %, missed {first:5.1} {second:5.1} {third:5.1} %")
    }
}
