//! A page in tokens, with HTML::Parser's view of markup.
//!
//! Its readings, where browsers differ:
//! - a tag begins with `<` and a letter; its name and its attributes go on to a blank or `>`;
//! - a quote without end, and a comment or tag without end, are a comment to the end of the page
//!   (a comment ends at the first `>` then);
//! - in script, style, title, textarea, xmp and iframe there are no tags but their own end tag;
//! - `<![CDATA[ … ]]>` is text.
//!
//! It goes forward only; where a search found no end once, it is not made again.

mod markup;

use memchr::{memchr, memchr2, memmem};

/// An attribute as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attribute<'h> {
    pub(super) name: &'h str,
    /// Without its quotes; the name itself where there is none.
    pub(super) value: &'h str,
}

/// A piece of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'h> {
    /// Text; entities mean something in it unless it is raw.
    Text {
        text: &'h str,
        is_raw: bool,
    },
    /// A start tag; its attributes are in [`Tokens::attributes`].
    Start(&'h str),
    End(&'h str),
    /// All of a comment, its marks included.
    Comment(&'h str),
    /// `<!DOCTYPE …>`
    Declaration(&'h str),
}

/// Elements without markup inside, and whether entities mean nothing there.
const LITERAL: [(&str, bool); 7] = [
    ("script", true),
    ("style", true),
    ("xmp", true),
    ("iframe", true),
    ("plaintext", true),
    ("title", false),
    ("textarea", false),
];

/// A marked section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    #[default]
    None,
    Include,
    Rcdata,
    Cdata,
    Ignore,
}

/// What reading some markup came to.
enum Step<'h> {
    /// A token (none for what is dropped) and where to go on.
    Read(Option<Token<'h>>, usize),
    /// No markup: it is text.
    Text,
    /// The end of the page came first.
    Open,
}

/// A token that says nothing; it is passed over.
const NOTHING: Token<'static> = Token::Text { text: "", is_raw: true };

/// The tokens of a page.
#[derive(Debug)]
pub(super) struct Tokens<'h> {
    html: &'h str,
    at: usize,
    attributes: Vec<Attribute<'h>>,
    /// The element without markup that is open.
    literal: Option<usize>,
    /// Those without an end tag in the rest.
    is_endless: [bool; LITERAL.len()],
    /// Sections that are open; the strongest so far in each.
    sections: Vec<Section>,
    /// Tokens that wait for their turn, last first.
    waiting: Vec<Token<'h>>,
    /// An end tag that comes before the next tag.
    missing_end: Option<&'static str>,
    /// Comments end at the first `>`: an open one was met.
    are_comments_short: bool,
}

impl<'h> Tokens<'h> {
    pub(super) fn new(html: &'h str) -> Self {
        Self {
            html,
            at: 0,
            attributes: Vec::new(),
            literal: None,
            is_endless: [false; LITERAL.len()],
            sections: Vec::new(),
            waiting: Vec::new(),
            missing_end: None,
            are_comments_short: false,
        }
    }

    /// The attributes of the start tag that came last.
    pub(super) fn attributes(&self) -> &[Attribute<'h>] {
        &self.attributes
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Option<Token<'h>> {
        loop {
            let is_ignored = self.section() == Section::Ignore;
            let Some(token) = self.waiting.pop().or_else(|| self.read()) else {
                return self.missing_end.take().map(Token::End);
            };
            if let Some(name) = self.missing_end
                && !matches!(token, Token::Text { .. } | Token::Comment(_))
            {
                self.missing_end = None;
                self.waiting.push(token);
                return Some(Token::End(name));
            }
            let is_empty = matches!(token, Token::Text { text: "", .. });
            if !is_empty && !is_ignored {
                return Some(token);
            }
        }
    }

    fn slice(&self, start: usize, end: usize) -> &'h str {
        self.html.get(start..end).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> u8 {
        self.html.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn find(&self, byte: u8, from: usize) -> Option<usize> {
        memchr(byte, self.html.as_bytes().get(from..)?).map(|at| from + at)
    }

    fn skip_space(&self, mut at: usize) -> usize {
        while is_space(self.byte(at)) {
            at += 1;
        }
        at
    }

    fn section(&self) -> Section {
        self.sections.last().copied().unwrap_or_default()
    }

    fn text(&self, start: usize, end: usize) -> Token<'h> {
        let is_raw = self.section() == Section::Cdata || self.literal.is_some_and(is_raw);
        Token::Text { text: self.slice(start, end), is_raw }
    }

    /// Reads on from where no tag is open.
    fn read(&mut self) -> Option<Token<'h>> {
        while self.at < self.html.len() {
            let found = match (self.literal, self.section()) {
                (Some(literal), _) => self.read_literal(literal),
                (None, Section::Cdata | Section::Rcdata) => self.read_section(),
                _ => self.read_markup(),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Text up to the next markup, then that.
    fn read_markup(&mut self) -> Option<Token<'h>> {
        let start = self.at;
        let mut from = start;
        loop {
            let Some(open) = self.find_markup(from) else { return self.last_text(start) };
            if self.byte(open) == b']' {
                let text = self.text(start, open);
                self.at = open + 3;
                self.sections.pop();
                return Some(text);
            }
            if open > start {
                self.at = open;
                return Some(self.text(start, open));
            }
            if self.html.len() - open < 3 {
                return self.open_markup(open);
            }
            match self.markup(open) {
                Step::Read(token, end) => {
                    self.at = end;
                    return token.or(Some(NOTHING));
                }
                // A `<` that is none begins a text.
                Step::Text => from = open + 1,
                Step::Open => return self.open_markup(open),
            }
        }
    }

    /// The next `<`, or the end of a marked section.
    fn find_markup(&self, from: usize) -> Option<usize> {
        if self.section() == Section::None {
            return self.find(b'<', from);
        }
        let mut at = from;
        loop {
            at += memchr2(b'<', b']', self.html.as_bytes().get(at..)?)?;
            if self.byte(at) == b'<' || self.slice(at, at + 3) == "]]>" {
                return Some(at);
            }
            at += 1;
        }
    }

    /// The last text comes in two: what is behind its last blanks may be half a word to a parser
    /// that is fed in pieces.
    fn last_text(&mut self, start: usize) -> Option<Token<'h>> {
        let text = self.slice(start, self.html.len());
        self.at = self.html.len();
        let trimmed = text.trim_end_matches(is_space_char);
        let head = if trimmed.len() < text.len() {
            trimmed
        } else {
            text.trim_end_matches(|c| !is_space_char(c)).trim_end_matches(is_space_char)
        };
        let tail = start + head.len();
        self.waiting.push(self.text(tail, self.html.len()));
        Some(self.text(start, tail))
    }

    /// Markup that does not end before the page does: tried once more with short comments, then
    /// taken for a comment to the end.
    fn open_markup(&mut self, open: usize) -> Option<Token<'h>> {
        if !self.are_comments_short {
            self.are_comments_short = true;
            return Some(NOTHING);
        }
        let rest = self.slice(open, self.html.len());
        self.at = self.html.len();
        let next = self.byte(open + 1);
        let is_markup =
            rest.len() == 1 || is_name_first(next) || matches!(next, b'/' | b'!' | b'?');
        Some(if is_markup { Token::Comment(rest) } else { self.text(open, self.html.len()) })
    }

    /// Text up to the end tag of the element that is open.
    fn read_literal(&mut self, literal: usize) -> Option<Token<'h>> {
        let start = self.at;
        let end = match self.is_endless.get(literal) {
            Some(false) => self.find_end_tag(literal),
            _ => None,
        };
        let Some((end, name, behind)) = end else { return self.endless(literal) };
        let text = self.text(start, end);
        self.literal = None;
        self.at = behind;
        self.waiting.push(Token::End(name));
        Some(text)
    }

    /// The end tag: where it begins, its name, and where to go on.
    fn find_end_tag(&self, literal: usize) -> Option<(usize, &'h str, usize)> {
        let &(name, _) = LITERAL.get(literal).filter(|(name, _)| *name != "plaintext")?;
        let mut at = self.at;
        loop {
            at = self.find(b'<', at)?;
            let tag = self.slice(at + 2, at + 2 + name.len());
            if self.byte(at + 1) == b'/' && tag.eq_ignore_ascii_case(name) {
                let close = self.skip_space(at + 2 + name.len());
                if self.byte(close) == b'>' {
                    return Some((at, tag, close + 1));
                }
            }
            at += 1;
        }
    }

    /// An element without markup that has no end.
    fn endless(&mut self, literal: usize) -> Option<Token<'h>> {
        let name = LITERAL.get(literal).map_or("", |(name, _)| name);
        if let Some(is_endless) = self.is_endless.get_mut(literal) {
            *is_endless = true;
        }
        match name {
            // They hold all that follows.
            "script" | "style" => {
                let text = self.text(self.at, self.html.len());
                self.waiting.push(Token::End(name));
                self.at = self.html.len();
                self.literal = None;
                Some(text)
            }
            "title" => {
                self.literal = None;
                self.missing_end = Some(name);
                Some(NOTHING)
            }
            _ => {
                let text = self.text(self.at, self.html.len());
                self.at = self.html.len();
                Some(text)
            }
        }
    }

    /// Text up to the end of a section without markup.
    fn read_section(&mut self) -> Option<Token<'h>> {
        let rest = self.html.as_bytes().get(self.at..)?;
        let end = memmem::find(rest, b"]]>").map_or(self.html.len(), |at| self.at + at);
        let text = self.text(self.at, end);
        self.at = (end + 3).min(self.html.len());
        self.sections.pop();
        Some(text)
    }
}

