//! `[store]`

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The folder with what is learned.
    pub path: PathBuf,
    /// The newest so many messages are kept; what older ones taught is forgotten.
    pub most_messages: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { path: PathBuf::from("/var/lib/gatepost"), most_messages: 100_000 }
    }
}
