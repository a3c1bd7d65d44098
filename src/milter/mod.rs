//! The milter door: Postfix's and sendmail's filter protocol, version 6.
//!
//! - [`callbacks`] translates the protocol's events into calls on a session, and nothing else.
//! - [`session`] holds a connection and, apart from it, the message on it.
//! - [`reply`] and [`headers`] turn a judgement into what the MTA is told.
//! - [`stream`] accepts connections, counts them, and acknowledges at once on TCP; [`untag`] makes
//!   sendmail's IPv6 addresses readable.
//!
//! Promises: a message is answered exactly once; what is not judged is answered 4xx or not at
//! all, so that the MTA's `milter_default_action` keeps it with the sender; a broken or hostile
//! session never disturbs another.

mod authentication_results;
mod callbacks;
mod door;
mod headers;
mod record;
pub mod reply;
mod session;
mod stream;
mod untag;

use serde::{Deserialize, Serialize};

pub use door::{Door, DoorError};

use crate::endpoint::{Endpoint, Mode};

/// `[milter]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where to listen.
    pub listen: Vec<Endpoint>,
    /// Permission bits of unix sockets, in octal.
    pub socket_mode: Mode,
    /// Connections served at once. Some more are let in to be told 451; beyond those, closed.
    pub max_connections: usize,
    /// How long a connection may stay silent, in seconds.
    pub idle_seconds: u64,
    /// How long messages in flight may take after SIGTERM, in seconds.
    pub drain_seconds: u64,
    /// Who signs Authentication-Results (RFC 8601); the MTA's host name if empty.
    pub authserv_id: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![Endpoint::Inet { host: "127.0.0.1".to_owned(), port: 11332 }],
            socket_mode: Mode(0o660),
            max_connections: 1_000,
            idle_seconds: 3_600,
            drain_seconds: 30,
            authserv_id: String::new(),
        }
    }
}
