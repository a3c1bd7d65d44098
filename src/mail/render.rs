//! The texts that rules read, cut as SpamAssassin cuts them: `body`, `rawbody`, and URIs.
//!
//! Texts are all text/* parts, attached or not, in attached messages as well, and containers that
//! could not be opened. A text that begins like a web page is one, whatever its type.

use super::{
    HeaderBlock, Part, html,
    html::Document,
    lines::cut,
    uri::{self, Uris},
};

/// How much of one part is rendered, in bytes.
const BODY_PART: usize = 64 * 1024;

/// How much is rendered of a whole message, in bytes.
const BODY: usize = 512 * 1024;

/// How much decoded text a whole message has in its `rawbody`, in bytes.
const RAWBODY: usize = 1024 * 1024;

/// How much HTML is read of a whole message, in bytes.
const HTML: usize = 1024 * 1024;

/// Paragraphs are cut into pieces of at most this many bytes, so that the time of a match is
/// bounded.
const LONGEST_PIECE: usize = 2 * 1024;

/// Chunks of `rawbody` have between one and two times this many bytes, the last of a part aside.
const CHUNK: usize = 2 * 1024;

/// What reading the texts of a message brings.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// Paragraphs that are shown, the Subject first (empty if there is none).
    pub(super) body: Vec<String>,
    /// Paragraphs that HTML hides.
    pub(super) hidden: Vec<String>,
    /// URIs, in order.
    pub(super) uris: Vec<String>,
}

/// Reads the texts of a message.
pub(super) fn render(headers: &HeaderBlock, parts: &[Part]) -> Rendered {
    let mut body = subject(headers);
    let mut hidden = Vec::new();
    let mut uris = Uris::default();
    let (mut text_left, mut html_left) = (BODY, HTML);
    for (part, text) in parts.iter().filter_map(|part| Some((part, part.text()?))) {
        let limit = text_left.min(BODY_PART);
        let document = if is_html(part, text) {
            let html = cut(text, html_left);
            html_left -= html.len();
            html::read(html, limit, uri::MOST)
        } else {
            Document { text: cut(text, limit).to_owned(), ..Document::default() }
        };
        add_uris(&mut uris, &document);
        text_left = text_left.saturating_sub(document.text.len() + document.hidden.len());
        add_paragraphs(&mut body, &document.text);
        add_paragraphs(&mut hidden, &document.hidden);
    }
    Rendered { body, hidden, uris: uris.into_list() }
}

/// The Subject as the first paragraph, which is there even if it is empty.
fn subject(headers: &HeaderBlock) -> Vec<String> {
    let mut paragraphs = Vec::new();
    add_paragraphs(&mut paragraphs, headers.first("subject").unwrap_or_default());
    if paragraphs.is_empty() {
        paragraphs.push(String::new());
    }
    paragraphs
}

/// The decoded texts in chunks, line ends as LF.
pub(super) fn rawbody(parts: &[Part]) -> Vec<String> {
    let mut chunks = Vec::new();
    let mut left = RAWBODY;
    for text in parts.iter().filter_map(Part::text) {
        let text = cut(text, left);
        left -= text.len();
        add_chunks(&mut chunks, &text.replace("\r\n", "\n"));
    }
    chunks
}

/// Whether a text is a web page.
fn is_html(part: &Part, text: &str) -> bool {
    let begins = |word: &str| {
        let start = text.trim_start().get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    part.content_type == "text/html" || begins("<!doctype html") || begins("<html")
}

/// Adds the URIs of a text: where its links lead, then what it names.
fn add_uris(uris: &mut Uris, document: &Document) {
    for link in &document.links {
        uris.add_link(link, document.base.as_deref());
    }
    uris.add_text(&document.text);
    uris.add_text(&document.hidden);
}

/// Cuts a text at empty lines, collapses blanks, and cuts again what is too long.
fn add_paragraphs(paragraphs: &mut Vec<String>, text: &str) {
    let mut paragraph = String::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            add_pieces(paragraphs, &std::mem::take(&mut paragraph));
        }
        for word in line.split_whitespace() {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(word);
        }
    }
    add_pieces(paragraphs, &paragraph);
}

/// Adds a paragraph in pieces that are not too long, cut at a blank if there is one.
fn add_pieces(pieces: &mut Vec<String>, mut paragraph: &str) {
    while !paragraph.is_empty() {
        let mut piece = cut(paragraph, LONGEST_PIECE);
        if piece.len() < paragraph.len() {
            piece = piece.rfind(' ').and_then(|blank| piece.get(..=blank)).unwrap_or(piece);
        }
        pieces.push(piece.trim_end().to_owned());
        paragraph = paragraph.get(piece.len()..).unwrap_or_default();
    }
}

