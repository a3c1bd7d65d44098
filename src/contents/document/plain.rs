//! Plain texts, and mail that is kept as a file.

use crate::{
    contents::reading::{ReadError, Reading},
    mail::Origin,
};

/// Whether these bytes are meant to be read.
pub(in crate::contents) fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..4_096).unwrap_or(bytes);
    !head.is_empty() && !head.contains(&0)
}

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    reading.text(Origin::Plain, &String::from_utf8_lossy(bytes));
    Ok(())
}
