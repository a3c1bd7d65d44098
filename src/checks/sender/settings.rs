//! The `[sender]` settings.

use serde::{Deserialize, Serialize};

/// What is ours, as far as nobody else may claim it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Names and addresses of our mail servers, which no client from outside has. The name that the
    /// MTA reports is one of them anyway.
    pub own_names: Vec<String>,
    /// Domains of ours. Those of a message's recipients are ours for that message anyway.
    pub own_domains: Vec<String>,
}
