//! Authentication: who is responsible for a message?
//!
//! [`Authenticator::new`] once per configuration. As a [`Check`](crate::checks::Check) it asks SPF at
//! MAIL, and with the whole message DKIM, ARC and DMARC, which needs SPF's answer. Results are facts
//! ([`Authentication`](crate::verdict::Authentication)), and findings under SpamAssassin's names; what
//! they lead to is the profile's.
//!
//! - `spf`: RFC 7208, ours; `identities`: HELO and MAIL FROM.
//! - `dkim`: RFC 6376, 8301, 8463; `arc`: RFC 8617. mail-auth reads the fields and computes; which
//!   signatures are looked at, by which keys, at what time, and how each ends is decided here.
//!   `source` has the bytes, `body_hash` and `key` what several signatures share.
//! - `dmarc`: RFC 9989.
//!
//! **Who asks, who computes.** All questions of a stage are asked at once by our resolver, so that they
//! are shared, bounded and recorded; then one piece of work hashes and verifies on the threads for
//! computing. A record replays it to the letter: signatures expire by the time the message came.
//!
//! **What a stranger can make it do** is bounded: 10 signatures of at most 200 fields each, 20 ARC sets,
//! 8 questions a walk, 10 s for SPF.

mod arc;
mod body_hash;
mod check;
mod dkim;
mod dmarc;
mod domain;
mod findings;
mod identities;
mod key;
mod settings;
mod source;
mod spf;
mod tags;
#[cfg(test)]
mod tests;

pub use check::Authenticator;
pub use settings::{Domain, Forwarder, ForwarderError, Override, Settings};
