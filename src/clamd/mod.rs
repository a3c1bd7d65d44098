//! clamd: the port to the virus scanner (INSTREAM of clamd(8)). It knows nothing of mail.
//!
//! [`Scanner::new`] once per configuration; [`Scanner::scan`] bytes; [`Scanner::versions`] for
//! `config check`.
//!
//! - **Clean means that clamd said so.** Its only clean reply is `stream: OK`. Every other end, a
//!   size limit, an empty reply, a closed connection, is an error.
//! - Sockets are tried in the order written. One that cannot be reached is put aside for some
//!   seconds. When all are aside, all are tried, so that a restarted clamd is found at once. One
//!   that was aside must answer PING first: bytes are not spent on a clamd that hangs.
//! - A scan that fails on a connected socket says nothing about the socket: the data may be to
//!   blame (a size limit, an archive that takes for ever), and a stranger must not be able to
//!   put a healthy clamd aside. So the socket is sent PING, behind the scan's back, and only a
//!   silent one is put aside.
//! - Everything ends within the timeout: waiting for a free slot, connecting, scanning, fail-over.

mod connection;
mod error;
#[cfg(test)]
pub(crate) mod loopback;
mod reply;
mod scanner;
mod settings;

pub use error::ClamdError;
pub use reply::ScanResult;
pub use scanner::{Scanner, Version};
pub use settings::Settings;
