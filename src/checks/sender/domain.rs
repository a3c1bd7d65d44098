//! Whether mail could go back to the sender's domain (RFC 5321, section 5.1; RFC 7505), and whether a
//! name has an address at all.

use std::net::IpAddr;

use futures_util::future::join_all;

use super::sign::{NO_DNS_FOR_FROM, SENDER_MX_BOGUS, SENDER_NULL_MX};
use crate::{
    dns::{Exchanger, Resolver},
    mail::is_public,
    verdict::{Finding, Witness},
};

/// So many mail exchangers of a domain are looked at, those tried first.
const MOST_EXCHANGERS: usize = 5;

/// What is wrong with a domain that mail is said to come from. `None` for a good one, and if DNS fails.
pub(super) async fn examine(
    domain: &str,
    resolver: &Resolver,
    witness: &Witness,
) -> Option<Finding> {
    let mut exchangers = resolver.exchangers(domain, witness).await.ok()?.answers;
    if exchangers.is_empty() {
        let addresses = addresses(domain, resolver, witness).await?;
        return addresses.is_empty().then(|| NO_DNS_FOR_FROM.asked(domain, Vec::new()));
    }
    if exchangers.iter().all(|exchanger| exchanger.host.is_empty()) {
        return Some(SENDER_NULL_MX.asked(domain, vec!["0 .".to_owned()]));
    }
    exchangers.sort_by_key(|exchanger| exchanger.preference);
    exchangers.truncate(MOST_EXCHANGERS);
    unreachable(domain, &exchangers, resolver, witness).await
}

/// The finding that no mail exchanger has an address that can be reached from outside.
async fn unreachable(
    domain: &str,
    exchangers: &[Exchanger],
    resolver: &Resolver,
    witness: &Witness,
) -> Option<Finding> {
    let asked = exchangers.iter().map(|exchanger| reachable(&exchanger.host, resolver, witness));
    let answers = join_all(asked).await;
    if answers.iter().any(|answer| answer.is_none_or(|reachable| reachable)) {
        return None;
    }
    let hosts = exchangers.iter().map(|exchanger| exchanger.host.clone()).collect();
    Some(SENDER_MX_BOGUS.asked(domain, hosts))
}

/// Whether a mail exchanger can be reached from outside. An address in place of its name cannot:
/// RFC 1035 wants a name. `None` if DNS fails.
async fn reachable(host: &str, resolver: &Resolver, witness: &Witness) -> Option<bool> {
    if host.is_empty() || host.parse::<IpAddr>().is_ok() {
        return Some(false);
    }
    Some(addresses(host, resolver, witness).await?.into_iter().any(is_public))
}

/// All addresses of a name; `None` if DNS fails.
pub(super) async fn addresses(
    name: &str,
    resolver: &Resolver,
    witness: &Witness,
) -> Option<Vec<IpAddr>> {
    let (v4, v6) =
        tokio::join!(resolver.addresses(name, witness), resolver.addresses_v6(name, witness));
    let all = |v4: Vec<IpAddr>, v6: Vec<IpAddr>| v4.into_iter().chain(v6).collect::<Vec<_>>();
    let v4 = v4.map(|found| found.answers.into_iter().map(IpAddr::from).collect());
    let v6 = v6.map(|found| found.answers.into_iter().map(IpAddr::from).collect());
    match (v4, v6) {
        (Ok(v4), Ok(v6)) => Some(all(v4, v6)),
        // One of them answered: enough, if it has something.
        (Ok(some), Err(_)) | (Err(_), Ok(some)) if !some.is_empty() => Some(some),
        _ => None,
    }
}
