//! Replay: mail that was kept, through the path that live mail takes.
//!
//! 1. [`Labelled`] is the mail: what it is, and in which order it comes.
//! 2. [`in_parallel`] hands out its messages; [`judge`] takes each through the filter, with an
//!    envelope that its headers tell ([`Traced`]).
//! 3. A [`Record`] is all that is kept of each judgement.
//! 4. [`Report::new`] says what the records come to, [`Against::new`] what another configuration would
//!    change, [`Gate`] whether that is too much; [`html::page`] shows it to people, with pictures.

mod against;
mod bootstrap;
mod classifier;
mod curve;
mod gate;
mod histogram;
pub mod html;
mod judge;
mod labelled;
mod overlap;
mod parallel;
mod record;
mod report;
mod traced;

#[cfg(test)]
mod tests;

pub use against::{Against, Change, Flip, Reweighed, Side};
pub use bootstrap::Interval;
pub use classifier::{Classifier, learn};
pub use curve::{Confusion, Curve, CurvePoint, percent};
pub use gate::{Gate, GateError, Passage};
pub use histogram::Bin;
pub use judge::judge;
pub use labelled::{Labelled, Letter, Origin};
pub use overlap::Overlap;
pub use parallel::{ReplayError, in_parallel};
pub use record::{Lexicon, Record, Taken};
pub use report::{
    Counted, Effort, Latency, Learning, Listed, Memory, Records, Report, Rule, Slow, Threshold,
    Timing, Weighed,
};
pub use traced::{Traced, unknown_client};
