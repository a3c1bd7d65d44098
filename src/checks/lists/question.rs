//! The names that are asked for, and the addresses worth asking about.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The name to ask for in a zone (RFC 5782, sections 2.1 and 2.4): octets or nibbles, last first,
/// then the zone and a final dot.
pub(super) fn about(address: IpAddr, zone: &str) -> String {
    let mut name = String::with_capacity(66 + zone.len());
    match address {
        IpAddr::V4(address) => reverse_v4(address, &mut name),
        IpAddr::V6(address) => reverse_v6(address, &mut name),
    }
    name.push_str(zone);
    if !zone.ends_with('.') {
        name.push('.');
    }
    name
}

fn reverse_v4(address: Ipv4Addr, name: &mut String) {
    for octet in address.octets().iter().rev() {
        // Writing into a string cannot fail.
        let _ = write!(name, "{octet}.");
    }
}

fn reverse_v6(address: Ipv6Addr, name: &mut String) {
    for octet in address.octets().iter().rev() {
        let _ = write!(name, "{:x}.{:x}.", octet & 15, octet >> 4);
    }
}

/// The address as lists know it, if it is one they can know: a public unicast address. IPv4
/// addresses in IPv6 clothes are taken out of them.
pub(super) fn listable(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    let public = match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    };
    public.then_some(address)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b); // RFC 6598
    let reserved = a == 0 || a >= 240;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || shared
        || reserved)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    !(address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_asked_for_backwards() {
        for (address, name) in [
            ("192.0.2.99", "99.2.0.192.bl.example."),
            ("127.0.0.2", "2.0.0.127.bl.example."),
            // RFC 5782, section 2.4.
            (
                "2001:db8:1:2:3:4:567:89ab",
                "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.example.",
            ),
            (
                "::ffff:127.0.0.2",
                "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example.",
            ),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(about(address, "bl.example"), name);
            assert_eq!(about(address, "bl.example."), name);
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
}
