//! Names that providers give to the machines of their subscribers, one an address: where people are,
//! and no mail servers.

use std::net::{IpAddr, Ipv4Addr};

/// Words that alone say that a name belongs to whoever has the address today.
const PLAIN: [&str; 9] =
    ["dyn", "dynamic", "dynamicip", "dhcp", "dialup", "dialin", "ppp", "pppoe", "dip"];

/// Words that say so of a name that spells its address.
const TELLING: [&str; 34] = [
    "adsl",
    "adsl2",
    "vdsl",
    "xdsl",
    "dsl",
    "sdsl",
    "cable",
    "catv",
    "cm",
    "cpe",
    "docsis",
    "pool",
    "pools",
    "user",
    "users",
    "client",
    "clients",
    "cust",
    "customer",
    "customers",
    "broadband",
    "bb",
    "wifi",
    "wireless",
    "mobile",
    "lte",
    "gprs",
    "umts",
    "home",
    "res",
    "residential",
    "fiber",
    "ftth",
    "dyndsl",
];

/// Words of names that are meant for servers, whatever else they say.
const SERVERS: [&str; 17] = [
    "static",
    "statip",
    "fixed",
    "mail",
    "mx",
    "mta",
    "smtp",
    "relay",
    "out",
    "outbound",
    "mailer",
    "sender",
    "server",
    "srv",
    "vps",
    "business",
    "newsletter",
];

/// Whether a name is one that providers give to subscribers.
pub(super) fn is_subscriber(name: &str, address: IpAddr) -> bool {
    let name = name.to_ascii_lowercase();
    let words = || name.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let has = |list: &[&str]| words().any(|word| list.contains(&word));
    if has(&SERVERS) || !name.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let spells = match address.to_canonical() {
        IpAddr::V4(address) => spells(&name, address),
        IpAddr::V6(_) => false,
    };
    has(&PLAIN) || spells && has(&TELLING)
}

/// Whether a name spells its address: three octets of it side by side, in order or backwards, or all
/// of it in hexadecimal or in three digits each.
fn spells(name: &str, address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let hexadecimal: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    let padded: String = octets.iter().map(|octet| format!("{octet:03}")).collect();
    if name.contains(&hexadecimal) || name.contains(&padded) {
        return true;
    }
    let numbers: Vec<Option<u8>> = name
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().ok())
        .collect();
    let mut backwards = octets;
    backwards.reverse();
    let holds = |order: [u8; 4]| {
        numbers.windows(3).any(|window| {
            order.windows(3).any(|three| window.iter().zip(three).all(|(n, o)| *n == Some(*o)))
        })
    };
    holds(octets) || holds(backwards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscribers_are_known_by_their_names() {
        for (name, subscriber) in [
            ("cpe-203-0-113-7.example.net", true),
            ("7.113.0.203.dsl.example.net", true),
            ("pool-203-0-113-7.city.fios.example.net", true),
            ("203000113007.user.example.net", true),
            ("cb007107.catv.example.net", true),
            ("dyn-113-7.example.net", true),
            ("p5-dip.example.net", true),
            ("7.113.0.203.dynamic.example.net", true),
            ("static-203-0-113-7.cust.example.net", false),
            ("mail.dyn1.example.net", false),
            ("ec2-203-0-113-7.compute.example.net", false),
            ("host-203-0-113-7.example.net", false),
            ("customer.example.net", false),
            ("cable-113-7.example.net", false),
            ("dynamic.example.net", false),
            ("mx1.example.net", false),
        ] {
            assert_eq!(is_subscriber(name, "203.0.113.7".parse().unwrap()), subscriber, "{name}");
        }
        assert!(is_subscriber("p1.dyn.example.net", "2001:db8::1".parse().unwrap()));
    }
}
