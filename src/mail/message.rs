//! A message: raw bytes, parsed once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
};

use super::{
    Entities, HeaderBlock, Hop, HtmlFacts, Inside, Item, NoRedirectors, Part, Registry, Uris, mime,
    texts::{self, LeafText, Texts},
    trace, uri,
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
    letter: Arc<Letter>,
    inside: Inside,
    kept: Arc<[(u32, Vec<u8>)]>,
    texts: OnceLock<Texts>,
    uris: OnceLock<Uris>,
    listed: OnceLock<(u64, Uris)>,
}

/// What does not change when more is found inside it.
#[derive(Debug, Default)]
struct Letter {
    raw: Vec<u8>,
    parts: Vec<Part>,
    oddities: Vec<Oddity>,
    entities: OnceLock<Entities>,
    rawbody: OnceLock<Vec<Vec<u8>>>,
}

/// The header of a message without parts, which only `Message::default()` is.
static NO_HEADERS: HeaderBlock = HeaderBlock { fields: Vec::new() };

impl Message {
    /// Parses a message; never fails.
    pub fn parse(raw: Vec<u8>) -> Self {
        Self { letter: Arc::new(Letter::parse(raw)), ..Self::default() }
    }

    /// Parses the beginning of a message that is longer than the scan limit.
    pub fn truncated(raw: Vec<u8>) -> Self {
        let mut letter = Letter::parse(raw);
        letter.oddities.insert(0, Oddity::Truncated);
        Self { letter: Arc::new(letter), ..Self::default() }
    }

    /// The same message with what is inside its parts, whose texts and URIs count like its own; `kept` are bytes
    /// of some items, by their place.
    pub fn with_inside(&self, inside: Inside, kept: Vec<(u32, Vec<u8>)>) -> Self {
        let letter = Arc::clone(&self.letter);
        Self { letter, inside, kept: kept.into(), ..Self::default() }
    }

    /// The same message, of which this is inside after a second look; the bytes of items stay.
    pub fn with_more(&self, inside: Inside) -> Self {
        let (letter, kept) = (Arc::clone(&self.letter), Arc::clone(&self.kept));
        Self { letter, inside, kept, ..Self::default() }
    }

    /// What is inside its parts, as far as somebody has looked.
    pub fn inside(&self) -> &Inside {
        &self.inside
    }

    /// The items of which somebody else has to see the bytes: pictures, and what a virus scanner does not
    /// reach by itself.
    pub fn kept(&self) -> impl Iterator<Item = (u32, &Item, &[u8])> {
        self.kept.iter().filter_map(|(number, bytes)| {
            Some((*number, self.inside.items.get(*number as usize)?, bytes.as_slice()))
        })
    }

    /// The message as the MTA will deliver it.
    pub fn raw(&self) -> &[u8] {
        &self.letter.raw
    }

    /// The header fields of the message.
    pub fn headers(&self) -> &HeaderBlock {
        self.letter.parts.first().map_or(&NO_HEADERS, |part| &part.headers)
    }

    /// The MIME tree, depth first; the first part is the message itself.
    pub fn parts(&self) -> &[Part] {
        &self.letter.parts
    }

    /// The message as SpamAssassin cuts it, for rules.
    pub fn entities(&self) -> &Entities {
        self.letter.entities.get_or_init(|| Entities::read(&self.letter.raw))
    }

    /// Rendered paragraphs, the Subject first (SpamAssassin's `body`); of at most 2 KiB each, of
    /// some 50,000 characters a part. Each ends in LF, the last and cut ones aside; other blanks
    /// are one blank each. UTF-8, but for pages in ASCII with entities up to U+00FF, which are
    /// Latin-1 there. What HTML hides is in it, and at the end what is inside the parts
    /// ([`Message::inside`]).
    pub fn body(&self) -> &[Vec<u8>] {
        &self.texts().body
    }

    /// The paragraphs without what HTML hides; the Subject first.
    pub fn visible(&self) -> &[Vec<u8>] {
        self.texts().visible.as_deref().unwrap_or_else(|| self.body())
    }

    /// The paragraphs that HTML hides.
    pub fn hidden(&self) -> &[Vec<u8>] {
        &self.texts().hidden
    }

    /// The text of each leaf of [`Message::entities`], in their order, uncut; `None` for those
    /// that are no text.
    pub fn leaf_texts(&self) -> Vec<Option<LeafText<'_>>> {
        self.texts().of_leaves(self.entities())
    }

    /// Facts about each text/html part.
    pub fn html(&self) -> &[HtmlFacts] {
        &self.texts().html
    }

    /// Decoded text parts, not rendered and in their own charset, in chunks (SpamAssassin's
    /// `rawbody`) of at most 4 KiB, cut at line ends where possible; line ends are LF. At most some
    /// 500,000 bytes a part.
    pub fn rawbody(&self) -> &[Vec<u8>] {
        self.letter.rawbody.get_or_init(|| texts::rawbody(self.entities()))
    }

    /// The URIs of its texts and pages, by the built-in registry and without redirectors; see
    /// [`super::uris`] for others.
    pub fn uris(&self) -> &Uris {
        self.uris.get_or_init(|| uri::uris(self, Registry::built_in(), &NoRedirectors))
    }

    /// The URIs as one reader lists them, who has a number of its own: listed when it asks first, and
    /// kept for it alone. `None` for any other reader.
    pub fn uris_of(&self, reader: u64, list: impl FnOnce(&Self) -> Uris) -> Option<&Uris> {
        let (first, uris) = self.listed.get_or_init(|| (reader, list(self)));
        (*first == reader).then_some(uris)
    }

    /// The Received fields, top (newest) first.
    pub fn trace(&self) -> Vec<Hop> {
        trace::trace(self.headers(), self.raw())
    }

    /// What is odd about it, each oddity once.
    pub fn oddities(&self) -> &[Oddity] {
        &self.letter.oddities
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| texts::read(self.entities(), &self.inside))
    }
}

impl Letter {
    fn parse(raw: Vec<u8>) -> Self {
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
}
