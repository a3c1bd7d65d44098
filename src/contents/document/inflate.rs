//! The one place of the documents that unpacks deflate streams, damaged ones as far as they go. What comes out
//! is read through the budget alone.

use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};

use super::steps::UntilDamaged;

/// RFC 1951.
pub(super) fn deflate<'r>(packed: impl Read + 'r) -> impl Read + 'r {
    UntilDamaged(DeflateDecoder::new(packed))
}

/// RFC 1950.
pub(super) fn zlib<'r>(packed: impl Read + 'r) -> impl Read + 'r {
    UntilDamaged(ZlibDecoder::new(packed))
}
