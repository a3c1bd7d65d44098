//! The outer tests: the binary beside real servers, as an administrator would run it.
//!
//! One binary (one link step), one file a theme. The servers are real ([`servers`]); clients have
//! addresses of the documentation networks, which takes a network namespace: run `tests/run.sh`.
//! Figures that a person should see are printed; nothing is asserted about time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception covers only #[test] functions"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "no runtime here to block; figures and server output are for the person watching"
)]

mod mail;
mod servers;

mod harness;
mod matrix;

mod access;
mod auth;
mod baseline;
mod check_command;
mod config_command;
mod connections;
mod contents;
mod early;
mod exact;
mod farm;
mod floors;
mod golden;
mod history;
mod hostile;
mod imapsieve;
mod lists;
mod matrix_postfix;
mod matrix_sendmail;
mod nothing_lost;
mod opendmarc;
mod relays;
mod reload;
mod replay;
mod replay_milter;
mod rules_tune;
mod sender;
mod shutdown;
mod spamassassin;
mod spamtrap;
mod status_command;
mod store;
mod train;
