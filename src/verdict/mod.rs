//! Words for what a message deserves: points, findings, outcomes, verdicts. Pure data, no I/O.

mod finding;
mod forced;
mod judgement;
mod label;
mod outcome;
mod points;
mod reference;

pub use finding::{Evidence, Finding, Name, Token};
pub use forced::{Forced, Reason, Verdict};
pub use judgement::Judgement;
pub use label::Label;
pub use outcome::{Answer, ClientRefusal, OnFailure, Outcome};
pub use points::{Points, PointsError};
pub use reference::Reference;
