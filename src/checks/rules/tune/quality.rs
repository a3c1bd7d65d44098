//! How well scores tell spam from ham.

use serde::Serialize;

use super::{Rate, fit::THRESHOLD};
use crate::verdict::{Label, Points};

/// Shares of ham that may be hit, in percent, for [`Quality::at`].
const HAM_HIT: [f64; 3] = [0.0, 0.1, 0.5];

/// A message's label and score.
pub(super) type Scored = (Label, Points);

/// Mistakes, at the usual threshold and at others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Ham with 5 points or more, of all ham.
    pub false_positives: Rate,
    /// Spam with less than 5 points, of all spam.
    pub misses: Rate,
    /// What other thresholds would do.
    pub at: Vec<AtThreshold>,
}

/// The lowest threshold that hits no more ham than allowed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtThreshold {
    /// How much ham may be hit, in percent.
    pub ham_hit_percent: f64,
    /// Spam has more points than this; `None` if all messages may be hit.
    pub above: Option<Points>,
    /// Spam that has not, of all spam.
    pub misses: Rate,
}

impl Quality {
    /// Counts.
    pub(super) fn of(scored: &[Scored]) -> Self {
        let mut ham = scores(scored, Label::Ham);
        let spam = scores(scored, Label::Spam);
        ham.sort_unstable_by_key(|&score| std::cmp::Reverse(score));
        let hit = ham.iter().filter(|&&score| score >= THRESHOLD).count();
        let missed = spam.iter().filter(|&&score| score < THRESHOLD).count();
        Self {
            false_positives: Rate::new(hit, ham.len()),
            misses: Rate::new(missed, spam.len()),
            at: HAM_HIT.map(|percent| at(percent, &ham, &spam)).to_vec(),
        }
    }
}

fn scores(scored: &[Scored], wanted: Label) -> Vec<Points> {
    scored.iter().filter(|(label, _)| *label == wanted).map(|&(_, score)| score).collect()
}

/// `ham` from the highest score down.
fn at(percent: f64, ham: &[Points], spam: &[Points]) -> AtThreshold {
    let allowed = (ham.len() as f64 * percent / 100.0).floor() as usize;
    let above = ham.get(allowed).copied();
    let missed = spam.iter().filter(|&&score| above.is_some_and(|above| score <= above)).count();
    AtThreshold { ham_hit_percent: percent, above, misses: Rate::new(missed, spam.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_counted() {
        let points = |tenths: i64| Points::from_micros(tenths * 100_000);
        let ham = (0..1000).map(|n| (Label::Ham, points(n / 20)));
        let spam = [49, 50, 51, 100].map(|tenths| (Label::Spam, points(tenths)));
        let scored: Vec<_> = ham.chain(spam).chain([(Label::Ham, points(50))]).collect();
        let quality = Quality::of(&scored);
        assert_eq!(quality.false_positives, Rate::new(1, 1001));
        assert_eq!(quality.misses, Rate::new(1, 4));
        let at: Vec<_> = quality.at.iter().map(|at| (at.above, at.misses.count)).collect();
        assert_eq!(
            at,
            [(Some(points(50)), 2), (Some(points(49)), 1), (Some(points(49)), 1)],
            "one ham of 1001 is less than 0.1 %, five are less than 0.5 %"
        );
        assert_eq!(Quality::of(&[]).at[0].above, None);
    }
}
