//! URIs of a message: from HTML attributes and from text (RFC 3986, leniently).
//!
//! Each is listed as written, entities decoded, and behind it in its canonical form where that
//! differs: rules look for tricks in the one and for names in the other.

use indexmap::IndexSet;
use linkify::{LinkFinder, LinkKind};

use super::{decode::hex_byte, lines::cut};

/// The most URIs that are listed.
pub(super) const MOST: usize = 1_000;

/// How much of a URI is kept, in bytes.
const LONGEST: usize = 4 * 1024;

/// Schemes that lead to other parts of the message or into themselves.
const INNER: &[&str] = &["about", "blob", "cid", "data", "mid"];

/// Schemes with a host.
const WITH_HOST: &[&str] = &["http", "https", "ftp"];

/// URIs in the order in which they were found, each once.
#[derive(Debug, Default)]
pub(super) struct Uris(IndexSet<String>);

impl Uris {
    /// Adds where an HTML attribute leads.
    pub(super) fn add_link(&mut self, link: &str, base: Option<&str>) {
        let is_edge = |c: char| c.is_whitespace() || c.is_control();
        // Browsers drop line ends and tabs inside.
        let link: String =
            cut(link.trim_matches(is_edge), LONGEST).chars().filter(|c| !c.is_control()).collect();
        if let Some(uri) = absolute(&link, base) {
            self.add(uri);
        }
    }

    /// Adds what a text names: URIs with a scheme, hosts that begin with `www.`, and addresses.
    pub(super) fn add_text(&mut self, text: &str) {
        let mut finder = LinkFinder::new();
        finder.url_must_have_scheme(false);
        for link in finder.links(text) {
            let found = cut(link.as_str(), LONGEST);
            match link.kind() {
                LinkKind::Email => self.add(format!("mailto:{found}")),
                _ if found.contains("://") => self.add(found.to_owned()),
                _ if begins_like_web(found) => self.add(format!("http://{found}")),
                _ => {}
            }
            if self.0.len() >= MOST {
                return;
            }
        }
    }

    /// All of them.
    pub(super) fn into_list(self) -> Vec<String> {
        self.0.into_iter().take(MOST).collect()
    }

    fn add(&mut self, uri: String) {
        if self.0.len() < MOST {
            let canonical = canonical(&uri);
            self.0.insert(uri);
            self.0.insert(canonical);
        }
    }
}

/// A link made absolute; `None` where it leads nowhere outside the message.
fn absolute(link: &str, base: Option<&str>) -> Option<String> {
    if let Some((scheme, rest)) = split_scheme(link) {
        let is_inner = rest.is_empty() || INNER.iter().any(|i| i.eq_ignore_ascii_case(scheme));
        return (!is_inner).then(|| link.to_owned());
    }
    if begins_like_web(link) {
        return Some(format!("http://{link}"));
    }
    if link.is_empty() || link.starts_with('#') {
        return None;
    }
    let base = base.map(str::trim);
    let scheme = base.and_then(split_scheme).map_or("http", |(scheme, _)| scheme);
    if link.starts_with("//") || link.starts_with("\\\\") {
        return Some(format!("{scheme}:{link}"));
    }
    let (origin, directory) = split_base(base?)?;
    Some(if link.starts_with(['/', '\\']) {
        format!("{origin}{link}")
    } else {
        format!("{origin}{directory}{link}")
    })
}

fn begins_like_web(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
}

/// What stands before and behind the colon of a scheme. One with a dot is a host with a port.
fn split_scheme(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-'));
    is_scheme.then_some((scheme, rest))
}

/// `http://host` and `/path/` of a base.
fn split_base(base: &str) -> Option<(&str, &str)> {
    let host_start = base.find("://")? + 3;
    let host_end = base
        .get(host_start..)?
        .find(['/', '?', '#'])
        .map_or(base.len(), |length| host_start + length);
    let (origin, path) = base.split_at_checked(host_end)?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let directory = path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or("/");
    Some((origin, directory))
}

/// The canonical form: scheme and host in lower case, the host's escapes and final dot off,
/// slashes as browsers mend them, elsewhere escapes of unreserved characters decoded.
fn canonical(uri: &str) -> String {
    let Some((scheme, rest)) = split_scheme(uri) else { return uri.to_owned() };
    let scheme = scheme.to_ascii_lowercase();
    if !WITH_HOST.contains(&scheme.as_str()) {
        return format!("{scheme}:{}", unescaped(rest));
    }
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority_end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(authority_end).unwrap_or((rest, ""));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (format!("{}@", unescaped(user)), host),
        None => (String::new(), authority),
    };
    let host = unescape(host, |_| true).to_lowercase();
    let host = host.trim_end_matches('.');
    let query_start = path.find(['?', '#']).unwrap_or(path.len());
    let (path, query) = path.split_at_checked(query_start).unwrap_or((path, ""));
    let path = unescaped(&path.replace('\\', "/"));
    format!("{scheme}://{user}{host}{path}{}", unescaped(query))
}