fn is_raw(literal: usize) -> bool {
    LITERAL.get(literal).is_some_and(|&(_, is_raw)| is_raw)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn is_space_char(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

fn is_name_first(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(html: &str) -> String {
        let mut tokens = Tokens::new(html);
        let mut out = String::new();
        while let Some(token) = tokens.next() {
            match token {
                Token::Text { text, is_raw: false } => out += &format!("[{text}]"),
                Token::Text { text, is_raw: true } => out += &format!("{{{text}}}"),
                Token::Start(name) => {
                    out += name;
                    for Attribute { name, value } in tokens.attributes() {
                        out += &format!(" {name}={value}");
                    }
                    out += ";";
                }
                Token::End(name) => out += &format!("/{name};"),
                Token::Comment(text) => out += &format!("({text})"),
                Token::Declaration(text) => out += &format!("!{text};"),
            }
        }
        out
    }

    #[test]
    fn pages_are_read_as_the_perl_parser_reads_them() {
        for (html, tokens) in [
            ("a <b>c</b> d e ", "[a ]b;[c]/b;[ d e][ ]"),
            ("one two", "[one][ two]"),
            ("<IMG src='a>b' alt = \"x\" ismap/>", "IMG src=a>b alt=x ismap/=ismap/;"),
            ("<a href=x=y title=>z", "a href=x=y title=;[z]"),
            ("<br/>", "br/;"),
            ("a < b <1> c</>", "[a ][< b ][<1> c](</>)"),
            ("</p a='>'>x", "/p;[x]"),
            ("<!-- a > - -- > b-->", "(<!-- a > - -- >)[ b-->]"),
            ("<!-- a > b <i>c", "(<!-- a >)[ b ]i;[c]"),
            (
                "<!DOCTYPE html \"a>\"><!x><!><![if y]>",
                "!<!DOCTYPE html \"a>\">;(<!x>)(<!>)(<![if y]>)",
            ),
            ("a<![CDATA[b<i>&amp;]]>c", "[a]{b<i>&amp;}[c]"),
            ("<![IGNORE[b]]>c", "[c]"),
            ("<?php x ?>y", "[y]"),
            ("<script>a<b></i></SCRIPT >c", "script;{a<b></i>}/SCRIPT;[c]"),
            ("<style>a", "style;{a}/style;"),
            ("<title>a<b>c", "title;[a]/title;b;[c]"),
            ("<title>a b", "title;[a][ b]/title;"),
            ("<textarea>a<b>", "textarea;[a<b>]"),
            ("a<i href='", "[a](<i href=')"),
            ("a<", "[a](<)"),
        ] {
            assert_eq!(show(html), tokens, "{html}");
        }
    }

    #[test]
    fn hostile_pages_take_linear_time() {
        for html in [
            "<title>".repeat(200_000),
            "<!-- ".repeat(200_000),
            "<!--  ".repeat(100_000) + &"-- ".repeat(100_000),
            "<!DOCTYPE \"><!DOCTYPE \" - ".repeat(50_000),
            "<![include[".repeat(100_000),
            "<a ".repeat(300_000),
            "</a '".repeat(200_000),
            "<textarea></textare".repeat(50_000),
        ] {
            let mut tokens = Tokens::new(&html);
            let mut count = 0;
            while tokens.next().is_some() {
                count += 1;
            }
            assert!(count <= html.len());
        }
    }
}
