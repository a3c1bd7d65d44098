//! (being written)
pub mod cost;
pub mod queue;
