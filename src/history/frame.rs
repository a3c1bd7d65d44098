//! Frames: one record with its keys, length and checksum.
//!
//! Little-endian: mark (4), length of the compressed record (4), reference (8), seconds since 1970
//! (4), digest (16, all 0 for none), checksum of all that and of the record (4), the record.

use siphasher::sip::SipHasher13;

use super::{MOST_RECORD, index::Key};

/// What a frame begins with; no text does.
const MARK: [u8; 4] = [0xa7, b'g', b'p', 0xf1];

/// Bytes of a frame before the record.
pub(super) const HEAD: usize = 40;

/// The digest of a record that has none.
const NO_DIGEST: [u8; 16] = [0; 16];

/// A checksum.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    (SipHasher13::new().hash(bytes) & 0xffff_ffff) as u32
}

/// Writes a frame at the end of `to`.
pub(super) fn write(to: &mut Vec<u8>, key: &Key, compressed: &[u8]) {
    let start = to.len();
    let length = u32::try_from(compressed.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&MARK);
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(&key.reference.to_le_bytes());
    to.extend_from_slice(&key.seconds.to_le_bytes());
    to.extend_from_slice(&key.digest.unwrap_or(NO_DIGEST));
    let check = frame_checksum(to.get(start..).unwrap_or_default(), compressed);
    to.extend_from_slice(&check.to_le_bytes());
    to.extend_from_slice(compressed);
}

/// Over the head without its checksum and the record.
fn frame_checksum(head: &[u8], compressed: &[u8]) -> u32 {
    checksum(head).rotate_left(1) ^ checksum(compressed)
}

/// A whole frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'b> {
    /// Its keys; the offset is not known here.
    pub(super) key: Key,
    /// The record.
    pub(super) compressed: &'b [u8],
}

/// The frame at the beginning of these bytes, if a whole one stands there.
pub(super) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let (mark, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (reference, rest) = rest.split_first_chunk::<8>()?;
    let (seconds, rest) = rest.split_first_chunk::<4>()?;
    let (digest, rest) = rest.split_first_chunk::<16>()?;
    let (check, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if *mark != MARK || length > most_compressed() {
        return None;
    }
    let compressed = rest.get(..length)?;
    let head = bytes.get(..HEAD - check.len())?;
    if frame_checksum(head, compressed) != u32::from_le_bytes(*check) {
        return None;
    }
    let key = Key {
        reference: u64::from_le_bytes(*reference),
        digest: Some(*digest).filter(|digest| *digest != NO_DIGEST),
        seconds: u32::from_le_bytes(*seconds),
        offset: 0,
    };
    Some(Frame { key, compressed })
}

/// How long the record is whose frame has this head, compressed.
pub(super) fn length(head: &[u8]) -> Option<usize> {
    let (mark, rest) = head.split_first_chunk::<4>()?;
    let (length, _) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (*mark == MARK && length <= most_compressed()).then_some(length)
}

/// Where the next frame may begin, from this byte on.
pub(super) fn next_mark(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(MARK.len()).position(|four| four == MARK).map(|at| from + at)
}

/// What cannot be compressed becomes a little longer.
const fn most_compressed() -> usize {
    MOST_RECORD + MOST_RECORD / 128 + 1_024
}
