//! Words for what a message deserves: points, findings, outcomes, verdicts, and what was heard from
//! outside on the way to them. Pure data, no I/O.

mod authentication;
mod finding;
mod flip;
mod forced;
mod judgement;
mod label;
mod outcome;
mod points;
mod reference;
mod ruling;
mod testimony;

pub use authentication::{
    AuthResult, Authentication, Chain, Disposition, DomainPolicy, Handling, SenderPolicy, Signature,
};
pub use finding::{Evidence, Finding, Name, Token};
pub use flip::{Decision, Flip};
pub use forced::{Forced, Reason, Trouble, Verdict};
pub use judgement::{Identity, Judgement};
pub use label::Label;
pub use outcome::{Answer, OnFailure, Outcome};
pub use points::{Points, PointsError};
pub use reference::{Reference, ReferenceError};
pub use ruling::{Party, Ruling, Word};
pub use testimony::{
    Lookup, Opinion, PictureSaid, Pictured, Response, Scan, ScanSaid, Testimony, Witness,
};
