//! What the directives of the rule language set, rules and scores apart: networks, lists of
//! addresses, options. One part a plugin of SpamAssassin; each reads its own directives.

use super::{network::Network, replace_tags::ReplaceTags, shortcircuit::Shortcircuit};

/// All options that rules files can set.
#[derive(Debug, Default)]
pub(super) struct Conf {
    /// Questions to the DNS.
    pub(super) network: Network,
    /// Rules that end the examination.
    pub(super) shortcircuit: Shortcircuit,
    /// Tags in patterns.
    pub(super) replace: ReplaceTags,
}

/// Why a directive's value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConfError {
    /// Not of the form that the directive wants.
    #[error("`{key}` {what}")]
    Value {
        /// The directive.
        key: String,
        /// What it needs, or what is wrong.
        what: String,
    },
}

impl Conf {
    /// Takes a directive: `key` is in lower case with underscores, `value` a trimmed Latin-1 view.
    /// `None` if no part knows it.
    ///
    /// # Errors
    /// The value is wrong; what was set before stays.
    pub(super) fn read(&mut self, key: &str, value: &str) -> Option<Result<(), ConfError>> {
        self.replace
            .read(key, value)
            .or_else(|| self.network.read(key, value))
            .or_else(|| self.shortcircuit.read(key, value))
    }
}
