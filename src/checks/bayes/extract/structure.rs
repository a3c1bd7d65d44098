//! Tokens of what is no text: MIME parts, attachments, links, markup.

use super::{super::token::Tokens, header::add_host};
use crate::mail::{Message, Part, Uri};

const MOST_PARTS: usize = 20;
const MOST_URIS: usize = 50;
const MOST_TAGS: usize = 150;

/// How much of a page is searched for tags, in bytes.
const MOST_MARKUP: usize = 32 * 1024;

/// Adds them.
pub(super) fn add(tokens: &mut Tokens, message: &Message) {
    for part in message.parts().iter().take(MOST_PARTS) {
        add_part(tokens, part);
    }
    tokens.add_pieces("parts", &[&message.parts().len().min(20).to_string()]);
    let size = message.raw().len().max(1).ilog2();
    tokens.add("size", &size.to_string());
    for uri in message.uris().list.iter().take(MOST_URIS) {
        add_uri(tokens, uri);
    }
    let pages = message.parts().iter().filter(|part| part.content_type == "text/html");
    for page in pages.take(3).filter_map(Part::text) {
        add_tags(tokens, page.get(..page.floor_char_boundary(MOST_MARKUP)).unwrap_or(page));
    }
}

fn add_part(tokens: &mut Tokens, part: &Part) {
    tokens.add_pieces("part", &[&part.depth.min(9).to_string(), &part.content_type]);
    if let Some(charset) = &part.charset {
        tokens.add("charset", charset);
    }
    if let Some(encoding) = part.headers.first("content-transfer-encoding") {
        tokens.add("encoding", encoding);
    }
    if part.is_attachment {
        tokens.add("attached", &part.content_type);
    }
    if let Some(name) = &part.file_name {
        let name = name.to_lowercase();
        tokens.add("file", &name);
        if let Some((_, extension)) = name.rsplit_once('.') {
            tokens.add("ext", extension);
        }
    }
}

fn add_uri(tokens: &mut Tokens, uri: &Uri) {
    let address = uri.uri.as_str();
    let (scheme, rest) = address.split_once(':').unwrap_or(("", address));
    tokens.add("scheme", scheme);
    for (host, _) in &uri.hosts {
        add_host(tokens, "host", host);
    }
    let path = rest.trim_start_matches('/').split_once('/').map_or("", |(_, path)| path);
    for word in path.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(8) {
        tokens.add("path", word);
    }
}

fn add_tags(tokens: &mut Tokens, page: &str) {
    for tag in page.split('<').skip(1).take(MOST_TAGS) {
        let tag = tag.split('>').next().unwrap_or_default();
        let mut words = tag.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        if name.starts_with('/') {
            continue;
        }
        tokens.add("tag", &name.to_ascii_lowercase());
        for word in words.take(6).filter(|word| word.contains('=')) {
            let word = word.to_ascii_lowercase();
            let is_link = word.starts_with("href") || word.starts_with("src");
            let word = if is_link { word.get(..5).unwrap_or(&word) } else { &word };
            tokens.add("attr", word);
        }
    }
}
