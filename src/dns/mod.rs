//! DNS: the port to the outside world's names. It knows nothing of spam.
//!
//! [`Resolver::new`] once per configuration, then clone it freely: clones share one cache.
//! [`Resolver::addresses`] and [`Resolver::texts`] answer with what the name has, which may be
//! nothing (NXDOMAIN and "no such record" are answers), or with the reason why nobody knows.
//!
//! Who owns what:
//! - hickory asks: UDP, then TCP for truncated answers, one retry, two servers at a time.
//! - The cache is ours, and the only one (hickory's is off): answers, denials *and failures*, each
//!   bounded in time, all bounded in memory. Parallel identical questions are asked once.
//! - Every question ends within `timeout_ms`, the wait for a free slot included, whatever the
//!   servers do.
//!
//! Letter case of questions is not randomised: ids and ports are, the server asked is meant to
//! be this machine's or next door, and a forwarder that folds case would cost a TCP connection
//! per question.

mod cache;
mod error;
#[cfg(test)]
pub(crate) mod loopback;
mod resolver;
mod settings;

pub use error::DnsError;
pub use resolver::{Records, Resolver};
pub use settings::{Server, Settings};
