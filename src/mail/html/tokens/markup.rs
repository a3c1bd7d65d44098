//! Tags, comments, declarations and sections: what begins with `<`.

use memchr::{memchr3, memmem};

use super::{Attribute, LITERAL, Section, Step, Token, Tokens, is_name_first, is_space};

/// The longest declaration, in bytes; longer ones are comments.
const LONGEST_DECLARATION: usize = 8 * 1024;

impl<'h> Tokens<'h> {
    /// Reads the markup that begins at `open`.
    pub(super) fn markup(&mut self, open: usize) -> Step<'h> {
        match self.byte(open + 1) {
            b'a'..=b'z' | b'A'..=b'Z' => self.start_tag(open),
            b'/' => self.end_tag(open),
            b'!' => self.declaration(open),
            b'?' => match self.find(b'>', open + 2) {
                Some(end) => Step::Read(None, end + 1),
                None => Step::Open,
            },
            _ => Step::Text,
        }
    }

    fn start_tag(&mut self, open: usize) -> Step<'h> {
        let name_end = self.word_end(open + 2, false);
        let mut at = self.skip_space(name_end);
        self.attributes.clear();
        loop {
            match self.byte(at) {
                _ if at >= self.html.len() => return Step::Open,
                b'>' => break,
                _ => match self.attribute(at) {
                    Some((attribute, end)) => {
                        self.attributes.push(attribute);
                        at = end;
                    }
                    None => return Step::Open,
                },
            }
        }
        let name = self.slice(open + 1, name_end);
        self.literal = LITERAL.iter().position(|(literal, _)| name.eq_ignore_ascii_case(literal));
        Step::Read(Some(Token::Start(name)), at + 1)
    }

    /// Where a word of a tag ends: at a blank, at `>`, or at `=` where that ends it.
    fn word_end(&self, mut at: usize, ends_at_equals: bool) -> usize {
        let bytes = self.html.as_bytes();
        while let Some(&byte) = bytes.get(at)
            && !is_space(byte)
            && byte != b'>'
            && !(ends_at_equals && byte == b'=')
        {
            at += 1;
        }
        at
    }

    /// An attribute and the blanks behind it.
    fn attribute(&self, start: usize) -> Option<(Attribute<'h>, usize)> {
        // The first character may be anything, `=` included; one that is cut is none.
        let first = self.html.get(start..)?.chars().next()?.len_utf8();
        let end = self.word_end(start + first, true);
        let name = self.slice(start, end);
        let equals = self.skip_space(end);
        if equals >= self.html.len() {
            return None;
        }
        if self.byte(equals) != b'=' {
            return Some((Attribute { name, value: name }, equals));
        }
        let begin = self.skip_space(equals + 1);
        let (value, end) = match self.byte(begin) {
            quote @ (b'"' | b'\'') => {
                let end = self.find(quote, begin + 1)?;
                (self.slice(begin + 1, end), end + 1)
            }
            _ => {
                let end = self.word_end(begin, false);
                (self.slice(begin, end), end)
            }
        };
        Some((Attribute { name, value }, self.skip_space(end)))
    }

    fn end_tag(&self, open: usize) -> Step<'h> {
        let begin = open + 2;
        let is_named = !is_space(self.byte(begin)) && self.byte(begin) != b'>';
        let name_end = if is_named { self.word_end(begin, false) } else { begin };
        let Some(end) = self.skip_quotes(name_end) else { return Step::Open };
        let token = match is_named {
            true => Token::End(self.slice(begin, name_end)),
            false => Token::Comment(self.slice(open, end + 1)),
        };
        Step::Read(Some(token), end + 1)
    }

    /// The next `>` outside of quotes, which begin behind a blank or `=`.
    fn skip_quotes(&self, mut at: usize) -> Option<usize> {
        let start = at;
        let bytes = self.html.as_bytes();
        loop {
            at += memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
            let found = self.byte(at);
            if found == b'>' {
                return Some(at);
            }
            let before = if at == start { b' ' } else { self.byte(at - 1) };
            at += 1;
            if matches!(before, b' ' | b'=') {
                at = self.find(found, at)? + 1;
            }
        }
    }

    /// What begins with `<!`.
    fn declaration(&mut self, open: usize) -> Step<'h> {
        let begin = open + 2;
        let found = match self.byte(begin) {
            b'-' if begin + 1 >= self.html.len() => return Step::Open,
            b'-' if self.byte(begin + 1) == b'-' => return self.comment(open),
            b'>' => Some(Step::Read(Some(Token::Comment(self.slice(open, begin + 1))), begin + 1)),
            b'[' => self.begin_section(open),
            b'a'..=b'z' | b'A'..=b'Z' => self.doctype(open),
            _ => None,
        };
        found.unwrap_or_else(|| match self.find(b'>', begin) {
            Some(end) => Step::Read(Some(Token::Comment(self.slice(open, end + 1))), end + 1),
            None => Step::Open,
        })
    }

    fn comment(&self, open: usize) -> Step<'h> {
        let end = match self.are_comments_short {
            true => self.find(b'>', open + 4),
            false => self.comment_end(open + 4),
        };
        match end {
            Some(end) => Step::Read(Some(Token::Comment(self.slice(open, end + 1))), end + 1),
            None => Step::Open,
        }
    }

    /// The `>` of the next `-->`, in which blanks may stand before it.
    fn comment_end(&self, mut at: usize) -> Option<usize> {
        loop {
            at = self.find(b'-', at)?;
            if self.byte(at + 1) == b'-' {
                let close = self.skip_space(at + 2);
                if self.byte(close) == b'>' {
                    return Some(close);
                }
                // The blanks are not looked at again.
                at = if close > at + 2 { close } else { at + 1 };
            } else {
                at += 1;
            }
        }
    }

    /// `<![CDATA[` and its like.
    fn begin_section(&mut self, open: usize) -> Option<Step<'h>> {
        let mut at = self.skip_space(open + 3);
        let mut section = None;
        while is_name_first(self.byte(at)) {
            let start = at;
            while is_name(self.byte(at)) {
                at += 1;
            }
            let kind = match self.slice(start, at).to_ascii_lowercase().as_str() {
                "include" => Section::Include,
                "rcdata" => Section::Rcdata,
                "cdata" => Section::Cdata,
                "ignore" => Section::Ignore,
                _ => Section::None,
            };
            section = section.max(Some(kind));
            at = self.skip_space(at);
            if at >= self.html.len() {
                return Some(Step::Open);
            }
        }
        if self.byte(at) != b'[' {
            return None;
        }
        self.sections.push(section.unwrap_or(Section::Include).max(self.section()));
        Some(Step::Read(None, at + 1))
    }

    /// `<!DOCTYPE …>` or `<!ENTITY …>`; `None` for what is no declaration.
    fn doctype(&self, open: usize) -> Option<Step<'h>> {
        let limit = self.html.len().min(open + LONGEST_DECLARATION);
        let mut at = open + 2;
        while is_name(self.byte(at)) {
            at += 1;
        }
        let name = self.slice(open + 2, at);
        if at >= self.html.len() {
            return Some(Step::Open);
        }
        if !name.eq_ignore_ascii_case("doctype") && !name.eq_ignore_ascii_case("entity") {
            return None;
        }
        loop {
            at = self.skip_space(at);
            if at >= limit {
                return (limit == self.html.len()).then_some(Step::Open);
            }
            at = match self.byte(at) {
                b'>' => {
                    let text = self.slice(open, at + 1);
                    return Some(Step::Read(Some(Token::Declaration(text)), at + 1));
                }
                quote @ (b'"' | b'\'') => match self.find(quote, at + 1) {
                    Some(end) => end + 1,
                    None => return Some(Step::Open),
                },
                b'-' if self.byte(at + 1) != b'-' => return None,
                b'-' => {
                    let rest = self.html.as_bytes().get(at + 2..)?;
                    match memmem::find(rest, b"--") {
                        Some(end) => at + 2 + end + 2,
                        None => return Some(Step::Open),
                    }
                }
                _ => self.word_end(at + 1, false),
            };
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b':')
}
