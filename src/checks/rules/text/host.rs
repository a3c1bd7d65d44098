//! Host names inside texts.

use super::fields::is_blank;
use crate::mail::Registry;

/// The longest name of a host that is looked for, without its last label, in bytes.
const LONGEST: usize = 251;

/// Whether a name may be that of a host: at least two labels of letters, digits, hyphens and
/// underscores, the latter not in the last two (RFC 1035, section 2.3.4 for lengths).
pub(super) fn is_host(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let labels = name.split('.').count();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_label = |(index, label): (usize, &str)| {
        let bytes = label.as_bytes();
        let ends =
            [bytes.first(), bytes.last()].into_iter().all(|end| end.is_some_and(|b| is_word(*b)));
        let is_low = labels - index > 2;
        label.len() <= 63
            && ends
            && bytes.iter().all(|&byte| is_word(byte) || byte == b'-')
            && (is_low || !label.contains('_'))
    };
    name.len() <= 253 && labels > 1 && name.split('.').enumerate().all(is_label)
}

/// The host in a header's value: of an address, if there is one, else the first name with a
/// top-level domain that may be a host's.
pub(super) fn host<'t>(text: &'t str, registry: &Registry) -> Option<&'t str> {
    let ends = ends(text, registry);
    let ats = text.rmatch_indices('@');
    let of_address = ats.into_iter().find_map(|(at, _)| candidate(text, at + 1, &ends));
    if let Some(host) = of_address.filter(|host| is_host(host)) {
        return Some(host);
    }
    let mut start = 0;
    while let Some((at, found)) = next_candidate(text, start, &ends) {
        if is_host(found) {
            return Some(found);
        }
        start = at + found.len();
    }
    None
}

/// The host of an address: all behind its last `@`.
pub(super) fn host_of_address(address: &str) -> Option<&str> {
    let (_, host) = address.rsplit_once('@')?;
    let host = host.split(|c: char| c.is_ascii_whitespace()).next()?;
    (!host.is_empty()).then_some(host)
}

/// Where names with a top-level domain may end: the place of the last dot and of the end.
fn ends(text: &str, registry: &Registry) -> Vec<(usize, usize)> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let dots = text.match_indices('.').filter_map(|(dot, _)| {
        let rest = text.get(dot + 1..)?;
        let length = rest.bytes().take_while(|byte| is_part(byte)).count();
        let follows = rest.as_bytes().get(length);
        let goes_on = follows.is_some_and(|byte| matches!(byte, b'.' | b'_'));
        let is_end = !goes_on && registry.is_top_level(rest.get(..length)?);
        is_end.then_some((dot, dot + 1 + length))
    });
    dots.collect()
}

/// The longest name that begins at `start`.
fn candidate<'t>(text: &'t str, start: usize, ends: &[(usize, usize)]) -> Option<&'t str> {
    let before = start.checked_sub(1).and_then(|before| text.as_bytes().get(before));
    if before.is_some_and(|byte| matches!(byte, b'.' | b'_' | b'-')) {
        return None;
    }
    let rest = text.as_bytes().get(start..)?;
    let run = rest.iter().take(LONGEST).take_while(|byte| !is_blank(**byte)).count();
    let behind = ends.partition_point(|(dot, _)| *dot <= start + run);
    let (dot, end) = ends.get(behind.checked_sub(1)?)?;
    (*dot > start).then(|| text.get(start..*end)).flatten()
}

/// The first name at or behind `from`, and where it stands.
fn next_candidate<'t>(
    text: &'t str,
    from: usize,
    ends: &[(usize, usize)],
) -> Option<(usize, &'t str)> {
    let (last, _) = ends.last()?;
    (from..*last).find_map(|at| Some((at, candidate(text, at, ends)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_headers() {
        let mut registry = Registry::empty();
        registry.extend(["com", "org"]);
        for (text, found) in [
            ("Ann <ann@www.example.com>", Some("www.example.com")),
            ("<1.2@mail.example.com>", Some("mail.example.com")),
            ("see example.org or example.com", Some("example.org")),
            ("ann@home, from example.com", Some("example.com")),
            ("ann@example.com@", Some("example.com")),
            ("from <example.com> by b.example.com", Some("b.example.com")),
            ("example.community", None),
            ("example.com.", None),
            ("_x.example.com", Some("_x.example.com")),
            ("a_b.com", None),
            ("", None),
        ] {
            assert_eq!(host(text, &registry), found, "{text}");
        }
    }

    #[test]
    fn names_of_hosts_have_labels() {
        for name in ["a.b", "a-b.c", "_x.a.b", "A.B."] {
            assert!(is_host(name), "{name}");
        }
        for name in ["a", "a..b", "-a.b", "a.b-", "a_b.c", "a.b_c", "ä.de", "", "."] {
            assert!(!is_host(name), "{name}");
        }
    }
}
