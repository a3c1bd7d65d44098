//! URIs that stand in a text, with or without a scheme, as mail readers make links of them.

use memchr::{memchr, memchr3};

use super::{
    super::html::LinkType,
    Registry,
    canonical::{has_escape, unescaped},
    registry::is_fqdn,
};

/// The longest URI behind its scheme, in bytes.
const LONGEST: usize = 2_048;

/// The longest half of an address, in bytes.
const LONGEST_HALF: usize = 251;

/// A character of words.
const WORD: u8 = 1;

/// A delimiter behind which a URI may begin.
const OPENS: u8 = 2;

/// Begins a shift of ISO 2022.
const ESCAPE: u8 = 0x1b;

/// Of each byte whether it is one of both.
const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let class = match byte as u8 {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => WORD,
            b' '
            | b'\t'..=b'\r'
            | b'>'
            | b'<'
            | b'"'
            | b'\''
            | b'`'
            | b','
            | b'{'
            | b'['
            | b'('
            | b'|'
            | 0x1b
            | 0xa0 => OPENS,
            _ => 0,
        };
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, on constants")]
        {
            classes[byte] = class;
        }
        byte += 1;
    }
    classes
}

/// How a URI was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// By its scheme, or by `www.` or `ftp.`.
    Known,
    Address,
    /// By its top-level domain.
    Schemeless,
}

/// A URI in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// With a scheme.
    pub(super) uri: String,
    pub(super) types: Vec<LinkType>,
}

/// A place in a text: where a URI ends, and where its host does.
struct Place {
    kind: Kind,
    end: usize,
    host_end: usize,
}

/// What may stand at each place of a text, worked out once an `@`.
struct Scan<'t> {
    text: &'t [u8],
    registry: &'t Registry,
    has_shifts: bool,
    /// The next of the characters of which every URI has one.
    mark: usize,
    /// The next `@`.
    at_sign: Option<usize>,
    /// From where on an address may begin that has it, and where it ends.
    address: Option<(usize, usize)>,
    rows: [Row; 3],
}

/// A row of bytes of one kind that was measured; rows that begin in it end with it.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    start: usize,
    end: usize,
}

/// The kinds of bytes that make rows.
#[derive(Clone, Copy)]
enum Part {
    Uri,
    Address,
    Host,
}

impl Part {
    fn is(self, byte: u8) -> bool {
        match self {
            Self::Uri => !is_end(byte),
            Self::Address => !is_address_end(byte),
            Self::Host => byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'),
        }
    }
}

/// Calls `add` for each URI as it stands in a text of the body.
pub(super) fn each(text: &[u8], registry: &Registry, mut add: impl FnMut(&str, Option<Found>)) {
    let mut scan = Scan {
        text,
        registry,
        has_shifts: memchr(ESCAPE, text).is_some(),
        mark: 0,
        at_sign: None,
        address: None,
        rows: Default::default(),
    };
    scan.find_at_sign(0);
    let mut at = 0;
    while let Some(start) = scan.next_start(at) {
        at = start;
        let Some(place) = scan.place(at) else {
            at += 1;
            continue;
        };
        let raw = text.get(at..place.end).unwrap_or_default();
        let host = text.get(at..place.host_end).unwrap_or_default();
        // Bytes as Latin-1, as the rest of the reading has it; given back as bytes in the end.
        let raw: String = raw.iter().map(|&byte| char::from(byte)).collect();
        let raw = without_end(&raw);
        add(raw, read(raw, place.kind, host, registry));
        at = place.end;
    }
}

