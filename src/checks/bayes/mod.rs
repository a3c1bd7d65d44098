//! The statistical classifier: what people taught it decides.
//!
//! Pure: no I/O, no store. [`Features`] is what is kept of a message; [`Model`] is a function of
//! the set of learned messages: counts are sums over it, weights are learned from it in canonical
//! order.

mod calibration;
mod checkpoint;
mod counts;
mod digest;
mod extract;
mod features;
mod logistic;
mod model;
mod packed;
mod regression;
mod robinson;
mod token;
mod views;

#[cfg(test)]
mod tests;

pub use self::{
    checkpoint::ModelError,
    digest::digest,
    features::{Features, FeaturesError},
    model::{Class, Clue, Model, Opinion},
};

/// The version of what is read from messages and how it is stored. Features of another version
/// cannot be used: the messages must be learned anew.
pub const TOKENIZER: u32 = 1;
