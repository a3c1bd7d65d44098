//! One MIME part.

use std::{borrow::Cow, ops::Range};

use super::HeaderBlock;

/// A node of the MIME tree (RFC 2045, 2046), depth first; the message itself is part 0.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// How deep it stands; the message is 0.
    pub depth: usize,
    /// Index of the part that holds it.
    pub parent: Option<usize>,
    /// Its own header fields (those of the message for part 0).
    pub headers: HeaderBlock,
    /// Declared type in lower case: `text/plain`; the RFC's default where none is declared.
    pub content_type: String,
    /// Declared charset in lower case.
    pub charset: Option<String>,
    /// The file name a mail reader would show (RFC 2231 and RFC 2047 decoded), from
    /// Content-Disposition or Content-Type.
    pub file_name: Option<String>,
    /// Whether a reader shows it as an attachment rather than as text.
    pub is_attachment: bool,
    /// Whether it holds other parts.
    pub is_container: bool,
    /// Where its body stands in the raw message, still in its transfer encoding. For parts of a
    /// message that was attached in a transfer encoding: where all of that message stands.
    pub raw_body: Range<usize>,
    /// Its decoded bytes where they differ from the raw body; see [`Part::content`].
    pub(super) decoded: Option<Vec<u8>>,
    /// Its text in Unicode, for text parts; see [`Part::text`].
    pub(super) text: Option<String>,
}

impl Part {
    /// The body with its transfer encoding taken off. `raw` is the message it belongs to.
    pub fn content<'m>(&'m self, raw: &'m [u8]) -> Cow<'m, [u8]> {
        match &self.decoded {
            Some(decoded) => Cow::Borrowed(decoded),
            None => Cow::Borrowed(raw.get(self.raw_body.clone()).unwrap_or_default()),
        }
    }

    /// The text in Unicode (transfer encoding and charset taken off) of its first 512 KiB.
    ///
    /// For text/* parts, attached or not, and for containers that could not be opened (too deep,
    /// without a boundary): their raw text, since it may hide anything.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}
