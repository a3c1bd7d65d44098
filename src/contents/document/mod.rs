//! Files that are to be read by people, and what else is in them.

mod addresses;
mod charset;
mod little;
pub(super) mod ole;
pub(super) mod ooxml;
pub(super) mod open_document;
mod package;
pub(super) mod page;
pub(super) mod pdf;
pub(super) mod plain;
pub(super) mod rtf;
mod steps;
#[cfg(test)]
mod testing;
mod vba;
mod xml;
