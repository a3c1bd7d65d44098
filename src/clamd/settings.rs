//! Where the scanners are.

use std::time::Duration;

use crate::endpoint::Endpoint;

/// What a scanner needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// clamd's sockets (`LocalSocket`, `TCPSocket` in clamd.conf), in the order in which they are tried.
    pub sockets: Vec<Endpoint>,
    /// How long one scan may take, with everything before it.
    pub timeout: Duration,
    /// How many scans run at a time, over all sockets.
    pub max_parallel: usize,
}
