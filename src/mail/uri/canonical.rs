//! The other forms of a URI: what it means once tricks are undone, and where it leads on.

use std::borrow::Cow;

use super::{Redirectors, Registry, host, wrapped};

/// How many forms of one URI are made, for URIs in one another.
const MOST_FORMS: usize = 30;

/// A URI and its other forms, each once.
pub(super) fn forms(uri: &str, registry: &Registry, redirectors: &dyn Redirectors) -> Vec<String> {
    // Those that are still to be looked at come first; the URI leads on to others.
    let mut uris = vec![trimmed(uri)];
    let mut forms = Vec::new();
    let mut at = 0;
    while let Some(uri) = uris.get(at).filter(|_| at < MOST_FORMS).cloned() {
        let next = add_forms(&mut forms, &uri, registry, redirectors);
        uris.extend(next.map(|next| trimmed(&next)));
        at += 1;
    }
    let mut all: Vec<String> = Vec::with_capacity(uris.len() + forms.len());
    for form in uris.into_iter().chain(forms) {
        if !all.contains(&form) {
            all.push(form);
        }
    }
    all
}

fn trimmed(uri: &str) -> String {
    if !uri.contains(['\n', '\r']) {
        return uri.trim().to_owned();
    }
    uri.replace('\n', "").trim().replace('\r', "")
}

/// Adds the forms of one URI; returns the URI inside of it that it leads on to.
fn add_forms(
    forms: &mut Vec<String>,
    uri: &str,
    registry: &Registry,
    redirectors: &dyn Redirectors,
) -> Option<String> {
    let is_inner =
        uri.starts_with(['#', '?', '&']) || uri.starts_with('/') && !uri.starts_with("//");
    if uri.chars().nth(1).is_none() || is_inner {
        return None;
    }
    if is_address(uri) {
        add_addresses(forms, uri);
        return None;
    }
    let normal = normal(uri);
    if normal != uri {
        forms.push(normal.clone().into_owned());
    }
    let site = Site::read(&normal)?;
    add_ports(forms, &site);
    let host: String = site.host.chars().filter(|&c| c > ' ').collect();
    let whole = site.with_host(&host);
    if host != site.host {
        forms.push(whole.clone());
    }
    let next = redirectors.target(&whole).or_else(|| wrapped::target(&whole));
    let next = next.or_else(|| inner_uri(site.rest));
    add_usual_host(forms, &site, &host);
    add_hosts(forms, &site, host, registry);
    next
}

fn is_address(uri: &str) -> bool {
    let begins = uri.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:"));
    begins || uri.split(':').next().is_some_and(|start| start.contains('@'))
}

/// An address without parameters and what obscures it.
fn add_addresses(forms: &mut Vec<String>, uri: &str) {
    let before = |end: char, others: &[char]| {
        let (local, behind) = uri.split_once('@')?;
        let host = behind.get(..behind.find(end)?)?;
        let is_whole = !local.is_empty() && !host.is_empty() && !host.contains(others);
        is_whole.then(|| format!("{local}@{host}"))
    };
    forms.extend(before('?', &[]));
    forms.extend(before('&', &['?']));
    if uri.contains("%20") {
        let mut address = uri.strip_prefix("mailto:").unwrap_or(uri);
        while let Some(rest) = address.strip_prefix("%20") {
            address = rest;
        }
        if let Some((local, behind)) = address.split_once('@') {
            let end = behind.find(['?', '&', '%']).unwrap_or(behind.len());
            if !local.is_empty() && end > 0 {
                forms.push(format!("mailto:{local}@{}", behind.get(..end).unwrap_or_default()));
            }
        }
    }
    let limit = uri.find(['?', '&']).unwrap_or(uri.len());
    let opening = uri.get(..limit).unwrap_or_default().rmatch_indices('<');
    let inner =
        opening.filter_map(|(at, _)| uri.get(at + 1..)?.split_once('>')).find(|(text, _)| {
            text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty())
        });
    forms.extend(inner.map(|(address, _)| format!("mailto:{address}")));
}

/// A URI in its usual form.
fn normal(uri: &str) -> Cow<'_, str> {
    let mut uri = Cow::Borrowed(uri);
    if uri.contains('\\') {
        uri = Cow::Owned(uri.replace('\\', "/"));
    }
    if let Some((scheme, rest)) = web_scheme(&uri)
        && !rest.starts_with("//")
    {
        uri = Cow::Owned(format!("{scheme}//{}", rest.strip_prefix('/').unwrap_or(rest)));
    }
    if has_escape(&uri) {
        uri = Cow::Owned(unescaped(&uri));
    }
    if !has_scheme(&uri) {
        let scheme = if uri.starts_with("ftp.") { "ftp://" } else { "http://" };
        uri = Cow::Owned(format!("{scheme}{uri}"));
    }
    if let Some(at) = missing_slash(&uri) {
        uri.to_mut().insert(at, '/');
    }
    if uri.contains("&#") { Cow::Owned(with_numbers_read(&uri)) } else { uri }
}

