//! From the sum of the members' log-odds to a probability that can be trusted.
//!
//! Members that agree are not as sure as their sum says, and what it costs to lose a wanted message
//! is not what it costs to let an unwanted one through. So two numbers, a slope and a shift, are
//! fitted to the scores that messages had just before they were learned (Platt, "Probabilistic
//! outputs for support vector machines", 1999; here online), with an error on ham weighing as much
//! a hundred on spam.

use super::logistic;
use crate::verdict::Label;

/// How many errors on spam one on ham weighs. It bends the scale on purpose: a probability of
/// one half is where a hundred spam messages would stand against one of ham.
const HAM_WEIGHT: f64 = 100.0;

/// How far slope and shift move.
const RATES: [f64; 2] = [0.02, 0.2];

/// A higher score is always a higher probability.
const LEAST_SLOPE: f64 = 0.1;

/// Slope and shift. They begin where a model that has learned little is careful.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Calibration {
    pub(super) slope: f64,
    pub(super) shift: f64,
    /// Sums of squared gradients (AdaGrad).
    pub(super) squares: [f64; 2],
}

impl Default for Calibration {
    fn default() -> Self {
        Self { slope: 0.6, shift: -5.0, squares: [1.0; 2] }
    }
}

impl Calibration {
    /// The probability of spam of a message with this score.
    pub(super) fn probability(&self, score: f64) -> f64 {
        logistic::probability(self.slope * score + self.shift)
    }

    /// Learns what a message with this score was.
    pub(super) fn step(&mut self, score: f64, label: Label, pull: f64) {
        let weight = match label {
            Label::Ham => HAM_WEIGHT,
            Label::Spam => 1.0,
        };
        let error = (logistic::target(label) - self.probability(score)) * weight;
        let gradients = [error * score, error];
        let sums = self.squares.iter_mut().zip(gradients).map(|(sum, gradient)| {
            *sum += gradient * gradient;
            gradient / sum.sqrt()
        });
        let mut steps = sums.zip(RATES).map(|(step, rate)| pull * rate * step);
        self.slope = (self.slope + steps.next().unwrap_or(0.0)).max(LEAST_SLOPE);
        self.shift += steps.next().unwrap_or(0.0);
    }
}