/// Escapes of unreserved characters decoded (RFC 3986, section 6.2.2).
fn unescaped(text: &str) -> String {
    unescape(text, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Decodes the escapes of those ASCII characters that `decodes`; others get upper-case digits.
fn unescape(text: &str, decodes: impl Fn(u8) -> bool) -> String {
    let mut pieces = text.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let escape = hex_byte(piece.as_bytes()).zip(piece.get(2..));
        match escape {
            Some((byte, rest)) if byte.is_ascii_graphic() && decodes(byte) => {
                out.push(char::from(byte));
                out.push_str(rest);
            }
            Some((byte, rest)) => out.push_str(&format!("%{byte:02X}{rest}")),
            None => {
                out.push('%');
                out.push_str(piece);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_link(link: &str, base: Option<&str>) -> Vec<String> {
        let mut uris = Uris::default();
        uris.add_link(link, base);
        uris.into_list()
    }

    #[test]
    fn links_become_absolute() {
        let base = "HTTPS://b.example/d/f?q=/x";
        for (link, uri) in [
            ("http://a.example/", "http://a.example/"),
            ("  http://a.exa\r\n\tmple/ ", "http://a.example/"),
            ("//a.example/x", "HTTPS://a.example/x"),
            ("/x", "HTTPS://b.example/x"),
            ("x", "HTTPS://b.example/d/x"),
            ("?x", "HTTPS://b.example/d/?x"),
            ("www.a.example/x", "http://www.a.example/x"),
            ("mailto:a@b.example", "mailto:a@b.example"),
            ("javascript:x()", "javascript:x()"),
        ] {
            assert_eq!(of_link(link, Some(base)).first().map(String::as_str), Some(uri), "{link}");
        }
        for (link, base) in [
            ("cid:x", Some(base)),
            ("data:text/html,x", Some(base)),
            ("#top", Some(base)),
            ("", Some(base)),
            ("x", None),
            ("x", Some("nonsense")),
            ("http:", None),
        ] {
            assert_eq!(of_link(link, base), [""; 0], "{link}");
        }
    }

    #[test]
    fn tricks_are_undone_in_the_canonical_form() {
        for (uri, expected) in [
            ("HTTP://A.Example/Path", "http://a.example/Path"),
            ("http://a.example./", "http://a.example/"),
            ("http:/\\a.example\\b?c\\d", "http://a.example/b?c\\d"),
            ("https:a.example", "https://a.example"),
            ("http://%65xample.example/%7euser/%2f%3a", "http://example.example/~user/%2F%3A"),
            ("http://User@A.example:80/", "http://User@a.example:80/"),
            ("http://a.example?X%41", "http://a.example?XA"),
            ("http://a.example/%", "http://a.example/%"),
            ("http://a.example/%é", "http://a.example/%é"),
            ("MAILTO:%41@b.example", "mailto:A@b.example"),
            ("http://a.example/\u{e9}%C3%A9", "http://a.example/\u{e9}%C3%A9"),
        ] {
            assert_eq!(canonical(uri), expected, "{uri}");
        }
        let both = ["HTTP://A.example/", "http://a.example/"];
        assert_eq!(of_link("HTTP://A.example/", None), both);
    }

    #[test]
    fn texts_name_uris() {
        let mut uris = Uris::default();
        uris.add_text(
            "See <http://a.example/x>, (www.B.example). Not c.example or end.Begin, \
             but d@e.example and http://a.example/x again; HTTPS://f.example/",
        );
        let expected = [
            "http://a.example/x",
            "http://www.B.example",
            "http://www.b.example",
            "mailto:d@e.example",
            "HTTPS://f.example/",
            "https://f.example/",
        ];
        assert_eq!(uris.into_list(), expected);
    }

    #[test]
    fn their_number_is_bounded() {
        let mut uris = Uris::default();
        let text: String = (0..3_000).map(|i| format!("http://h{i}.example/ ")).collect();
        uris.add_text(&text);
        uris.add_link("http://one.more.example/", None);
        assert_eq!(uris.into_list().len(), MOST);
    }
}
