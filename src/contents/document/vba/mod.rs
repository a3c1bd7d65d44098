//! stub
use crate::contents::reading::*;
pub(super) fn read_file(bytes:&[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> { Ok(()) }
