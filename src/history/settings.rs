//! `[history]`

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// `[history]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether judgements are recorded.
    pub enabled: bool,
    /// The folder; `history` in the store's folder if empty.
    pub path: PathBuf,
    /// All files together, in bytes; the oldest records go first.
    pub most_bytes: u64,
    /// How long a record is kept, in days.
    pub days: NonZeroU32,
}

impl Default for Settings {
    fn default() -> Self {
        const DAYS: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
        Self { enabled: true, path: PathBuf::new(), most_bytes: 1 << 30, days: DAYS }
    }
}

impl Settings {
    /// The folder, by that of the store.
    pub fn folder(&self, store: &Path) -> PathBuf {
        if self.path.as_os_str().is_empty() { store.join("history") } else { self.path.clone() }
    }
}
