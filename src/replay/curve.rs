//! How well scores tell spam from ham: the figures of TREC's spam track.
//!
//! G. V. Cormack and T. R. Lynam, "TREC 2005 Spam Track Overview": the area above the ROC curve
//! (1-ROCA), the spam missed at a given loss of ham, and the logistic average misclassification.

use serde::Serialize;

use crate::verdict::Label;

/// Scores of labelled messages, sorted once.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    /// One for each distinct score, in ascending order.
    steps: Vec<Step>,
}

/// How many messages have one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// Higher means more like spam.
    pub(super) score: f64,
    /// Ham that has it.
    pub(super) ham: u32,
    /// Spam that has it.
    pub(super) spam: u32,
}

/// What a threshold does: a message is taken for spam if it scores above it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The threshold.
    pub score: f64,
    /// Ham above it, in percent of all ham.
    pub ham_percent: f64,
    /// Spam that is not above it, in percent of all spam.
    pub missed_percent: f64,
}

impl Curve {
    /// From scores in any order; higher means more like spam.
    pub fn new(scores: impl IntoIterator<Item = (Label, f64)>) -> Self {
        let mut scores: Vec<(Label, f64)> = scores.into_iter().collect();
        scores.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
        let mut steps: Vec<Step> = Vec::new();
        for (label, score) in scores {
            if steps.last().is_none_or(|last| last.score != score) {
                steps.push(Step { score, ham: 0, spam: 0 });
            }
            let Some(step) = steps.last_mut() else { continue };
            match label {
                Label::Ham => step.ham += 1,
                Label::Spam => step.spam += 1,
            }
        }
        Self { steps }
    }

    /// The distinct scores, ascending.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The same scores with other counts.
    pub(super) fn steps_mut(&mut self) -> &mut [Step] {
        &mut self.steps
    }

    /// 1-ROCA in percent: how often a ham scores above a spam, of all pairs; a tie is half of one.
    /// `None` without ham or spam.
    pub fn roca_percent(&self) -> Option<f64> {
        let (mut below, mut twice, mut all_ham) = (0_u64, 0_u64, 0_u64);
        for &Step { ham, spam, .. } in &self.steps {
            let (ham, spam) = (u64::from(ham), u64::from(spam));
            twice += ham * (2 * below + spam);
            below += spam;
            all_ham += ham;
        }
        let pairs = all_ham as f64 * below as f64;
        (pairs > 0.0).then(|| 100.0 * twice as f64 / 2.0 / pairs)
    }

    /// The percentage of spam that is missed where at most `ham_percent` of the ham is taken for
    /// spam: the threshold is the highest score of a ham that has to pass. Spam at the threshold
    /// is missed. `None` without ham or spam.
    pub fn missed_percent(&self, ham_percent: f64) -> Option<f64> {
        let (all_spam, all_ham) = self.counts();
        let may_go = (all_ham as f64 * ham_percent / 100.0).floor() as usize;
        let has_to_pass = all_ham.checked_sub(may_go).filter(|&pass| pass > 0)?;
        let (mut passed, mut missed) = (0, 0);
        for step in &self.steps {
            passed += count(step.ham);
            missed += count(step.spam);
            if passed >= has_to_pass {
                break;
            }
        }
        (all_spam > 0).then(|| percent(missed, all_spam))
    }

    /// How many messages there are: of spam, of ham.
    pub fn counts(&self) -> (usize, usize) {
        let sum = |of: fn(&Step) -> u32| self.steps.iter().map(|step| count(of(step))).sum();
        (sum(|step| step.spam), sum(|step| step.ham))
    }

    /// The curve from the lowest threshold to the highest, as many points as can be told apart on
    /// the axes of a DET plot (log-odds), some hundreds at most. Empty without ham or spam.
    pub fn points(&self) -> Vec<CurvePoint> {
        /// In units of log-odds.
        const APART: f64 = 0.05;
        let (all_spam, all_ham) = self.counts();
        let mut points: Vec<CurvePoint> = Vec::new();
        let (mut above, mut missed, mut last) = (all_ham, 0, None::<[f64; 2]>);
        for step in self.steps.iter().filter(|_| all_spam > 0 && all_ham > 0) {
            above -= count(step.ham);
            missed += count(step.spam);
            let place = [(above, all_ham), (missed, all_spam)].map(|(m, of)| odds(m, of));
            let moved = |last: [f64; 2]| last.iter().zip(place).any(|(l, p)| (l - p).abs() > APART);
            if last.is_none_or(moved) {
                last = Some(place);
                let (ham_percent, missed_percent) =
                    (percent(above, all_ham), percent(missed, all_spam));
                points.push(CurvePoint { score: step.score, ham_percent, missed_percent });
            }
        }
        points
    }
}

