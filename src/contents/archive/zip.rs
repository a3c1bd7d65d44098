//! Zip archives.

use crate::contents::reading::{ReadError, Reading};

/// Reads one.
pub(in crate::contents) fn read(
    _bytes: &[u8],
    _reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    Ok(())
}
