//! Domains as registries hand them out, and the hosts that a message's links lead to.

use super::{addresses::is_host_name, scene::Scene};

/// Whether a label, in lower case, is a top-level domain.
pub(super) fn is_top_level(_scene: &Scene<'_>, label: &[u8]) -> bool {
    label.len() > 1 && label.iter().all(|byte| byte.is_ascii_alphabetic())
}

/// The domain of a host, in lower case, that somebody registered: `example.co.uk` of
/// `www.example.co.uk`.
pub(super) fn registered<'h>(_scene: &Scene<'_>, host: &'h str) -> &'h str {
    let host = host.trim_matches('.');
    host.rmatch_indices('.').nth(1).and_then(|(at, _)| host.get(at + 1..)).unwrap_or(host)
}

/// The domain somebody registered in which an address, in lower case, is; `None` if it is not one
/// that mail could go to.
pub(super) fn of_address(scene: &Scene<'_>, address: &[u8]) -> Option<String> {
    let address = std::str::from_utf8(address).ok()?;
    let (_, host) = address.split_once('@')?;
    is_host_name(host).then(|| registered(scene, host).to_owned())
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
