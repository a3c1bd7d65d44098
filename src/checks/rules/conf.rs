//! What the directives of the rule language set, rules and scores apart: networks, lists of
//! addresses, options. One part a plugin of SpamAssassin; each reads its own directives.

use super::eval::{Languages, Locales};

/// All options that rules files can set.
#[derive(Debug, Default)]
pub(super) struct Conf {
    /// Charsets that are nothing special.
    pub(super) locales: Locales,
    /// Languages that are nothing special.
    pub(super) languages: Languages,
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
        self.locales.read(key, value).or_else(|| self.languages.read(key, value))
    }
}
