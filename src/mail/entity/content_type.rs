//! Content-Type and Content-Disposition as SpamAssassin reads them: by what stands somewhere in
//! the value, not by the grammar.

use std::borrow::Cow;

/// What a Content-Type says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ContentType {
    /// The type, in lower case. Any text type that is neither HTML nor one of two known data
    /// types is `text/plain`.
    pub name: String,
    /// The boundary, in any type.
    pub boundary: Option<Vec<u8>>,
    /// The charset as written.
    pub charset: Option<String>,
    /// `name` or `filename`.
    pub file_name: Option<String>,
    /// Whether there is none.
    pub is_missing: bool,
}

/// Reads the decoded value of the last Content-Type; empty if there is none.
pub fn content_type(value: &str) -> ContentType {
    let is_missing = value.is_empty() || value == "0";
    let value = if is_missing { "text/plain; charset=us-ascii" } else { value };
    let (name, is_empty) = type_name(value);
    ContentType {
        name,
        boundary: boundary(value),
        charset: parameter(value, &["charset"]).map(str::to_owned),
        file_name: file_name(value).map(Cow::into_owned),
        is_missing: is_missing || is_empty,
    }
}

/// The type, and whether nothing stands where it should.
fn type_name(value: &str) -> (String, bool) {
    let head = value.trim_start().split(';').next().unwrap_or_default();
    let name = match head.find('/') {
        Some(slash) if slash > 0 => {
            let behind = head.get(slash + 1..).unwrap_or_default();
            let end = behind.find(|c: char| c == '/' || c.is_ascii_whitespace());
            head.get(..slash + 1 + end.unwrap_or(behind.len())).unwrap_or_default()
        }
        _ => head,
    };
    let name = name.to_ascii_lowercase();
    let word = name.strip_prefix("text").is_some_and(|rest| !rest.starts_with(is_word));
    let is_own = matches!(name.as_str(), "text/x-vcard" | "text/calendar" | "text/html");
    if name.is_empty() || name == "0" || (word && !is_own) {
        return ("text/plain".to_owned(), name.is_empty() || name == "0");
    }
    let is_odd = |c: char| matches!(c, '\0'..=' ' | '\x7f'.. | '"' | '(' | ')' | ',' | ':'..='?' | '@' | '['..=']');
    (name.replace(is_odd, ""), false)
}

/// The boundary; quotes are taken off wherever they stand.
fn boundary(value: &str) -> Option<Vec<u8>> {
    let mut from = 0;
    while let Some((start, behind)) = key(value, "boundary", from) {
        from = start;
        let behind = behind.trim_start_matches(is_space);
        let found = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().filter(|text| !text.is_empty()),
            None => {
                let end = behind.find(|c: char| is_space(c) || c == '"' || c == ';');
                let end = end.unwrap_or(behind.len());
                let is_ended = !behind.get(end..).unwrap_or_default().starts_with('"');
                behind.get(..end).filter(|text| is_ended && !text.is_empty())
            }
        };
        if let Some(found) = found {
            return Some(found.as_bytes().to_vec());
        }
    }
    None
}

/// `name` or `filename`, in pieces (RFC 2231) if it is not there whole.
fn file_name(value: &str) -> Option<Cow<'_, str>> {
    let whole = parameter(value, &["filename", "name"]);
    if let Some(name) = whole.filter(|name| !name.is_empty()) {
        return Some(Cow::Borrowed(name));
    }
    pieces(value).map(Cow::Owned).or(whole.map(Cow::Borrowed))
}

/// How many pieces of a name are read.
const MOST_PIECES: usize = 100;

fn pieces(value: &str) -> Option<String> {
    let piece = |number: usize| {
        parameter(value, &[&format!("filename*{number}"), &format!("name*{number}")])
    };
    let first = piece(0)?;
    let rest = (1..MOST_PIECES).map_while(piece);
    Some(std::iter::once(first).chain(rest).collect())
}

