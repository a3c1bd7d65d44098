//! Replay: mail that was kept, through the path that live mail takes.

mod curve;
pub mod load;
mod traced;

pub use curve::{Confusion, Curve, percent};
pub use traced::{traced, unknown_client};
