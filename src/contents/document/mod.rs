//! Files that are to be read by people, and what else is in them.

pub(super) mod ole;
pub(super) mod ooxml;
pub(super) mod open_document;
pub(super) mod page;
pub(super) mod pdf;
pub(super) mod plain;
pub(super) mod rtf;
