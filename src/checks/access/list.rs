//! All entries, and which of them name somebody.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use arc_swap::ArcSwap;
use ipnet::IpNet;

use super::{Entry, Pattern, pattern::plain_local};
use crate::mail::plain_domain;

/// All entries at one moment.
#[derive(Clone, Debug, Default)]
pub struct List {
    entries: HashMap<Pattern, Entry>,
    /// Which lengths networks have, for each kind of address.
    lengths: [BTreeSet<u8>; 2],
}

impl FromIterator<Entry> for List {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        let mut list = Self::default();
        for entry in entries {
            if let Pattern::Client(network) = &entry.pattern {
                let [v4, v6] = &mut list.lengths;
                let lengths = if network.addr().is_ipv4() { v4 } else { v6 };
                lengths.insert(network.prefix_len());
            }
            list.entries.insert(entry.pattern.clone(), entry);
        }
        list
    }
}

impl List {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, in the order of their patterns.
    pub fn entries(&self) -> Vec<&Entry> {
        let mut entries: Vec<_> = self.entries.values().collect();
        entries.sort_by(|one, other| one.pattern.cmp(&other.pattern));
        entries
    }

    /// The entries that name a client, the longest prefix first.
    pub(super) fn of_client(&self, address: IpAddr) -> Vec<&Entry> {
        let address = address.to_canonical();
        let [v4, v6] = &self.lengths;
        let lengths = if address.is_ipv4() { v4 } else { v6 };
        let networks = lengths.iter().rev().filter_map(|&length| IpNet::new(address, length).ok());
        networks.filter_map(|network| self.entries.get(&Pattern::Client(network.trunc()))).collect()
    }

    /// The entries that name a mail address: the one of itself first, then its domain, then those above.
    pub(super) fn of_address(&self, address: &str) -> Vec<&Entry> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let Some((local, domain)) = address.rsplit_once('@') else { return Vec::new() };
        let domain = plain_domain(domain).unwrap_or_else(|| domain.to_ascii_lowercase());
        let mut patterns = Vec::new();
        patterns
            .extend(plain_local(local).map(|local| Pattern::Address(format!("{local}@{domain}"))));
        patterns.push(Pattern::Exactly(domain.clone()));
        let mut above = Some(domain.as_str());
        while let Some(domain) = above {
            patterns.push(Pattern::Domain(domain.to_owned()));
            above = domain.split_once('.').map(|(_, above)| above);
        }
        patterns.iter().filter_map(|pattern| self.entries.get(pattern)).collect()
    }
}

/// The list of now: one writes, all read.
#[derive(Debug, Default)]
pub struct Book(ArcSwap<List>);

impl Book {
    /// With this list.
    pub fn new(list: List) -> Self {
        Self(ArcSwap::from_pointee(list))
    }

    /// The list of this moment.
    pub fn list(&self) -> Arc<List> {
        self.0.load_full()
    }

    /// From now on, this is the list.
    pub fn replace(&self, list: List) {
        self.0.store(Arc::new(list));
    }
}
