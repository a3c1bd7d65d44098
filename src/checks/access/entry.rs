//! An entry, and how the store keeps it: three lines of text, the pattern, what it is with, the note.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Pattern, PatternError};
use crate::verdict::Word;

/// The most bytes of a note.
const MOST_NOTE: usize = 500;

/// The second line of an entry that lets in without proof.
const UNVERIFIED: &str = "unverified";

/// What an administrator says about whom a pattern names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whom it names.
    pub pattern: Pattern,
    /// What it says.
    pub word: Word,
    /// It lets in whoever says to be this: nothing has to prove it. Of clients, no matter.
    #[serde(default)]
    pub unverified: bool,
    /// Why, for people; may be empty.
    #[serde(default)]
    pub note: String,
    /// Since when, in milliseconds since 1970.
    #[serde(default)]
    pub since: u64,
}

/// Why an entry cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// A note for nobody to read.
    #[error("the note is longer than {MOST_NOTE} bytes, or has more than one line")]
    Note,
    /// It names nobody.
    #[error("its pattern cannot be read")]
    Pattern(#[source] PatternError),
    /// What is kept is none, or of a later version.
    #[error("it has another form")]
    Form,
    /// It is kept under another name.
    #[error("it is not what its digest says")]
    Digest,
}

/// By what the store knows an entry of this pattern: the beginning of a SHA-256.
pub fn digest(pattern: &Pattern) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(b"access\0");
    hasher.update(pattern.to_string());
    let digest: [u8; 32] = hasher.finalize().into();
    let (&beginning, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    beginning
}

impl Entry {
    /// For the store.
    ///
    /// # Errors
    /// [`EntryError::Note`]
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let Self { pattern, unverified, note, .. } = self;
        if note.len() > MOST_NOTE || note.contains(char::is_control) {
            return Err(EntryError::Note);
        }
        let with = if *unverified { UNVERIFIED } else { "" };
        Ok(format!("{pattern}\n{with}\n{note}").into_bytes())
    }

    /// From the store, where it is known by that digest.
    ///
    /// # Errors
    /// All but [`EntryError::Note`].
    pub fn from_bytes(
        known_by: [u8; 16],
        word: Word,
        bytes: &[u8],
        since: u64,
    ) -> Result<Self, EntryError> {
        let text = std::str::from_utf8(bytes).map_err(|_| EntryError::Form)?;
        let mut lines = text.splitn(3, '\n');
        let (Some(pattern), Some(with), Some(note)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(EntryError::Form);
        };
        if !["", UNVERIFIED].contains(&with) {
            return Err(EntryError::Form);
        }
        let pattern: Pattern = pattern.parse().map_err(EntryError::Pattern)?;
        if digest(&pattern) != known_by {
            return Err(EntryError::Digest);
        }
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let note = note.chars().map(printable).collect();
        Ok(Self { pattern, word, unverified: with == UNVERIFIED, note, since })
    }
}
