//! The configuration: every component's settings nested, read strictly, checked as a whole.
//!
//! [`Settings`] is the file as written; its defaults are `default.toml`, word for word (tested).
//! [`Config::load`] reads and validates; an error names file, line, key and what to do.

mod error;
mod load;
mod profiles;
mod validate;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use error::{ConfigError, Place};
pub use load::{Config, DEFAULT_PATH, DEFAULT_TEXT};

use crate::{
    checks::{
        antivirus, attachments, auth, bayes,
        lists::{self, ListsError},
        rules, sender,
    },
    cluster, contents, control, dns,
    filter::{self, learn, networks, profile},
    history, milter,
};

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[milter]`
    pub milter: milter::Settings,
    /// `[networks]`
    pub networks: networks::Settings,
    /// `[limits]`
    pub limits: filter::LimitSettings,
    /// `[dns]` and `[[dns.list]]`
    pub dns: Dns,
    /// `[auth]`
    pub auth: auth::Settings,
    /// `[rules]`
    pub rules: rules::Settings,
    /// `[sender]`
    pub sender: sender::Settings,
    /// `[antivirus]`
    pub antivirus: antivirus::Settings,
    /// `[attachments]`
    pub attachments: attachments::Settings,
    /// `[contents]`
    pub contents: contents::Settings,
    /// `[bayes]`
    pub bayes: bayes::Settings,
    /// `[store]`
    pub store: learn::Settings,
    /// `[history]`
    pub history: history::Settings,
    /// `[cluster]`
    pub cluster: cluster::Settings,
    /// `[control]`
    pub control: control::Settings,
    /// `[replies]`
    pub replies: milter::reply::Settings,
    /// `[profile.NAME]`, in the order they are written.
    pub profile: IndexMap<String, profile::Settings>,
}

impl Default for Settings {
    fn default() -> Self {
        let shipped = profile::shipped().map(|(name, settings)| (name.to_owned(), settings));
        Self {
            milter: milter::Settings::default(),
            networks: networks::Settings::default(),
            limits: filter::LimitSettings::default(),
            dns: Dns::default(),
            auth: auth::Settings::default(),
            rules: rules::Settings::default(),
            sender: sender::Settings::default(),
            antivirus: antivirus::Settings::default(),
            attachments: attachments::Settings::default(),
            contents: contents::Settings::default(),
            bayes: bayes::Settings::default(),
            store: learn::Settings::default(),
            history: history::Settings::default(),
            cluster: cluster::Settings::default(),
            control: control::Settings::default(),
            replies: milter::reply::Settings::default(),
            profile: shipped.into_iter().collect(),
        }
    }
}

/// `[dns]`: the resolver, and the lists asked through it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dns {
    /// Name servers; the system's if empty.
    pub servers: Vec<dns::Server>,
    /// How long one question may take, in milliseconds.
    pub timeout_ms: u64,
    /// How many answers are kept.
    pub cache_entries: u64,
    /// How many block lists must know a client before it is refused at RCPT.
    pub refuse_hits: usize,
    /// Shipped lists that are asked, by name.
    #[serde(rename = "use")]
    pub used: Vec<String>,
    /// The keys of paid ones among them, by the name of the subscription.
    pub keys: BTreeMap<String, lists::Key>,
    /// The administrator's own lists.
    pub list: Vec<lists::Definition>,
}

impl Default for Dns {
    fn default() -> Self {
        let dns::Settings { servers, timeout_ms, cache_entries } = dns::Settings::default();
        Self {
            servers,
            timeout_ms,
            cache_entries,
            refuse_hits: 2,
            used: Vec::new(),
            keys: BTreeMap::new(),
            list: Vec::new(),
        }
    }
}

impl Dns {
    /// All lists, the shipped ones first.
    ///
    /// # Errors
    /// There is no shipped list of a name, or its key is missing.
    pub fn lists(&self) -> Result<Vec<lists::Definition>, ListsError> {
        let mut all = lists::shipped(&self.used, &self.keys)?;
        all.extend_from_slice(&self.list);
        Ok(all)
    }

    /// The resolver's part.
    pub fn resolver(&self) -> dns::Settings {
        dns::Settings {
            servers: self.servers.clone(),
            timeout_ms: self.timeout_ms,
            cache_entries: self.cache_entries,
        }
    }
}