/// Where a host ends that a query or fragment follows without a slash.
fn missing_slash(uri: &str) -> Option<usize> {
    let (scheme, rest) = web_scheme(uri)?;
    let rest = rest.strip_prefix("//")?;
    let end = rest.find(['/', '?', '#']).filter(|&end| end > 0)?;
    (!rest.get(end..)?.starts_with('/')).then_some(scheme.len() + 2 + end)
}

/// `http:` or `https:` and what stands behind it.
fn web_scheme(uri: &str) -> Option<(&str, &str)> {
    let colon = uri.find(':')?;
    let (scheme, rest) = uri.split_at_checked(colon + 1)?;
    let is_web = scheme.eq_ignore_ascii_case("http:") || scheme.eq_ignore_ascii_case("https:");
    is_web.then_some((scheme, rest))
}

fn has_scheme(uri: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    uri.split_once(':').is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(is_part))
}

pub(super) fn has_escape(uri: &str) -> bool {
    uri.match_indices('%').any(|(at, _)| escape(uri, at).is_some())
}

/// The byte that the escape at a place stands for.
fn escape(uri: &str, at: usize) -> Option<u8> {
    crate::mail::decode::hex_byte(uri.as_bytes().get(at + 1..at + 3)?)
}

/// Escapes of what needs none are read; what needs one gets one.
pub(super) fn unescaped(uri: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(uri.len());
    let mut skip_to = 0;
    for (at, c) in uri.char_indices() {
        if at < skip_to {
            continue;
        }
        let escaped = if c == '%' { escape(uri, at) } else { None };
        match escaped {
            Some(byte @ 0x21..=0x7e) => out.push(char::from(byte)),
            Some(_) => out.push_str(uri.get(at..at + 3).unwrap_or_default()),
            None => match c {
                '\0'..=' ' | '\x7f'..='\u{ff}' | '"' | '%' | '<' | '>' => {
                    let _ = write!(out, "%{:02x}", u32::from(c));
                }
                _ => out.push(c),
            },
        }
        skip_to = at + if escaped.is_some() { 3 } else { c.len_utf8() };
    }
    out
}

