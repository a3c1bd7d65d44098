//! Deflate streams of documents, damaged ones as far as they go. What comes out is read through the budget
//! alone.

use std::io::Read;

use super::steps::UntilDamaged;
use crate::contents::unpack;

/// RFC 1951.
pub(super) fn deflate<'r>(packed: impl Read + 'r) -> impl Read + 'r {
    UntilDamaged(unpack::deflated(packed))
}

/// RFC 1950.
pub(super) fn zlib<'r>(packed: impl Read + 'r) -> impl Read + 'r {
    UntilDamaged(unpack::zlib(packed))
}
