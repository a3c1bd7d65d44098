//! What PDF files are made of (ISO 32000-1, 7.2 and 7.3): objects, and the reader of their syntax.

use std::ops::Range;

/// How deep arrays and dictionaries may stand in each other.
const DEEPEST: usize = 48;

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    /// Nothing, or what cannot be read.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole or real number.
    Number(f64),
    /// A name, without its slash.
    Name(Box<str>),
    /// A string.
    Text(Vec<u8>),
    /// Some objects.
    Array(Vec<Object>),
    /// Objects by name.
    Dict(Dict),
    /// A dictionary and bytes.
    Stream(Box<Stream>),
    /// Another object, by its number.
    Ref(u32),
}

/// Objects by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dict(pub(super) Vec<(Box<str>, Object)>);

/// A dictionary and bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stream {
    /// Says what the bytes are.
    pub dict: Dict,
    /// Where they are in the file.
    pub range: Range<usize>,
    /// Number and generation of the object.
    pub id: (u32, u16),
}

impl Dict {
    /// The entry of this name; the last, if there are more.
    pub(super) fn get(&self, name: &str) -> Option<&Object> {
        self.0.iter().rev().find(|(known, _)| &**known == name).map(|(_, object)| object)
    }

    /// The name that the entry of this name is.
    pub(super) fn name(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_name()
    }
}

impl Object {
    /// The name that it is.
    pub(super) fn as_name(&self) -> Option<&str> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    /// The number that it is.
    pub(super) fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The number that it is, if that is a count or place.
    pub(super) fn as_size(&self) -> Option<usize> {
        self.as_number().filter(|number| (0.0..=4e9).contains(number)).map(|number| number as usize)
    }

    /// The string that it is.
    pub(super) fn as_text(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The dictionary that it is or has.
    pub(super) fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            Self::Stream(stream) => Some(&stream.dict),
            _ => None,
        }
    }

    /// The objects in it, if it is an array.
    pub(super) fn as_array(&self) -> Option<&[Object]> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }
}

/// A word of the syntax.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'b> {
    /// A number.
    Number(f64),
    /// A name.
    Name(Box<str>),
    /// A string.
    Text(Vec<u8>),
    /// `[`, `]`, `<<` (as `<`), `>>` (as `>`), a brace.
    Mark(u8),
    /// Anything else: operators.
    Word(&'b [u8]),
}

/// Reads tokens and objects.
#[derive(Debug)]
pub(super) struct Lexer<'b> {
    bytes: &'b [u8],
    /// Where it is.
    pub at: usize,
    /// How many objects it may still make.
    pub fuel: usize,
}

