//! The statistical classifier: what people taught it decides. Pure: no I/O, no store.
//!
//! [`Features`] is what is kept of a message: hashes of its tokens in order, and slots of its byte
//! n-grams. [`Model`] is what follows from the learned messages:
//! - `counts`: in how many messages of spam and ham each token was. Sums, so order does not
//!   matter, and forgetting takes away exactly what learning added. They explain a judgement, and
//!   carry what was learned by another filter;
//! - `regression`: five members that learn by their errors, so that order matters to them. Learning
//!   the next message is one step; `rehearsal` keeps it from leaning to what came last. Nodes that
//!   have learned the same in other orders differ a little, until each makes its model anew
//!   ([`Model::new`], [`Model::learn`] for all messages in an order that follows from the set alone,
//!   [`Model::settle`]): then they are the same bit for bit, on every machine.
//!
//! # The members
//! | sees | because |
//! |---|---|
//! | tokens of header, MIME structure and links | who sends, with what, by which way |
//! | tokens of the rendered text | what is said |
//! | both, and sparse pairs of neighbours (Siefkes et al. 2004) | phrases |
//! | byte 5-grams of the header as sent (Goodman & Yih 2006) | what no tokenizer was told to look for |
//! | byte 5-grams of the rendered text | words in disguise, languages without blanks |
//! | counts (Robinson 2003), hardly weighed | until people teach, imported ones are all there is |
//!
//! Each is a logistic regression with falling rates (see `regression`). The score is the sum of
//! their log-odds, not clipped: members that see different things fail on different messages, and
//! a sum without fitted weights cannot be fitted to one corpus (Lynam, Cormack & Cheriton, "On-line
//! spam filter fusion", SIGIR 2006). `calibration` makes a probability of it. `cargo bench --bench
//! bayes` measures all of that.

mod arrival;
mod calibration;
mod check;
mod checkpoint;
mod counts;
mod digest;
mod explain;
mod extract;
mod features;
mod knowledge;
mod logistic;
mod model;
mod packed;
mod regression;
mod rehearsal;
mod robinson;
mod settings;
mod token;
mod views;

#[cfg(test)]
mod tests;

pub use self::{
    check::{Bayes, is_ripe},
    checkpoint::ModelError,
    digest::digest,
    explain::Clue,
    features::{Features, FeaturesError, MOST_IMPORTED},
    knowledge::Knowledge,
    model::{Model, Opinion},
    settings::{Autolearn, Settings},
};

/// The version of what is read from messages and how it is stored. Features of another version
/// cannot be used: the messages must be learned anew.
pub const TOKENIZER: u32 = 1;
