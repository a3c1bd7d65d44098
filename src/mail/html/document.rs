//! The text of a page and its facts, token by token.

use std::borrow::Cow;

use super::{
    HtmlFacts, attributes,
    elements::{self, Break, Element, Leads},
    entities,
    prepare::prepare,
    style::{Hidden, Styles},
    tokens::{Attribute, Token, Tokens},
};
use crate::mail::{charset::Text, target};

/// The longest link, in characters.
const LONGEST_LINK: usize = 8_192;

/// What a page says.
#[derive(Debug, Default)]
pub(in super::super) struct Document {
    /// Its text, shown and hidden, with line ends.
    pub(in super::super) text: String,
    pieces: Vec<Piece>,
    /// Whether its characters are Unicode's; see [`Text::is_wide`].
    pub(in super::super) is_wide: bool,
    /// What rules ask.
    pub(in super::super) facts: HtmlFacts,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it ends.
    end: usize,
    is_hidden: bool,
    /// See [`Text::is_wide`].
    is_wide: bool,
}

impl Document {
    /// Whether any text is hidden.
    pub(in super::super) fn has_hidden(&self) -> bool {
        self.pieces.iter().any(|piece| piece.is_hidden)
    }

    /// The text that is shown, or the one that is hidden, and whether its characters are Unicode's.
    pub(in super::super) fn part(&self, is_hidden: bool) -> (String, bool) {
        let (mut start, mut is_wide) = (0, false);
        let mut out = String::new();
        for piece in &self.pieces {
            if piece.is_hidden == is_hidden {
                out.push_str(self.text.get(start..piece.end).unwrap_or_default());
                is_wide |= piece.is_wide;
            }
            start = piece.end;
        }
        (out, is_wide)
    }
}

/// Reads a page of a number of bytes.
pub(in super::super) fn read(page: &Text<'_>, bytes: usize) -> Document {
    let prepared = prepare(&page.chars);
    let mut reader = Reader::new(page.is_wide);
    reader.document.facts.length = page.chars.chars().count();
    let mut tokens = Tokens::new(&prepared);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text { text, is_raw: true } => reader.text(Cow::Borrowed(text), false),
            Token::Text { text, is_raw: false } => {
                let (text, is_wide) = entities::decode(text, true);
                reader.text(text, is_wide);
            }
            Token::Start(name) => reader.tag(name, Some(tokens.attributes())),
            Token::End(name) => reader.tag(name, None),
            Token::Comment(text) => reader.document.facts.comments.push(text.to_owned()),
            Token::Declaration(text) => reader.declaration(text),
        }
    }
    reader.finish(bytes)
}

/// A page being read.
struct Reader {
    document: Document,
    styles: Styles,
    base: Option<String>,
    /// Whether text that comes is Unicode's.
    is_wide: bool,
    /// Whether the last piece of text is the break of an element.
    ends_in_break: bool,
    script: usize,
    style: usize,
    anchor: usize,
    title: usize,
}

impl Reader {
    fn new(is_wide: bool) -> Self {
        let place = |name: &str| elements::find(name.as_bytes()).unwrap_or(usize::MAX);
        Self {
            document: Document { is_wide, ..Document::default() },
            styles: Styles::default(),
            base: None,
            is_wide,
            ends_in_break: false,
            script: place("script"),
            style: place("style"),
            anchor: place("a"),
            title: place("title"),
        }
    }

    fn is_inside(&self, element: usize) -> bool {
        self.document.facts.counts.inside.at(element).is_some_and(|open| open > 0)
    }

