//! What a node says of itself to the others.

use serde::{Deserialize, Serialize};

use super::plan::Peer;

/// What a node says of itself every few seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    /// What the others plan by.
    pub(super) peer: Peer,
    /// Which process says it: no two have the same number.
    pub(super) process: u64,
    /// When, by its own clock, in milliseconds since 1970.
    pub(super) at: u64,
    /// When it last had read the whole log and told all of its own, by the same clock.
    pub(super) level_at: u64,
    /// Events that it has not told yet.
    pub(super) untold: u64,
    /// Messages learned as spam.
    pub(super) spam: u64,
    /// Messages learned as ham.
    pub(super) ham: u64,
    /// Its version.
    pub(super) version: String,
}
