//! The keys of a full segment, in order, in a file of its own.
//!
//! Little-endian: magic (8), length of the segment that it is of (8), bytes of it that are damaged (8),
//! then a key (32) for each record: reference (8), digest (16), seconds (4), offset (4), by reference
//! and, for one that came again, by offset; at last a checksum of all that (4).

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use super::{HistoryError, frame::checksum};

const MAGIC: [u8; 8] = *b"gphidx1\n";
const NO_DIGEST: [u8; 16] = [0; 16];

/// The keys of one record, and where its frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) reference: u64,
    pub(super) offset: u32,
    pub(super) digest: Option<[u8; 16]>,
    pub(super) seconds: u32,
}

/// What a segment holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Sorted.
    pub(super) keys: Vec<Key>,
    /// Bytes of the segment that belong to no whole frame.
    pub(super) damaged: u64,
}

impl Index {
    /// Of keys in any order.
    pub(super) fn new(mut keys: Vec<Key>, damaged: u64) -> Self {
        keys.sort_unstable();
        Self { keys, damaged }
    }

    /// The newest record with this reference.
    pub(super) fn find(&self, reference: u64) -> Option<&Key> {
        let end = self.keys.partition_point(|key| key.reference <= reference);
        let last = self.keys.get(end.checked_sub(1)?)?;
        (last.reference == reference).then_some(last)
    }

    /// As in the file, for a segment of this length.
    pub(super) fn to_bytes(&self, segment: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&segment.to_le_bytes());
        bytes.extend_from_slice(&self.damaged.to_le_bytes());
        for key in &self.keys {
            bytes.extend_from_slice(&key.reference.to_le_bytes());
            bytes.extend_from_slice(&key.digest.unwrap_or(NO_DIGEST));
            bytes.extend_from_slice(&key.seconds.to_le_bytes());
            bytes.extend_from_slice(&key.offset.to_le_bytes());
        }
        let check = checksum(&bytes);
        bytes.extend_from_slice(&check.to_le_bytes());
        bytes
    }

    /// From a file's bytes; `None` if they are damaged, or not of a segment of this length.
    pub(super) fn from_bytes(bytes: &[u8], segment: u64) -> Option<Self> {
        let (rest, check) = bytes.split_last_chunk::<4>()?;
        if checksum(rest) != u32::from_le_bytes(*check) {
            return None;
        }
        let (magic, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (damaged, rest) = rest.split_first_chunk::<8>()?;
        if *magic != MAGIC || u64::from_le_bytes(*length) != segment {
            return None;
        }
        let keys = rest.chunks(32).map(key).collect::<Option<_>>()?;
        Some(Self { keys, damaged: u64::from_le_bytes(*damaged) })
    }

    /// Writes the file: beside the old one, then in its place.
    pub(super) fn write(&self, path: &Path, segment: u64) -> Result<(), HistoryError> {
        let beside = path.with_extension("new");
        let write = || {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            options.open(&beside)?.write_all(&self.to_bytes(segment))?;
            fs::rename(&beside, path)
        };
        write().map_err(|source| {
            // Half a file is of no use, and the disk may be full.
            let _ = fs::remove_file(&beside);
            HistoryError::Write { path: path.to_owned(), source }
        })
    }
}

fn key(bytes: &[u8]) -> Option<Key> {
    let (reference, rest) = bytes.split_first_chunk::<8>()?;
    let (digest, rest) = rest.split_first_chunk::<16>()?;
    let (seconds, rest) = rest.split_first_chunk::<4>()?;
    let (offset, _) = rest.split_first_chunk::<4>()?;
    Some(Key {
        reference: u64::from_le_bytes(*reference),
        digest: Some(*digest).filter(|digest| *digest != NO_DIGEST),
        seconds: u32::from_le_bytes(*seconds),
        offset: u32::from_le_bytes(*offset),
    })
}
