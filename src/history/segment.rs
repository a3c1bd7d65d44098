//! One segment: its head with the dictionary, its frames.
//!
//! The head, little-endian: magic (8), length of the compressed dictionary (4), checksum of that (4),
//! the compressed dictionary.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use super::{
    HistoryError, MOST_RECORD,
    frame::{self, checksum},
    index::{Index, Key},
};

const MAGIC: [u8; 8] = *b"gphist1\n";
/// Bytes of the head before the dictionary.
const FIXED: usize = 16;
/// Far more than a dictionary is good for.
const MOST_DICTIONARY: usize = 1 << 20;
/// How hard the compressor tries. With the dictionary more takes up to ten times longer and gains at
/// most a twentieth (`cargo bench --bench history`).
const LEVEL: i32 = 1;

/// A segment's file by its number.
pub(super) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.seg"))
}

/// The file with its index.
pub(super) fn index_path(segment: &Path) -> PathBuf {
    segment.with_extension("idx")
}

/// The numbers of all segments in a folder, oldest first.
pub(super) fn numbers(folder: &Path) -> Result<Vec<u64>, HistoryError> {
    let failed = |source| HistoryError::Folder { path: folder.to_owned(), source };
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".seg"));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// What a segment begins with, for records compressed by this dictionary.
pub(super) fn head(dictionary: &[u8]) -> Vec<u8> {
    // Without its dictionary nothing could be read; compressing in memory does not fail.
    let compressed = zstd::bulk::compress(dictionary, 19).unwrap_or_default();
    let length = u32::try_from(compressed.len()).unwrap_or(u32::MAX);
    let check = checksum(&compressed);
    [&MAGIC[..], &length.to_le_bytes(), &check.to_le_bytes(), &compressed].concat()
}

/// Compresses records by a dictionary.
pub(super) fn compressor(dictionary: &[u8]) -> std::io::Result<zstd::bulk::Compressor<'static>> {
    zstd::bulk::Compressor::with_dictionary(LEVEL, dictionary)
}

/// A segment that has been read.
pub(super) struct Segment {
    bytes: Vec<u8>,
    /// Where the frames begin.
    start: usize,
}

impl Segment {
    /// Reads all of it.
    pub(super) fn read(path: &Path) -> Result<Self, HistoryError> {
        let bytes = fs::read(path)
            .map_err(|source| HistoryError::Read { path: path.to_owned(), source })?;
        Self::of(bytes).ok_or_else(|| HistoryError::Head { path: path.to_owned() })
    }

    /// `None` if the head is damaged: without the dictionary nothing can be read.
    pub(super) fn of(bytes: Vec<u8>) -> Option<Self> {
        let compressed = bytes.get(FIXED..)?.get(..dictionary_length(&bytes)?)?;
        let start = FIXED + compressed.len();
        dictionary(&bytes, compressed)?;
        Some(Self { start, bytes })
    }

    /// Its length in bytes.
    pub(super) fn length(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }

    /// The keys of all whole frames; what stands between them is passed over.
    pub(super) fn scan(&self) -> Index {
        let mut keys = Vec::new();
        let (mut at, mut damaged) = (self.start, 0);
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if let (Some(found), Ok(offset)) = (frame::read(rest), u32::try_from(at)) {
                keys.push(Key { offset, ..found.key });
                at += frame::HEAD + found.compressed.len();
                continue;
            }
            let next = frame::next_mark(&self.bytes, at + 1).unwrap_or(self.bytes.len());
            damaged += next - at;
            at = next;
        }
        Index::new(keys, u64::try_from(damaged).unwrap_or(u64::MAX))
    }
}

/// A segment of which single records are read.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    dictionary: Vec<u8>,
}

impl Opened {
    /// Reads its head.
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Read { path: path.to_owned(), source };
        let damaged = || HistoryError::Head { path: path.to_owned() };
        let file = File::open(path).map_err(failed)?;
        let mut fixed = [0; FIXED];
        file.read_exact_at(&mut fixed, 0).map_err(failed)?;
        let length = dictionary_length(&fixed).ok_or_else(damaged)?;
        let mut compressed = vec![0; length];
        file.read_exact_at(&mut compressed, FIXED as u64).map_err(failed)?;
        let dictionary = dictionary(&fixed, &compressed).ok_or_else(damaged)?;
        Ok(Self { file, dictionary })
    }

    /// The record whose frame begins there.
    pub(super) fn record(&self, offset: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; frame::HEAD];
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        let length = frame::length(&bytes)?;
        bytes.resize(frame::HEAD + length, 0);
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        decompress(&self.dictionary, &bytes)
    }
}

/// The length of the compressed dictionary, from the fixed part of a head.
fn dictionary_length(head: &[u8]) -> Option<usize> {
    let (magic, rest) = head.split_first_chunk::<8>()?;
    let (length, _) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (*magic == MAGIC && length <= MOST_DICTIONARY).then_some(length)
}

/// The dictionary, if it is what the head says.
fn dictionary(head: &[u8], compressed: &[u8]) -> Option<Vec<u8>> {
    let (check, _) = head.get(12..)?.split_first_chunk::<4>()?;
    if checksum(compressed) != u32::from_le_bytes(*check) {
        return None;
    }
    zstd::bulk::decompress(compressed, MOST_DICTIONARY).ok()
}

/// The record of the frame at the beginning of these bytes.
pub(super) fn decompress(dictionary: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let found = frame::read(bytes)?;
    let mut decompressor = zstd::bulk::Decompressor::with_dictionary(dictionary).ok()?;
    decompressor.decompress(found.compressed, MOST_RECORD).ok()
}
