//! Directives that fill lists of senders, recipients and hosts.

use std::collections::{BTreeMap, HashMap};

use super::super::super::{addresses::AddressList, conf::ConfError};

/// Lists that a directive of the same name fills with addresses.
const PLAIN: [&str; 12] = [
    "all_spam_to",
    "blocklist_from",
    "blocklist_to",
    "def_welcomelist_auth",
    "def_welcomelist_from_spf",
    "more_spam_to",
    "welcomelist_allows_relays",
    "welcomelist_auth",
    "welcomelist_bounce_relays",
    "welcomelist_from",
    "welcomelist_from_spf",
    "welcomelist_to",
];

/// Directives that take addresses out of lists again.
const REMOVERS: [(&str, &[&str]); 4] = [
    ("unblocklist_from", &["blocklist_from"]),
    ("unwelcomelist_auth", &["welcomelist_auth", "def_welcomelist_auth"]),
    ("unwelcomelist_from", &["welcomelist_from"]),
    ("unwelcomelist_from_spf", &["welcomelist_from_spf", "def_welcomelist_from_spf"]),
];

/// All lists that rules files have filled.
#[derive(Debug, Default)]
pub(in super::super::super) struct Lists {
    /// Addresses, by the name of the list: a directive's, or that of `enlist_addrlist`.
    addresses: HashMap<String, AddressList>,
    /// Addresses that count together with something else, by the name of the directive.
    backed: HashMap<&'static str, Vec<Backed>>,
    hosts: BTreeMap<String, HashMap<String, Listed>>,
    /// What authors' domains do, by domain or `*.domain`.
    practices: HashMap<String, char>,
}

/// Addresses that count only if something else backs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super::super) struct Backed {
    /// One entry, wildcards and all.
    pub(in super::super::super) address: AddressList,
    /// As it was written, in lower case.
    written: String,
    /// Any one of these: a relay's name or network; the domain that signs, empty for the author's.
    pub(in super::super::super) by: Vec<String>,
}

/// How a host stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super::super) enum Listed {
    /// It is meant, with all below it that is not listed itself.
    Yes,
    /// `!host`: it is not, though a domain above it is.
    No,
}

impl Lists {
    /// Takes a directive, under its present or its former name; see
    /// [`Conf::read`](super::super::super::conf::Conf::read).
    ///
    /// # Errors
    /// The value is not of the directive's form.
    pub(in super::super::super) fn read(
        &mut self,
        key: &str,
        value: &str,
    ) -> Option<Result<(), ConfError>> {
        let now = present_name(key);
        let form = self.fill(&now, value)?;
        Some(form.map_err(|what| ConfError::Value { key: key.to_owned(), what: what.to_owned() }))
    }

    /// A list of addresses; `None` if no line has filled it.
    pub(in super::super::super) fn addresses(&self, name: &str) -> Option<&AddressList> {
        self.addresses.get(name)
    }

    /// The entries of a directive that names addresses and what has to back them.
    pub(in super::super::super) fn backed(&self, directive: &str) -> &[Backed] {
        self.backed.get(directive).map(Vec::as_slice).unwrap_or_default()
    }

