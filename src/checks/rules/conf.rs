//! What the directives of the rule language set, rules and scores apart: networks, lists of
//! addresses, options. One part a plugin of SpamAssassin; each reads its own directives.

use super::{locales::Locales, relays::Networks, text::Registry};

/// All options that rules files can set.
#[derive(Debug, Default)]
pub(super) struct Conf {
    /// Which hosts are trusted and which are ours.
    pub(super) networks: Networks,
    /// Where registrable domains end.
    pub(super) registry: Registry,
    /// Whose languages the recipients read.
    pub(super) locales: Locales,
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
        let networks = self.networks.read(key, value);
        let networks = networks.or_else(|| self.registry.read(key, value));
        networks.or_else(|| self.locales.read(key, value))
    }
}
