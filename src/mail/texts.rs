//! The texts that rules read, cut as SpamAssassin cuts them: `body` with what of it is shown and
//! what is hidden, and `rawbody`.

use std::borrow::Cow;

use memchr::memchr;

use super::{
    Inside, charset,
    entity::{Entities, Entity},
    html::{self, HtmlFacts},
};

/// How much text of one part is rendered, in characters.
const BODY_PART: usize = 50_000;

/// How much of one decoded part is in `rawbody`, in bytes.
const RAWBODY_PART: usize = 500_000;

/// How far behind a limit a better place to cut is looked for.
const NEAR: usize = 1_024;

/// The longest piece of a paragraph, in bytes.
const LONGEST_PIECE: usize = 2_048;

/// What reading the texts of a message brings.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Paragraphs, the Subject first.
    pub(super) body: Vec<Vec<u8>>,
    /// Those of the text that is shown, the Subject first; `None` where that is all.
    pub(super) visible: Option<Vec<Vec<u8>>>,
    /// Those of the text that HTML hides.
    pub(super) hidden: Vec<Vec<u8>>,
    /// Facts about each text/html part.
    pub(super) html: Vec<HtmlFacts>,
    /// The text of each of them, and which leaf it is.
    pages: Vec<(usize, String)>,
}

/// The text of one leaf, shown and hidden.
#[derive(Debug)]
pub struct LeafText<'m> {
    /// The text with its line ends, of all its length.
    pub text: Cow<'m, str>,
    /// For a page, the facts about it.
    pub html: Option<&'m HtmlFacts>,
}

impl Texts {
    /// The text of each leaf, in their order; `None` for those that are no text.
    pub(super) fn of_leaves<'m>(&'m self, entities: &'m Entities) -> Vec<Option<LeafText<'m>>> {
        let mut pages = self.pages.iter().zip(&self.html).peekable();
        let leaves = entities.leaves().enumerate().map(|(number, entity)| {
            if let Some(((_, text), facts)) = pages.next_if(|((leaf, _), _)| *leaf == number) {
                return Some(LeafText { text: Cow::Borrowed(text), html: Some(facts) });
            }
            let content = entities.content(entity);
            is_page(entity, content)?;
            let charset = entity.charset.as_deref().unwrap_or("us-ascii");
            Some(LeafText { text: charset::text(content, charset).chars, html: None })
        });
        leaves.collect()
    }
}

/// The three texts of one part.
struct Rendered<'e> {
    all: Cow<'e, str>,
    /// Where they differ from all of it.
    shown_and_hidden: Option<[(String, bool); 2]>,
    is_wide: bool,
}

/// Text of several parts.
#[derive(Default)]
struct Joined {
    text: String,
    is_wide: bool,
}

/// Reads the texts of a message.
pub(super) fn read(entities: &Entities, inside: &Inside) -> Texts {
    let mut texts = Texts::default();
    // Of a message without any part there is not even the Subject.
    if entities.leaves().next().is_none() {
        return texts;
    }
    let (mut all, mut shown, mut hidden) =
        (Joined::default(), Joined::default(), Joined::default());
    let mut is_partly_hidden = false;
    for (number, entity) in entities.leaves().enumerate() {
        let part = render(entity, entities.content(entity), &mut texts.html);
        let Some(part) = part else {
            [&mut all, &mut shown, &mut hidden].into_iter().for_each(Joined::separate);
            continue;
        };
        is_partly_hidden |= part.shown_and_hidden.is_some();
        all.add(&part.all, part.is_wide);
        match &part.shown_and_hidden {
            Some([(shown_text, is_shown_wide), (hidden_text, is_hidden_wide)]) => {
                shown.add(shown_text, *is_shown_wide);
                hidden.add(hidden_text, *is_hidden_wide);
            }
            None => {
                shown.add(&part.all, part.is_wide);
                hidden.separate();
            }
        }
        if texts.html.len() > texts.pages.len() {
            texts.pages.push((number, part.all.into_owned()));
        }
    }
    for found in inside.items.iter().flat_map(|item| &item.texts) {
        let is_wide = !found.text.is_ascii();
        all.add(&found.text, is_wide);
        shown.add(&found.text, is_wide);
    }
    let subject = entities.iter().next().and_then(|message| message.fields.last("subject"));
    let subject = format!("{}\n", subject.unwrap_or_default());
    texts.body = pieces(&all.paragraphs(&subject));
    texts.visible = is_partly_hidden.then(|| pieces(&shown.paragraphs(&subject)));
    texts.hidden = pieces(&hidden.paragraphs(""));
    texts
}

/// Whether a part is a page; `None` for one that is no text.
fn is_page(entity: &Entity, content: &[u8]) -> Option<bool> {
    match entity.effective_type() {
        "text/html" => Some(!content.is_empty()),
        "text/plain" => Some(false),
        _ => None,
    }
}

