//! A member that learns by its errors: logistic regression over hashed features, one step a
//! message in canonical order (Goodman & Yih, "Online discriminative spam filter training",
//! CEAS 2006), with a rate for each weight that falls with what it has learned (AdaGrad: Duchi,
//! Hazan & Singer, "Adaptive subgradient methods", JMLR 12, 2011). So a word that is seen for the
//! first time counts at once, and one that is everywhere moves slowly.
//!
//! Only additions, multiplications, divisions and square roots in a fixed order, and `libm`: the
//! same bits on every machine.

use super::logistic;
use crate::verdict::Label;

/// How far a weight moves at most, in log-odds of a message of that feature alone. Twice that is a
/// little more accurate where all labels are right, and far less where one in fifty is wrong.
const RATE: f32 = 0.5;

/// Keeps the first step from dividing by nought; any small number does.
const SMALLEST: f32 = 1e-5;

/// A weight, and the sum of the squares of its steps' gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Weight {
    pub(super) value: f32,
    pub(super) squares: f32,
}

/// Weights by slot.
#[derive(Clone, Debug)]
pub(super) struct Regression {
    pub(super) weights: Vec<Weight>,
}

impl Regression {
    /// With 2^`bits` slots.
    pub(super) fn new(bits: u32) -> Self {
        Self { weights: vec![Weight::default(); 1 << bits] }
    }

    /// The log-odds of spam. The features of a message count alike and together have length one,
    /// so that long messages are not surer than short ones.
    pub(super) fn log_odds(&self, slots: &[u32]) -> f64 {
        let weight = |&slot: &u32| self.weights.get(usize::try_from(slot).ok()?);
        let sum: f32 = slots.iter().filter_map(weight).map(|weight| weight.value).sum();
        f64::from(sum * length(slots.len()))
    }

    /// What one of so many slots adds to the log-odds.
    pub(super) fn vote(&self, slot: u32, slots: usize) -> f64 {
        let weight = usize::try_from(slot).ok().and_then(|slot| self.weights.get(slot));
        weight.map_or(0.0, |weight| f64::from(weight.value * length(slots)))
    }

    /// One step towards `label` from `log_odds`; away from it with a `pull` of -1.
    pub(super) fn step(&mut self, slots: &[u32], log_odds: f64, label: Label, pull: f32) {
        let error = logistic::target(label) - logistic::probability(log_odds);
        #[expect(clippy::cast_possible_truncation, reason = "a step needs no more digits")]
        let gradient = error as f32 * length(slots.len());
        let square = gradient * gradient;
        for &slot in slots {
            let place = usize::try_from(slot).unwrap_or(usize::MAX);
            if let Some(weight) = self.weights.get_mut(place) {
                weight.squares += square;
                weight.value += pull * RATE * gradient / (SMALLEST + weight.squares).sqrt();
            }
        }
    }
}

/// What each of so many features of a message is multiplied by.
fn length(slots: usize) -> f32 {
    let count = u16::try_from(slots.max(1)).unwrap_or(u16::MAX);
    1.0 / f32::from(count).sqrt()
}
