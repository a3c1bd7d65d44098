//! Why there is no result.

use std::{io, time::Duration};

use crate::endpoint::Endpoint;

/// What went wrong between us and clamd.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClamdError {
    /// There is nobody to ask.
    #[error("no clamd socket is configured")]
    NoSocket,
    /// Nobody listens there, or not for us.
    #[error("cannot connect to clamd at {socket}")]
    Connect {
        /// Where.
        socket: Endpoint,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// The connection broke.
    #[error("lost clamd at {socket}")]
    Lost {
        /// Where.
        socket: Endpoint,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// clamd answered neither clean nor infected: it refuses or failed.
    #[error("clamd at {socket} answers `{reply}`")]
    Reply {
        /// Where.
        socket: Endpoint,
        /// Its words, made printable and shortened.
        reply: String,
    },
    /// It took too long.
    #[error("no answer from clamd at {socket} within {} ms", .after.as_millis())]
    Timeout {
        /// Where.
        socket: Endpoint,
        /// How long it was waited for.
        after: Duration,
    },
    /// All slots were taken all the time.
    #[error("no scanner was free within {} ms", .after.as_millis())]
    Busy {
        /// How long it was waited for.
        after: Duration,
    },
}
