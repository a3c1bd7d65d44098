//! A message: raw bytes, parsed once.

use super::{Header, HeaderBlock, Hop, Part};

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
}

/// A message with everything read from it. Parsing never fails: oddities are facts.
#[derive(Debug, Default)]
pub struct Message {
    raw: Vec<u8>,
    headers: HeaderBlock,
    parts: Vec<Part>,
    body: Vec<String>,
    rawbody: Vec<String>,
    uris: Vec<String>,
    oddities: Vec<Oddity>,
}

impl Message {
    /// Parses a message; never fails.
    pub fn parse(raw: Vec<u8>) -> Self {
        Self { raw, ..Self::default() }
    }
    /// The message as the MTA will deliver it.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
    /// The header fields of the message.
    pub fn headers(&self) -> &HeaderBlock {
        &self.headers
    }
    /// The MIME tree, depth first.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
    /// Rendered paragraphs, the Subject first (SpamAssassin's `body`).
    pub fn body(&self) -> &[String] {
        &self.body
    }
    /// Decoded text parts, not rendered, in chunks (SpamAssassin's `rawbody`).
    pub fn rawbody(&self) -> &[String] {
        &self.rawbody
    }
    /// URIs.
    pub fn uris(&self) -> &[String] {
        &self.uris
    }
    /// What is odd about it.
    pub fn oddities(&self) -> &[Oddity] {
        &self.oddities
    }
}
