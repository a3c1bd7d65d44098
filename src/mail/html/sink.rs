//! Takes the tokens of a document: keeps texts and links.

use std::cell::RefCell;

use html5ever::{
    LocalName,
    tokenizer::{
        Tag, TagKind, Token, TokenSink, TokenSinkResult,
        states::{RawKind, Rawtext, Rcdata, ScriptData},
    },
};

use super::{
    Document, cut,
    style::{self, Style},
};

/// How many open elements are remembered; those opened beyond are taken to be shown like the last.
const MOST_OPEN: usize = 256;

/// Elements that never hold anything.
const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input",
    "link", "meta", "param", "source", "track", "wbr",
];

/// Elements before which an open paragraph ends.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
];

/// Elements with a line end before and behind them. These three lists are SpamAssassin's, so that
/// rules see the same paragraphs: neighbouring lines make one, an empty line separates two.
const LINES: &[&str] = &["br", "div"];

/// Elements with an empty line before and behind them.
const PARAGRAPHS: &[&str] = &["blockquote", "hr", "listing", "p", "plaintext", "pre", "xmp"];

/// Elements with a blank before and behind them (table and tr by us: cells may be left open).
const BLANKS: &[&str] =
    &["dd", "dt", "embed", "h1", "h2", "h3", "h4", "h5", "h6", "li", "table", "td", "th", "tr"];

/// Elements that end where the next of their kind begins.
const SIBLINGS: &[&str] = &["dd", "dt", "li", "option", "td", "th", "tr"];

/// Elements whose content is no text, though it looks like one.
const NO_TEXT: &[&str] = &["iframe", "noembed", "noframes", "script", "style", "title"];

/// Attributes that lead somewhere, in any element (`href` of base apart).
const LINKS: &[&str] =
    &["action", "background", "data", "formaction", "href", "poster", "src", "xlink:href"];

/// Keeps what the tokenizer brings. The tokenizer wants a shared reference, hence the cell.
pub(super) struct Sink(RefCell<State>);

impl Sink {
    pub(super) fn new(text_limit: usize, link_limit: usize) -> Self {
        let text = |limit| Text { limit, ..Text::default() };
        Self(RefCell::new(State {
            shown: text(text_limit),
            hidden: text(text_limit),
            link_limit,
            ..State::default()
        }))
    }

    /// How many tokens came so far.
    pub(super) fn tokens(&self) -> usize {
        self.0.borrow().tokens
    }

    /// A new tokenizer is not inside an element without text.
    pub(super) fn start_afresh(&self) {
        self.0.borrow_mut().is_dropping = false;
    }

