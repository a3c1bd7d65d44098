//! Domains as registries hand them out, and the hosts that a message's links lead to.

use std::net::IpAddr;

use super::{addresses::is_host_name, scene::Scene};

/// Whether a label is a top-level domain.
pub(super) fn is_top_level(scene: &Scene<'_>, label: &[u8]) -> bool {
    std::str::from_utf8(label).is_ok_and(|label| scene.conf.registry.is_top(label))
}

/// The domain of a host that somebody registered, in lower case: `example.co.uk` of
/// `www.example.co.uk`.
pub(super) fn registered(scene: &Scene<'_>, host: &str) -> String {
    scene.conf.registry.domain(host)
}

/// The domain somebody registered in which an address, in lower case, is; `None` if it is not one
/// that mail could go to.
pub(super) fn of_address(scene: &Scene<'_>, address: &[u8]) -> Option<String> {
    let address = std::str::from_utf8(address).ok()?;
    let (_, host) = address.split_once('@')?;
    if host.parse::<IpAddr>().is_ok() {
        return Some(host.to_owned());
    }
    let is_valid = is_host_name(host)
        && host.rsplit('.').next().is_some_and(|top| scene.conf.registry.is_top(top));
    is_valid.then(|| registered(scene, host))
}

/// The hosts that links lead to, in lower case, each once.
pub(super) fn of_links(scene: &Scene<'_>) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for uri in scene.case.message.uris() {
        let Some((_, rest)) = uri.split_once("://") else { continue };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if !host.is_empty() && !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// What `mailto:` links of pages lead to, as they stand there behind the scheme.
pub(super) fn mail_links<'s>(_scene: &'s Scene<'_>) -> impl Iterator<Item = &'s str> {
    std::iter::empty()
}
