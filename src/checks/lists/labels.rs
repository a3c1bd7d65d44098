//! What is put in front of a list's zone, and which addresses and names are worth asking about.

use std::{fmt::Write, net::IpAddr};

use super::{About, Definition, Hops, Only};
use crate::{
    checks::{Facts, Link, Reader, Relay},
    dns,
    mail::is_public,
};

/// An address as lists want it (RFC 5782, sections 2.1 and 2.4): octets or nibbles, last first.
pub(super) fn reversed(address: IpAddr) -> String {
    let mut name = String::with_capacity(63);
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            // Writing into a string cannot fail.
            let _ = write!(name, "{d}.{c}.{b}.{a}");
        }
        IpAddr::V6(address) => {
            for octet in address.octets().iter().rev() {
                let dot = if name.is_empty() { "" } else { "." };
                let _ = write!(name, "{dot}{:x}.{:x}", octet & 15, octet >> 4);
            }
        }
    }
    name
}

/// The address as lists know it, if it is one they can know: a public unicast address. IPv4
/// addresses in IPv6 clothes are taken out of them.
pub(super) fn listable(address: IpAddr) -> Option<IpAddr> {
    is_public(address).then(|| address.to_canonical())
}

/// The domain of an e-mail address, in lower case and ASCII, without needless dots; `None` if it has
/// none with two labels.
pub(super) fn domain(address: &str) -> Option<String> {
    let (_, behind) = address.rsplit_once('@')?;
    let domain = behind.split(char::is_whitespace).next()?;
    let labels = domain.split('.').filter(|label| !label.is_empty());
    name(&labels.collect::<Vec<_>>().join("."))
}

/// A host or domain in lower case and ASCII (RFC 5891), if it can be one.
pub(super) fn name(text: &str) -> Option<String> {
    let text = text.trim_end_matches('.');
    let ascii = if text.is_ascii() { text.to_ascii_lowercase() } else { dns::to_ascii(text)? };
    is_host_name(&ascii).then_some(ascii)
}

/// Whether a name can be asked for: two labels or more, each of 1 to 63 letters, digits, hyphens
/// inside and underscores, the latter not in the last two (RFC 1035, section 2.3.1; RFC 8552).
pub(super) fn is_host_name(name: &str) -> bool {
    let count = name.split('.').count();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_label = |(index, label): (usize, &str)| {
        let bytes = label.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        bytes.len() <= 63
            && ends.into_iter().all(|end| end.is_some_and(|&byte| is_word(byte)))
            && bytes.iter().all(|&byte| is_word(byte) || byte == b'-')
            && (index + 2 < count || !label.contains('_'))
    };
    name.len() <= 253 && count > 1 && name.split('.').enumerate().all(is_label)
}

/// What a list is asked about by these facts, each once, and no more than it may be; not for lists
/// that other lookups lead to, templates and digests.
pub(super) fn of_facts(list: &Definition, facts: &Facts, reader: &dyn Reader) -> Vec<String> {
    let of = |addresses: &[String]| -> Vec<String> {
        addresses.iter().filter_map(|address| of_address(list, address, reader)).collect()
    };
    let labels = match list.about {
        About::Trace => return of_trace(list, facts),
        About::Sender => of(facts.sender.as_slice()),
        About::From => of(&facts.authors),
        About::Senders => of(&facts.senders),
        About::ReplyTo => of(&facts.reply_to),
        About::Dkim => facts.signers.iter().filter_map(|signer| name(signer)).collect(),
        About::UriDomain => of_links(list, &facts.links, |link| &link.domain),
        About::UriHost => of_links(list, &facts.links, |link| &link.host),
        _ => Vec::new(),
    };
    once_each(labels, list.most)
}

/// Each once, and no more than so many.
pub(super) fn once_each(labels: Vec<String>, most: usize) -> Vec<String> {
    let mut each: Vec<String> = Vec::with_capacity(labels.len().min(most));
    for label in labels {
        if each.len() < most && !each.contains(&label) {
            each.push(label);
        }
    }
    each
}

/// The label of a host that may be written as an address.
pub(super) fn of_host(list: &Definition, host: &str) -> Option<String> {
    let Ok(address) = host.parse::<IpAddr>() else {
        return name(host).filter(|_| list.only != Only::Addresses);
    };
    // Lists of names hold IPv4 addresses alone.
    let address = listable(address).filter(|address| address.is_ipv4() && list.only != Only::Names);
    address.map(reversed)
}

fn of_address(list: &Definition, address: &str, reader: &dyn Reader) -> Option<String> {
    let (_, behind) = address.rsplit_once('@')?;
    let host = behind.trim_start_matches('[').trim_end_matches(']');
    if host.parse::<IpAddr>().is_ok() {
        return of_host(list, host);
    }
    let domain = domain(address).filter(|_| list.only != Only::Addresses)?;
    let domain = if list.registered { reader.registered(&domain).to_owned() } else { domain };
    Some(domain)
}

fn of_links(list: &Definition, links: &[Link], part: fn(&Link) -> &String) -> Vec<String> {
    links.iter().take(list.most).filter_map(|link| of_host(list, part(link))).collect()
}