    pub(super) fn into_document(self) -> Document {
        let state = self.0.into_inner();
        Document {
            text: state.shown.finish(),
            hidden: state.hidden.finish(),
            links: state.links,
            base: state.base,
        }
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        if matches!(token, Token::ParseError(_)) {
            return TokenSinkResult::Continue;
        }
        state.tokens += 1;
        match token {
            Token::CharacterTokens(text) => state.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return state.start(&tag),
            Token::TagToken(tag) => state.end(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct State {
    shown: Text,
    hidden: Text,
    links: Vec<String>,
    link_limit: usize,
    base: Option<String>,
    open: Vec<Element>,
    tokens: usize,
    /// Inside an element whose content is no text.
    is_dropping: bool,
}

/// An element that was opened.
struct Element {
    name: LocalName,
    is_gone: bool,
    is_tiny: bool,
}

impl State {
    fn text(&mut self, text: &str) {
        if self.is_dropping {
            return;
        }
        let keeps_lines = self.open.iter().any(|element| &*element.name == "pre");
        let current = self.current();
        if !keeps_lines {
            return current.push(text);
        }
        for line in text.split_inclusive('\n') {
            current.push(line);
            if line.ends_with('\n') {
                current.line_end();
            }
        }
    }

    /// The text that the open elements make this.
    fn current(&mut self) -> &mut Text {
        if self.is_hidden() { &mut self.hidden } else { &mut self.shown }
    }

    fn is_hidden(&self) -> bool {
        self.open.last().is_some_and(|element| element.is_gone || element.is_tiny)
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        self.links(tag);
        self.close_implied(&tag.name);
        if is_one_of(&tag.name, VOID) {
            self.break_at(&tag.name);
            return TokenSinkResult::Continue;
        }
        self.open(tag);
        self.break_at(&tag.name);
        self.is_dropping = is_one_of(&tag.name, NO_TEXT);
        raw_kind(&tag.name).map_or(TokenSinkResult::Continue, TokenSinkResult::RawData)
    }

    fn end(&mut self, name: &LocalName) {
        self.is_dropping = false;
        self.break_at(name);
        if let Some(index) = self.open.iter().rposition(|element| element.name == *name) {
            self.open.truncate(index);
        }
    }

    fn open(&mut self, tag: &Tag) {
        if self.open.len() >= MOST_OPEN {
            return;
        }
        let style = attribute(tag, "style").map_or_else(Style::default, style::read);
        let outer = self.open.last();
        let is_gone = outer.is_some_and(|element| element.is_gone)
            || style.is_gone
            || attribute(tag, "hidden").is_some();
        let is_tiny = style.is_tiny.unwrap_or(outer.is_some_and(|element| element.is_tiny));
        self.open.push(Element { name: tag.name.clone(), is_gone, is_tiny });
    }

    /// Ends elements that end where this one begins.
    fn close_implied(&mut self, name: &LocalName) {
        let is_block = is_one_of(name, BLOCKS);
        let is_sibling = is_one_of(name, SIBLINGS);
        let ends = |element: &Element| {
            (is_block && &*element.name == "p") || (is_sibling && element.name == *name)
        };
        while self.open.last().is_some_and(ends) {
            self.open.pop();
        }
        // A cell that was left open ends with its row.
        if &**name == "tr"
            && self.open.last().is_some_and(|cell| is_one_of(&cell.name, &["td", "th"]))
        {
            self.open.pop();
            self.close_implied(name);
        }
    }

    /// Breaks the text that is shown, and the hidden one if that is what is being read.
    fn break_at(&mut self, name: &LocalName) {
        self.shown.break_at(name);
        if self.is_hidden() {
            self.hidden.break_at(name);
        }
    }

    fn links(&mut self, tag: &Tag) {
        for attribute in &tag.attrs {
            let name = &*attribute.name.local;
            match name {
                "href" if &*tag.name == "base" => {
                    self.base.get_or_insert_with(|| attribute.value.to_string());
                }
                "style" => style::urls(&attribute.value).for_each(|url| self.link(url)),
                "content" if &*tag.name == "meta" => {
                    refresh(&attribute.value).into_iter().for_each(|url| self.link(url));
                }
                _ if LINKS.contains(&name) => self.link(&attribute.value),
                _ => {}
            }
        }
    }

    fn link(&mut self, link: &str) {
        if self.links.len() < self.link_limit {
            self.links.push(link.to_owned());
        }
    }
}

fn is_one_of(name: &LocalName, names: &[&str]) -> bool {
    names.contains(&&**name)
}

fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|other| &*other.name.local == name).map(|found| &*found.value)
}

/// Where `<meta http-equiv=refresh content="0; url=...">` leads.
fn refresh(content: &str) -> Option<&str> {
    let at = content.to_ascii_lowercase().find("url=")?;
    Some(content.get(at + 4..)?.trim().trim_matches(['"', '\'']))
}

/// Elements whose content has no tags.
fn raw_kind(name: &LocalName) -> Option<RawKind> {
    match &**name {
        "script" => Some(ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(Rawtext),
        "title" | "textarea" => Some(Rcdata),
        _ => None,
    }
}

/// A text that grows, its blanks collapsed.
#[derive(Default)]
struct Text {
    text: String,
    limit: usize,
    /// A blank is due before the next word.
    has_blank: bool,
}

impl Text {
    fn push(&mut self, text: &str) {
        if self.text.len() >= self.limit {
            return;
        }
        for word in text.split_inclusive(is_blank) {
            let bare = word.trim_end_matches(is_blank);
            if !bare.is_empty() {
                self.flush_blank();
                self.text.push_str(bare);
            }
            self.has_blank |= bare.len() < word.len();
        }
    }

    fn break_at(&mut self, name: &LocalName) {
        if is_one_of(name, LINES) {
            self.line_end();
        } else if is_one_of(name, PARAGRAPHS) {
            self.line_end();
            self.line_end();
        } else if is_one_of(name, BLANKS) {
            self.has_blank = true;
        }
    }

    fn flush_blank(&mut self) {
        if self.has_blank && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push(' ');
        }
        self.has_blank = false;
    }

    /// One more line end; more than an empty line is never left.
    fn line_end(&mut self) {
        self.has_blank = false;
        let has_room = self.text.len() < self.limit;
        if has_room && !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn finish(mut self) -> String {
        let end = cut(self.text.trim_end(), self.limit).len();
        self.text.truncate(end);
        self.text
    }
}

/// What collapses into one blank; the no-break space too, since rules expect a blank there.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
}