impl<'b> Lexer<'b> {
    /// From this place; it makes as many objects as `fuel` says.
    pub(super) fn new(bytes: &'b [u8], at: usize, fuel: usize) -> Self {
        Self { bytes, at, fuel }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take_while(&mut self, accepts: impl Fn(u8) -> bool) -> &'b [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| !accepts(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        loop {
            self.take_while(is_space);
            if self.peek() != Some(b'%') {
                return;
            }
            self.take_while(|byte| byte != b'\n' && byte != b'\r');
        }
    }

    /// The next token; `None` at the end.
    pub(super) fn token(&mut self) -> Option<Token<'b>> {
        self.skip_space();
        let first = self.peek()?;
        self.at += 1;
        Some(match first {
            b'(' => Token::Text(self.literal()),
            b'<' | b'>' if self.peek() == Some(first) => {
                self.at += 1;
                Token::Mark(first)
            }
            b'<' => Token::Text(self.hexadecimal()),
            b'/' => Token::Name(name(self.take_while(is_regular))),
            b'[' | b']' | b'{' | b'}' | b')' | b'>' => {
                Token::Mark(if first == b'>' { b')' } else { first })
            }
            _ => {
                self.at -= 1;
                word(self.take_while(is_regular))
            }
        })
    }

    /// A string in parentheses, after the first of them.
    fn literal(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut open = 1_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.escape(&mut text),
                b')' if open == 1 => break,
                _ => {
                    open = match byte {
                        b'(' => open + 1,
                        b')' => open - 1,
                        _ => open,
                    };
                    text.push(byte);
                }
            }
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' if self.peek() == Some(b'\n') => self.at += 1,
            b'\r' | b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                text.push(value as u8);
            }
            other => text.push(other),
        }
    }

    /// A string in angle brackets, after the first of them.
    fn hexadecimal(&mut self) -> Vec<u8> {
        let digits = self.take_while(|byte| byte != b'>');
        self.at += 1;
        hexadecimal(digits)
    }

    /// The next object; `None` at the end, at a bracket too many, where it is too deep, or without fuel.
    pub(super) fn object(&mut self) -> Option<Object> {
        self.nested(DEEPEST)
    }

    fn nested(&mut self, depth: usize) -> Option<Object> {
        let token = self.token()?;
        self.object_of(token, depth)
    }

    fn object_of(&mut self, token: Token<'b>, depth: usize) -> Option<Object> {
        let depth = depth.checked_sub(1)?;
        self.fuel = self.fuel.checked_sub(1)?;
        Some(match token {
            Token::Number(number) => self.number_or_reference(number),
            Token::Name(name) => Object::Name(name),
            Token::Text(text) => Object::Text(text),
            Token::Mark(b'[') => self.array(depth)?,
            Token::Mark(b'<') => Object::Dict(self.dict(depth)?),
            Token::Word(b"true") => Object::Bool(true),
            Token::Word(b"false") => Object::Bool(false),
            Token::Word(_) => Object::Null,
            Token::Mark(_) => return None,
        })
    }

    /// `12 0 R` is a reference; anything else is a number.
    fn number_or_reference(&mut self, number: f64) -> Object {
        let back = self.at;
        let is_whole = (0.0..=f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0;
        if is_whole
            && matches!(self.token(), Some(Token::Number(_)))
            && self.token() == Some(Token::Word(b"R"))
        {
            return Object::Ref(number as u32);
        }
        self.at = back;
        Object::Number(number)
    }

    fn array(&mut self, depth: usize) -> Option<Object> {
        let mut array = Vec::new();
        loop {
            match self.token() {
                None | Some(Token::Mark(b']')) => return Some(Object::Array(array)),
                // An array that is not closed ends where its object does.
                Some(Token::Word(b"endobj")) => return Some(Object::Array(array)),
                Some(token) => array.push(self.object_of(token, depth)?),
            }
        }
    }

    /// What follows `<<`. Where a value is missing, or the end, the dictionary ends with its object.
    fn dict(&mut self, depth: usize) -> Option<Dict> {
        let mut dict = Dict::default();
        let mut key = None;
        loop {
            let back = self.at;
            let token = match self.token() {
                None | Some(Token::Mark(b'>')) => return Some(dict),
                Some(Token::Word(b"endobj" | b"stream")) => {
                    self.at = back;
                    return Some(dict);
                }
                Some(token) => token,
            };
            match (key.take(), token) {
                (Some(key), token) => dict.0.push((key, self.object_of(token, depth)?)),
                (None, Token::Name(name)) => key = Some(name),
                (None, _) => self.fuel = self.fuel.checked_sub(1)?,
            }
        }
    }
}

/// White space (table 1).
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

fn word(word: &[u8]) -> Token<'_> {
    let is_number = word.first().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
    let number = is_number.then(|| std::str::from_utf8(word).ok()?.parse().ok()).flatten();
    match number.filter(|number: &f64| number.is_finite()) {
        Some(number) => Token::Number(number),
        None => Token::Word(word),
    }
}

/// A name with its `#` escapes undone.
fn name(raw: &[u8]) -> Box<str> {
    let mut name = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| byte == b'#').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        name.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&name).into()
}

/// Bytes written as hexadecimal digits; anything else between them is skipped, a last single digit is the
/// first of two.
pub(super) fn hexadecimal(digits: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> =
        digits.iter().filter_map(|&d| char::from(d).to_digit(16)).map(|d| d as u8).collect();
    digits
        .chunks(2)
        .map(|two| two.iter().fold(0, |all, d| all << 4 | d) << (4 * (2 - two.len())))
        .collect()
}
