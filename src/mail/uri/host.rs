//! The host of a web address as DNS has it, once tricks are undone that SpamAssassin leaves: letters that are not
//! ASCII, dots of other scripts, escapes; addresses with less than four numbers, IPv4 in IPv6.

use std::{borrow::Cow, net::Ipv6Addr};

use crate::mail::decode;

/// The usual form of a host; `None` if it has that already, or none.
pub(super) fn usual(host: &str) -> Option<String> {
    mapped(host).or_else(|| short_address(host)).or_else(|| in_ascii(host))
}

/// The IPv4 address in `[::ffff:192.0.2.1]`.
fn mapped(host: &str) -> Option<String> {
    let inside = host.strip_prefix('[')?.strip_suffix(']')?;
    let address: Ipv6Addr = inside.parse().ok()?;
    address.to_ipv4_mapped().map(|address| address.to_string())
}

/// Two or three numbers, each decimal, octal or hexadecimal; the last fills what is left (inet_aton).
fn short_address(host: &str) -> Option<String> {
    let count = host.split('.').count();
    if !(2..=3).contains(&count) || !host.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let numbers: Option<Vec<u32>> = host.split('.').map(number).collect();
    let numbers = numbers?;
    let (last, octets) = numbers.split_last()?;
    let mut address = 0_u32;
    for octet in octets {
        address = address << 8 | u32::from(u8::try_from(*octet).ok()?);
    }
    let left = u32::try_from(32 - 8 * octets.len()).ok()?;
    let fits = last.checked_shr(left).is_none_or(|over| over == 0);
    fits.then(|| std::net::Ipv4Addr::from_bits(address << left | last).to_string())
}

fn number(text: &str) -> Option<u32> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        return u32::from_str_radix(hex, 16).ok().filter(|_| digits(hex));
    }
    match text.strip_prefix('0') {
        Some(octal) if digits(octal) => u32::from_str_radix(octal, 8).ok(),
        _ => text.parse().ok().filter(|_| digits(text)),
    }
}

/// Letters, dots and escapes as DNS writes them (RFC 5891).
fn in_ascii(host: &str) -> Option<String> {
    if host.is_ascii() && !host.contains('%') {
        return None;
    }
    let plain = idna::domain_to_ascii(&in_letters(host)).ok()?;
    let is_host = plain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    (is_host && !plain.is_empty() && !plain.eq_ignore_ascii_case(host)).then_some(plain)
}

/// Escapes read, and characters that are bytes as the text they are.
fn in_letters(host: &str) -> Cow<'_, str> {
    let bytes: Option<Vec<u8>> = host.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let mut plain = Vec::with_capacity(host.len());
    let written = bytes.as_deref().unwrap_or(host.as_bytes());
    decode::unescape(&mut plain, written, b'%', |byte| byte);
    match String::from_utf8(plain) {
        Ok(plain) if plain != host => Cow::Owned(plain),
        _ => Cow::Borrowed(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_are_undone() {
        for (host, expected) in [
            ("a.example.com", None),
            ("192.0.2.1", None),
            ("127.1", Some("127.0.0.1")),
            ("0x7f.1", Some("127.0.0.1")),
            ("192.0.513", Some("192.0.2.1")),
            ("010.0x10.1", Some("8.16.0.1")),
            ("1.2.3.4.5", None),
            ("300.1", None),
            ("1.16777216", None),
            ("7.com", None),
            ("1.0x", None),
            ("[::ffff:192.0.2.1]", Some("192.0.2.1")),
            ("[2001:db8::1]", None),
            ("m\u{fc}ller.example", Some("xn--mller-kva.example")),
            ("m\u{c3}\u{bc}ller.example", Some("xn--mller-kva.example")),
            ("m%c3%bcller.example", Some("xn--mller-kva.example")),
            ("a\u{3002}example\u{ff0e}com", Some("a.example.com")),
            ("\u{ff45}xample.com", Some("example.com")),
            ("%65xample.com", Some("example.com")),
            ("a%00b.com", None),
            ("", None),
        ] {
            assert_eq!(usual(host).as_deref(), expected, "{host}");
        }
    }

    proptest! {
        #[test]
        fn the_usual_form_is_the_last(host in "\\PC{0,40}|[0-9x.%a-f\\[\\]:]{0,20}") {
            if let Some(plain) = usual(&host) {
                prop_assert_eq!(usual(&plain), None);
            }
        }
    }
}