/// A count as a number of messages.
pub(super) fn count(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What was decided about labelled messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Ham.
    pub ham: usize,
    /// Ham that was taken for spam.
    pub false_positives: usize,
    /// Spam.
    pub spam: usize,
    /// Spam that was taken for ham.
    pub false_negatives: usize,
}

impl Confusion {
    /// Counts one.
    pub fn count(&mut self, label: Label, taken_for_spam: bool) {
        match label {
            Label::Ham => {
                self.ham += 1;
                self.false_positives += usize::from(taken_for_spam);
            }
            Label::Spam => {
                self.spam += 1;
                self.false_negatives += usize::from(!taken_for_spam);
            }
        }
    }

    /// lam %: the logistic average of both rates of mistakes, in percent. A rate of 0 or 1 counts
    /// as half a message more or less, as TREC's tools have it. `None` without ham or spam.
    pub fn lam_percent(&self) -> Option<f64> {
        let ham = logit(self.false_positives, self.ham)?;
        let spam = logit(self.false_negatives, self.spam)?;
        let mean = (ham + spam) / 2.0;
        Some(100.0 / (1.0 + (-mean).exp()))
    }
}

/// The log-odds of a mistake; `None` of nothing.
fn logit(mistakes: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| odds(mistakes, of))
}

/// The log-odds of `part` of something; half a message from none and from all at least.
fn odds(part: usize, of: usize) -> f64 {
    let part = (part as f64).clamp(0.5, of as f64 - 0.5);
    (part / (of as f64 - part)).ln()
}

/// In percent; 0 of nothing.
pub fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn curve(ham: &[f64], spam: &[f64]) -> Curve {
        let ham = ham.iter().map(|&score| (Label::Ham, score));
        Curve::new(ham.chain(spam.iter().map(|&score| (Label::Spam, score))))
    }

    #[test]
    fn figures_of_small_sets() {
        for (ham, spam, roca, missed) in [
            (&[1.0, 2.0][..], &[3.0, 4.0][..], Some(0.0), Some(0.0)),
            (&[3.0, 4.0], &[1.0, 2.0], Some(100.0), Some(100.0)),
            (&[1.0], &[1.0], Some(50.0), Some(100.0)),
            (&[1.0, 3.0], &[2.0, 4.0], Some(25.0), Some(50.0)),
            (&[], &[1.0], None, None),
            (&[1.0], &[], None, None),
        ] {
            let curve = curve(ham, spam);
            assert_eq!(
                (curve.roca_percent(), curve.missed_percent(0.1)),
                (roca, missed),
                "{curve:?}"
            );
        }
    }

    #[test]
    fn so_much_ham_may_be_lost() {
        let ham: Vec<f64> = (0..1000).map(f64::from).collect();
        let curve = curve(&ham, &[500.0, 994.5, 998.5]);
        for (loss, missed) in [(0.0, 3), (0.1, 2), (0.5, 1), (60.0, 0)] {
            assert_eq!(curve.missed_percent(loss), Some(percent(missed, 3)), "{loss}");
        }
    }

    #[test]
    fn the_logistic_average() {
        let confusion = |false_positives, false_negatives| Confusion {
            ham: 100,
            false_positives,
            spam: 100,
            false_negatives,
        };
        let lam = |confusion: Confusion| confusion.lam_percent().unwrap();
        assert!((lam(confusion(10, 10)) - 10.0).abs() < 1e-6);
        assert!((lam(confusion(50, 50)) - 50.0).abs() < 1e-6);
        assert!(lam(confusion(0, 0)) > 0.0 && lam(confusion(0, 0)) < 1.0);
        assert!(lam(confusion(1, 9)) < 9.0);
        assert_eq!(Confusion::default().lam_percent(), None);
    }

    proptest! {
        #[test]
        fn the_area_counts_pairs(
            ham in prop::collection::vec(-3i8..3, 1..20),
            spam in prop::collection::vec(-3i8..3, 1..20),
        ) {
            let (ham, spam) = (
                ham.into_iter().map(f64::from).collect::<Vec<_>>(),
                spam.into_iter().map(f64::from).collect::<Vec<_>>(),
            );
            let mut wrong = 0.0;
            for ham in &ham {
                for spam in &spam {
                    wrong += if ham > spam { 1.0 } else if ham == spam { 0.5 } else { 0.0 };
                }
            }
            let expected = 100.0 * wrong / (ham.len() * spam.len()) as f64;
            let found = curve(&ham, &spam).roca_percent().unwrap();
            prop_assert!((found - expected).abs() < 1e-9);
        }
    }
}
