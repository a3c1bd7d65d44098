//! The file that keeps a hit matrix, so that the messages are read once.
//!
//! ```text
//! magic     16 bytes  "gatepost hits 1\n"
//! key        8 bytes  of what the matrix was made from, little endian
//! rules      n, then for each: length, name (UTF-8)
//! messages   n, then for each: label (0 ham, 1 spam), corpus, digest (8 bytes, little endian),
//!            n hits, then for each how far its number is from the one before (the first from 0)
//! checksum   8 bytes  FNV-1a of everything above, little endian
//! ```
//! All numbers without a width are LEB128: seven bits a byte, the lowest first, the top bit set on
//! all bytes but the last. A file that does not read so to the last byte is damaged; one with
//! another key was made from other rules, messages or another gatepost. Both are made anew.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{HitMatrix, digest, matrix::at};
use crate::verdict::{Label, Name};

const MAGIC: &[u8; 16] = b"gatepost hits 1\n";
const WORD: usize = size_of::<u64>();

/// Why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Not there, or not readable.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not a whole file of this format.
    #[error("{} is damaged, or no hit matrix", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// Made from other rules, other messages or by another version.
    #[error("{} was made from other rules or messages, or by another gatepost", path.display())]
    Stale {
        /// Which file.
        path: PathBuf,
    },
}

impl CacheError {
    /// Whether there simply is no file yet.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads the matrix that was kept under `key`.
///
/// # Errors
/// There is none, or not that one.
pub fn read(path: &Path, key: u64) -> Result<HitMatrix, CacheError> {
    let path = path.to_owned();
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(CacheError::Unreadable { path, source }),
    };
    match decode(&bytes) {
        Some((found, matrix)) if found == key => Ok(matrix),
        Some(_) => Err(CacheError::Stale { path }),
        None => Err(CacheError::Damaged { path }),
    }
}

/// Keeps a matrix under `key`, in one step: there is never half a file.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, key: u64, matrix: &HitMatrix) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    fs::write(&unfinished, encode(key, matrix))?;
    fs::rename(&unfinished, path)
}

fn encode(key: u64, matrix: &HitMatrix) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(key.to_le_bytes());
    put(&mut bytes, length(matrix.rules()));
    for rule in matrix.rules() {
        put(&mut bytes, length(rule.as_str().as_bytes()));
        bytes.extend(rule.as_str().as_bytes());
    }
    put(&mut bytes, length(matrix.rows()));
    for row in matrix.rows() {
        bytes.push(u8::from(row.label == Label::Spam));
        put(&mut bytes, row.corpus.into());
        bytes.extend(row.digest.to_le_bytes());
        let hits = matrix.hits(row);
        put(&mut bytes, length(hits));
        let mut before = 0;
        for &rule in hits {
            put(&mut bytes, u64::from(rule - before));
            before = rule;
        }
    }
    let checksum = digest::of(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

fn length<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// Key and matrix; `None` if anything is not as it ought to be. Claimed lengths reserve nothing.
fn decode(bytes: &[u8]) -> Option<(u64, HitMatrix)> {
    let (content, checksum) = bytes.split_at_checked(bytes.len().checked_sub(WORD)?)?;
    if digest::of(content) != u64::from_le_bytes(checksum.try_into().ok()?) {
        return None;
    }
    let mut reader = Reader(content.strip_prefix(MAGIC)?);
    let key = reader.word()?;
    let mut rules = Vec::new();
    for _ in 0..reader.number()? {
        let length = usize::try_from(reader.number()?).ok()?;
        rules.push(Name::from(std::str::from_utf8(reader.take(length)?).ok()?));
    }
    let most = rules.len();
    let mut matrix = HitMatrix::new(rules);
    let mut hits = Vec::new();
    for _ in 0..reader.number()? {
        let label = match reader.take(1)? {
            [0] => Label::Ham,
            [1] => Label::Spam,
            _ => return None,
        };
        let corpus = u16::try_from(reader.number()?).ok()?;
        let digest = reader.word()?;
        reader.hits(most, &mut hits)?;
        matrix.push(label, corpus, digest, &hits);
    }
    reader.0.is_empty().then_some((key, matrix))
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(WORD)?.try_into().ok()?))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let &[byte] = self.take(1)? else { return None };
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Ascending numbers below `most`.
    fn hits(&mut self, most: usize, hits: &mut Vec<u32>) -> Option<()> {
        hits.clear();
        let mut rule: u32 = 0;
        for _ in 0..self.number()? {
            rule = rule.checked_add(u32::try_from(self.number()?).ok()?)?;
            hits.push(rule);
        }
        (hits.is_empty() || at(rule) < most).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matrices() -> impl Strategy<Value = HitMatrix> {
        let hits = prop::collection::vec(0u32..300, 0..20);
        let rows = prop::collection::vec((any::<bool>(), any::<u16>(), any::<u64>(), hits), 0..30);
        rows.prop_map(|rows| {
            let mut matrix =
                HitMatrix::new((0..300).map(|n| format!("R{n}").as_str().into()).collect());
            for (spam, corpus, digest, hits) in rows {
                let label = if spam { Label::Spam } else { Label::Ham };
                matrix.push(label, corpus, digest, &hits);
            }
            matrix
        })
    }

    proptest! {
        #[test]
        fn there_and_back(key: u64, matrix in matrices()) {
            prop_assert_eq!(decode(&encode(key, &matrix)), Some((key, matrix)));
        }

        #[test]
        fn a_changed_byte_is_noticed(matrix in matrices(), place: prop::sample::Index, bit in 0..8_u32) {
            let mut bytes = encode(7, &matrix);
            let place = place.index(bytes.len());
            bytes[place] ^= 1_u8 << bit;
            prop_assert_eq!(decode(&bytes), None);
        }

        #[test]
        fn a_cut_is_noticed(matrix in matrices(), length: prop::sample::Index) {
            let bytes = encode(7, &matrix);
            prop_assert_eq!(decode(&bytes[..length.index(bytes.len())]), None);
        }

        /// Behind a right checksum anything may stand, too.
        #[test]
        fn nonsense_does_no_harm(nonsense: Vec<u8>) {
            let mut bytes = [&MAGIC[..], &nonsense].concat();
            let checksum = digest::of(&bytes);
            bytes.extend(checksum.to_le_bytes());
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn files_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hits");
        assert!(read(&path, 1).unwrap_err().is_missing());
        let matrix = HitMatrix::new(vec!["A".into()]);
        write(&path, 1, &matrix).unwrap();
        assert_eq!(read(&path, 1).unwrap(), matrix);
        assert!(matches!(read(&path, 2), Err(CacheError::Stale { .. })));
        fs::write(&path, b"something else").unwrap();
        assert!(matches!(read(&path, 1), Err(CacheError::Damaged { .. })));
    }
}
