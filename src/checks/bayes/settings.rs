//! `[bayes]`

use serde::{Deserialize, Serialize};

use crate::verdict::Points;

/// `[bayes]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether there is a classifier at all.
    pub enabled: bool,
    /// It has no opinion before it has learned so many messages of spam, and of ham.
    pub minimum_messages: u64,
    /// What the filter teaches itself.
    pub autolearn: Autolearn,
}

impl Default for Settings {
    fn default() -> Self {
        Self { enabled: true, minimum_messages: 200, autolearn: Autolearn::default() }
    }
}

/// `[bayes] autolearn`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Autolearn {
    /// Whether it does.
    pub enabled: bool,
    /// Points, the classifier's own left out, from which a message is learned as spam.
    pub spam_from: Points,
    /// Points, the classifier's own left out, below which a message is learned as ham.
    pub ham_below: Points,
}

impl Default for Autolearn {
    fn default() -> Self {
        Self {
            enabled: false,
            spam_from: Points::from_micros(12_000_000),
            ham_below: Points::from_micros(100_000),
        }
    }
}
