//! Files that are to be read by people, and what else is in them.

mod addresses;
mod charset;
mod cipher;
mod fields;
mod inflate;
mod little;
pub(super) mod ole;
pub(super) mod ooxml;
pub(super) mod open_document;
mod package;
pub(super) mod page;
pub(super) mod pdf;
pub(super) mod plain;
mod records;
pub(super) mod rtf;
mod sheet_macros;
mod steps;
#[cfg(test)]
mod testing;
mod vba;
mod xml;

use super::reading::{ReadError, Reader, Reading};

/// The reader of a zip archive that is a document; `None` for other archives. Archives are recognised by
/// their first files alone, and those who hide something put another one first.
pub(super) fn packaged(bytes: &[u8]) -> Option<Reader> {
    package::kind(bytes).map(|_| read_packaged as Reader)
}

fn read_packaged(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let kind = package::kind(bytes).unwrap_or_default();
    reading.kind(kind);
    if kind == "odt" { open_document::read(bytes, reading) } else { ooxml::read(bytes, reading) }
}
