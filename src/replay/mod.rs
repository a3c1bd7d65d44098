//! Replay: mail that was kept, through the path that live mail takes.
//!
//! 1. [`Labelled`] is the mail: what it is, and in which order it comes.
//! 2. [`in_parallel`] hands out its messages; [`judge`] takes each through the filter, with an
//!    envelope that its headers tell ([`Traced`]).
//!    Mail that was judged by a service can be judged again by what was recorded then ([`Recorded`],
//!    [`judge_again`]).
//! 3. A [`Record`] is all that is kept of each judgement.
//! 4. [`Report::new`] says what the records come to, [`Against::new`] what another configuration would
//!    change, [`Gate`] whether that is too much; [`html::page`] shows it to people, with pictures.
//!
//! Beside that, [`load`] plays mail against a milter, any milter.

mod against;
mod bootstrap;
mod classifier;
mod curve;
mod gate;
mod histogram;
pub mod html;
mod judge;
mod labelled;
pub mod load;
mod overlap;
mod parallel;
mod record;
mod recorded;
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
pub use recorded::{ByRecord, Recorded, RecordedError, judge_again};
pub use report::{
    Counted, Effort, Latency, Learning, Listed, Memory, Records, Report, Rule, Slow, Threshold,
    Timing, Weighed,
};
pub use traced::{Traced, unknown_client};
