//! Log-odds and probabilities, the same bit for bit on every machine: `libm` is compiled in, where
//! the functions of the standard library are the system's.

use crate::verdict::Label;

/// The probability of spam of what is known.
pub(super) fn target(label: Label) -> f64 {
    match label {
        Label::Spam => 1.0,
        Label::Ham => 0.0,
    }
}

/// The probability of log-odds.
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

/// The log-odds of a probability between 0 and 1.
pub(super) fn log_odds(probability: f64) -> f64 {
    libm::log(probability / (1.0 - probability))
}
