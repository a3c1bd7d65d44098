//! A member that learns by its errors: logistic regression over hashed features, one step a
//! message in order (Goodman & Yih, "Online discriminative spam filter training", CEAS 2006).

use super::Class;

/// Weights by slot.
#[derive(Clone, Debug)]
pub(super) struct Regression {
    pub(super) weights: Vec<f32>,
    rate: f32,
}

impl Regression {
    /// With 2^`bits` slots and this learning rate.
    pub(super) fn new(bits: u32, rate: f32) -> Self {
        Self { weights: vec![0.0; 1 << bits], rate }
    }

    /// The log-odds of spam. Features count alike and together have length one.
    pub(super) fn log_odds(&self, slots: &[u32]) -> f32 {
        let weights =
            slots.iter().filter_map(|&slot| self.weights.get(usize::try_from(slot).ok()?));
        weights.sum::<f32>() * scale(slots)
    }

    /// One step towards `class`; away from it with a `pull` of -1.
    pub(super) fn step(&mut self, slots: &[u32], class: Class, pull: f32) {
        let probability = super::logistic::probability(self.log_odds(slots).into());
        let error = class.target() - probability;
        #[expect(clippy::cast_possible_truncation, reason = "a step needs no more digits")]
        let step = pull * self.rate * scale(slots) * error as f32;
        for &slot in slots {
            let place = usize::try_from(slot).unwrap_or(usize::MAX);
            if let Some(weight) = self.weights.get_mut(place) {
                *weight += step;
            }
        }
    }
}

fn scale(slots: &[u32]) -> f32 {
    let count = u16::try_from(slots.len().max(1)).unwrap_or(u16::MAX);
    1.0 / f32::from(count).sqrt()
}
