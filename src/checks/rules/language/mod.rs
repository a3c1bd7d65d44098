//! The rule language (Mail::SpamAssassin::Conf): from bytes to directives.
//!
//! `lines` takes comments, foreign `lang` lines and the branches of `if` away; `directive` reads
//! what one line says. Files are read as "Latin-1 views": one `char` below 256 for every byte, so
//! that a pattern reaches the engine with exactly the bytes of the file whatever its charset.

pub(super) mod comparison;
mod condition;
mod directive;
mod flags;
mod known;
mod lines;
mod plugins;

pub(super) use directive::{Directive, HeaderTest, LineError, Test, read, without_effect};
pub(super) use flags::Flags;
pub use flags::Scope;
pub(super) use lines::{Line, Problem, Reader};
pub(super) use plugins::World;

/// One `char` below 256 for every byte.
pub(super) fn latin1_view(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes behind a Latin-1 view.
pub(super) fn bytes_of(view: &str) -> Vec<u8> {
    view.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect()
}

/// Text for people: UTF-8 where it is, else replaced.
pub(super) fn readable(view: &str) -> String {
    String::from_utf8_lossy(&bytes_of(view)).into_owned()
}
