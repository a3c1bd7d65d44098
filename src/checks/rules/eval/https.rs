//! HTTPSMismatch: links whose text says that they lead elsewhere, safely.

use std::net::IpAddr;

use super::{Arguments, CallError, Function, Question, Standing};
use crate::mail::{HtmlFacts, Link, Registry};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[Function {
    name: "check_https_http_mismatch",
    standing: Standing::Same,
    make: |arguments, _| mismatch(arguments),
}];

/// `check_https_http_mismatch('1', '10')`: one such link in a page that has at least so many links,
/// and fewer than so many.
fn mismatch(arguments: &Arguments) -> Result<Question, CallError> {
    let least = arguments.number(1)?.filter(|&least| least > 0).unwrap_or(1_usize);
    let below = arguments.number(2)?.unwrap_or(usize::MAX);
    Ok(Question::yes_no(move |scene| {
        let registry = scene.conf.sites.registry();
        scene.case.message.html().iter().any(|page| {
            let (links, lies) = count(page, registry);
            lies > 0 && (least..below).contains(&links)
        })
    }))
}

/// How many links lead to a registered domain, and how many of them lie.
fn count(page: &HtmlFacts, registry: &Registry) -> (usize, usize) {
    let links = page.links.iter().filter(|link| !link.anchor_texts.is_empty());
    let targets = links.filter_map(|link| Some((link, target(link, registry)?)));
    targets.fold((0, 0), |(links, lies), (link, target)| {
        (links + 1, lies + usize::from(is_lie(link, &target, registry)))
    })
}

/// The registered domain that a link leads to.
fn target(link: &Link, registry: &Registry) -> Option<String> {
    let host = host_behind(&link.uri, &["http://", "https://"], 0, |_| false)?;
    if host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let domain = registry.registered(&host).to_owned();
    registry.domain_and_host(&domain).map(|_| domain)
}

/// Whether one of its texts names another domain.
fn is_lie(link: &Link, target: &str, registry: &Registry) -> bool {
    link.anchor_texts.iter().filter_map(|text| shown(text, registry)).any(|shown| shown != target)
}

/// The registered domain, or the address, of the first `https://` in a text.
fn shown(text: &str, registry: &Registry) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut places = lower.match_indices("https://").map(|(at, _)| at);
    let host = places.find_map(|at| host_behind(text, &["https://"], at, char::is_whitespace))?;
    if host.parse::<IpAddr>().is_ok() {
        return Some(host);
    }
    let domain = registry.registered(&host);
    registry.is_domain_valid(domain).then(|| domain.to_owned())
}

/// The host, in lower case, behind a scheme at a place.
fn host_behind(
    text: &str,
    schemes: &[&str],
    at: usize,
    is_end: fn(char) -> bool,
) -> Option<String> {
    let text = text.get(at..)?;
    let scheme = schemes.iter().find(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let rest = text.get(scheme.len()..)?;
    let end = rest.find(|c| matches!(c, '/' | ':' | '?' | '#') || is_end(c));
    let host = rest.get(..end.unwrap_or(rest.len()))?;
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}
