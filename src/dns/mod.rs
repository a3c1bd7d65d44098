//! DNS: the port to the outside world's names. It knows nothing of spam.
//!
//! [`Resolver::new`] once per configuration, then clone it freely: clones share one cache.
//! [`Resolver::addresses`], [`Resolver::texts`] and the like answer with what the name has, which may be
//! nothing (NXDOMAIN and "no such record" are answers), or with the reason why nobody knows.
//!
//! Who owns what:
//! - hickory asks: UDP, then TCP for truncated answers, one retry, two servers at a time.
//! - The cache is ours, and the only one (hickory's is off): answers, denials *and failures*, each
//!   bounded in time, all bounded in memory. Parallel identical questions are asked once.
//! - Every question ends within `timeout_ms`, the wait for a free slot included, whatever the
//!   servers do.
//!
//! What is answered is taken down by the witness of whoever asks. A message that was judged before is
//! answered from what was heard then: nobody is asked, and what was not asked then is an error that
//! says so.
//!
//! What of names is secret (keys of paid lists) shows in nothing that leaves here but the questions
//! themselves: not in errors, not in what witnesses take down ([`Resolver::hiding`]).
//!
//! Letter case of questions is not randomised: ids and ports are, the server asked is meant to
//! be this machine's or next door, and a forwarder that folds case would cost a TCP connection
//! per question.

mod cache;
mod error;
mod hidden;
#[cfg(test)]
pub(crate) mod loopback;
mod records;
mod resolver;
mod settings;
mod spoken;

pub use error::{DnsError, response_code, response_code_of};
pub use hidden::HIDDEN;
pub use records::{Datum, Kind};
pub use resolver::{Exchanger, Records, Resolver, to_ascii};
pub use settings::{Server, Settings};
pub use spoken::{record_type, shown};
