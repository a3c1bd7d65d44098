//! DNS lists: is the client on one (RFC 5782)?
//!
//! [`ClientLists::new`] once per configuration, then [`ClientLists::self_test`], and
//! [`ClientLists::monitor`] for as long as it lives. As a [`Check`](crate::checks::Check) it is
//! asked when the client connects; all lists in use are asked at once.
//!
//! - **A list is data**: one [`Definition`] per zone, the only kind there is. What is on it
//!   (`about`) and what its answers mean (`findings`) are columns of that table.
//! - **An answer counts only if the definition names it.** "You are blocked from asking" codes
//!   (127.255.255.0/24, 127.0.0.1) and anything outside 127.0.0.0/8 never count: they put the
//!   list aside at once.
//! - **A list must keep proving its health**: 127.0.0.2 listed, 127.0.0.1 not (RFC 5782, section
//!   5), at start and every hour; those aside are tried twice a minute. Health is per list, shared
//!   by all sessions and free of locks.
//! - **Being allowed beats being blocked**: an allow-list that hits takes back the refusal, its
//!   weight stands in the score beside the others'.
//!
//! Documentation networks (RFC 5737, 3849) are asked about like any public address: they are what
//! tests and examples use, and no list holds them.

mod check;
mod code;
mod decide;
mod definition;
mod error;
mod health;
mod list;
mod question;
#[cfg(test)]
mod tests;

pub use check::ClientLists;
pub use code::Code;
pub use definition::{About, Definition};
pub use error::ListsError;
pub use health::{Reason, Status};
