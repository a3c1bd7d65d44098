//! DNS lists (RFC 5782): what is known of the client, of the hosts that handed a message on, of whom it
//! is from and where its links lead.
//!
//! [`Lists::new`] once per configuration, then [`Lists::self_test`], and [`Lists::monitor`] for as
//! long as it lives. As a [`Check`](crate::checks::Check) it asks about the client when it connects, and
//! about the rest when the message is there; but whatever is known earlier (the client's address in the
//! trace, HELO and reverse names, the sender) is asked as soon as it is known, so that the answer is
//! there by then. RCPT waits for what is said about the client alone.
//!
//! - **A list is data**: one [`Definition`], the only kind there is, whether an administrator wrote it,
//!   it was shipped, or made of rules. What is on it (`about`) and what its answers mean (`findings`)
//!   are columns of that table.
//! - **Each question is asked once**, however many lists read its answer; lists of one zone share its
//!   health.
//! - **An answer counts only if the definition names it.** "You are blocked from asking" codes
//!   (127.255.255.0/24, 127.0.0.1) and anything outside 127.0.0.0/8 never count: they put the
//!   zone aside at once. 127.0.0.1 counts where a finding is for that answer and few others.
//! - **A zone must keep proving its health**: 127.0.0.2 listed, 127.0.0.1 not, for lists of names
//!   `TEST` and `INVALID` (RFC 5782, section 5), at start and every hour; those aside are tried twice a
//!   minute. Health is shared by all sessions and free of locks.
//! - **A slow list costs its own findings alone**: what the others said by the deadline counts.
//! - **Being allowed beats being blocked**: an allow-list that knows the client takes back the refusal,
//!   its weight stands in the score beside the others'.
//!
//! Documentation networks (RFC 5737, 3849) are asked about like any public address: they are what
//! tests and examples use, and no list holds them.

mod about;
mod check;
mod code;
mod decide;
mod definition;
mod digest;
mod error;
mod findings;
mod follow;
mod health;
mod key;
mod labels;
mod list;
mod pattern;
mod plan;
mod shipped;
mod tally;
mod template;
#[cfg(test)]
mod tests;
mod view;
mod zone;

pub use about::{About, Hops, Only};
pub use check::Lists;
pub use code::Code;
pub use definition::Definition;
pub use digest::{Digest, Normal};
pub use error::ListsError;
pub use findings::{Findings, Found};
pub use health::{Reason, Status};
pub use key::Key;
pub use pattern::TextPattern;
pub use shipped::{Shipped, all as shipped_lists, used as shipped};
pub use template::Template;
