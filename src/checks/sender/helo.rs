//! What a client says of itself in HELO or EHLO (RFC 5321, section 4.1.1.1). Pure: nobody is asked here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names that are of no use outside a network (RFC 6761, RFC 6762, RFC 8375, RFC 9476), and those that people
/// and routers use so.
const LOCAL_TOPS: [&str; 12] = [
    "localhost",
    "localdomain",
    "local",
    "lan",
    "home",
    "internal",
    "intranet",
    "corp",
    "private",
    "workgroup",
    "invalid",
    "alt",
];

/// The longest name and the longest label of one, in bytes (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// What a HELO is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Helo<'h> {
    /// A name that can be looked up, without its final dot.
    Name(&'h str),
    /// A name of no use outside a network: a single word, or below a top that is local.
    Local,
    /// An address literal in brackets.
    Literal(IpAddr),
    /// An IPv4 address without brackets: rules have that.
    BareV4,
    /// Neither a name nor a literal; why.
    Wrong(&'static str),
}

impl<'h> Helo<'h> {
    pub(super) fn read(text: &'h str) -> Self {
        if let Some(inside) = text.strip_prefix('[') {
            let address = inside.strip_suffix(']').and_then(literal);
            return address.map_or(Self::Wrong("no address in brackets"), Self::Literal);
        }
        match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => return Self::BareV4,
            Ok(IpAddr::V6(_)) => return Self::Wrong("an address without brackets"),
            Err(_) => {}
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Some(why) = fault(name) {
            return Self::Wrong(why);
        }
        match name.rsplit_once('.') {
            Some((_, top)) if !is_local(top) => Self::Name(name),
            _ => Self::Local,
        }
    }
}

fn is_local(top: &str) -> bool {
    LOCAL_TOPS.iter().any(|local| local.eq_ignore_ascii_case(top))
}

/// The address of a literal (RFC 5321, section 4.1.3).
fn literal(inside: &str) -> Option<IpAddr> {
    match inside.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => {
            address.parse::<Ipv6Addr>().ok().map(IpAddr::from)
        }
        _ => inside.parse::<Ipv4Addr>().ok().map(IpAddr::from),
    }
}

/// Why a text is no host name (RFC 5321, section 4.1.2).
fn fault(name: &str) -> Option<&'static str> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_long = |label: &str| label.len() > LONGEST_LABEL;
    let has_edge = |label: &str| label.starts_with('-') || label.ends_with('-');
    let mut labels = name.split('.');
    if name.is_empty() {
        Some("empty")
    } else if name.contains('_') {
        Some("an underscore")
    } else if !name.bytes().all(is_allowed) {
        Some("a character that no host name has")
    } else if labels.clone().any(str::is_empty) {
        Some("an empty label")
    } else if name.len() > LONGEST || labels.clone().any(is_long) {
        Some("too long")
    } else {
        labels.any(has_edge).then_some("a label with a hyphen at its edge")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn helos_are_read() {
        let literal = |address: &str| Helo::Literal(address.parse().unwrap());
        for (text, helo) in [
            ("mail.example.org", Helo::Name("mail.example.org")),
            ("mail.example.org.", Helo::Name("mail.example.org")),
            ("[192.0.2.1]", literal("192.0.2.1")),
            ("[IPv6:2001:db8::1]", literal("2001:db8::1")),
            ("[ipv6:::1]", literal("::1")),
            ("[2001:db8::1]", Helo::Wrong("no address in brackets")),
            ("[192.0.2]", Helo::Wrong("no address in brackets")),
            ("[192.0.2.1", Helo::Wrong("no address in brackets")),
            ("[]", Helo::Wrong("no address in brackets")),
            ("192.0.2.1", Helo::BareV4),
            ("2001:db8::1", Helo::Wrong("an address without brackets")),
            ("", Helo::Wrong("empty")),
            (".", Helo::Wrong("empty")),
            ("my_pc.example.org", Helo::Wrong("an underscore")),
            ("m\u{fc}ller.example", Helo::Wrong("a character that no host name has")),
            ("a b.example", Helo::Wrong("a character that no host name has")),
            ("a..example", Helo::Wrong("an empty label")),
            ("-a.example", Helo::Wrong("a label with a hyphen at its edge")),
            ("desktop-1", Helo::Local),
            ("localhost", Helo::Local),
            ("router.LAN", Helo::Local),
            ("host.localdomain", Helo::Local),
        ] {
            assert_eq!(Helo::read(text), helo, "{text}");
        }
        assert_eq!(Helo::read(&"a.".repeat(200)), Helo::Wrong("too long"));
        assert_eq!(Helo::read(&format!("{}.example", "a".repeat(64))), Helo::Wrong("too long"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[\\[\\]:.0-9a-fIPv-]{0,40}") {
            if let Helo::Name(name) = Helo::read(&text) {
                prop_assert!(name.contains('.') && name.len() <= LONGEST);
            }
        }
    }
}
