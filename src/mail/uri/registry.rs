//! Which top-level domains there are, and where a domain ends that somebody registered.

use std::{collections::HashSet, net::IpAddr, sync::LazyLock};

/// The built-in names.
const NAMES: &str = include_str!("registry.txt");

/// The longest host name, in bytes (RFC 1035).
const LONGEST_HOST: usize = 253;

/// The longest label of one, in bytes.
const LONGEST_LABEL: usize = 63;

/// States of the USA, under which `us` domains are handed out (RFC 1480).
const STATES: &str = "ak al ar az ca co ct dc de fl ga gu hi ia id il in ks ky la ma md me mi mn mo \
                      ms mt nc nd ne nh nj nm nv ny oh ok or pa pr ri sc sd tn tx ut va vi vt wa wi \
                      wv wy";

/// Names under which registries hand out domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    names: HashSet<Box<str>>,
}

static BUILT_IN: LazyLock<Registry> = LazyLock::new(|| {
    let lines = NAMES.lines().filter(|line| !line.starts_with('#'));
    Registry::new(lines.flat_map(str::split_ascii_whitespace))
});

impl Default for Registry {
    /// The built-in names.
    fn default() -> Self {
        Self::built_in().clone()
    }
}

impl Registry {
    /// Of names with one to three labels: `example`, `co.example`.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut registry = Self::empty();
        registry.extend(names);
        registry
    }

    /// Of no names.
    pub fn empty() -> Self {
        Self { names: HashSet::new() }
    }

    /// Adds names.
    pub fn extend<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.names.extend(names.into_iter().map(|name| name.to_ascii_lowercase().into()));
    }

    /// The built-in names.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Whether a host name has at least two labels, the last of them a top-level domain.
    pub fn is_domain_valid(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        !host.contains(char::is_whitespace)
            && host.rsplit_once('.').is_some_and(|(_, top)| self.is_top_level(top))
    }

    /// Whether there is a top-level domain of this name, in lower case.
    pub fn is_top_level(&self, label: &str) -> bool {
        !label.contains('.') && self.names.contains(label)
    }

    /// The domain of a host that somebody registered: `example.co.uk` of `www.example.co.uk`.
    pub fn registered<'h>(&self, host: &'h str) -> &'h str {
        let host = host.trim_matches('.');
        let mut rest = host;
        let mut domain = host;
        while rest.contains('.') && !self.is_delegating(rest) {
            domain = rest;
            rest = rest.split_once('.').map_or("", |(_, behind)| behind);
        }
        domain
    }

    /// Whether domains are handed out under a name.
    fn is_delegating(&self, name: &str) -> bool {
        let mut labels = name.rsplit('.');
        let (top, second, third, fourth, more) =
            (labels.next(), labels.next(), labels.next(), labels.next(), labels.next());
        let is_state = |label: Option<&str>| {
            label.is_some_and(|label| STATES.split_ascii_whitespace().any(|state| state == label))
        };
        match (top, third, fourth, more) {
            (_, None, ..) => self.names.contains(name),
            (Some("us"), _, None, _) => is_state(second),
            (_, _, None, _) => self.names.contains(name),
            (Some("us"), _, Some(fourth), None) => {
                let is_school = fourth == "pvt" && third == Some("k12");
                (is_school || matches!(fourth, "ci" | "co")) && is_state(second)
            }
            _ => false,
        }
    }

    /// The registered domain and the host of a canonical URI; `None` if it names no host that
    /// could be looked up.
    pub fn domain_and_host(&self, uri: &str) -> Option<(String, String)> {
        let uri = uri.to_ascii_lowercase();
        if ["javascript:", "cid:", "file:"].iter().any(|scheme| uri.starts_with(scheme)) {
            return None;
        }
        let host = match uri.strip_prefix("mailto:") {
            Some(address) => host_of_address(address)?,
            None => host_of_uri(&uri),
        };
        if has_needless_escape(host) {
            return None;
        }
        if host.parse::<IpAddr>().is_ok() {
            return Some((host.to_owned(), host.to_owned()));
        }
        let is_valid = is_fqdn(host) && self.is_domain_valid(host);
        is_valid.then(|| (self.registered(host).to_owned(), host.to_owned()))
    }
}

fn host_of_address(address: &str) -> Option<&str> {
    let address = address.split('?').next().unwrap_or_default();
    let (_, host) = address.split_once('@')?;
    (!host.contains('@')).then_some(host)
}

fn host_of_uri(uri: &str) -> &str {
    let rest = match uri.split_once(':') {
        Some((scheme, rest))
            if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_lowercase()) =>
        {
            rest.strip_prefix("//").or(rest.strip_prefix('/')).unwrap_or(rest)
        }
        _ => uri,
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a host holds an escape of a character that needs none.
fn has_needless_escape(host: &str) -> bool {
    host.match_indices('%').any(|(at, _)| {
        let digits =
            host.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        digits.is_some_and(|byte| matches!(byte, 0x21..=0x7e))
    })
}

/// Whether a host name, in lower case, could be one: at least two labels of letters, digits and
/// inner hyphens; underscores from the third label on.
pub(super) fn is_fqdn(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let is_edge = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let is_label = |label: &str| {
        label.len() <= LONGEST_LABEL
            && is_edge(label.bytes().next())
            && is_edge(label.bytes().next_back())
            && label.bytes().all(|byte| is_edge(Some(byte)) || byte == b'-')
    };
    host.len() <= LONGEST_HOST
        && host.contains('.')
        && host.split('.').all(is_label)
        && !host.rsplit('.').take(2).any(|label| label.contains('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_domains_are_found() {
        let registry = Registry::new(["com", "uk", "us", "co.uk", "a.b.uk"]);
        for (host, domain) in [
            ("www.example.com", "example.com"),
            ("a.www.example.co.uk", "example.co.uk"),
            ("x.y.a.b.uk", "y.a.b.uk"),
            ("co.uk", "co.uk"),
            ("y.x.town.ca.us", "x.town.ca.us"),
            ("x.fire.ci.town.ca.us", "fire.ci.town.ca.us"),
            ("..x.example.com.", "example.com"),
            ("com", "com"),
        ] {
            assert_eq!(registry.registered(host), domain, "{host}");
        }
        assert!(registry.is_domain_valid("a.COM") && !registry.is_domain_valid("com"));
        assert!(!registry.is_domain_valid("a.nosuch") && !registry.is_domain_valid("a b.com"));
        assert!(Registry::built_in().is_domain_valid("example.co.uk"));
        assert_eq!(Registry::built_in().registered("www.example.co.uk"), "example.co.uk");
    }

    #[test]
    fn uris_name_hosts() {
        let registry = Registry::new(["com"]);
        for (uri, expected) in [
            ("http://User:x@WWW.Example.com:80/a?b", Some("example.com www.example.com")),
            ("https://1.2.3.4/", Some("1.2.3.4 1.2.3.4")),
            ("mailto:a@x.example.com?subject=b", Some("example.com x.example.com")),
            ("mailto:a@b@example.com", None),
            ("http://ex%61mple.com/", None),
            ("http://-a.com/", None),
            ("http://a_b.com/", None),
            ("http://a_b.c.com/", Some("c.com a_b.c.com")),
            ("http://a.nosuch/", None),
            ("cid:a@example.com", None),
        ] {
            let found =
                registry.domain_and_host(uri).map(|(domain, host)| format!("{domain} {host}"));
            assert_eq!(found.as_deref(), expected, "{uri}");
        }
    }
}
