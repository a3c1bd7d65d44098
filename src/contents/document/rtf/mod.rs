//! RTF documents: text, fields, pictures, and objects as hexadecimal digits, which are hidden among groups,
//! spaces and words of no meaning.

mod object;
#[cfg(test)]
mod tests;
mod words;

use std::io::Cursor;

use self::words::{Kind, MARKS, kind};
use super::{addresses::is_remote, charset, fields};
use crate::{
    contents::reading::{Entry, ReadError, Reading},
    mail::{Origin, TraitKind},
};

/// How deep groups are told from each other; deeper ones are one.
const DEEPEST: usize = 4_096;

/// The longest text that is put together, in bytes.
const LONGEST: usize = 512 << 10;

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut parser = Parser::new(bytes);
    let ended = parser.run(reading);
    parser.flush();
    reading.text(Origin::Document, &parser.text);
    reading.text(Origin::Properties, &parser.properties.join("\n"));
    ended
}

/// A group in braces.
#[derive(Clone)]
struct Group {
    /// What its text is.
    kind: Kind,
    /// How many characters stand for one of Unicode, for old programs.
    skipped: usize,
    /// It is the one in which text became what it is, so that its end is the end of that.
    is_owner: bool,
    /// Its destination may be ignored.
    is_optional: bool,
}

struct Parser<'b> {
    bytes: &'b [u8],
    at: usize,
    groups: Vec<Group>,
    /// Groups that are too deep to be kept.
    deeper: usize,
    /// What the owners of groups hold: digits, or text.
    buffers: Vec<Vec<u8>>,
    /// Shown text that is not decoded yet.
    pending: Vec<u8>,
    text: String,
    properties: Vec<String>,
    page: u32,
    /// Characters to skip behind one of Unicode.
    left: usize,
    pictures: usize,
}