impl Scan<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    fn place(&mut self, at: usize) -> Option<Place> {
        if self.at_sign.is_some_and(|sign| sign < at) {
            self.find_at_sign(at);
        }
        self.known(at).or_else(|| self.address(at)).or_else(|| self.schemeless(at))
    }

    /// The next place where a URI may begin: at the edge of a word, behind a delimiter, or behind a
    /// shift of ISO 2022.
    fn next_start(&mut self, from: usize) -> Option<usize> {
        let from = self.next_word(from)?;
        let class = |byte: u8| CLASSES.get(usize::from(byte)).copied().unwrap_or(0);
        let mut before = from.checked_sub(1).and_then(|at| self.byte(at)).map_or(0, class);
        let rest = self.text.get(from..)?.iter().enumerate();
        let mut places = rest.map(|(offset, &byte)| (from + offset, class(byte)));
        let start = places.find(|&(at, here)| {
            let is_edge = (before ^ here) & WORD != 0 || before & OPENS != 0;
            before = here;
            is_edge || self.has_shifts && self.is_behind_shift(at)
        });
        start.map(|(at, _)| at)
    }

    /// Where the next word begins that could have a URI, or `from` if that is in it: no URI is
    /// without a mark behind its beginning, and blanks end all.
    fn next_word(&mut self, from: usize) -> Option<usize> {
        if from == 0 || from > self.mark {
            let rest = self.text.get(from..)?;
            self.mark = from + memchr3(b'.', b':', b'@', rest)?;
        }
        let before = self.text.get(from..self.mark)?;
        let blank = before.iter().rposition(|&byte| is_space(byte));
        Some(blank.map_or(from, |blank| from + blank + 1))
    }

    fn is_behind_shift(&self, at: usize) -> bool {
        let start = at.checked_sub(3).filter(|&start| self.byte(start) == Some(ESCAPE));
        start.is_some_and(|start| self.byte(start + 1) == Some(b'('))
    }

    /// The end of a row of bytes of a kind, if it has from one to `most` of them.
    fn row(&mut self, start: usize, most: usize, part: Part) -> Option<usize> {
        let row = self.rows.get_mut(part as usize)?;
        if !(row.start..row.end).contains(&start) {
            let rest = self.text.get(start..)?;
            let length = rest.iter().take_while(|&&byte| part.is(byte)).count();
            *row = Row { start, end: start + length };
        }
        let end = row.end.max(start);
        (1..=most).contains(&(end - start)).then_some(end)
    }

    fn known(&mut self, at: usize) -> Option<Place> {
        let rest = self.text.get(at..)?;
        let begins = |start: &[u8]| {
            rest.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start))
        };
        let length = match rest.first()? {
            b'h' | b'H' if begins(b"http://") => 7,
            b'h' | b'H' if begins(b"https://") => 8,
            b'f' | b'F' if begins(b"ftp://") => 6,
            b'f' | b'F' if begins(b"ftp.") => 4,
            b'w' | b'W' if begins(b"www") => {
                let digits = rest.iter().skip(3).take(2).take_while(|b| b.is_ascii_digit()).count();
                (rest.get(3 + digits) == Some(&b'.')).then_some(4 + digits)?
            }
            _ => return None,
        };
        let end = self.row(at + length, LONGEST, Part::Uri)?;
        Some(Place { kind: Kind::Known, end, host_end: at })
    }

    /// Looks for the next `@` and what address it could be in.
    fn find_at_sign(&mut self, from: usize) {
        let rest = self.text.get(from..).unwrap_or_default();
        self.at_sign = memchr(b'@', rest).map(|at| from + at);
        self.address = self.at_sign.and_then(|sign| {
            let end = self.row(sign + 1, LONGEST_HALF, Part::Address)?;
            let local = self.text.get(..sign)?.iter().rev().take(LONGEST_HALF);
            let length = local.take_while(|&&b| !is_address_end(b) && b != b'@').count();
            Some((sign - length, end))
        });
    }

    fn address(&mut self, at: usize) -> Option<Place> {
        let rest = self.text.get(at..)?;
        let place = |end| Place { kind: Kind::Address, end, host_end: at };
        if rest.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"mailto:"))
            && let Some(end) = self.row(at + 7, LONGEST, Part::Address)
        {
            return Some(place(end));
        }
        let (start, end) = self.address?;
        (start <= at && Some(at) < self.at_sign).then(|| place(end))
    }

    fn schemeless(&mut self, at: usize) -> Option<Place> {
        let before = at.checked_sub(1).and_then(|at| self.byte(at));
        let is_free = before.is_none_or(|byte| {
            let is_mark = byte.is_ascii_punctuation() && !matches!(byte, b'%' | b'-' | b'.' | b'_');
            is_mark || is_space(byte) || matches!(byte, 0x1b | 0xa0)
        });
        if !is_free || !self.byte(at)?.is_ascii_alphanumeric() {
            return None;
        }
        let row_end = self.row(at, LONGEST_HALF + 66, Part::Host)?;
        let row = self.text.get(at..row_end)?;
        let host = row.strip_suffix(b".").unwrap_or(row);
        let dot =
            host.iter().rposition(|&byte| byte == b'.').filter(|&dot| (1..=252).contains(&dot))?;
        let top = std::str::from_utf8(host.get(dot + 1..)?).ok()?.to_ascii_lowercase();
        if !self.registry.is_top_level(&top) {
            return None;
        }
        let end = self.behind_host(row_end)?;
        Some(Place { kind: Kind::Schemeless, end, host_end: at + host.len() })
    }

    /// The end of the port and the path behind a host, if the URI ends there.
    fn behind_host(&mut self, host_end: usize) -> Option<usize> {
        let mut end = host_end;
        if self.byte(end) == Some(b':') {
            let digits =
                self.text.get(end + 1..)?.iter().take(6).take_while(|b| b.is_ascii_digit());
            let digits = digits.count();
            end += if (1..=5).contains(&digits) { digits + 1 } else { 0 };
        }
        if self.byte(end) == Some(b'/') {
            end = self.row(end + 1, LONGEST, Part::Uri)?;
        }
        self.byte(end).is_none_or(is_end).then_some(end)
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Ends a URI.
fn is_end(byte: u8) -> bool {
    is_space(byte)
        || matches!(
            byte,
            b'>' | b'<' | b'"' | b'`' | b'}' | b']' | b'{' | b'[' | b'|' | 0x1b | 0xa0
        )
}

/// Ends an address.
fn is_address_end(byte: u8) -> bool {
    is_end(byte) || matches!(byte, b',' | b'(' | b'\'' | 0x80..=0xff)
}

/// A URI without what mail readers leave out at its end: a closing bracket that was never opened
/// and what follows it, and punctuation.
fn without_end(raw: &str) -> &str {
    let before_bracket = raw.get(..raw.find('(').unwrap_or(raw.len())).unwrap_or_default();
    let end = before_bracket.rfind(')').unwrap_or(raw.len());
    let raw = raw.get(..end).unwrap_or_default();
    raw.trim_end_matches(|c| "-~!@#^&*()_+=:;'?,.".contains(c))
}

/// What a URI as it stands means; `None` if it only looks like one.
fn read(raw: &str, kind: Kind, host: &[u8], registry: &Registry) -> Option<Found> {
    let begins =
        |start: &str| raw.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start));
    let host = String::from_utf8_lossy(host).to_ascii_lowercase();
    if kind == Kind::Address && !raw.contains('@')
        || kind == Kind::Schemeless && !is_fqdn(&host)
        || begins("cid:")
        || begins("mid:")
        || is_bare_scheme(raw)
    {
        return None;
    }
    let mut types = vec![LinkType::Parsed];
    let mut uri = if ["http:", "https:", "ftp:", "mailto:"].into_iter().any(begins) {
        raw.to_owned()
    } else {
        types.push(LinkType::Schemeless);
        with_scheme(raw, &mut types)?
    };
    if uri.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
        if has_escape(&uri) {
            uri = unescaped(&uri);
        }
        let (_, behind) = uri.split_once('@')?;
        let mut host = behind.split(['?', '&', '>']).next().unwrap_or_default();
        while let Some(start) = host.strip_suffix("%20") {
            host = start;
        }
        if !registry.is_domain_valid(host) {
            return None;
        }
    }
    Some(Found { uri, types })
}