    /// How a host stands in the list of this name: the longest domain of it that is listed
    /// decides. `keys` are the host and the domains above it.
    pub(in super::super::super) fn host<'k>(
        &self,
        list: &str,
        mut keys: impl Iterator<Item = &'k str>,
    ) -> Option<Listed> {
        let list = self.hosts.get(list)?;
        keys.find_map(|key| list.get(key)).copied()
    }

    /// Whether there is a list of hosts of this name.
    pub(in super::super::super) fn has_hosts(&self, list: &str) -> bool {
        self.hosts.get(list).is_some_and(|hosts| !hosts.is_empty())
    }

    /// The signing practice of a domain as `adsp_override` says: `N`, `U`, `A`, `D`, or `1` to `3`. The
    /// domain itself counts before `*.` what is above it, from the nearest up.
    pub(in super::super::super) fn practice(&self, domain: &str) -> Option<char> {
        let above =
            domain.match_indices('.').map(|(dot, _)| format!("*{}", domain.split_at(dot).1));
        let mut names = std::iter::once(domain.to_owned()).chain(above).chain(["*".to_owned()]);
        names.find_map(|name| self.practices.get(&name)).copied()
    }

    /// `None` if the directive is none of ours.
    fn fill(&mut self, key: &str, value: &str) -> Option<Result<(), &'static str>> {
        if PLAIN.contains(&key) {
            return Some(needs(value).map(|()| self.enlist(key, value)));
        }
        if let Some((_, lists)) = REMOVERS.iter().find(|(remover, _)| *remover == key) {
            return Some(needs(value).map(|()| self.remove(lists, value)));
        }
        Some(match key {
            "enlist_addrlist" => list_and_entries(value).map(|(list, entries)| {
                self.enlist(list, entries);
            }),
            "enlist_uri_host" => list_and_entries(value).map(|(list, hosts)| {
                self.enlist_hosts(list, hosts);
            }),
            "delist_uri_host" => needs(value).map(|()| self.delist_hosts(value)),
            "blocklist_uri_host" => needs(value).map(|()| self.enlist_hosts("BLOCK", value)),
            "welcomelist_uri_host" => needs(value).map(|()| self.enlist_hosts("WELCOME", value)),
            "welcomelist_from_rcvd" => self.add_backed("welcomelist_from_rcvd", value, 2),
            "def_welcomelist_from_rcvd" => self.add_backed("def_welcomelist_from_rcvd", value, 2),
            "welcomelist_from_dkim" => self.add_backed("welcomelist_from_dkim", value, 1),
            "def_welcomelist_from_dkim" => self.add_backed("def_welcomelist_from_dkim", value, 1),
            "adsp_override" => self.override_practice(value),
            "unwelcomelist_from_rcvd" => needs(value).map(|()| self.remove_relayed(value)),
            "unwelcomelist_from_dkim" => self.remove_signed(value),
            _ => return None,
        })
    }

    fn enlist(&mut self, list: &str, entries: &str) {
        let list = self.addresses.entry(list.to_owned()).or_default();
        entries.split_whitespace().for_each(|entry| list.add(entry));
    }

    fn remove(&mut self, lists: &[&str], entries: &str) {
        for list in lists {
            let Some(list) = self.addresses.get_mut(*list) else { continue };
            entries.split_whitespace().for_each(|entry| list.remove(entry));
        }
    }

    fn enlist_hosts(&mut self, list: &str, hosts: &str) {
        let list = self.hosts.entry(list.to_owned()).or_default();
        for host in hosts.to_ascii_lowercase().split_whitespace() {
            match host.strip_prefix('!') {
                Some(host) => list.insert(host.to_owned(), Listed::No),
                None => list.insert(host.to_owned(), Listed::Yes),
            };
        }
    }

    /// Out of the list in parentheses, or out of all.
    fn delist_hosts(&mut self, value: &str) {
        let (only, hosts) = match list_and_entries(value) {
            Ok((list, hosts)) => (Some(list), hosts),
            Err(_) => (None, value),
        };
        for (name, list) in &mut self.hosts {
            if only.is_none_or(|only| only == name) {
                for host in hosts.to_ascii_lowercase().split_whitespace() {
                    list.remove(host.strip_prefix('!').unwrap_or(host));
                }
            }
        }
    }

    /// An address and what backs it; with one word allowed, nothing may stand for that.
    fn add_backed(
        &mut self,
        list: &'static str,
        value: &str,
        least: usize,
    ) -> Result<(), &'static str> {
        let value = value.to_ascii_lowercase();
        let words: Vec<&str> = value.split_whitespace().collect();
        let (written, by) = match *words.as_slice() {
            [address] if least == 1 => (address, ""),
            [address, by] => (address, by),
            _ => return Err("needs an address, and a host or domain behind it"),
        };
        let list = self.backed.entry(list).or_default();
        if let Some(entry) = list.iter_mut().find(|entry| entry.written == written) {
            entry.by.push(by.to_owned());
            return Ok(());
        }
        let mut address = AddressList::default();
        address.add(written);
        list.push(Backed { address, written: written.to_owned(), by: vec![by.to_owned()] });
        Ok(())
    }

    /// A domain and what it does about signing; `discardable` if that is not said.
    fn override_practice(&mut self, value: &str) -> Result<(), &'static str> {
        let value = value.to_ascii_lowercase();
        let mut words = value.split_whitespace();
        let domain = words.next().ok_or("needs a domain")?;
        let practice = match (words.next().unwrap_or("discardable"), words.next()) {
            ("nxdomain", None) => 'N',
            ("unknown", None) => 'U',
            ("all", None) => 'A',
            ("discardable", None) => 'D',
            ("custom_low", None) => '1',
            ("custom_med", None) => '2',
            ("custom_high", None) => '3',
            _ => {
                return Err(
                    "needs a domain, then nxdomain, unknown, all, discardable, custom_low, \
                            custom_med or custom_high",
                );
            }
        };
        let domain = domain.strip_prefix('@').unwrap_or(domain);
        self.practices.insert(domain.to_owned(), practice);
        Ok(())
    }

    fn remove_relayed(&mut self, value: &str) {
        let value = value.to_ascii_lowercase();
        for list in ["welcomelist_from_rcvd", "def_welcomelist_from_rcvd"] {
            let Some(list) = self.backed.get_mut(list) else { continue };
            list.retain(|entry| !value.split_whitespace().any(|word| word == entry.written));
        }
    }

    fn remove_signed(&mut self, value: &str) -> Result<(), &'static str> {
        let value = value.to_ascii_lowercase();
        let words: Vec<&str> = value.split_whitespace().collect();
        let (written, by) = match *words.as_slice() {
            [address] => (address, ""),
            [address, by] => (address, by),
            _ => return Err("needs an address and perhaps a domain"),
        };
        for list in ["welcomelist_from_dkim", "def_welcomelist_from_dkim"] {
            let Some(list) = self.backed.get_mut(list) else { continue };
            for entry in list.iter_mut().filter(|entry| entry.written == written) {
                entry.by.retain(|domain| domain != by);
            }
            list.retain(|entry| !entry.by.is_empty());
        }
        Ok(())
    }
}

