//! How well scores tell spam from ham: the figures of TREC's spam track.
//!
//! G. V. Cormack and T. R. Lynam, "TREC 2005 Spam Track Overview": the area above the ROC curve
//! (1-ROCA), the spam missed at a given loss of ham, and the logistic average misclassification.

use crate::verdict::Label;

/// Scores of labelled messages, sorted once.
#[derive(Debug)]
pub struct Curve {
    /// In ascending order.
    ham: Vec<f64>,
    /// In ascending order.
    spam: Vec<f64>,
}

impl Curve {
    /// From scores in any order; higher means more like spam.
    pub fn new(scores: impl IntoIterator<Item = (Label, f64)>) -> Self {
        let mut curve = Self { ham: Vec::new(), spam: Vec::new() };
        for (label, score) in scores {
            match label {
                Label::Ham => curve.ham.push(score),
                Label::Spam => curve.spam.push(score),
            }
        }
        curve.ham.sort_by(f64::total_cmp);
        curve.spam.sort_by(f64::total_cmp);
        curve
    }

    /// 1-ROCA in percent: how often a ham scores above a spam, of all pairs; a tie is half of one.
    /// `None` without ham or spam.
    pub fn roca_percent(&self) -> Option<f64> {
        let pairs = self.ham.len() as f64 * self.spam.len() as f64;
        let twice: usize = self.ham.iter().map(|&ham| below(&self.spam, ham)).sum();
        (pairs > 0.0).then(|| 100.0 * twice as f64 / 2.0 / pairs)
    }

    /// The percentage of spam that is missed where at most `ham_percent` of the ham is taken for
    /// spam: the threshold is the highest score of a ham that has to pass. Spam at the threshold
    /// is missed. `None` without ham or spam.
    pub fn missed_percent(&self, ham_percent: f64) -> Option<f64> {
        let may_go = (self.ham.len() as f64 * ham_percent / 100.0).floor() as usize;
        let passes = self.ham.len().checked_sub(may_go + 1)?;
        let threshold = self.ham.get(passes)?;
        let missed = self.spam.partition_point(|score| score <= threshold);
        (!self.spam.is_empty()).then(|| percent(missed, self.spam.len()))
    }

    /// How many messages there are: of spam, of ham.
    pub fn counts(&self) -> (usize, usize) {
        (self.spam.len(), self.ham.len())
    }
}

/// Twice the number of `spam` scores below `ham`, plus that of those equal to it.
fn below(spam: &[f64], ham: f64) -> usize {
    let less = spam.partition_point(|&score| score < ham);
    let not_more = spam.partition_point(|&score| score <= ham);
    less + not_more
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
    if of == 0 {
        return None;
    }
    let mistakes = (mistakes as f64).clamp(0.5, of as f64 - 0.5);
    Some((mistakes / (of as f64 - mistakes)).ln())
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