/// Renders a part; `None` for one that is no text.
fn render<'e>(
    entity: &Entity,
    content: &'e [u8],
    facts: &mut Vec<HtmlFacts>,
) -> Option<Rendered<'e>> {
    let is_html = is_page(entity, content)?;
    let charset = entity.charset.as_deref().unwrap_or("us-ascii");
    let text = charset::text(content, charset);
    if !is_html {
        return Some(Rendered { all: text.chars, shown_and_hidden: None, is_wide: text.is_wide });
    }
    let mut document = html::read(&text, content.len());
    let halves = document.has_hidden().then(|| [document.part(false), document.part(true)]);
    facts.push(std::mem::take(&mut document.facts));
    Some(Rendered {
        all: Cow::Owned(document.text),
        shown_and_hidden: halves,
        is_wide: document.is_wide,
    })
}

impl Joined {
    /// An empty line stands between parts.
    fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn add(&mut self, text: &str, is_wide: bool) {
        self.separate();
        self.text.push_str(limited(text));
        self.is_wide |= is_wide;
    }

    /// The text in lines, one a paragraph, behind a line of its own: empty lines end a paragraph,
    /// all other blanks become one.
    fn paragraphs(&self, first: &str) -> Vec<u8> {
        let is_space = |c: char| match c {
            '\0'..='\x7f' => matches!(c, ' ' | '\t'..='\r'),
            _ => self.is_wide && c.is_whitespace(),
        };
        let mut out = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find(|c| c == '\0' || is_space(c)) {
            let (plain, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
            out.push_str(plain);
            // A NUL ends a paragraph.
            rest = behind.strip_prefix('\0').unwrap_or(behind);
            if rest.len() < behind.len() {
                out.push('\n');
                continue;
            }
            let end = behind.find(|c| !is_space(c)).unwrap_or(behind.len());
            push_break(&mut out, behind.get(..end).unwrap_or_default());
            rest = behind.get(end..).unwrap_or_default();
        }
        out.push_str(rest);
        [first.as_bytes(), &self.in_bytes(out)].concat()
    }

    /// Characters that no decoder made are bytes.
    fn in_bytes(&self, text: String) -> Vec<u8> {
        if self.is_wide || text.is_ascii() {
            return text.into_bytes();
        }
        text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
    }
}

/// What a row of blanks becomes: an empty line in it ends the paragraph.
fn push_break(out: &mut String, run: &str) {
    let lines = (run.len() > 1).then(|| run.find('\n').zip(run.rfind('\n'))).flatten();
    match lines.filter(|(first, last)| first < last) {
        Some((first, last)) => {
            out.push_str(if first > 0 { " \n" } else { "\n" });
            out.push_str(if last + 1 < run.len() { " " } else { "" });
        }
        None => out.push(' '),
    }
}

/// The beginning of the text of one part, cut behind a line or a word.
fn limited(text: &str) -> &str {
    if text.len() <= BODY_PART {
        return text;
    }
    let Some((limit, _)) = text.char_indices().nth(BODY_PART) else { return text };
    let behind = text.get(limit..).unwrap_or_default();
    let near = behind.char_indices().nth(NEAR + 1).map_or(behind.len(), |(end, _)| end);
    let near = behind.get(..near).unwrap_or_default();
    let end = near.find('\n').or_else(|| near.find(' ')).map_or(limit, |at| limit + at + 1);
    text.get(..end).unwrap_or(text)
}

/// The lines of a text, in pieces that are not too long, cut behind a word if there is one.
fn pieces(text: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for mut line in text.split_inclusive(|&byte| byte == b'\n') {
        while line.len() > LONGEST_PIECE {
            let blank = line.iter().take(LONGEST_PIECE + 1).rposition(|&byte| byte == b' ');
            let length = blank.map_or(LONGEST_PIECE, |blank| blank + 1);
            let (piece, rest) = line.split_at_checked(length).unwrap_or((line, &[]));
            pieces.push(piece.to_vec());
            line = rest;
        }
        pieces.push(line.to_vec());
    }
    pieces
}

/// The decoded texts in chunks.
pub(super) fn rawbody(entities: &Entities) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    for entity in entities.leaves().filter(|entity| is_raw_text(entity)) {
        add_chunks(&mut chunks, limited_bytes(entities.content(entity)));
    }
    chunks
}

fn is_raw_text(entity: &Entity) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let content_type = entity.effective_type();
    entity.content_type != "text/calendar"
        && ["text", "message"].iter().any(|start| {
            content_type.strip_prefix(start).is_some_and(|rest| !rest.starts_with(is_word))
        })
}

/// The beginning of a decoded part, cut behind a line, a tag or a word.
fn limited_bytes(text: &[u8]) -> &[u8] {
    if text.len() <= RAWBODY_PART {
        return text;
    }
    let near = text.get(RAWBODY_PART..text.len().min(RAWBODY_PART + NEAR + 1)).unwrap_or_default();
    let found = [b'\n', b'>', b' '].into_iter().find_map(|last| memchr(last, near));
    let end = found.map_or(RAWBODY_PART, |at| RAWBODY_PART + at + 1);
    text.get(..end).unwrap_or(text)
}

