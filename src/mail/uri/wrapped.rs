//! Links that a mail filter or a search engine has wrapped, so that clicks pass by it: where they lead,
//! where that is not written as a web address. SpamAssassin leaves these as they are.
//!
//! Wrappers that carry the address as it is or with escapes (Safelinks, Barracuda, Cisco, Google's `url?q=`, URL
//! Defense v1) need nothing here: an address in an address is found anyway.

use crate::mail::decode;

/// A wrapper: the ends of its hosts, the beginning of its paths, how it hides the address.
struct Wrapper {
    host: &'static str,
    path: &'static str,
    unwrap: fn(&str) -> Option<String>,
}

const WRAPPERS: &[Wrapper] = &[
    Wrapper { host: "urldefense.proofpoint.com", path: "v2/url?", unwrap: defense_v2 },
    Wrapper { host: "urldefense.com", path: "v2/url?", unwrap: defense_v2 },
    Wrapper { host: "urldefense.proofpoint.com", path: "v3/__", unwrap: defense_v3 },
    Wrapper { host: "urldefense.com", path: "v3/__", unwrap: defense_v3 },
    Wrapper { host: "urldefense.us", path: "v3/__", unwrap: defense_v3 },
    Wrapper { host: "bing.com", path: "ck/a?", unwrap: bing },
    Wrapper { host: "protection.sophos.com", path: "", unwrap: sophos },
    Wrapper { host: "mimecast.com", path: "s/", unwrap: mimecast },
    Wrapper { host: "mimecastprotect.com", path: "s/", unwrap: mimecast },
    Wrapper { host: "google.com", path: "amp/s/", unwrap: amp },
    Wrapper { host: "google.com", path: "amp/", unwrap: amp },
    Wrapper { host: "google.com", path: "url?", unwrap: google },
];

/// Where a web address of a wrapper leads, if it says so.
pub(super) fn target(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let host = host.to_ascii_lowercase();
    let wraps = |wrapper: &&Wrapper| {
        let below = host.strip_suffix(wrapper.host);
        below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
            && path.starts_with(wrapper.path)
    };
    let wrapper = WRAPPERS.iter().find(wraps)?;
    let target = (wrapper.unwrap)(path.strip_prefix(wrapper.path)?)?;
    let is_clean = !target.chars().any(|c| c.is_control() || c.is_whitespace());
    (is_clean && target.contains('.')).then_some(target)
}

/// The value of a parameter in a query, or in a path that holds one.
fn parameter<'q>(text: &'q str, name: &str) -> Option<&'q str> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    values.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// `u=https-3A__example.com_path`: hyphens are escapes, underscores slashes.
fn defense_v2(query: &str) -> Option<String> {
    let value = parameter(query, "u")?.replace('_', "/");
    let mut bytes = Vec::with_capacity(value.len());
    decode::unescape(&mut bytes, value.as_bytes(), b'-', |byte| byte);
    String::from_utf8(bytes).ok().filter(|uri| is_web(uri))
}

/// `__https://example.com/path__;…`. Asterisks stand for characters that are kept elsewhere.
fn defense_v3(path: &str) -> Option<String> {
    let uri = path.split("__;").next()?;
    is_web(uri).then(|| uri.to_owned())
}

/// `u=a1` and the address in base64.
fn bing(query: &str) -> Option<String> {
    encoded(parameter(query, "u")?.strip_prefix("a1")?)
}

/// `d=example.com&u=` and the address in base64.
fn sophos(path: &str) -> Option<String> {
    parameter(path, "u").and_then(encoded).or_else(|| named(parameter(path, "d")?))
}

/// `domain=example.com`: the rest is known to the filter alone.
fn mimecast(path: &str) -> Option<String> {
    named(parameter(path, "domain")?)
}

/// A page without its scheme.
fn amp(path: &str) -> Option<String> {
    named(path)
}

/// `q=example.com/path` or `url=`, without a scheme.
fn google(query: &str) -> Option<String> {
    let value = parameter(query, "q").or_else(|| parameter(query, "url"))?;
    if is_web(value) { None } else { named(value) }
}

/// A host and what follows, as a web address.
fn named(text: &str) -> Option<String> {
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    (is_host && host.contains('.')).then(|| format!("http://{text}"))
}

/// An address in base64, in either alphabet.
fn encoded(text: &str) -> Option<String> {
    let usual = text.replace('-', "+").replace('_', "/");
    String::from_utf8(decode::base64(usual.as_bytes())).ok().filter(|uri| is_web(uri))
}

fn is_web(uri: &str) -> bool {
    let begins = |scheme: &str| {
        uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    begins("http:") || begins("https:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wrapped_links_are_unwrapped() {
        for (uri, expected) in [
            (
                "https://urldefense.proofpoint.com/v2/url?u=http-3A__www.example.com_a-2Db-3Fc-3Dd&d=DwMF&c=x",
                Some("http://www.example.com/a-b?c=d"),
            ),
            (
                "https://urldefense.com/v3/__https://www.example.com/a__;!!X-y!z$",
                Some("https://www.example.com/a"),
            ),
            (
                "https://www.bing.com/ck/a?!&&p=1&u=a1aHR0cHM6Ly93d3cuZXhhbXBsZS5jb20vYT9i&ntb=1",
                Some("https://www.example.com/a?b"),
            ),
            (
                "https://eu-west-1.protection.sophos.com/?d=example.com&u=aHR0cHM6Ly93d3cuZXhhbXBsZS5jb20v&p=m",
                Some("https://www.example.com/"),
            ),
            (
                "https://eu-west-1.protection.sophos.com/?d=example.com&u=!",
                Some("http://example.com"),
            ),
            (
                "https://protect-eu.mimecast.com/s/AbC1?domain=www.example.com",
                Some("http://www.example.com"),
            ),
            ("https://www.google.com/amp/s/www.example.com/a", Some("http://www.example.com/a")),
            ("https://www.google.com/amp/www.example.com/a", Some("http://www.example.com/a")),
            ("https://www.google.com/url?sa=t&q=example.com/a&x", Some("http://example.com/a")),
            // Found as an address in an address.
            ("https://www.google.com/url?q=https://example.com/a", None),
            ("https://eur01.safelinks.protection.outlook.com/?url=https://example.com", None),
            ("https://nobing.com/ck/a?u=a1aHR0cHM6Ly93d3cuZXhhbXBsZS5jb20v", None),
            ("https://www.bing.com/ck/a?u=a1aGVsbG8gdGhlcmU", None),
            ("https://www.google.com/search?q=example.com", None),
            ("https://www.google.com/url?q=two.words%20here", None),
            ("https://example.com", None),
        ] {
            assert_eq!(target(uri).as_deref(), expected, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn no_link_makes_it_panic(
            at in 0..WRAPPERS.len(),
            rest in "[a-z0-9=&?/.%_;!*-]{0,60}|\\PC{0,40}",
        ) {
            let Wrapper { host, path, .. } = &WRAPPERS[at];
            target(&format!("https://{host}/{path}{rest}"));
            target(&format!("https://{host}/{path}u=a1{rest}"));
            target(&rest);
        }
    }
}
