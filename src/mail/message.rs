//! A message: raw bytes, parsed once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

use super::{
    HeaderBlock, Hop, Part, mime,
    render::{self, Rendered},
    trace,
};

/// How much of a hostile message is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// MIME nesting.
    pub depth: usize,
    /// Parts in all.
    pub parts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 50, parts: 2_000 }
    }
}

/// Something about a message that no proper sender does, or a limit it ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Oddity {
    /// Longer than the scan limit: only the beginning was looked at.
    Truncated,
    /// MIME nested deeper than the limit.
    TooDeep,
    /// More parts than the limit.
    TooManyParts,
    /// More header fields than the limit; the rest was not read.
    TooManyFields,
    /// A multipart whose closing boundary never comes.
    OpenMultipart,
    /// No empty line between header and body.
    NoSeparator,
    /// The parser broke on it (a defect of ours): read as a header and one opaque text.
    Unparsable,
}

/// A message with everything read from it. Parsing never fails: oddities are facts.
///
/// The MIME tree is read at once. Texts and URIs are read when they are first asked for, so that
/// who only scans for viruses does not pay for them. Time and memory are linear in the size.
#[derive(Debug, Default)]
pub struct Message {
    raw: Vec<u8>,
    parts: Vec<Part>,
    oddities: Vec<Oddity>,
    rendered: OnceLock<Rendered>,
    rawbody: OnceLock<Vec<String>>,
}

/// The header of a message without parts, which only `Message::default()` is.
static NO_HEADERS: HeaderBlock = HeaderBlock { fields: Vec::new() };

impl Message {
    /// Parses a message; never fails.
    pub fn parse(raw: Vec<u8>) -> Self {
        let read = || mime::read(&raw, Limits::default());
        // The readers are not supposed to panic. Should one do, the message is still judged.
        let (parts, oddities) = catch_unwind(AssertUnwindSafe(read))
            .unwrap_or_else(|_| (vec![Self::fallback(&raw)], vec![Oddity::Unparsable]));
        Self { raw, parts, oddities, ..Self::default() }
    }

    /// A header and one opaque text; not even that if the header is what breaks the reader.
    fn fallback(raw: &[u8]) -> Part {
        catch_unwind(AssertUnwindSafe(|| mime::opaque(raw))).unwrap_or_default()
    }

    /// Parses the beginning of a message that is longer than the scan limit.
    pub fn truncated(raw: Vec<u8>) -> Self {
        let mut message = Self::parse(raw);
        message.oddities.insert(0, Oddity::Truncated);
        message
    }

    /// The message as the MTA will deliver it.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The header fields of the message.
    pub fn headers(&self) -> &HeaderBlock {
        self.parts.first().map_or(&NO_HEADERS, |part| &part.headers)
    }

    /// The MIME tree, depth first; the first part is the message itself.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Rendered paragraphs, the Subject first (SpamAssassin's `body`); of at most 2 KiB each, 64
    /// KiB of text a part and 512 KiB a message. Blanks are collapsed. What HTML hides is left
    /// out; see [`Message::hidden`].
    pub fn body(&self) -> &[String] {
        &self.rendered().body
    }

    /// Paragraphs that HTML hides from the reader. SpamAssassin has them in its `body`.
    pub fn hidden(&self) -> &[String] {
        &self.rendered().hidden
    }

    /// Decoded text parts, not rendered, in chunks (SpamAssassin's `rawbody`) of at most 4 KiB,
    /// cut at line ends where possible; line ends are LF. At most 1 MiB in all.
    pub fn rawbody(&self) -> &[String] {
        self.rawbody.get_or_init(|| render::rawbody(&self.parts))
    }

    /// URIs, in order and each once, at most 1,000: from HTML attributes and from texts, without
    /// those that lead into the message (`cid:`). Each as written, entities decoded, made absolute;
    /// and behind it in canonical form, where that differs: scheme and host in lower case, needless
    /// escapes decoded. Addresses are there as `mailto:`.
    pub fn uris(&self) -> &[String] {
        &self.rendered().uris
    }

    /// The Received fields, top (newest) first.
    pub fn trace(&self) -> Vec<Hop> {
        trace::trace(self.headers(), &self.raw)
    }

    /// What is odd about it, each oddity once.
    pub fn oddities(&self) -> &[Oddity] {
        &self.oddities
    }

    fn rendered(&self) -> &Rendered {
        self.rendered.get_or_init(|| render::render(self.headers(), &self.parts))
    }
}
