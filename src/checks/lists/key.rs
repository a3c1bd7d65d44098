//! The key of a paid list, a part of the names it is asked with.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::ListsError;
use crate::dns::HIDDEN;

/// A key. Nothing shows it: not `Debug`, not the settings as they are printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Key(String);

impl Key {
    /// The key itself, for questions alone.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = ListsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let good = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        match (1..=63).contains(&text.len()) && text.bytes().all(good) {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(ListsError::Key),
        }
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(HIDDEN)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}