/// The value behind the first of the keys that stands in the text.
fn parameter<'v>(value: &'v str, keys: &[&str]) -> Option<&'v str> {
    let (_, behind) =
        keys.iter().filter_map(|name| key(value, name, 0)).min_by_key(|&(at, _)| at)?;
    let behind = behind.trim_start_matches(is_space);
    let behind = behind.strip_prefix(['"', '\'']).unwrap_or(behind);
    // The value ends before `;` or at the end of the line, at which one more may follow.
    let line_end = behind.find('\n').unwrap_or(behind.len());
    let end = behind.find(';').filter(|&end| end <= line_end);
    let text = behind.get(..end.unwrap_or(line_end))?;
    if end.is_none() && line_end + 1 < behind.len() {
        return None;
    }
    Some(text.strip_suffix(['"', '\'']).unwrap_or(text))
}

/// Finds `key =` where a word begins, from a place on; returns where the search may go on, and
/// what stands behind the sign.
fn key<'v>(value: &'v str, key: &str, from: usize) -> Option<(usize, &'v str)> {
    let bytes = value.as_bytes();
    let starts = (from..value.len()).filter(|&at| {
        let is_key = bytes
            .get(at..at + key.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(key.as_bytes()));
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        is_key && before.is_none_or(|&byte| !is_word(char::from(byte)))
    });
    for at in starts {
        let behind = value.get(at + key.len()..).unwrap_or_default();
        if let Some(behind) = behind.trim_start_matches(is_space).strip_prefix('=') {
            return Some((at + 1, behind));
        }
    }
    None
}

/// The name in a Content-Disposition.
pub(super) fn disposition_name(value: &str) -> Option<&str> {
    let bytes = value.as_bytes();
    let mut places =
        bytes.windows(5).enumerate().filter(|(_, key)| key.eq_ignore_ascii_case(b"name="));
    places.find_map(|(at, _)| {
        let behind = value.get(at + 5..)?.trim_start_matches(is_space);
        let behind = behind.strip_prefix('"').unwrap_or(behind);
        let end = behind.find(['"', ';']).unwrap_or(behind.len());
        behind.get(..end).filter(|name| !name.is_empty())
    })
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_tolerantly() {
        for (value, name, boundary, charset, file_name) in [
            ("", "text/plain", None, Some("us-ascii"), None),
            ("TEXT/HTML; charset=\"UTF-8\"", "text/html", None, Some("UTF-8"), None),
            ("text/html charset=x", "text/html", None, Some("x"), None),
            ("text/x-any", "text/plain", None, None, None),
            ("text/calendar", "text/calendar", None, None, None),
            ("texture/x", "texture/x", None, None, None),
            ("text", "text/plain", None, None, None),
            ("; x", "text/plain", None, None, None),
            ("multipart/mixed; boundary=\"a b\"; x", "multipart/mixed", Some("a b"), None, None),
            ("multipart/mixed; BOUNDARY = ab; x", "multipart/mixed", Some("ab"), None, None),
            ("multipart/mixed; boundary=ab\"c", "multipart/mixed", None, None, None),
            ("multipart/mixed; boundary=\"\"", "multipart/mixed", None, None, None),
            ("image/gif; name='a.gif'", "image/gif", None, None, Some("a.gif")),
            ("image/gif; filename=a b.gif;x", "image/gif", None, None, Some("a b.gif")),
            ("image/gif; name*0=\"a\"; name*1=b", "image/gif", None, None, Some("ab")),
        ] {
            let read = content_type(value);
            assert_eq!(read.name, name, "{value}");
            assert_eq!(read.boundary.as_deref(), boundary.map(str::as_bytes), "{value}");
            assert_eq!(read.charset.as_deref(), charset, "{value}");
            assert_eq!(read.file_name.as_deref(), file_name, "{value}");
        }
    }

    #[test]
    fn a_disposition_may_name_a_file() {
        for (value, name) in [
            ("attachment; filename=\"a b.exe\"", Some("a b.exe")),
            ("attachment; filename= a.exe ; x", Some("a.exe ")),
            ("attachment; name=\"\"; filename=b", Some("b")),
            ("inline", None),
        ] {
            assert_eq!(disposition_name(value), name, "{value}");
        }
    }
}
