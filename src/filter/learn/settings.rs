//! `[store]`

use std::{num::NonZeroU64, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Some hundreds of megabytes.
const MOST_MESSAGES: NonZeroU64 = NonZeroU64::MIN.saturating_add(99_999);

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The folder with what is learned.
    pub path: PathBuf,
    /// The newest so many messages are kept; what older ones taught is forgotten.
    pub most_messages: NonZeroU64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { path: PathBuf::from("/var/lib/gatepost"), most_messages: MOST_MESSAGES }
    }
}