/// Cuts a decoded text behind line ends, or tags, or blanks, or where it must be.
fn add_chunks(chunks: &mut Vec<String>, text: &str) {
    let mut rest = text;
    while rest.len() > 2 * CHUNK {
        let (start, end) = (cut(rest, CHUNK).len(), cut(rest, 2 * CHUNK).len());
        let window = rest.get(start..end).unwrap_or_default();
        let found = ['\n', '>', ' '].iter().find_map(|&last| window.find(last));
        let length = found.map_or(start, |at| start + at + 1);
        chunks.push(rest.get(..length).unwrap_or_default().to_owned());
        rest = rest.get(length..).unwrap_or_default();
    }
    if !rest.is_empty() {
        chunks.push(rest.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Message;

    fn message(text: &str) -> Message {
        Message::parse(text.replace('\n', "\r\n").into_bytes())
    }

    #[test]
    fn paragraphs_are_cut_at_empty_lines_and_the_subject_comes_first() {
        for (text, body) in [
            ("Subject: Hi\n\na\n b\t c\n\n \nd\n", &["Hi", "a b c", "d"][..]),
            ("X: y\n\na\n", &["", "a"]),
            ("Subject: a  b\n\nc", &["a b", "c"]),
            ("Subject: Hi\nContent-Type: text/html\n\n<p>a</p>\n\n<p>b", &["Hi", "a", "b"]),
            ("Subject: Hi\n\n<HTML><i>a</i>", &["Hi", "a"]),
            ("Subject: Hi\nContent-Type: image/png\n\na", &["Hi"]),
            ("Content-Type: multipart/mixed\n\na\n\nb", &["", "a", "b"]),
        ] {
            assert_eq!(message(text).body(), body, "{text}");
        }
    }

    #[test]
    fn all_texts_are_read_attached_or_not() {
        let message = message(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b\n\
             Content-Disposition: attachment; filename=x.txt\nContent-Transfer-Encoding: base64\n\n\
             Yg0KDQpj\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\nd\n--b--\n",
        );
        assert_eq!(message.body(), ["", "a", "b", "c", "d"]);
        assert_eq!(message.rawbody(), ["a", "b\n\nc", "d"]);
    }

    #[test]
    fn hidden_text_is_apart_and_uris_are_from_everywhere() {
        let message = message(
            "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nhttp://a.example/\n--b\n\
             Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n\
             <base href=3D\"http://B.example/\"><a href=3Dx>caf=E9</a>\
             <i style=3Ddisplay:none>www.c.example</i>\n--b--\n",
        );
        assert_eq!(message.body(), ["", "http://a.example/", "café"]);
        assert_eq!(message.hidden(), ["www.c.example"]);
        let uris = [
            "http://a.example/",
            "http://B.example/x",
            "http://b.example/x",
            "http://www.c.example",
        ];
        assert_eq!(message.uris(), uris);
    }

    #[test]
    fn long_texts_are_cut_in_pieces() {
        let words = "word ".repeat(20_000);
        let body = message(&format!("Subject: Hi\n\n{words}"));
        let length: usize = body.body().iter().skip(1).map(|piece| piece.len() + 1).sum();
        assert!(length.abs_diff(BODY_PART) <= 5, "{length}");
        assert!(body.body().iter().all(|piece| piece.len() <= LONGEST_PIECE));
        assert!(body.body()[1].ends_with("word"));

        let solid = message(&format!("\n\n{}", "é".repeat(3_000)));
        assert_eq!(solid.body()[1..].concat(), "é".repeat(3_000));
        assert_eq!(solid.rawbody().concat(), format!("\n{}", "é".repeat(3_000)));

        let lines = message(&format!("\n{}", "a line\n".repeat(1_000)));
        assert_eq!(lines.rawbody().concat(), "a line\n".repeat(1_000));
        assert!(lines.rawbody().iter().all(|chunk| chunk.ends_with('\n')));
        let lengths: Vec<usize> = lines.rawbody().iter().map(String::len).collect();
        assert_eq!(lengths, [2_051, 2_051, 2_898]);

        let tags = message(&format!("\n{}", "<a b>".repeat(1_000)));
        assert!(tags.rawbody().iter().all(|chunk| chunk.ends_with('>')));
    }
}
