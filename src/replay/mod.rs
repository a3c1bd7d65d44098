//! Replay: mail that was kept, through the path that live mail takes.
//!
//! 1. [`Labelled`] is the mail: what it is, and in which order it comes.
//! 2. [`in_parallel`] hands out its messages; [`judge`] takes each through the filter, with an
//!    envelope that its headers tell ([`Traced`]).
//! 3. A [`Record`] is all that is kept of each judgement.
//! 4. [`Report::new`] says what the records come to.

mod classifier;
mod curve;
mod histogram;
mod judge;
mod labelled;
mod parallel;
mod record;
mod report;
mod traced;

pub use classifier::{Classifier, learn};
pub use curve::{Confusion, Curve, CurvePoint, percent};
pub use histogram::Bin;
pub use judge::judge;
pub use labelled::{Labelled, Letter, Origin};
pub use parallel::{ReplayError, in_parallel};
pub use record::{Lexicon, Record, Taken};
pub use report::{
    Counted, Effort, Interval, Latency, Learning, Listed, Memory, Overlap, Records, Report, Rule,
    Slow, Threshold, Timing, Weighed,
};
pub use traced::{Traced, unknown_client};