/// What is found next.
enum Piece<'b> {
    Open,
    Close,
    Word(&'b [u8], Option<i32>),
    /// `\'e9`, or a byte as it is.
    Byte(u8),
    /// As many bytes as `\bin` says.
    Raw(&'b [u8]),
    Symbol(u8),
}

impl<'b> Parser<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        let group = Group { kind: Kind::Shown, skipped: 1, is_owner: false, is_optional: false };
        Self {
            bytes,
            at: 0,
            groups: vec![group],
            deeper: 0,
            buffers: Vec::new(),
            pending: Vec::new(),
            text: String::new(),
            properties: Vec::new(),
            page: 1_252,
            left: 0,
            pictures: 0,
        }
    }

    fn run(&mut self, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let mut count = 0_usize;
        while let Some(piece) = self.piece() {
            count += 1;
            if count.is_multiple_of(1_024) {
                reading.time()?;
            }
            match piece {
                Piece::Open => self.open(),
                Piece::Close => self.close(reading)?,
                Piece::Word(word, number) => self.word(word, number, reading),
                Piece::Byte(byte) => self.byte(byte),
                Piece::Raw(bytes) => self.raw(bytes),
                Piece::Symbol(symbol) => self.symbol(symbol),
            }
        }
        // What was not closed ends, too.
        while self.groups.len() > 1 {
            self.deeper = 0;
            self.close(reading)?;
        }
        Ok(())
    }

    fn piece(&mut self) -> Option<Piece<'b>> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(match byte {
            b'{' => Piece::Open,
            b'}' => Piece::Close,
            b'\\' => self.control()?,
            other => Piece::Byte(other),
        })
    }

    fn control(&mut self) -> Option<Piece<'b>> {
        let first = *self.bytes.get(self.at)?;
        if first == b'\'' {
            let digits = self.bytes.get(self.at + 1..self.at + 3).unwrap_or_default();
            let value =
                std::str::from_utf8(digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
            self.at += if value.is_some() { 3 } else { 1 };
            return Some(Piece::Byte(value.unwrap_or(b' ')));
        }
        if !first.is_ascii_alphabetic() {
            self.at += 1;
            return Some(Piece::Symbol(first));
        }
        let word = self.take(|byte| byte.is_ascii_alphabetic());
        let is_negative = self.bytes.get(self.at) == Some(&b'-');
        self.at += usize::from(is_negative);
        let digits = self.take(|byte| byte.is_ascii_digit());
        let number = std::str::from_utf8(digits.get(..9).unwrap_or(digits)).ok();
        let number = number.and_then(|digits| digits.parse::<i32>().ok());
        let number = number.map(|number| if is_negative { -number } else { number });
        self.at += usize::from(self.bytes.get(self.at) == Some(&b' '));
        if word == b"bin" {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let size = number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
            let raw = rest.get(..size).unwrap_or(rest);
            self.at += raw.len();
            return Some(Piece::Raw(raw));
        }
        Some(Piece::Word(word, number))
    }

    fn take(&mut self, accepts: impl Fn(u8) -> bool) -> &'b [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| !accepts(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn kind(&self) -> Kind {
        self.groups.last().map_or(Kind::Nothing, |group| group.kind)
    }

    fn open(&mut self) {
        self.left = 0;
        let Some(group) = self.groups.last().filter(|_| self.groups.len() < DEEPEST) else {
            self.deeper += 1;
            return;
        };
        let group = Group { is_owner: false, is_optional: false, ..group.clone() };
        self.groups.push(group);
    }

    fn close(&mut self, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        self.left = 0;
        if let Some(deeper) = self.deeper.checked_sub(1) {
            self.deeper = deeper;
            return Ok(());
        }
        if self.groups.len() < 2 {
            return Ok(());
        }
        match self.groups.pop() {
            Some(group) if group.is_owner => {
                let buffer = self.buffers.pop().unwrap_or_default();
                self.ended(group.kind, buffer, reading)
            }
            _ => Ok(()),
        }
    }

    fn word(&mut self, word: &[u8], number: Option<i32>, reading: &mut Reading<'_>) {
        let Ok(word) = std::str::from_utf8(word) else { return };
        match word {
            "u" => self.unicode(number.unwrap_or(0)),
            "uc" => {
                let skipped = usize::try_from(number.unwrap_or(1)).unwrap_or(1);
                self.groups.last_mut().into_iter().for_each(|group| group.skipped = skipped);
            }
            "ansicpg" => {
                self.page = number.and_then(|page| u32::try_from(page).ok()).unwrap_or(1_252)
            }
            "objupdate" => {
                reading.is(TraitKind::Object, "objupdate: loaded when the document is opened")
            }
            _ => {
                if let Some(kind) = kind(word) {
                    self.becomes(kind);
                } else if let Some((_, mark)) = MARKS.iter().find(|(known, _)| *known == word) {
                    self.character(mark);
                } else if self.groups.last().is_some_and(|group| group.is_optional) {
                    // Nobody knows it, and it may be ignored.
                    self.becomes(Kind::Nothing);
                }
            }
        }
        self.groups.last_mut().into_iter().for_each(|group| group.is_optional = false);
    }

    /// The text of this group is something else from now on.
    fn becomes(&mut self, kind: Kind) {
        let Some(group) = self.groups.last_mut().filter(|_| self.deeper == 0) else { return };
        if self.buffers.len() < DEEPEST && !group.is_owner && kind.is_kept() {
            group.is_owner = true;
            self.buffers.push(Vec::new());
        }
        group.kind = kind;
    }

    fn symbol(&mut self, symbol: u8) {
        match symbol {
            b'*' => self.groups.last_mut().into_iter().for_each(|group| group.is_optional = true),
            b'~' => self.character(" "),
            b'_' => self.character("-"),
            b'\n' | b'\r' => self.character("\n"),
            b'\\' | b'{' | b'}' => self.byte(symbol),
            _ => {}
        }
    }

    fn unicode(&mut self, number: i32) {
        // Numbers are signed, so that those above 32767 are negative.
        let unit = number as u16;
        match self.kind() {
            Kind::Shown => {
                self.flush();
                // Halves of pairs are put together by the next.
                self.pair(unit);
            }
            kind if kind.is_kept() => {
                let text = char::from_u32(unit.into()).unwrap_or('?').to_string();
                self.keep(text.as_bytes());
            }
            _ => {}
        }
        self.left = self.groups.last().map_or(1, |group| group.skipped);
    }

    fn pair(&mut self, unit: u16) {
        const HIGH: char = '\u{f0000}';
        if (0xd800..0xdc00).contains(&unit) {
            // Kept as a private character until its other half comes.
            self.text.extend(char::from_u32(u32::from(HIGH) + u32::from(unit - 0xd800)));
        } else if (0xdc00..0xe000).contains(&unit) {
            let high = self.text.pop().map_or(0, u32::from).wrapping_sub(u32::from(HIGH));
            self.text.extend(
                char::from_u32(0x1_0000 + (high << 10) + u32::from(unit - 0xdc00))
                    .filter(|_| high < 0x400),
            );
        } else {
            self.text.extend(char::from_u32(unit.into()));
        }
    }

    fn character(&mut self, mark: &str) {
        match self.kind() {
            Kind::Shown => {
                self.flush();
                if self.text.len() < LONGEST {
                    self.text.push_str(mark);
                }
            }
            kind if kind.is_text() => self.keep(b" "),
            _ => {}
        }
    }

    fn byte(&mut self, byte: u8) {
        if matches!(byte, b'\r' | b'\n') {
            return;
        }
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return;
        }
        match self.kind() {
            Kind::Shown if self.text.len() + self.pending.len() < LONGEST => {
                self.pending.push(byte)
            }
            kind if kind.is_kept() => self.keep(&[byte]),
            _ => {}
        }
    }

    /// Raw bytes are as good as digits.
    fn raw(&mut self, bytes: &[u8]) {
        if self.kind().is_kept() && !self.kind().is_text() {
            let digits: Vec<u8> = bytes
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .map(|d| b"0123456789abcdef".get(usize::from(d)).copied().unwrap_or(b'0'))
                .collect();
            self.keep(&digits);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let is_text = self.kind().is_text();
        if let Some(buffer) =
            self.buffers.last_mut().filter(|b| !is_text || b.len() < fields::LONGEST)
        {
            buffer.extend_from_slice(bytes);
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.text.push_str(&charset::code_page(&self.pending, self.page));
            self.pending.clear();
        }
    }

    fn ended(
        &mut self,
        kind: Kind,
        buffer: Vec<u8>,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let text = || {
            let text = String::from_utf8(buffer.clone());
            text.unwrap_or_else(|_| charset::code_page(&buffer, self.page))
        };
        match kind {
            Kind::Object => return object::read(&object::digits(&buffer), reading),
            Kind::Picture => {
                self.pictures += 1;
                let picture = object::digits(&buffer);
                let entry = Entry {
                    name: format!("picture {}", self.pictures),
                    packed: picture.len() as u64,
                    ..Entry::default()
                };
                return reading.member(entry, &mut Cursor::new(picture));
            }
            Kind::Field => {
                let text = text();
                fields::instruction(&text, reading);
                // What a field within makes is part of the outer one.
                if self.kind() == Kind::Field {
                    self.keep(text.as_bytes());
                }
            }
            Kind::Template if is_remote(&text()) => {
                reading.is(TraitKind::External, &text());
                reading.uri(&text());
            }
            Kind::Class => reading.is(TraitKind::Object, text().trim()),
            Kind::Address => reading.uri(&text()),
            Kind::Property => self.properties.push(text().trim().to_owned()),
            Kind::Template | Kind::Shown | Kind::Nothing => {}
        }
        Ok(())
    }
}
