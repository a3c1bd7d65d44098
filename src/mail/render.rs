//! The texts that rules read: `body`, `rawbody`, URIs.

use super::{HeaderBlock, Part};

/// What reading the texts of a message brings.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// Paragraphs, the Subject first.
    pub(super) body: Vec<String>,
    /// URIs, in order.
    pub(super) uris: Vec<String>,
}

/// Reads the texts of a message.
pub(super) fn render(headers: &HeaderBlock, parts: &[Part]) -> Rendered {
    let mut body = vec![headers.first("subject").unwrap_or_default().to_owned()];
    for text in parts.iter().filter_map(Part::text) {
        let lines: Vec<&str> = text.split_whitespace().collect();
        body.push(lines.join(" "));
    }
    Rendered { body, uris: Vec::new() }
}

/// The decoded texts in chunks.
pub(super) fn rawbody(parts: &[Part]) -> Vec<String> {
    parts.iter().filter_map(Part::text).map(|text| text.replace("\r\n", "\n")).collect()
}
