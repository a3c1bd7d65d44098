//! What rules files say of sites: the names under which registries hand out domains, and the sites
//! that lead on to others.

use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memmem::Finder;

use super::{
    conf::ConfError,
    language::bytes_of,
    pattern::{Genre, Matcher, Pattern, PatternError, View},
};
use crate::mail::{self, Message, Redirectors, Registry, Uris};

/// Domains and redirectors.
#[derive(Debug, Default)]
pub(super) struct Sites {
    /// `None` until a file names some: then the built-in ones hold.
    registry: Option<Registry>,
    redirectors: Vec<Redirector>,
    serial: Serial,
}

/// A number that no others have.
#[derive(Debug)]
struct Serial(u64);

impl Default for Serial {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Matches the URIs of a site that lead on, and the first group where to.
#[derive(Debug)]
struct Redirector {
    matcher: Matcher,
    /// Of which each of those URIs has one; `None` if there are no such strings.
    marks: Option<Vec<Finder<'static>>>,
}

impl Redirector {
    fn compile(pattern: &str) -> Result<Self, PatternError> {
        let pattern = Pattern::compile_capturing(pattern)?;
        let literals = pattern
            .literals(Genre::Uris)
            .filter(|literals| literals.view() == View::Plain && !literals.only_in_ascii());
        let marks = literals
            .map(|literals| literals.iter().map(|mark| Finder::new(mark).into_owned()).collect());
        Ok(Self { matcher: pattern.matcher, marks })
    }

    /// `lower` is the URI in lower case.
    fn target<'u>(&self, uri: &'u [u8], lower: &[u8]) -> Option<&'u [u8]> {
        let has_one = |marks: &Vec<Finder<'_>>| marks.iter().any(|mark| mark.find(lower).is_some());
        let may_match = self.marks.as_ref().is_none_or(has_one);
        may_match.then(|| uri.get(self.matcher.capture(uri, 1)?)).flatten()
    }
}

impl Sites {
    /// Takes a directive; see [`Conf::read`](super::conf::Conf::read).
    ///
    /// # Errors
    /// A redirector is no regular expression that can be run.
    pub(super) fn read(&mut self, key: &str, value: &str) -> Option<Result<(), ConfError>> {
        match key {
            "util_rb_tld" | "util_rb_2tld" | "util_rb_3tld" => {
                let names = value.split_ascii_whitespace().map(|name| name.trim_start_matches('.'));
                self.registry.get_or_insert_with(Registry::empty).extend(names);
                Some(Ok(()))
            }
            "clear_util_rb" => {
                self.registry = None;
                Some(Ok(()))
            }
            "redirector_pattern" => Some(self.add_redirector(key, value)),
            _ => None,
        }
    }

    fn add_redirector(&mut self, key: &str, value: &str) -> Result<(), ConfError> {
        let wrong = |error| ConfError::Value { key: key.to_owned(), what: format!("{error}") };
        self.redirectors.push(Redirector::compile(value).map_err(wrong)?);
        Ok(())
    }

    /// The URIs of a message, listed once for all who ask for them. `None` if others have listed them
    /// for themselves.
    pub(super) fn shared_uris<'m>(&self, message: &'m Message) -> Option<&'m Uris> {
        if self.are_built_in() {
            return Some(message.uris());
        }
        message.uris_of(self.serial.0, |message| self.list_uris(message))
    }

    /// Lists the URIs of a message.
    pub(super) fn list_uris(&self, message: &Message) -> Uris {
        mail::uris(message, self.registry(), self)
    }

    /// Whether no file says anything of sites.
    fn are_built_in(&self) -> bool {
        self.registry.is_none() && self.redirectors.is_empty()
    }

    /// The names of registries.
    pub(super) fn registry(&self) -> &Registry {
        self.registry.as_ref().unwrap_or_else(|| Registry::built_in())
    }
}

impl Redirectors for Sites {
    fn target(&self, uri: &str) -> Option<String> {
        let uri = bytes_of(uri);
        let lower = uri.to_ascii_lowercase();
        let target = |redirector: &Redirector| {
            let target = redirector.target(&uri, &lower)?;
            target.contains(&b'.').then(|| String::from_utf8_lossy(target).into_owned())
        };
        self.redirectors.iter().find_map(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_named_by_rules_files() {
        let mut sites = Sites::default();
        assert!(sites.registry().is_domain_valid("example.com"));
        for (key, value) in [
            ("util_rb_tld", "Example .test"),
            ("util_rb_2tld", "co.example"),
            ("redirector_pattern", r"/^http:\/\/none\.test\/(.*)$/i"),
            ("redirector_pattern", r"m'^https?://r\.test/(?:a|b)\?u=(.*?)(?:$|&)'i"),
            ("redirector_pattern", r"m'^https?://s\.test/\?.*?(?<=[?&])q=(.*?)(?:$|&)'i"),
        ] {
            assert_eq!(sites.read(key, value), Some(Ok(())), "{key}");
        }
        assert!(!sites.registry().is_domain_valid("example.com"));
        assert_eq!(sites.registry().registered("a.b.co.example"), "b.co.example");
        for (uri, target) in [
            ("http://R.test/b?u=x.test&y", Some("x.test")),
            ("http://s.test/?x=y&q=x.test&y", Some("x.test")),
            ("http://s.test/?x=y&nq=x.test", None),
            ("http://r.test/b?u=x", None),
            ("http://none.test/a", None),
        ] {
            assert_eq!(sites.target(uri).as_deref(), target, "{uri}");
        }
        assert_eq!(sites.read("clear_util_rb", ""), Some(Ok(())));
        assert!(sites.registry().is_domain_valid("example.com"));
        assert!(matches!(sites.read("redirector_pattern", "/(/"), Some(Err(_))));
        assert_eq!(sites.read("util_rb", ""), None);
    }
}
