//! Access: whom an administrator lets in or keeps out, said while the service runs, the same on all nodes.
//!
//! | pattern | whom it names |
//! |---|---|
//! | `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32` | the client: its address, or one in the network |
//! | `user@example.com` | the sender in SMTP, or an author (From), of this address |
//! | `@example.com` | …of this very domain |
//! | `example.com` | …of this domain or any below it |
//!
//! Letter case does not count; domains may be written in letters or as DNS has them. This is what users of
//! Postfix know from access(5), and of SpamAssassin from `blocklist_from` and `welcomelist_auth`, without
//! their wildcards.
//!
//! - [`Pattern`] and [`Entry`] are the words: read from what people write, and kept as bytes by the store,
//!   which knows an entry by the [`digest`] of its pattern.
//! - [`List`] is all entries at one moment, and [`Book`] the list of now: who learns of entries replaces it,
//!   who judges reads it, and nobody waits.
//! - [`Gate`] is the check. It says which entries name the client and the sender at MAIL, and the author once
//!   the message is there: [`Ruling`](crate::verdict::Ruling)s, those that say it most exactly first. What
//!   they come to depends on who proves to be responsible for the message, which other checks find:
//!   [`crate::filter`] decides.
//!
//! A client's entries say nothing about somebody who has logged in.

mod check;
mod entry;
mod list;
mod pattern;
#[cfg(test)]
mod tests;

pub use check::Gate;
pub use entry::{Entry, EntryError, digest};
pub use list::{Book, List};
pub use pattern::{Pattern, PatternError};
