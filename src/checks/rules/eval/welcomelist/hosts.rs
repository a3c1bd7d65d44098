//! Hosts of links in lists of hosts.

use super::{
    super::super::{domains, scene::Scene},
    CallError, Listed, Question,
};

/// The most domains above a host that are looked up, the uppermost ones.
const MOST_DOMAINS: usize = 11;

/// Whether a link leads to a host in this list.
pub(super) fn listed(list: &str) -> Result<Question, CallError> {
    let list = list.to_owned();
    Ok(Question::yes_no(move |scene| {
        scene.conf.lists.has_hosts(&list)
            && domains::of_links(scene).any(|host| is_listed(scene, &list, host))
    }))
}

fn is_listed(scene: &Scene<'_>, list: &str, host: &str) -> bool {
    scene.conf.lists.host(list, keys(host).into_iter()) == Some(Listed::Yes)
}

/// What a host is looked up by: itself and the domains above it; an address by itself alone.
fn keys(host: &str) -> Vec<&str> {
    if let Some(literal) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return vec![literal];
    }
    let is_number = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit());
    if host.split('.').count() == 4 && host.split('.').all(is_number) {
        return vec![host];
    }
    let above = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
    let keys: Vec<&str> = std::iter::once(host).chain(above).collect();
    let from = keys.len().saturating_sub(MOST_DOMAINS);
    keys.get(from..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_looked_up_by_the_domains_above_them() {
        for (host, expected) in [
            ("www.example.com", "www.example.com example.com com"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("a.b.c.d.e.f.g.h.i.j.k.l", "b.c.d.e.f.g.h.i.j.k.l"),
        ] {
            let found = keys(host);
            assert!(found.join(" ").starts_with(expected), "{host}");
            assert!(found.len() <= MOST_DOMAINS);
        }
    }
}
