//! Senders that are welcome only if their message came by certain relays.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    super::super::{addresses, domains, relays::Relay, scene::Scene, text::HeaderQuery},
    CallError, Question, Sender,
    conf::Backed,
};

/// What a list of such senders says of a message with these addresses.
///
/// The relay that counts is the one that handed the message to a host we trust; only mail that came
/// by trusted hosts alone may have come by any of them.
pub(super) fn sender(scene: &Scene<'_>, list: &[Backed], senders: &[Vec<u8>]) -> Sender {
    if list.is_empty() {
        return Sender::Unknown;
    }
    let relays = believed(scene);
    if relays.is_empty() {
        return Sender::Unknown;
    }
    let of_each: Vec<Sender> =
        senders.iter().map(|sender| one_sender(scene, list, sender, relays)).collect();
    let said = |sender| of_each.contains(&sender);
    match (said(Sender::Welcome), said(Sender::Forged)) {
        (true, _) => Sender::Welcome,
        (false, true) => Sender::Forged,
        _ => Sender::Unknown,
    }
}

/// Whether the relay that counts is in the registered domain of the sender in SMTP.
pub(super) fn matches_sender() -> Result<Question, CallError> {
    let query = HeaderQuery::parse("EnvelopeFrom:addr").ok();
    Ok(Question::yes_no(move |scene| {
        let senders = query.as_ref().map(|query| addresses::of_field(scene, query));
        senders.iter().flatten().next().is_some_and(|sender| is_from(scene, sender))
    }))
}

fn is_from(scene: &Scene<'_>, sender: &[u8]) -> bool {
    let sender = String::from_utf8_lossy(sender).to_ascii_lowercase();
    let Some((_, host)) = sender.rsplit_once('@').filter(|(_, host)| has_inner_dot(host)) else {
        return false;
    };
    let domain = domains::registered(scene, host);
    let names = believed(scene).iter().map(|relay| relay.rdns.to_ascii_lowercase());
    names.filter(|name| !name.is_empty()).any(|name| domains::registered(scene, &name) == domain)
}

fn has_inner_dot(host: &str) -> bool {
    host.get(1..host.len().saturating_sub(1)).is_some_and(|inner| inner.contains('.'))
}

/// The relays of which one has to be named with the sender.
fn believed<'s>(scene: &'s Scene<'_>) -> &'s [Relay] {
    let relays = scene.relays();
    match relays.untrusted() {
        [] => relays.trusted(),
        untrusted => untrusted.get(..1).unwrap_or_default(),
    }
}

fn one_sender(scene: &Scene<'_>, list: &[Backed], sender: &[u8], relays: &[Relay]) -> Sender {
    let mut entries = list.iter().filter(|entry| entry.address.contains(sender)).peekable();
    if entries.peek().is_none() {
        return Sender::Unknown;
    }
    let backs =
        |entry: &Backed| entry.by.iter().any(|by| relays.iter().any(|relay| is_relay(by, relay)));
    if entries.any(backs) {
        return Sender::Welcome;
    }
    let any_relay = scene.conf.lists.addresses("welcomelist_allows_relays");
    match any_relay {
        Some(list) if list.contains(sender) => Sender::Unknown,
        _ => Sender::Forged,
    }
}

/// Whether a relay is the one that an entry names: by a domain of its name, or by an address or
/// network in brackets, the length of whose prefix may stand behind them.
fn is_relay(by: &str, relay: &Relay) -> bool {
    match in_brackets(by) {
        Some(network) => is_in_network(&network, &relay.ip),
        None => {
            let name = relay.rdns.to_ascii_lowercase();
            let before = name.strip_suffix(by);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        }
    }
}

/// `[192.0.2.0/24]` and `[192.0.2.0]/24` without brackets.
fn in_brackets(by: &str) -> Option<String> {
    let (inner, behind) = by.strip_prefix('[')?.rsplit_once(']')?;
    let is_prefix = |text: &str| {
        let digits = text.strip_prefix('/').unwrap_or_default();
        (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    (behind.is_empty() || is_prefix(behind)).then(|| format!("{inner}{behind}"))
}

/// An address stands for itself, the beginning of an IPv4 address for all that begin so.
fn is_in_network(network: &str, ip: &str) -> bool {
    if ip.is_empty() {
        return false;
    }
    if network.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        let begins = format!("{}.", network.trim_end_matches('.'));
        return network == ip || (begins.matches('.').count() < 4 && ip.starts_with(&begins));
    }
    let network: Option<IpNet> =
        network.parse().ok().or_else(|| network.parse::<IpAddr>().ok().map(IpNet::from));
    let address = ip.parse::<IpAddr>().ok();
    network.zip(address).is_some_and(|(network, address)| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_are_named_by_domain_or_network() {
        let relay = |ip: &str| Relay {
            ip: ip.to_owned(),
            rdns: "Mail.Example.com".to_owned(),
            ..Relay::default()
        };
        for (by, ip, is) in [
            ("example.com", "192.0.2.1", true),
            ("mail.example.com", "192.0.2.1", true),
            ("ail.example.com", "192.0.2.1", false),
            ("example.org", "192.0.2.1", false),
            ("[192.0.2.1]", "192.0.2.1", true),
            ("[192.0.2.1]", "192.0.2.10", false),
            ("[192.0.2]", "192.0.2.10", true),
            ("[192.0.2.]", "192.0.2.10", true),
            ("[192.0.2]", "192.0.20.1", false),
            ("[192.0.2.0/28]", "192.0.2.10", true),
            ("[192.0.2.0]/28", "192.0.2.16", false),
            ("[2001:db8::]/32", "2001:db8::1", true),
            ("[2001:db8::1]", "2001:db8::1", true),
            ("[2001:db8::1]", "192.0.2.1", false),
            ("[192.0.2.1]", "", false),
        ] {
            assert_eq!(is_relay(by, &relay(ip)), is, "{by} {ip}");
        }
    }
}
