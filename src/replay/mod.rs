//! Replay: mail that was kept, through the path that live mail takes.

mod curve;
mod judge;
mod traced;

pub use curve::{Confusion, Curve, percent};
pub use judge::judge;
pub use traced::{Traced, unknown_client};
