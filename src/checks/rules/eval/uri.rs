//! URIEval: links that lead elsewhere than they say.

use super::{super::scene::Scene, Function, Question, Standing};
use crate::mail::Registry;

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    yes_no!("check_for_http_redirector", has_redirector),
    yes_no!("check_https_ip_mismatch", has_ip_mismatch),
    yes_no!("check_uri_truncated", |scene| scene.uris().is_truncated),
];

/// How many URIs in one another are looked at.
const MOST_HOPS: usize = 30;

/// Whether a URI holds another that leads to another domain.
fn has_redirector(scene: &Scene<'_>) -> bool {
    let registry = scene.conf.sites.registry();
    scene.uris().flat().into_iter().any(|uri| leads_on(uri, registry))
}

fn leads_on(uri: &str, registry: &Registry) -> bool {
    let domain = |host: &str| {
        registry.domain_and_host(host).map_or_else(|| host.to_owned(), |(domain, _)| domain)
    };
    let mut rest = uri;
    for _ in 0..MOST_HOPS {
        let Some((host, inner)) = inner(rest) else { return false };
        let target = web_host(inner).unwrap_or_default();
        if domain(host) != domain(target) {
            return true;
        }
        rest = inner;
    }
    false
}

/// The host of a web address and the first web address in what follows it.
fn inner(uri: &str) -> Option<(&str, &str)> {
    let host_start = ["http://", "https://"].into_iter().find_map(|scheme| {
        let start = uri.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    })?;
    let behind = uri.get(host_start..)?;
    let host = behind.get(..behind.find(['/', ':', '?']).unwrap_or(behind.len()))?;
    // At least one character stands between them, if need be one of the host.
    let is_web = |&at: &usize| behind.get(at..).is_some_and(|text| web_host(text).is_some());
    let starts = || behind.char_indices().map(|(at, _)| at).filter(is_web);
    let start = starts().find(|&at| at > host.len()).or_else(|| starts().next_back())?;
    let host = behind.get(..host.len().min(start.checked_sub(1)?))?;
    (!host.is_empty()).then_some((host, behind.get(start..)?))
}

/// The host of a web address, which may have fewer slashes than it should.
fn web_host(text: &str) -> Option<&str> {
    let rest = text.get(..4).filter(|start| start.eq_ignore_ascii_case("http"))?;
    let rest = text.get(rest.len()..)?;
    let rest = rest.strip_prefix(['s', 'S']).unwrap_or(rest).strip_prefix(':')?;
    let rest = rest.strip_prefix("//").or(rest.strip_prefix('/')).unwrap_or(rest);
    let host = rest.get(..rest.find(['/', ':', '?']).unwrap_or(rest.len()))?;
    (!host.is_empty()).then_some(host)
}

/// Whether a link to a bare address says that it leads to a name, by `https:`.
fn has_ip_mismatch(scene: &Scene<'_>) -> bool {
    let links = scene.case.message.html().iter().flat_map(|page| page.links.iter());
    links.filter(|link| is_to_address(&link.uri, &["http:", "https:"])).any(|link| {
        link.anchor_texts.iter().any(|text| {
            !is_to_address(text, &["https:"]) && text.to_ascii_lowercase().contains("https:")
        })
    })
}

/// Whether a text begins with a scheme and four numbers.
fn is_to_address(text: &str, schemes: &[&str]) -> bool {
    let scheme = schemes.iter().find(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let Some(rest) = scheme.and_then(|scheme| text.get(scheme.len()..)) else { return false };
    let host = rest.trim_start_matches('/');
    let behind_user =
        host.find(['@', '/']).filter(|&at| at > 0 && host.as_bytes().get(at) == Some(&b'@'));
    let named = behind_user.and_then(|at| host.get(at + 1..));
    is_quad(host) || named.is_some_and(is_quad)
}

/// Whether a text begins with four numbers between dots.
fn is_quad(text: &str) -> bool {
    let mut labels = text.splitn(4, '.');
    let is_number = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit());
    let first = labels.by_ref().take(3).filter(|label| is_number(label)).count();
    first == 3 && labels.next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{super::examples, *};

    #[test]
    fn uris_lead_on() {
        for (uri, expected) in [
            ("http://a.example.com/?u=http://b.example.com/", false),
            ("http://a.example.com/?u=http://example.org/", true),
            ("HTTP://a.example.com/HTTPS:example.org", true),
            ("http://example.com/http://example.com/http://example.org/", true),
            ("http://example.com/", false),
            ("http://example.comhttp://example.org", true),
            ("http://example.com/http:///example.org", false),
            ("ftp://example.com/http://example.org/", false),
        ] {
            assert_eq!(leads_on(uri, Registry::built_in()), expected, "{uri}");
        }
    }

    #[test]
    fn addresses_are_known() {
        for (text, expected) in [
            ("http://192.0.2.1/x", true),
            ("HTTPS:192.0.2.1x", true),
            ("https://u@192.0.2.1", true),
            ("http://a.example.com/u@192.0.2.1", false),
            ("http://192.0.2/", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(is_to_address(text, &["http:", "https:"]), expected, "{text}");
        }
    }

    #[test]
    fn links_are_asked() {
        examples::check(include_str!("uri.examples"));
    }
}
