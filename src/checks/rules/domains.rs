//! Domains as registries hand them out, and the hosts that a message's links lead to.

use std::collections::HashSet;

use super::{addresses::is_host_name, scene::Scene};
use crate::mail::{LinkType, Uri};

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
    let address = std::str::from_utf8(address).ok()?;
    let (_, host) = address.split_once('@')?;
    is_host_name(host).then(|| registered(scene, host).to_owned())
}

/// The hosts that URIs lead to, in lower case, each once. Addresses lead nowhere.
pub(super) fn of_links<'s>(scene: &'s Scene<'_>) -> Vec<&'s str> {
    let mut seen = HashSet::new();
    let is_address = |uri: &&Uri| mailto(&uri.uri).is_some();
    let links = scene.uris().list.iter().filter(|uri| !is_address(uri));
    let hosts = links.flat_map(|uri| &uri.hosts);
    hosts.map(|(host, _)| host.as_str()).filter(|host| seen.insert(*host)).collect()
}

/// What `mailto:` links of pages lead to, as they stand there behind the scheme.
pub(super) fn mail_links<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s str> {
    let is_link = |uri: &&Uri| {
        uri.types.contains(&LinkType::Element("a")) && !uri.types.contains(&LinkType::Parsed)
    };
    let links = scene.uris().list.iter().filter(is_link);
    links.filter_map(|uri| mailto(&uri.uri))
}

/// What stands behind `mailto:`.
fn mailto(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    scheme.eq_ignore_ascii_case("mailto").then_some(rest)
}
