//! The entities of a message (RFC 2045: a header and its body) as SpamAssassin reads them: of
//! several fields of one name the last counts, text types that are not known by name are
//! `text/plain`, and names and charsets are what stands behind `name=` and `charset=`.

use std::borrow::Cow;

use crate::mail::{Message, Part, decode_words};

/// An entity.
#[derive(Debug)]
pub(in super::super) struct Entity<'c> {
    /// The type by which it is found, in lower case; one without a usable type is `text/plain`.
    pub(super) content_type: String,
    /// The type its own Content-Type names, in lower case.
    pub(super) declared_type: String,
    /// The charset its Content-Type names, in lower case; `us-ascii` for one without that field.
    pub(super) charset: Option<String>,
    /// The name in its Content-Type.
    pub(super) declared_name: Option<String>,
    /// Its name, from Content-Disposition or Content-Type; never empty.
    pub(super) name: Option<String>,
    /// Content-Transfer-Encoding in lower case; may be empty.
    pub(super) encoding: String,
    /// Content-Disposition in lower case; may be empty.
    pub(super) disposition: String,
    /// How deep it stands; the message is 0.
    pub(super) depth: usize,
    /// Whether it holds no others.
    pub(super) is_leaf: bool,
    /// The body as it stands, line ends as LF. Empty for those that hold others.
    pub(super) encoded: Cow<'c, [u8]>,
    part: &'c Part,
    raw: &'c [u8],
}

impl Entity<'_> {
    /// The body with its transfer encoding taken off; line ends of texts as LF.
    pub(super) fn content(&self) -> Cow<'_, [u8]> {
        let content = self.part.content(self.raw);
        if !self.content_type.starts_with("text/") {
            return content;
        }
        match content {
            Cow::Borrowed(content) => bare_line_feeds(content),
            Cow::Owned(content) => Cow::Owned(bare_line_feeds(&content).into_owned()),
        }
    }

    /// Its text for readers; `None` if it has none. HTML: not yet.
    pub(super) fn rendered(&self) -> Option<Rendered<'_>> {
        let text = self.part.text().filter(|_| self.content_type == "text/plain")?;
        Some(Rendered { is_html: false, has_image: false, text: Cow::Borrowed(text) })
    }

    /// Whether it calls itself an attachment.
    pub(super) fn is_attachment(&self) -> bool {
        self.disposition.contains("attachment")
    }
}

/// The text of an entity as readers see it.
#[derive(Debug)]
pub(super) struct Rendered<'t> {
    /// Whether it was a web page.
    pub(super) is_html: bool,
    /// Whether that has images.
    pub(super) has_image: bool,
    /// The text, hidden text included.
    pub(super) text: Cow<'t, str>,
}

/// The entities of a message, depth first; the first is the message itself.
pub(in super::super) fn entities(message: &Message) -> Vec<Entity<'_>> {
    message.parts().iter().map(|part| entity(message.raw(), part)).collect()
}

fn entity<'c>(raw: &'c [u8], part: &'c Part) -> Entity<'c> {
    let field = |name| part.headers.named(name).last().map(|field| field.decoded.as_str());
    let value = field("content-type").filter(|value| !value.is_empty());
    let declared = value.unwrap_or("text/plain; charset=us-ascii");
    let declared_type = media_type(declared);
    let is_leaf = !part.is_container;
    let content_type = match value {
        None => part.content_type.clone(),
        Some(_) if is_leaf && declared_type.starts_with("multipart/") => "text/plain".to_owned(),
        Some(_) => declared_type.clone(),
    };
    let declared_name = parameter(declared, NAMES).map(without_words);
    let disposition = field("content-disposition").unwrap_or_default();
    let shown = disposition_name(disposition).map(without_words);
    let body = if is_leaf { raw.get(part.raw_body.clone()).unwrap_or_default() } else { &[] };
    Entity {
        content_type,
        declared_type,
        charset: parameter(declared, &["charset"]).map(str::to_ascii_lowercase),
        name: shown.or(declared_name.clone()).filter(|name| !name.is_empty()),
        declared_name,
        encoding: field("content-transfer-encoding").unwrap_or_default().to_ascii_lowercase(),
        disposition: disposition.to_ascii_lowercase(),
        depth: part.depth,
        is_leaf,
        encoded: bare_line_feeds(body),
        part,
        raw,
    }
}

/// A name with its encoded words (RFC 2047) decoded, which no standard allows and many senders do.
fn without_words(name: &str) -> String {
    decode_words(name.as_bytes())
}

/// The keys of a name in a Content-Type.
const NAMES: &[&str] = &["name", "filename"];

/// The type that a value begins with.
fn media_type(value: &str) -> String {
    let head = value.trim_start().split(';').next().unwrap_or_default();
    let end = head.find('/').and_then(|slash| {
        let behind = head.get(slash + 1..)?;
        let length = behind.find(|c: char| c == '/' || c.is_ascii_whitespace())?;
        Some(slash + 1 + length)
    });
    let name = head.get(..end.unwrap_or(head.len())).unwrap_or_default().to_ascii_lowercase();
    let is_text = name.strip_prefix("text").is_some_and(|rest| !rest.starts_with(is_word));
    let is_known = matches!(name.as_str(), "text/x-vcard" | "text/calendar" | "text/html");
    if name.is_empty() || (is_text && !is_known) {
        return "text/plain".to_owned();
    }
    let is_odd = |c: char| matches!(c, '\0'..=' ' | '\x7f'.. | '"' | '(' | ')' | ',' | ':'..='@' | '['..=']');
    name.replace(is_odd, "")
}

/// What stands behind one of the keys and its `=`, up to `;`.
fn parameter<'v>(value: &'v str, keys: &[&str]) -> Option<&'v str> {
    let lower = value.to_ascii_lowercase();
    let behind = |key: &str| {
        let mut places = lower.match_indices(key);
        places.find_map(|(at, _)| {
            let is_start = !value.get(..at)?.ends_with(is_word);
            let behind = value.get(at + key.len()..)?.trim_start().strip_prefix('=')?;
            is_start.then_some((at, behind.trim_start()))
        })
    };
    let (_, behind) = keys.iter().filter_map(|key| behind(key)).min_by_key(|&(at, _)| at)?;
    let behind = behind.strip_prefix(['"', '\'']).unwrap_or(behind);
    let text = behind.split(';').next().unwrap_or_default();
    Some(text.strip_suffix(['"', '\'']).unwrap_or(text))
}

/// The name in a Content-Disposition.
fn disposition_name(value: &str) -> Option<&str> {
    let lower = value.to_ascii_lowercase();
    let mut places = lower.match_indices("name=");
    places.find_map(|(at, key)| {
        let behind = value.get(at + key.len()..)?.trim_start();
        let behind = behind.strip_prefix('"').unwrap_or(behind);
        behind.split(['"', ';']).next().filter(|name| !name.is_empty())
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn bare_line_feeds(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"\r\n").is_none() {
        return Cow::Borrowed(text);
    }
    let mut bare = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => {
                bare.extend_from_slice(line);
                bare.push(b'\n');
            }
            None => bare.extend_from_slice(line),
        }
    }
    Cow::Owned(bare)
}
