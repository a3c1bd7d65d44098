//! Domains as registries hand them out, and what a message's links lead to.

use super::scene::Scene;
use crate::mail::LinkType;

/// Whether a label, in lower case, is a top-level domain.
pub(super) fn is_top_level(scene: &Scene<'_>, label: &[u8]) -> bool {
    std::str::from_utf8(label).is_ok_and(|label| scene.conf.sites.registry().is_top_level(label))
}

/// The domain of a host, in lower case, that somebody registered: `example.co.uk` of
/// `www.example.co.uk`.
pub(super) fn registered<'h>(scene: &Scene<'_>, host: &'h str) -> &'h str {
    scene.conf.sites.registry().registered(host)
}

/// The domain somebody registered in which an address, in lower case, is; `None` if it is not one
/// that mail could go to.
pub(super) fn of_address(scene: &Scene<'_>, address: &[u8]) -> Option<String> {
    let uri = format!("mailto:{}", String::from_utf8_lossy(address));
    let (domain, _) = scene.conf.sites.registry().domain_and_host(&uri)?;
    Some(domain)
}

/// The hosts that links lead to, in lower case.
pub(super) fn of_links<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s str> {
    let uris = scene.uris().list.iter().filter(|uri| behind_mailto(&uri.uri).is_none());
    uris.flat_map(|uri| &uri.hosts).map(|(host, _)| host.as_str())
}

/// What `mailto:` links of pages lead to, unless a text shows them, too: the part behind the
/// scheme.
pub(super) fn mail_links<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s str> {
    let is_hidden = |types: &[LinkType]| {
        types.contains(&LinkType::Element("a")) && !types.contains(&LinkType::Parsed)
    };
    let links = scene.uris().list.iter().filter(move |uri| is_hidden(&uri.types));
    links.filter_map(|uri| behind_mailto(&uri.uri))
}

fn behind_mailto(uri: &str) -> Option<&str> {
    const SCHEME: &str = "mailto:";
    let scheme = uri.get(..SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| uri.get(SCHEME.len()..)).flatten()
}