    fn declaration(&mut self, text: &str) {
        let start = text.get(.."<!doctype".len());
        if start.is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            let counts = &mut self.document.facts.counts;
            counts.elements += 1;
            counts.tags += 1;
            counts.inside.set(None, "!doctype", 0);
        }
    }

    /// A start tag, or an end tag if there are no attributes.
    fn tag(&mut self, name: &str, attributes: Option<&[Attribute<'_>]>) {
        let name = lower(name);
        let index = elements::find(name.as_bytes());
        let is_foreign = is_foreign(&name);
        let element = index.map(elements::get);
        let is_valid = is_foreign || element.is_some_and(|element| element.is_valid);
        self.count(index, &name, is_valid, attributes.is_some());
        let Some(element) = element.filter(|_| !is_foreign) else { return };
        if element.has_style {
            match attributes {
                Some(attributes) => self.styles.open(&name, attributes),
                None => self.styles.close(&name),
            }
        }
        self.element_break(element.breaks);
        if let Some(attributes) = attributes {
            self.links(element, attributes);
            self.tests(element, attributes);
        }
    }

    fn count(&mut self, index: Option<usize>, name: &str, is_valid: bool, is_start: bool) {
        let counts = &mut self.document.facts.counts;
        let open = match index {
            Some(index) => counts.inside.at(index),
            None => counts.inside.get(name),
        };
        counts.tags += 1;
        counts.tags_seen += u32::from(open.is_none());
        if is_valid {
            counts.elements += 1;
            counts.elements_seen += u32::from(open.is_none());
        }
        let open = open.unwrap_or(0) + if is_start { 1 } else { -1 };
        counts.closed_extra += u32::from(open < 0);
        counts.inside.set(index, name, open.max(0));
    }

    /// The break that an element makes.
    fn element_break(&mut self, kind: Break) {
        let text = match kind {
            Break::No => return,
            Break::Blank => " ",
            Break::Line => "\n",
            Break::Paragraph => "\n\n",
        };
        let document = &mut self.document;
        let is_text = last_length(&document.pieces) > 0 && !self.ends_in_break;
        if is_text
            && document.text.ends_with(' ')
            && let Some(last) = document.pieces.last_mut().filter(|last| !last.is_hidden)
        {
            document.text.pop();
            last.end = document.text.len();
        }
        self.push(text, false, false);
        self.ends_in_break = true;
    }

    fn push(&mut self, text: &str, is_hidden: bool, is_wide: bool) {
        self.document.text.push_str(text);
        let end = self.document.text.len();
        self.document.pieces.push(Piece { end, is_hidden, is_wide });
    }

    fn text(&mut self, text: Cow<'_, str>, is_wide: bool) {
        if self.is_inside(self.script) || self.is_inside(self.style) {
            return;
        }
        let is_wide = is_wide || self.is_wide;
        self.document.is_wide |= is_wide;
        if self.is_inside(self.anchor) {
            self.document.facts.links.add_to_anchor(&text);
        }
        if self.is_inside(self.title)
            && let Some(title) = self.document.facts.titles.last_mut()
        {
            title.push_str(&text);
        }
        let is_hidden = has_ink(&text) && self.is_hidden();
        self.note_obfuscation(&text, is_wide);
        self.display(&text, is_hidden, is_wide);
    }

    fn is_hidden(&mut self) -> bool {
        let hidden = self.styles.hidden();
        let facts = &mut self.document.facts;
        facts.font_low_contrast |= hidden == Some(Hidden::LowContrast);
        facts.font_invalid_color |= hidden == Some(Hidden::InvalidColor);
        hidden.is_some()
    }

    /// Counts tags in the middle of words.
    fn note_obfuscation(&mut self, text: &str, is_wide: bool) {
        let Some(last) = self.document.pieces.last() else { return };
        if last_length(&self.document.pieces) == 0 {
            return;
        }
        let before = self.document.text.chars().next_back();
        let is_before = before.is_some_and(|c| is_letter(c, last.is_wide));
        let is_behind = text.chars().next().is_some_and(|c| is_letter(c, is_wide));
        self.document.facts.counts.obfuscation += u32::from(is_before && is_behind);
    }

    /// Adds text with its blanks collapsed.
    fn display(&mut self, text: &str, is_hidden: bool, is_wide: bool) {
        let mut text = collapsed(text);
        if self.ends_in_break && !is_hidden && text.starts_with(' ') {
            text = Cow::Owned(text.get(1..).unwrap_or_default().to_owned());
        }
        self.push(&text, is_hidden, is_wide);
        self.ends_in_break = false;
    }

    /// The links of a start tag.
    fn links(&mut self, element: &'static Element, list: &[Attribute<'_>]) {
        let mut add = |value: Option<Cow<'_, str>>| {
            if let Some(value) = value {
                self.add_link(&value, element.name);
            }
        };
        match element.leads {
            Leads::No => {}
            Leads::Background => add(attributes::get(list, "background")),
            Leads::Href => {
                let href = attributes::get_even_glued(list, "href");
                add(href.map(|href| Cow::Owned(href.replace('\u{feff}', ""))));
                add(attributes::get(list, "data-saferedirecturl"));
            }
            Leads::Src => add(attributes::get_even_glued(list, "src")),
            Leads::Action => add(attributes::get(list, "action")),
            Leads::Base => self.base(attributes::get(list, "href")),
            Leads::Refresh => add(attributes::refresh(list).map(Cow::Owned)),
        }
    }

    fn add_link(&mut self, uri: &str, element: &'static str) {
        let uri = self.trimmed(uri);
        if uri.is_empty() {
            return;
        }
        let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
        let is_whole = ["data", "mailto", "file", "cid", "tel"]
            .iter()
            .any(|other| scheme.eq_ignore_ascii_case(other));
        let base = self.base.as_deref().unwrap_or_default();
        let target = if is_whole { uri.to_owned() } else { target::resolve(base, uri) };
        if !target.is_empty() {
            self.document.facts.links.add(target, element);
        }
    }

    /// A link without blanks around it, and not too long.
    fn trimmed<'u>(&mut self, uri: &'u str) -> &'u str {
        let is_wide = self.is_wide;
        let uri = uri.trim_matches(|c: char| {
            matches!(c, ' ' | '\t'..='\r' | '\u{a0}') || is_wide && c.is_whitespace()
        });
        if uri.len() <= LONGEST_LINK {
            return uri;
        }
        match uri.char_indices().nth(LONGEST_LINK) {
            Some((end, _)) => {
                self.document.facts.uri_truncated = true;
                uri.get(..end).unwrap_or_default()
            }
            None => uri,
        }
    }

    fn base(&mut self, href: Option<Cow<'_, str>>) {
        let Some(href) = href.filter(|href| !href.is_empty() && href != "0") else { return };
        let uri = self.trimmed(&href).to_owned();
        self.add_link(&uri, "base");
        if let Some(base) = target::base(&uri) {
            self.base = Some(base);
        }
    }

    /// What is asked about a start tag.
    fn tests(&mut self, element: &'static Element, list: &[Attribute<'_>]) {
        match element.name {
            "font" => {
                let face = attributes::get(list, "face");
                self.document.facts.font_face_bad |=
                    face.is_some_and(|face| !attributes::is_face(&face));
            }
            "img" => self.image(list),
            "form" => {
                let action = attributes::get(list, "action").unwrap_or_default();
                let is_mail = action.to_ascii_lowercase().contains("mailto:");
                self.document.facts.form_action_mailto |= is_mail;
            }
            "object" | "embed" => self.document.facts.embeds = true,
            "a" => {
                let href = attributes::get_even_glued(list, "href").unwrap_or_default();
                let uri = self.trimmed(&href).replace('\u{feff}', "");
                self.document.facts.links.open_anchor(uri);
            }
            "title" => self.document.facts.titles.push(String::new()),
            _ => {}
        }
    }

    fn image(&mut self, list: &[Attribute<'_>]) {
        if self.is_inside(self.anchor) {
            self.document.facts.links.add_to_anchor("<img>\n");
        }
        let (width, height) = (attributes::get(list, "width"), attributes::get(list, "height"));
        if let (Some(width), Some(height)) = (width, height) {
            let area = attributes::pixels(&width, 8.0) * attributes::pixels(&height, 6.0);
            self.document.facts.image_area += area;
        }
    }

    fn finish(mut self, bytes: usize) -> Document {
        let document = &mut self.document;
        let is_wide = document.is_wide;
        let is_space = |c: &char| if is_wide { c.is_whitespace() } else { is_ascii_space(*c) };
        let characters = document.text.chars().count();
        let blanks = document.text.chars().filter(is_space).count();
        document.facts.non_space_len = characters - blanks;
        document.facts.ratio =
            (bytes > 0).then(|| (bytes as f64 - characters as f64) / bytes as f64);
        document.facts.min_size = self.styles.min_size;
        document.facts.max_size = self.styles.max_size;
        self.document
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

/// The length of the last piece.
fn last_length(pieces: &[Piece]) -> usize {
    match pieces {
        [] => 0,
        [piece] => piece.end,
        [.., before, piece] => piece.end - before.end,
    }
}

/// Elements of Microsoft Office: `o:p`, `st1:place`.
fn is_foreign(name: &str) -> bool {
    let Some((space, local)) = name.split_once(':') else { return false };
    let is_space = space == "o"
        || space.strip_prefix("st").is_some_and(|digit| {
            digit.len() == 1 && digit.as_bytes().is_ascii() && digit.parse::<u8>().is_ok()
        });
    let local = local.strip_suffix('/').unwrap_or(local);
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    is_space && !local.is_empty() && local.chars().all(is_word)
}

fn is_ascii_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}')
}