/// A scheme with nothing behind it.
fn is_bare_scheme(raw: &str) -> bool {
    let Some(scheme) = raw.trim_end_matches('/').strip_suffix(':') else { return false };
    raw.len() - scheme.len() <= 3
        && !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The scheme that a URI without one has.
fn with_scheme(raw: &str, types: &mut Vec<LinkType>) -> Option<String> {
    let lower = raw.to_ascii_lowercase();
    let digits =
        |rest: &str| rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let is_www = lower.strip_prefix("www").is_some_and(|rest| {
        digits(rest) <= 2 && rest.get(digits(rest)..).is_some_and(|rest| rest.starts_with('.'))
    });
    let at_sign = raw.rfind('@');
    let has_path_first =
        at_sign.is_some_and(|sign| raw.find('/').is_some_and(|slash| slash + 1 < sign));
    if lower.starts_with("ftp.") {
        return Some(format!("ftp://{raw}"));
    }
    if is_www || has_path_first {
        return Some(format!("http://{raw}"));
    }
    if at_sign.is_none() {
        types.push(LinkType::Unlinked);
        return raw.contains('.').then(|| format!("http://{raw}"));
    }
    let (_, host) = raw.split_once('@')?;
    let has_dot = host.get(1..).is_some_and(|host| host.contains('.'));
    if !has_dot || raw.contains("&nbsp;") {
        return None;
    }
    Some(format!("mailto:{}", without_label(raw)))
}

/// An address without the word before a colon that is often glued to it.
fn without_label(raw: &str) -> &str {
    let lower = raw.to_ascii_lowercase();
    let labels = ["skype", "email", "e-mail", "-mail", "mail", ""];
    for label in labels {
        if let Some(rest) = lower.strip_prefix(label)
            && rest.starts_with(':')
        {
            return raw.get(label.len()..).unwrap_or_default().trim_start_matches(':');
        }
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut list = Vec::new();
        each(text.as_bytes(), Registry::built_in(), |_, found| {
            list.extend(found.map(|found| {
                let types: Vec<_> = found.types.iter().skip(1).map(|kind| kind.as_str()).collect();
                format!("{} {}", found.uri, types.join(" ")).trim().to_owned()
            }));
        });
        list
    }

    #[test]
    fn uris_are_found_in_texts() {
        for (text, uris) in [
            (
                "See <http://a.example/x>, HTTPS://b.example.",
                &["http://a.example/x", "HTTPS://b.example"][..],
            ),
            (
                "(www2.a.com/b) ftp.b.com",
                &["http://www2.a.com/b schemeless", "ftp://ftp.b.com schemeless"],
            ),
            ("wwww.a.com x", &["http://wwww.a.com schemeless unlinked"]),
            (
                "a.com b.nosuch c.com. d.com:80/x e.com:x f.com/",
                &[
                    "http://a.com schemeless unlinked",
                    "http://c.com schemeless unlinked",
                    "http://d.com:80/x schemeless unlinked",
                ],
            ),
            (
                "me@a.com, mailto:you@b.com?subject=x E-Mail:he@c.com",
                &[
                    "mailto:me@a.com schemeless",
                    "mailto:you@b.com?subject=x",
                    "mailto:he@c.com schemeless",
                ],
            ),
            ("x@y z@no.such cid:a@b.com a.com/b@c.com", &["http://a.com/b@c.com schemeless"]),
            ("http://a.com/(b)c http://a.com/b)c)d", &["http://a.com/(b)c", "http://a.com/b)c"]),
            ("http:// https://", &[]),
            ("-a.com _b.com", &[]),
            ("end.Begin", &[]),
        ] {
            assert_eq!(found(text), uris, "{text}");
        }
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        for text in ["@", "a@", "a.", "www.", "mailto:", "http://", "a-", "a.com/"] {
            let hostile = text.repeat(500_000 / text.len());
            each(hostile.as_bytes(), Registry::built_in(), |_, _| {});
        }
    }
}