/// Numbers in the manner of HTML (`&#119;`) of printable characters and of dots are read.
fn with_numbers_read(uri: &str) -> String {
    let mut out = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some(at) = rest.find("&#") {
        out.push_str(rest.get(..at).unwrap_or_default());
        let behind = rest.get(at + 2..).unwrap_or_default();
        match number(behind) {
            Some((c, length)) => {
                out.push(c);
                rest = behind.get(length..).unwrap_or_default();
            }
            None => {
                out.push_str("&#");
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character of a number and the `;` behind it, and their length.
fn number(text: &str) -> Option<(char, usize)> {
    let (digits, _) = text.get(..text.len().min(64)).unwrap_or(text).split_once(';')?;
    let length = digits.len() + 1;
    let value = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    match value {
        0x21..=0x7e => char::from_u32(value).map(|c| (c, length)),
        0x3002 | 0xff0e | 0xff61 => Some(('.', length)),
        _ => None,
    }
}

/// A web address in its parts.
struct Site<'u> {
    /// `http://` as written.
    scheme: &'u str,
    user: &'u str,
    host: &'u str,
    /// Port, path and what follows.
    rest: &'u str,
    /// What stands between the host and the path, if a colon does.
    port: Option<&'u str>,
}

impl<'u> Site<'u> {
    fn read(uri: &'u str) -> Option<Self> {
        let (scheme, rest) = web_scheme(uri)?;
        let rest = rest.strip_prefix("//")?;
        let scheme = uri.get(..scheme.len() + 2)?;
        let user_end = rest.find(['@', '/', '?', '#']).filter(|&end| {
            let behind = rest.get(end..).unwrap_or_default();
            behind
                .strip_prefix('@')
                .is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?', '#', ':']))
        });
        let (user, rest) = rest.split_at_checked(user_end.map_or(0, |end| end + 1))?;
        let (host, rest) =
            rest.split_at_checked(rest.find(['/', '?', '#', ':']).unwrap_or(rest.len()))?;
        if host.is_empty() {
            return None;
        }
        let port = rest.strip_prefix(':').map(|behind| {
            let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
            behind.get(..end).unwrap_or_default()
        });
        Some(Self { scheme, user, host, rest, port })
    }

    fn with_host(&self, host: &str) -> String {
        [self.scheme, host, self.rest].concat()
    }

    fn default_port(&self) -> &'static str {
        if self.scheme == "http://" { "80" } else { "443" }
    }
}

/// Adds the form without the default port.
fn add_ports(forms: &mut Vec<String>, site: &Site<'_>) {
    let Some(port) = site.port.filter(|port| *port == site.default_port()) else { return };
    let rest = site.rest.get(1 + port.len()..).unwrap_or_default();
    if !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        forms.push([site.scheme, site.host, rest].concat());
    }
}

/// Adds the form with the host as DNS has it.
fn add_usual_host(forms: &mut Vec<String>, site: &Site<'_>, host: &str) {
    // The colons of an IPv6 address are no port's.
    let literal = host.strip_prefix('[').and_then(|_| site.rest.split_once(']'));
    let (host, rest) = match literal {
        Some((inside, rest)) => (Cow::Owned(format!("{host}{inside}]")), rest),
        None => (Cow::Borrowed(host), site.rest),
    };
    forms.extend(host::usual(&host).map(|host| [site.scheme, &host, rest].concat()));
}

/// A web address in the path or query of another.
fn inner_uri(rest: &str) -> Option<String> {
    let lower = rest.to_ascii_lowercase();
    for (at, _) in lower.match_indices("http") {
        let behind = lower.get(at + 4..).unwrap_or_default();
        if behind.strip_prefix('s').unwrap_or(behind).starts_with(':') {
            let inner = rest.get(at..).unwrap_or_default();
            let inner =
                inner.get(..inner.find(['&', '#']).unwrap_or(inner.len())).unwrap_or_default();
            let length = inner.find(':').map_or(0, |colon| colon + 1);
            return (inner.len() > length && inner.contains('.')).then(|| inner.to_owned());
        }
    }
    None
}

/// Adds the forms with another host: without users, without punctuation at its end, numbers as
/// addresses, a single word as browsers complete it.
fn add_hosts(forms: &mut Vec<String>, site: &Site<'_>, mut host: String, registry: &Registry) {
    if let Some((_, behind)) = host.rsplit_once('@') {
        // `rsplit` finds the last sign, as many users as there are.
        let users = host.len() - behind.len() - 1;
        if users > 0 && host.find('@').is_some_and(|first| first > 0) {
            let behind = host.split_once('@').map_or("", |(_, behind)| behind).to_owned();
            forms.push(site.with_host(&behind));
            host = behind;
        }
    }
    let end = host.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).len();
    if end < host.len() {
        host.truncate(end);
        forms.push(site.with_host(&host));
    }
    let lower = site.host.to_ascii_lowercase();
    if let Some(octets) = octets(&host) {
        forms.push(site.with_host(&octets));
    } else if let Some(number) = number_as_address(&host) {
        forms.push(site.with_host(&number));
    } else if site.scheme == "http://"
        && site.user.is_empty()
        && lower != "localhost"
        && site.port.is_none_or(|port| matches!(port, "" | "80"))
    {
        let word = lower.strip_prefix("www.").filter(|word| !word.is_empty()).unwrap_or(&lower);
        if !word.contains('.') && !registry.is_domain_valid(&lower) {
            forms.push([site.scheme, "www.", word, ".com", site.rest].concat());
        }
    }
}

/// Four numbers, each decimal, octal or hexadecimal, in decimal.
fn octets(host: &str) -> Option<String> {
    let parts: Vec<&str> = host.split('.').collect();
    let is_octet = |part: &&str| {
        let hex = part.strip_prefix("0x").or(part.strip_prefix("0X"));
        let is_hex =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let is_decimal = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        is_decimal || hex.is_some_and(is_hex)
    };
    if parts.len() != 4 || !parts.iter().all(is_octet) {
        return None;
    }
    let parts: Vec<String> = parts.into_iter().map(octet).collect();
    Some(parts.join("."))
}

/// One of them; zeros at the beginning go, even if nothing else is there.
fn octet(part: &str) -> String {
    let lower = part.to_ascii_lowercase();
    let decimal = match lower.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).unwrap_or(u64::MAX).to_string(),
        None => lower,
    };
    let digits = decimal.trim_start_matches('0');
    let is_octal = digits.len() < decimal.len()
        && digits.bytes().all(|byte| byte < b'8')
        && match digits.as_bytes() {
            [b'1'..=b'3', ..] => digits.len() <= 3,
            [b'4'..=b'7', ..] => digits.len() <= 2,
            _ => false,
        };
    match u32::from_str_radix(digits, 8) {
        Ok(value) if is_octal => value.to_string(),
        _ => digits.to_owned(),
    }
}