fn of_trace(list: &Definition, facts: &Facts) -> Vec<String> {
    let (external, untrusted) = (&facts.way.external, &facts.way.untrusted);
    if untrusted.is_empty() {
        // All hosts it came by are trusted: there is nobody to ask about.
        return Vec::new();
    }
    let relays: Vec<Relay> = match list.hops {
        Hops::LastExternal => external.iter().take(1).copied().collect(),
        Hops::NotFirstHop => {
            external.iter().take(external.len().saturating_sub(1).max(1)).copied().collect()
        }
        Hops::FirstUntrusted => untrusted.iter().take(1).copied().collect(),
        Hops::BehindUntrusted => untrusted.iter().skip(1).copied().collect(),
        Hops::All => untrusted.iter().rev().copied().collect(),
        Hops::Between(from, to) => {
            let count = (to + 1).saturating_sub(from);
            external.iter().skip(from.saturating_sub(1)).take(count).copied().collect()
        }
    };
    // Trusted hosts are only asked about where the good are listed.
    let relays = relays.into_iter().take(list.most);
    let asked = relays.skip_while(|relay| relay.is_trusted && !list.allow);
    let known = asked.filter(|relay| relay.address.is_ipv4() || list.ipv6);
    known.filter_map(|relay| listable(relay.address)).map(reversed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{Way, lists::tests::Given};

    #[test]
    fn addresses_are_asked_for_backwards() {
        for (address, name) in [
            ("192.0.2.99", "99.2.0.192"),
            ("127.0.0.2", "2.0.0.127"),
            // RFC 5782, section 2.4.
            (
                "2001:db8:1:2:3:4:567:89ab",
                "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2",
            ),
        ] {
            assert_eq!(reversed(address.parse().unwrap()), name);
        }
    }

    #[test]
    fn only_public_addresses_are_asked_for() {
        for (address, asked) in [
            ("8.8.8.8", Some("8.8.8.8")),
            ("203.0.113.7", Some("203.0.113.7")),
            ("198.51.100.7", Some("198.51.100.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("2a00::1", Some("2a00::1")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("100.63.0.1", Some("100.63.0.1")),
            ("10.1.2.3", None),
            ("172.16.0.1", None),
            ("192.168.0.1", None),
            ("::ffff:192.168.0.1", None),
            ("127.0.0.2", None),
            ("169.254.1.1", None),
            ("100.64.0.1", None),
            ("0.0.0.0", None),
            ("224.0.0.1", None),
            ("255.255.255.255", None),
            ("::", None),
            ("::1", None),
            ("fe80::1", None),
            ("fd00::1", None),
            ("ff02::1", None),
        ] {
            let public = listable(address.parse().unwrap()).map(|address| address.to_string());
            assert_eq!(public.as_deref(), asked, "{address}");
        }
    }

    #[test]
    fn domains_are_cleaned() {
        for (address, found) in [
            ("a@B.example", Some("b.example")),
            ("a@..b...example.", Some("b.example")),
            ("a@bücher.example", Some("xn--bcher-kva.example")),
            ("a@b", None),
            ("a@-b.example", None),
            ("a", None),
            ("a@b.example x", Some("b.example")),
            ("a@b_c.example", None),
        ] {
            assert_eq!(domain(address).as_deref(), found, "{address}");
        }
    }

    fn relay(address: &str, is_trusted: bool) -> Relay {
        Relay { address: address.parse().unwrap(), is_trusted }
    }

    fn link(host: &str, domain: &str) -> Link {
        Link { host: host.to_owned(), domain: domain.to_owned() }
    }

    fn facts() -> Facts {
        let untrusted = vec![
            relay("203.0.113.1", false),
            relay("203.0.113.2", false),
            relay("2001:db8::3", false),
        ];
        let mut external = untrusted.clone();
        external.insert(0, relay("198.51.100.1", true));
        Facts {
            way: Way { external, untrusted, ..Way::default() },
            sender: Some("s@news.Sender.co.uk".to_owned()),
            authors: vec!["a@[203.0.113.9]".to_owned(), "b@b.example".to_owned()],
            senders: vec!["x@b.example".to_owned(), "y@B.example".to_owned()],
            signers: vec!["d.example".to_owned()],
            links: vec![
                link("www.l.com", "l.com"),
                link("203.0.113.5", "203.0.113.5"),
                link("w3.l.com", "l.com"),
                link("10.0.0.1", "10.0.0.1"),
                link("m.com", "m.com"),
            ],
            ..Facts::default()
        }
    }

    #[test]
    fn lists_are_asked_about_what_they_hold() {
        for (definition, labels) in [
            ("about = 'trace'", ""),
            ("about = 'trace'\nallow = true", "1.100.51.198"),
            ("about = 'trace'\nhops = 'first_untrusted'", "1.113.0.203"),
            ("about = 'trace'\nhops = 'not_first_hop'", "1.113.0.203 2.113.0.203"),
            ("about = 'trace'\nhops = 'untrusted'\nipv6 = false", "2.113.0.203"),
            ("about = 'trace'\nhops = 'all'\nipv6 = false", "2.113.0.203 1.113.0.203"),
            ("about = 'trace'\nhops = '2-3'", "1.113.0.203 2.113.0.203"),
            ("about = 'sender'", "news.sender.co.uk"),
            ("about = 'sender'\nregistered = true", "sender.co.uk"),
            ("about = 'sender'\nonly = 'addresses'", ""),
            ("about = 'from'", "9.113.0.203 b.example"),
            ("about = 'from'\nonly = 'names'", "b.example"),
            ("about = 'senders'", "b.example"),
            ("about = 'dkim'", "d.example"),
            ("about = 'uri_domain'", "l.com 5.113.0.203 m.com"),
            ("about = 'uri_domain'\nmost = 2", "l.com 5.113.0.203"),
            ("about = 'uri_host'\nonly = 'names'", "www.l.com w3.l.com m.com"),
            ("about = 'uri_host'\nonly = 'addresses'", "5.113.0.203"),
            ("about = 'client'", ""),
        ] {
            let text = format!("zone = 'a.example'\nfindings = {{ '*' = 'A' }}\n{definition}");
            let list: Definition = toml::from_str(&text).unwrap();
            let reader = Given::default();
            assert_eq!(of_facts(&list, &facts(), &reader).join(" "), labels, "{definition}");
        }
    }
}
