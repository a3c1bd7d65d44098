//! IP addresses inside texts, as mail servers and SpamAssassin write them.
//!
//! An IPv4 address has four decimal numbers without needless zeros and touches no letter, digit
//! or underscore; an IPv6 address (RFC 4291) may have `IPv6:` before it (RFC 5321) and touches no
//! hexadecimal digit or colon.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest address, with its tag: `IPv6:` and eight groups, the last two as IPv4.
const LONGEST: usize = 5 + 45;

/// Where the address ends that begins at `at`, if one does.
pub(super) fn end_of_ip(text: &[u8], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
    end_of_v4(text, at, before).or_else(|| end_of_v6(text, at, before))
}

/// Where the first address stands, from `from` on.
pub(super) fn find_ip(text: &[u8], from: usize) -> Option<(usize, usize)> {
    let may_begin = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'i' | b'I');
    let rest = text.get(from..)?.iter().enumerate();
    rest.filter(|(_, byte)| may_begin(**byte))
        .find_map(|(offset, _)| Some((from + offset, end_of_ip(text, from + offset)?)))
}

/// Where the first address stands that no dot touches (`:ip` of a header rule).
pub(in super::super) fn find_lone_ip(text: &[u8]) -> Option<(usize, usize)> {
    let byte = |at: Option<usize>| at.and_then(|at| text.get(at)).copied();
    let is_edge = |a: Option<u8>, b: Option<u8>| a.is_some_and(is_word) != b.is_some_and(is_word);
    let is_lone = |start: usize, end: usize| {
        let (before, behind) = (byte(start.checked_sub(1)), byte(Some(end)));
        let dots = before == Some(b'.') || behind == Some(b'.');
        let edges = is_edge(before, byte(Some(start))) && is_edge(byte(end.checked_sub(1)), behind);
        !dots && edges
    };
    let mut from = 0;
    loop {
        let (start, end) = find_ip(text, from)?;
        if is_lone(start, end) {
            return Some((start, end));
        }
        from = start + 1;
    }
}

/// An address backwards, as DNS lists want it (RFC 5782, sections 2.1 and 2.4).
pub(in super::super) fn reversed(text: &str) -> Option<String> {
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        let [a, b, c, d] = v4.octets();
        return Some(format!("{d}.{c}.{b}.{a}"));
    }
    let v6: Ipv6Addr = text.parse().ok()?;
    let nibbles = v6.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
    let digits: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
    Some(digits.join("."))
}

/// Part of a word in the sense of `\w`.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How many bytes from `at` on are of a kind; looks no further than an address can be long.
fn run(text: &[u8], at: usize, is: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.iter().take(LONGEST).take_while(|byte| is(**byte)).count()
}

fn parse<T: std::str::FromStr>(text: &[u8], start: usize, end: usize) -> Option<T> {
    std::str::from_utf8(text.get(start..end)?).ok()?.parse().ok()
}

fn end_of_v4(text: &[u8], at: usize, before: Option<u8>) -> Option<usize> {
    if before.is_some_and(|byte| is_word(byte) || byte == b':') {
        return None;
    }
    let end = end_of_quad(text, at)?;
    let touches = text.get(end).is_some_and(|&byte| is_word(byte));
    (!touches).then_some(end)
}

/// Where four numbers end.
fn end_of_quad(text: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    for number in 0..4 {
        if number > 0 {
            end += usize::from(text.get(end) == Some(&b'.'));
        }
        end += run(text, end, |byte| byte.is_ascii_digit());
    }
    parse::<Ipv4Addr>(text, at, end).map(|_| end)
}

fn end_of_v6(text: &[u8], at: usize, before: Option<u8>) -> Option<usize> {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
    let tag = text.get(at..at + 5).filter(|tag| tag.eq_ignore_ascii_case(b"IPv6:"));
    if tag.is_none() && before.is_some_and(is_part) {
        return None;
    }
    let start = at + tag.map_or(0, <[u8]>::len);
    let end = start + run(text, start, is_part);
    let groups = text.get(start..end)?;
    let last_colon = groups.iter().rposition(|&byte| byte == b':')?;
    let with_v4 = end_of_quad(text, start + last_colon + 1).filter(|&end| {
        let touches = text.get(end).is_some_and(|&byte| is_part(byte));
        !touches && parse::<Ipv6Addr>(text, start, end).is_some()
    });
    with_v4.or_else(|| parse::<Ipv6Addr>(text, start, end).map(|_| end))
}

/// Whether a word is this machine, by name or by address.
pub(super) fn is_localhost(word: &str) -> bool {
    let is_name =
        ["localhost", "localhost.localdomain"].iter().any(|name| word.eq_ignore_ascii_case(name));
    is_name || {
        let tag = word.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:"));
        let address = tag.and_then(|_| word.get(5..)).unwrap_or(word);
        let address = address.parse().ok().map(|address: IpAddr| address.to_canonical());
        let home = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        address.is_some_and(|address| home.contains(&address))
    }
}

/// Addresses of RFC 1918, 6598 (shared), 3927 and 4291 (link-local), 1122 (loopback).
pub(in super::super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_where_they_are_whole() {
        for (text, found) in [
            ("192.0.2.1", "192.0.2.1"),
            ("a 192.0.2.1.", "192.0.2.1"),
            ("x192.0.2.1", ""),
            ("192.0.2.1x", ""),
            ("192.0.2.256", ""),
            ("192.0.2.01", ""),
            ("1.192.0.2.1", "1.192.0.2"),
            ("192.0.2", ""),
            ("[2001:db8::1]", "2001:db8::1"),
            ("IPv6:2001:db8::1", "IPv6:2001:db8::1"),
            ("ipv6:::1", "ipv6:::1"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("1:2:3:4:5:6:7:8:9", ""),
            ("2001:db8::1::2", ""),
            ("fe80::1%eth0", "fe80::1"),
            ("at 12:30:45 from", ""),
            ("a::b", "a::b"),
            ("()", ""),
        ] {
            let place = find_ip(text.as_bytes(), 0);
            assert_eq!(place.map_or("", |(start, end)| &text[start..end]), found, "{text}");
        }
    }

    #[test]
    fn this_machine_has_many_names() {
        for word in [
            "localhost",
            "LocalHost.localdomain",
            "127.0.0.1",
            "::1",
            "IPv6:::1",
            "0:0:0:0:0:0:0:1",
        ] {
            assert!(is_localhost(word), "{word}");
        }
        for word in ["127.0.0.2", "localhost.example", "", "::2"] {
            assert!(!is_localhost(word), "{word}");
        }
    }
}
