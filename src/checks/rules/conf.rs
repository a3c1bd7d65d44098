//! What the directives of the rule language set, rules and scores apart: networks, lists of
//! addresses, options. One part a plugin of SpamAssassin; each reads its own directives.

use super::{
    eval::{FromNames, Languages, Lists, Locales, Providers, Subjects},
    network::Network,
    relays::Networks,
    replace_tags::ReplaceTags,
    shortcircuit::Shortcircuit,
    sites::Sites,
};

/// All options that rules files can set.
#[derive(Debug, Default)]
pub(super) struct Conf {
    /// Questions to the DNS.
    pub(super) network: Network,
    /// Rules that end the examination.
    pub(super) shortcircuit: Shortcircuit,
    /// Which hosts are trusted and which are ours.
    pub(super) networks: Networks,
    /// Senders, recipients and hosts that are welcome or not.
    pub(super) lists: Lists,
    /// How display names are compared with addresses.
    pub(super) from_names: FromNames,
    /// Providers where anybody can have an address.
    pub(super) providers: Providers,
    /// Subjects that are welcome or not.
    pub(super) subjects: Subjects,
    /// Charsets that are nothing special.
    pub(super) locales: Locales,
    /// Languages that are nothing special.
    pub(super) languages: Languages,
    /// Domains, and sites that lead on to others.
    pub(super) sites: Sites,
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
        self.networks
            .read(key, value)
            .or_else(|| self.lists.read(key, value))
            .or_else(|| self.from_names.read(key, value))
            .or_else(|| self.providers.read(key, value))
            .or_else(|| self.subjects.read(key, value))
            .or_else(|| self.locales.read(key, value))
            .or_else(|| self.languages.read(key, value))
            .or_else(|| self.replace.read(key, value))
            .or_else(|| self.network.read(key, value))
            .or_else(|| self.shortcircuit.read(key, value))
            .or_else(|| self.sites.read(key, value))
    }
}