/// One number, decimal or hexadecimal, as an address.
fn number_as_address(host: &str) -> Option<String> {
    let hex = host.strip_prefix("0x").or(host.strip_prefix("0X"));
    let is_number = |digits: &str, is_digit: fn(&u8) -> bool| {
        !digits.is_empty() && digits.bytes().all(|byte| is_digit(&byte))
    };
    let value = match hex {
        Some(digits) if is_number(digits, u8::is_ascii_hexdigit) => {
            let start = digits.len().saturating_sub(8);
            u64::from_str_radix(digits.get(start..)?, 16).ok()?
        }
        None if is_number(host, u8::is_ascii_digit) => host.parse().unwrap_or(u64::MAX),
        _ => return None,
    };
    let digits = format!("{value:08x}");
    let byte =
        |at: usize| digits.get(at..at + 2).and_then(|byte| u8::from_str_radix(byte, 16).ok());
    Some(format!("{}.{}.{}.{}", byte(0)?, byte(2)?, byte(4)?, byte(6)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::NoRedirectors, *};

    #[test]
    fn tricks_are_undone() {
        for (uri, others) in [
            ("http://a.example/", &[][..]),
            ("#a", &[]),
            ("/a", &[]),
            ("x", &[]),
            ("  http:\\\\a.example\n\r ", &["http://a.example"]),
            ("https:/a.example?b", &["https://a.example/?b"]),
            ("a.example/b", &["http://a.example/b"]),
            ("ftp.a.example", &["ftp://ftp.a.example"]),
            ("//a.example", &["http:////a.example"]),
            ("http://%61.example/%20%2f", &["http://a.example/%20/"]),
            ("http://a.example/&#97;&#x2e;&#32;", &["http://a.example/a.&#32;"]),
            ("http://a.example:80/b", &["http://a.example/b"]),
            ("https://a.example:443/b", &["https://a.example/b"]),
            ("http://a.example:8080/b", &[]),
            ("http://u:p@a.example/b", &[]),
            ("http://u@v@a.example/b", &["http://a.example/b"]),
            ("http://a.example!!/b", &["http://a.example/b"]),
            ("http://a.example/?u=http://b.example/&c", &["http://b.example/"]),
            ("http://0x7f.010.001.9/x", &["http://127.8.1.9/x"]),
            ("http://0x7f000001/", &["http://127.0.0.1/"]),
            ("http://2130706433/", &["http://127.0.0.1/"]),
            ("http://127.1/a", &["http://127.0.0.1/a"]),
            (
                "http://[::ffff:192.0.2.1]:81/a",
                &[
                    "http://192.0.2.1:81/a",
                    "http://::ffff:192.0.2.1]:81/a",
                    "http://www.[.com::ffff:192.0.2.1]:81/a",
                ],
            ),
            ("http://m\u{fc}ller.example/a", &["http://xn--mller-kva.example/a"]),
            ("http://a\u{3002}b.example/a", &["http://a.b.example/a"]),
            ("https://www.google.com/amp/s/b.example/c", &["http://b.example/c"]),
            ("http://word/x", &["http://www.word.com/x"]),
            ("http://www.word/x", &["http://www.word.com/x"]),
            ("http://!/x", &["http:///x", "http://www.!.com/x"]),
            ("http://localhost/", &[]),
            ("mailto:a@b.example?c", &["mailto:a@b.example"]),
            ("a@b.example&c?d", &["a@b.example&c", "a@b.example"]),
            ("mailto:%20a@b.example", &["mailto:a@b.example"]),
            (
                "mailto:A%20B%20<a@b.example>",
                &["mailto:A%20B%20<a@b.example>", "mailto:a@b.example"],
            ),
        ] {
            let forms = forms(uri, Registry::built_in(), &NoRedirectors);
            let first = trimmed(uri);
            let mut expected = vec![first.as_str()];
            expected.extend(others.iter().filter(|other| **other != first));
            assert_eq!(forms, expected, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn no_uri_makes_it_panic(
            uri in "(https?:/{0,3})?[a-z0-9%@:.\\[\\]/?#&;=x-]{0,60}|\\PC{0,60}",
        ) {
            let all = forms(&uri, Registry::built_in(), &NoRedirectors);
            prop_assert_eq!(&all[0], &trimmed(&uri));
            let mut once = all.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), all.len(), "each form once");
        }
    }
}
