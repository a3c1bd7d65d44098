//! Where registrable domains end, as rules files say: `util_rb_tld`, `util_rb_2tld`,
//! `util_rb_3tld`.

use std::collections::HashSet;

use super::super::conf::ConfError;

/// The top-level domains there are, and those below which others register.
#[derive(Debug, Default)]
pub(in super::super) struct Registry {
    /// `com`
    top: HashSet<String>,
    /// `co.uk`
    second: HashSet<String>,
    /// `demon.co.uk`
    third: HashSet<String>,
}

impl Registry {
    /// Takes a directive about domains; `None` if it is about something else.
    ///
    /// # Errors
    /// The value is wrong; nothing of it is taken.
    pub(in super::super) fn read(
        &mut self,
        key: &str,
        value: &str,
    ) -> Option<Result<(), ConfError>> {
        let wrong = |what: &str| ConfError::Value { key: key.to_owned(), what: what.to_owned() };
        let (domains, labels) = match key {
            "util_rb_tld" => (&mut self.top, 1),
            "util_rb_2tld" => (&mut self.second, 2),
            "util_rb_3tld" => (&mut self.third, 3),
            "clear_util_rb" if value.is_empty() => {
                *self = Self::default();
                return Some(Ok(()));
            }
            "clear_util_rb" => return Some(Err(wrong("takes no value"))),
            _ => return None,
        };
        let is_right = |word: &str| {
            word.split('.').count() == labels && word.split('.').all(|label| !label.is_empty())
        };
        if value.is_empty() || !value.split_ascii_whitespace().all(is_right) {
            return Some(Err(wrong(&format!("takes domains of {labels} label(s)"))));
        }
        // Values are Latin-1 views of what is mostly ASCII, and else UTF-8.
        let unicode = |word: &str| {
            let bytes: Vec<u8> =
                word.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
            String::from_utf8_lossy(&bytes).to_ascii_lowercase()
        };
        domains.extend(value.split_ascii_whitespace().map(unicode));
        Some(Ok(()))
    }

    /// Whether a label, in any case, is a top-level domain.
    pub(in super::super) fn is_top(&self, label: &str) -> bool {
        self.top.contains(&label.to_ascii_lowercase())
    }

    /// The registrable domain of a host, in lower case: `www.shop.co.uk` gives `shop.co.uk`. One
    /// label more than the registry's own domain, or the host itself if it has no more.
    pub(in super::super) fn domain(&self, host: &str) -> String {
        let host = host.to_ascii_lowercase();
        let labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
        let kept = (1..=labels.len()).rev().find(|&count| {
            count == 1 || self.is_registry(labels.get(labels.len() - count..).unwrap_or_default())
        });
        let kept = kept.map_or(0, |count| (count + 1).min(labels.len()));
        labels.get(labels.len() - kept..).unwrap_or_default().join(".")
    }

    /// Whether others register below the domain of these labels.
    fn is_registry(&self, labels: &[&str]) -> bool {
        match labels {
            [_, _] => self.second.contains(&labels.join(".")),
            // RFC 1480: `state.us`, below which places register.
            [_, state, "us"] => US_STATES.contains(state),
            [_, _, _] => self.third.contains(&labels.join(".")),
            ["pvt", "k12", state, "us"] | ["co" | "ci", _, state, "us"] => {
                US_STATES.contains(state)
            }
            _ => false,
        }
    }
}

/// The states and territories below `us`.
const US_STATES: [&str; 54] = [
    "ak", "al", "ar", "az", "ca", "co", "ct", "dc", "de", "fl", "ga", "gu", "hi", "ia", "id", "il",
    "in", "ks", "ky", "la", "ma", "md", "me", "mi", "mn", "mo", "ms", "mt", "nc", "nd", "ne", "nh",
    "nj", "nm", "nv", "ny", "oh", "ok", "or", "pa", "pr", "ri", "sc", "sd", "tn", "tx", "ut", "va",
    "vi", "vt", "wa", "wi", "wv", "wy",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_end_where_registries_begin() {
        let mut registry = Registry::default();
        for (key, value) in [
            ("util_rb_tld", "com uk US"),
            ("util_rb_2tld", "co.uk"),
            ("util_rb_3tld", "demon.co.uk"),
        ] {
            registry.read(key, value).unwrap().unwrap();
        }
        assert!(registry.is_top("COM") && registry.is_top("us") && !registry.is_top("example"));
        for (host, domain) in [
            ("www.Shop.com", "shop.com"),
            ("a.b.shop.co.uk", "shop.co.uk"),
            ("co.uk", "co.uk"),
            ("a.b.demon.co.uk", "b.demon.co.uk"),
            ("demon.co.uk", "demon.co.uk"),
            ("a.place.city.ca.us", "place.city.ca.us"),
            ("a.ci.city.ca.us", "a.ci.city.ca.us"),
            ("..a..shop.com.", "shop.com"),
            ("localhost", "localhost"),
            ("", ""),
        ] {
            assert_eq!(registry.domain(host), domain, "{host}");
        }
        assert!(registry.read("util_rb_2tld", "com").unwrap().is_err());
        registry.read("clear_util_rb", "").unwrap().unwrap();
        assert!(!registry.is_top("com"));
    }
}