/// Cuts a decoded text behind lines, or tags, or words, or where it must be.
fn add_chunks(chunks: &mut Vec<Vec<u8>>, text: &[u8]) {
    let mut rest = text;
    while text.len() > LONGEST_PIECE && rest.len() > 2 * LONGEST_PIECE {
        let window = rest.get(LONGEST_PIECE..2 * LONGEST_PIECE).unwrap_or_default();
        let found = [b'\n', b'>', b' '].into_iter().find_map(|last| memchr(last, window));
        let (chunk, behind) =
            rest.split_at_checked(LONGEST_PIECE + found.unwrap_or(0) + 1).unwrap_or((rest, &[]));
        chunks.push(chunk.to_vec());
        rest = behind;
    }
    if !rest.is_empty() || text.is_empty() {
        chunks.push(rest.to_vec());
    }
}

#[cfg(test)]
mod tests {
    use crate::mail::Message;

    fn message(text: &str) -> Message {
        Message::parse(text.replace('\n', "\r\n").into_bytes())
    }

    fn show(texts: &[Vec<u8>]) -> Vec<String> {
        texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }

    #[test]
    fn paragraphs_are_cut_at_empty_lines_and_the_subject_comes_first() {
        for (text, body) in [
            ("Subject: Hi\n\na\n b\t c\n\n \nd\n", &["Hi\n", "a b c\n", "d "][..]),
            ("X: y\n\na\n", &["\n", "a "]),
            ("Subject: a  b\n\n  c \n\n d", &["a  b\n", " c \n", " d"]),
            (
                "Subject: Hi\nContent-Type: text/html\n\n<p>a</p>\n\n<p>b",
                &["Hi\n", "\n", "a\n", "b"],
            ),
            ("Subject: Hi\n\n<HTML><i>a</i>", &["Hi\n", "<HTML><i>a</i>"]),
            ("Subject: Hi\nContent-Type: image/png\n\na", &["Hi\n"]),
            ("Subject: Hi\nContent-Type: image/png; name=a.htm\n\na<br>b", &["Hi\n", "a b"]),
            ("Content-Type: multipart/mixed\n\na\n\nb", &["\n", " a\n", "b"]),
            ("Content-Type: text/html\n\n&eacute;", &["\n", "\u{fffd}"]),
            ("Content-Type: text/html\n\n&eacute;&euro;", &["\n", "é€"]),
        ] {
            assert_eq!(show(message(text).body()), body, "{text}");
        }
    }

    #[test]
    fn all_texts_are_read_attached_or_not() {
        let message = message(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b\n\
             Content-Disposition: attachment; filename=x.txt\nContent-Transfer-Encoding: base64\n\n\
             Yg0KDQpj\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\nd\n--b--\n",
        );
        assert_eq!(show(message.body()), ["\n", "a b\n", "c d"]);
        assert_eq!(show(message.rawbody()), ["a", "b\n\nc", "d"]);
    }

    #[test]
    fn hidden_text_is_in_the_body_and_apart() {
        let message =
            message("Subject: s\nContent-Type: text/html\n\na<p style=display:none>b</p>c");
        assert_eq!(show(message.body()), ["s\n", "a\n", "b\n", "c"]);
        assert_eq!(show(message.visible()), ["s\n", "a\n", "c"]);
        assert_eq!(show(message.hidden()), ["b"]);
    }

    #[test]
    fn long_texts_are_cut_in_pieces() {
        let words = "word ".repeat(20_000);
        let body = message(&format!("Subject: Hi\n\n{words}"));
        let lengths: Vec<usize> = body.body().iter().map(Vec::len).collect();
        assert_eq!(lengths.iter().sum::<usize>(), 3 + 50_005);
        assert!(lengths.iter().all(|&length| length <= 2_048));
        assert!(body.body()[1].ends_with(b"word "));

        let solid = message(&format!("\n\n{}", "x".repeat(9_000)));
        assert_eq!(solid.body()[1..].concat(), [b" ".to_vec(), vec![b'x'; 9_000]].concat());
        assert_eq!(solid.rawbody().concat().len(), 9_001);

        let lines = message(&format!("\n{}", "a line\n".repeat(1_000)));
        assert_eq!(show(lines.rawbody()).concat(), "a line\n".repeat(1_000));
        let lengths: Vec<usize> = lines.rawbody().iter().map(Vec::len).collect();
        assert_eq!(lengths, [2_051, 2_051, 2_898]);

        let tags = message(&format!("\n{}", "<a b>".repeat(1_000)));
        assert!(tags.rawbody().iter().all(|chunk| chunk.ends_with(b">")));
    }
}