/// Whether anything in a text could be seen.
fn has_ink(text: &str) -> bool {
    let mut rest = text.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}', '\u{b}']);
    while let Some(behind) = rest.strip_prefix("\u{c2}\u{a0}") {
        rest = behind.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}', '\u{b}']);
    }
    !rest.is_empty()
}

/// Whether a character may stand in a word: no blank and no ASCII punctuation.
fn is_letter(c: char, is_wide: bool) -> bool {
    let is_space =
        if c.is_ascii() { matches!(c, ' ' | '\t'..='\r') } else { is_wide && c.is_whitespace() };
    !is_space && !c.is_ascii_punctuation()
}

/// A text in which each row of blanks is one blank.
fn collapsed(text: &str) -> Cow<'_, str> {
    let is_blank = |byte: u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let bytes = text.as_bytes();
    let is_plain = !bytes.windows(2).any(|pair| {
        matches!(
            pair,
            [b' ', b' ']
                | [b'\t' | b'\n' | 0xb..=b'\r', _]
                | [_, b'\t' | b'\n' | 0xb..=b'\r']
                | [0x82, 0xc2]
        )
    }) && !matches!(bytes, [byte] if is_blank(*byte));
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii() && is_blank(c as u8)) {
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push(' ');
        rest = rest
            .get(at..)
            .unwrap_or_default()
            .trim_start_matches(|c: char| c.is_ascii() && is_blank(c as u8));
    }
    out.push_str(rest);
    // A no-break space in UTF-8 that was taken for Latin-1.
    Cow::Owned(if out.contains("\u{c2}\u{a0}") { out.replace("\u{c2}\u{a0}", " ") } else { out })
}