/// The name that 4.0 gave to what was called whitelist and blacklist before.
fn present_name(key: &str) -> String {
    key.replace("whitelist", "welcomelist").replace("blacklist", "blocklist")
}

fn needs(value: &str) -> Result<(), &'static str> {
    if value.trim().is_empty() { Err("needs one entry or more") } else { Ok(()) }
}

/// The form `(NAME) entry…`.
pub(in super::super) fn list_and_entries(value: &str) -> Result<(&str, &str), &'static str> {
    let form = || {
        let (list, entries) = value.strip_prefix('(')?.split_once(')')?;
        let entries = entries.strip_prefix(char::is_whitespace)?.trim();
        (!list.is_empty() && !entries.is_empty()).then_some((list, entries))
    };
    form().ok_or("needs the name of a list in parentheses, and entries behind it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&str, &str)]) -> Lists {
        let mut lists = Lists::default();
        for (key, value) in lines {
            lists.read(key, value).unwrap_or_else(|| panic!("{key}")).unwrap();
        }
        lists
    }

    #[test]
    fn lists_are_filled_under_both_names() {
        let lists = read(&[
            ("whitelist_from", "a@x.example *@y.example"),
            ("welcomelist_from", "b@x.example"),
            ("unwhitelist_from", "*@Y.example"),
            ("blacklist_to", "c@x.example"),
            ("enlist_addrlist", "(SHOPS) *@shop.example"),
        ]);
        for (list, address, is) in [
            ("welcomelist_from", "a@x.example", true),
            ("welcomelist_from", "b@x.example", true),
            ("welcomelist_from", "b@y.example", false),
            ("blocklist_to", "c@x.example", true),
            ("SHOPS", "new@shop.example", true),
        ] {
            let list = lists.addresses(list).unwrap();
            assert_eq!(list.contains(address.as_bytes()), is, "{address}");
        }
        assert!(lists.addresses("shops").is_none(), "names count as written");
    }

    #[test]
    fn the_most_special_domain_decides() {
        let mut lists = read(&[
            ("enlist_uri_host", "(BAD) example.com !www.example.com 192.0.2.1"),
            ("blacklist_uri_host", "example.net"),
        ]);
        let stands =
            |lists: &Lists, list: &str, keys: &[&str]| lists.host(list, keys.iter().copied());
        let www = ["a.www.example.com", "www.example.com", "example.com", "com"];
        assert_eq!(stands(&lists, "BAD", &www), Some(Listed::No));
        assert_eq!(stands(&lists, "BAD", &["x.example.com", "example.com"]), Some(Listed::Yes));
        assert_eq!(stands(&lists, "BLOCK", &["example.net"]), Some(Listed::Yes));
        assert_eq!(stands(&lists, "BLOCK", &["example.com"]), None);
        lists.read("delist_uri_host", "(BLOCK) EXAMPLE.net").unwrap().unwrap();
        lists.read("delist_uri_host", "!www.example.com").unwrap().unwrap();
        assert_eq!(stands(&lists, "BAD", &www), Some(Listed::Yes));
        assert!(!lists.has_hosts("BLOCK"));
    }

    #[test]
    fn backed_entries_gather_what_backs_them() {
        let mut lists = read(&[
            ("whitelist_from_rcvd", "*@x.example Mail.x.example"),
            ("whitelist_from_rcvd", "*@x.example [192.0.2.1]"),
            ("def_whitelist_from_dkim", "*@y.example"),
            ("def_whitelist_from_dkim", "*@y.example z.example"),
        ]);
        let [entry] = lists.backed("welcomelist_from_rcvd") else { panic!() };
        assert_eq!(entry.by, ["mail.x.example", "[192.0.2.1]"]);
        assert!(entry.address.contains(b"a@x.example"));
        lists.read("unwhitelist_from_dkim", "*@y.example").unwrap().unwrap();
        let [entry] = lists.backed("def_welcomelist_from_dkim") else { panic!() };
        assert_eq!(entry.by, ["z.example"]);
        lists.read("unwhitelist_from_rcvd", "*@x.example").unwrap().unwrap();
        assert!(lists.backed("welcomelist_from_rcvd").is_empty());
    }

    #[test]
    fn the_nearest_practice_counts() {
        let lists = read(&[
            ("adsp_override", "shop.example custom_med"),
            ("adsp_override", "@*.shop.example all"),
            ("adsp_override", "*.mail.Shop.example UNKNOWN"),
            ("adsp_override", "bank.example"),
        ]);
        for (domain, practice) in [
            ("shop.example", Some('2')),
            ("www.shop.example", Some('A')),
            ("mail.shop.example", Some('A')),
            ("a.mail.shop.example", Some('U')),
            ("bank.example", Some('D')),
            ("a.bank.example", None),
        ] {
            assert_eq!(lists.practice(domain), practice, "{domain}");
        }
    }

    #[test]
    fn values_of_another_form_are_refused() {
        let mut lists = Lists::default();
        for (key, value) in [
            ("welcomelist_from", ""),
            ("welcomelist_from_rcvd", "a@x.example"),
            ("welcomelist_from_dkim", "a b c"),
            ("adsp_override", ""),
            ("adsp_override", "shop.example sometimes"),
            ("adsp_override", "shop.example all day"),
            ("enlist_addrlist", "NAME a@x.example"),
            ("enlist_uri_host", "(NAME)"),
            ("delist_uri_host", " "),
        ] {
            assert!(lists.read(key, value).unwrap().is_err(), "{key} {value}");
        }
        assert!(lists.read("welcomelist_nothing", "x").is_none());
    }
}
