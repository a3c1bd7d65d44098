//! Directives of FreeMail.

use std::collections::HashSet;

use super::super::super::{
    addresses::lower,
    conf::{Conf, ConfError},
    glob,
    language::bytes_of,
};

/// Which providers are meant, and how much of a message is looked at.
#[derive(Debug)]
pub(in super::super::super) struct Providers {
    domains: HashSet<Vec<u8>>,
    /// Domains with `*` and `?`, label by label.
    globs: Vec<Vec<Vec<u8>>>,
    /// Addresses and domains that do not count.
    except: HashSet<Vec<u8>>,
    /// From so many different addresses in the text on, none counts; 0 for any number.
    pub(super) most_addresses: usize,
    /// The same for addresses at providers.
    pub(super) most_freemails: usize,
    /// Whether those limits hold.
    pub(super) has_limits: bool,
    /// Whether Reply-To is not compared where the sender in SMTP is a list or robot.
    pub(super) passes_over_bulk: bool,
    /// Whether the lists for authenticated senders are exceptions, too: the site's own, the
    /// default ones.
    with_lists: [bool; 2],
}

impl Default for Providers {
    fn default() -> Self {
        Self {
            domains: HashSet::new(),
            globs: Vec::new(),
            except: HashSet::new(),
            most_addresses: 5,
            most_freemails: 3,
            has_limits: true,
            passes_over_bulk: true,
            with_lists: [false; 2],
        }
    }
}

impl Providers {
    /// Takes a directive; see [`Conf::read`].
    ///
    /// # Errors
    /// Something in it is no domain, address or number.
    pub(in super::super::super) fn read(
        &mut self,
        key: &str,
        value: &str,
    ) -> Option<Result<(), ConfError>> {
        let key_now = key.replace("whitelist", "welcomelist");
        let done = match key_now.as_str() {
            "freemail_domains" => self.add_domains(value),
            "freemail_welcomelist" => self.add_exceptions(value),
            "freemail_max_body_emails" => number(value).map(|most| self.most_addresses = most),
            "freemail_max_body_freemails" => number(value).map(|most| self.most_freemails = most),
            "freemail_skip_when_over_max" => flag(value).map(|is| self.has_limits = is),
            "freemail_skip_bulk_envfrom" => flag(value).map(|is| self.passes_over_bulk = is),
            // What reports show of the address: evidence does that here.
            "freemail_add_describe_email" => flag(value).map(|_| ()),
            "freemail_import_welcomelist_auth" => flag(value).map(|is| self.with_lists[0] = is),
            "freemail_import_def_welcomelist_auth" => flag(value).map(|is| self.with_lists[1] = is),
            _ => return None,
        };
        Some(done.map_err(|what| ConfError::Value { key: key.to_owned(), what }))
    }

    /// Whether no provider is known: then no function hits.
    pub(super) fn is_empty(&self) -> bool {
        self.domains.is_empty() && self.globs.is_empty()
    }

    /// Whether an address, in lower case, is at a provider.
    pub(super) fn has(&self, conf: &Conf, address: &[u8]) -> bool {
        if address.is_empty() {
            return false;
        }
        let domain = address.rsplit(|&byte| byte == b'@').next().unwrap_or_default();
        let is_excepted = [address, domain].iter().any(|text| self.except.contains(*text))
            || super::role::is_role(address)
            || self.is_listed(conf, address);
        !is_excepted && (self.domains.contains(domain) || self.matches_glob(domain))
    }

    fn is_listed(&self, conf: &Conf, address: &[u8]) -> bool {
        let lists = ["welcomelist_auth", "def_welcomelist_auth"];
        let mut asked = self.with_lists.iter().zip(lists).filter(|(is_asked, _)| **is_asked);
        asked.any(|(_, list)| conf.lists.addresses(list).is_some_and(|list| list.contains(address)))
    }

    /// A `*` stays within a label.
    fn matches_glob(&self, domain: &[u8]) -> bool {
        let labels: Vec<&[u8]> = domain.split(|&byte| byte == b'.').collect();
        self.globs.iter().any(|glob| {
            glob.len() == labels.len()
                && glob.iter().zip(&labels).all(|(glob, label)| glob::is_match(glob, label))
        })
    }

    fn add_domains(&mut self, value: &str) -> Result<(), String> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*' | '?');
        let domains = words(value, |word| word.chars().all(is_known), "is not a domain")?;
        for domain in domains {
            if domain.iter().any(|byte| matches!(byte, b'*' | b'?')) {
                self.globs.push(domain.split(|&byte| byte == b'.').map(<[u8]>::to_vec).collect());
            } else {
                self.domains.insert(domain);
            }
        }
        Ok(())
    }

    fn add_exceptions(&mut self, value: &str) -> Result<(), String> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_either = |word: &str| {
            word.as_bytes().windows(3).any(|three| match *three {
                [before, b'.' | b'@', behind] => is_word(before) && is_word(behind),
                _ => false,
            })
        };
        self.except.extend(words(value, is_either, "is neither an address nor a domain")?);
        Ok(())
    }
}

/// The words of a value in lower case, if all are right.
fn words(value: &str, is_right: impl Fn(&str) -> bool, what: &str) -> Result<Vec<Vec<u8>>, String> {
    match value.split_whitespace().find(|word| !is_right(word)) {
        Some(wrong) => Err(format!("`{wrong}` {what}")),
        None => Ok(value.split_whitespace().map(|word| lower(&bytes_of(word))).collect()),
    }
}

fn number(value: &str) -> Result<usize, String> {
    value.parse().map_err(|_| "needs a number".to_owned())
}

fn flag(value: &str) -> Result<bool, String> {
    number(value).map(|number| number != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_known_by_domain() {
        let mut conf = Conf::default();
        for (key, value) in [
            ("freemail_domains", "free.example *.mail.example web.* box??.example"),
            ("freemail_whitelist", "boss@free.example good.mail.example"),
            ("freemail_import_welcomelist_auth", "1"),
            ("welcomelist_auth", "*@web.example"),
        ] {
            conf.read(key, value).unwrap().unwrap();
        }
        for (address, is) in [
            ("a@free.example", true),
            ("a@x.free.example", false),
            ("boss@free.example", false),
            ("a@x.mail.example", true),
            ("a@x.y.mail.example", false),
            ("a@good.mail.example", false),
            ("a@web.test", true),
            ("a@web.co.test", false),
            ("a@web.example", false),
            ("a@box12.example", true),
            ("a@box1.example", false),
            ("support@free.example", false),
            ("", false),
        ] {
            assert_eq!(conf.providers.has(&conf, address.as_bytes()), is, "{address}");
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        for (key, value) in [
            ("freemail_domains", "a.example b_c.example"),
            ("freemail_welcomelist", "localhost"),
            ("freemail_max_body_emails", "many"),
        ] {
            assert!(Providers::default().read(key, value).unwrap().is_err(), "{key}");
        }
        assert!(Providers::default().read("freemail_other", "1").is_none());
    }
}
