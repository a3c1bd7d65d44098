//! Fonts of PDF pages: what their codes mean, and how wide they are (ISO 32000-1, 9.6 to 9.10).

use std::collections::BTreeMap;

use super::{
    file::Document,
    filters, glyphs,
    object::{Dict, Lexer, Object, Token},
};
use crate::contents::{
    document::charset,
    reading::{ReadError, Reading},
};

/// How many widths of a font are kept.
const MOST_WIDTHS: usize = 70_000;

/// Ranges of codes: the last of each range, and what its first means.
type Ranges<T> = BTreeMap<u32, (u32, T)>;

/// A font.
pub(super) struct Font {
    /// Codes are two bytes long.
    is_wide: bool,
    /// Wide codes are UTF-16.
    is_utf16: bool,
    /// What codes mean, in UTF-16.
    to_unicode: Ranges<Vec<u16>>,
    /// What codes of one byte mean.
    table: Vec<String>,
    /// In thousandths of the size.
    widths: Ranges<f64>,
    default_width: f64,
}

/// A character that is shown.
pub(super) struct Glyph {
    /// What it means.
    pub text: String,
    /// In parts of the size.
    pub width: f64,
    /// It is the code for which the space between words counts.
    pub is_space: bool,
}

impl Font {
    /// Reads one.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn new(
        document: &Document<'_>,
        dict: &Dict,
        reading: &mut Reading<'_>,
    ) -> Result<Self, ReadError> {
        let is_wide = document.entry(dict, "Subtype").as_name() == Some("Type0");
        let encoding = document.entry(dict, "Encoding");
        let name = encoding.as_name().unwrap_or_default();
        let to_unicode = match document.entry(dict, "ToUnicode") {
            Object::Stream(stream) => filters::load_plain(document, stream, reading)?
                .map_or_else(Ranges::new, |data| to_unicode(&data)),
            _ => Ranges::new(),
        };
        let table = if is_wide { Vec::new() } else { table(document, dict, encoding, reading)? };
        let (widths, default_width) =
            if is_wide { wide_widths(document, dict) } else { narrow_widths(document, dict) };
        Ok(Self {
            is_wide,
            is_utf16: name.contains("UCS2") || name.contains("UTF16"),
            to_unicode,
            table,
            widths,
            default_width,
        })
    }

    /// What a string shows.
    pub(super) fn glyphs<'f>(&'f self, text: &'f [u8]) -> impl Iterator<Item = Glyph> + 'f {
        let size = if self.is_wide { 2 } else { 1 };
        text.chunks(size).map(|code| {
            let number = code.iter().fold(0, |all, &byte| all << 8 | u32::from(byte));
            Glyph {
                text: self.meaning(number, code),
                width: ranged(&self.widths, number).map_or(self.default_width, |(_, w)| *w)
                    / 1_000.0,
                is_space: !self.is_wide && number == 32,
            }
        })
    }

    fn meaning(&self, number: u32, code: &[u8]) -> String {
        if let Some((offset, units)) = ranged(&self.to_unicode, number) {
            let mut units = units.clone();
            if let Some(last) = units.last_mut() {
                *last = last.wrapping_add(offset as u16);
            }
            return spelled(&String::from_utf16_lossy(&units));
        }
        if self.is_utf16 {
            return charset::utf16_big(code);
        }
        self.table.get(number as usize).cloned().unwrap_or_default()
    }
}

/// Ligatures as letters, so that words are found.
fn spelled(text: &str) -> String {
    const LIGATURES: [&str; 7] = ["ff", "fi", "fl", "ffi", "ffl", "st", "st"];
    let mut spelled = String::with_capacity(text.len());
    for character in text.chars() {
        let number = (character as usize).checked_sub(0xfb00);
        match number.and_then(|number| LIGATURES.get(number)) {
            Some(letters) => spelled.push_str(letters),
            None => spelled.push(character),
        }
    }
    spelled
}

/// How far into its range a code is, and what the range means.
fn ranged<T>(ranges: &Ranges<T>, code: u32) -> Option<(u32, &T)> {
    let (first, (last, value)) = ranges.range(..=code).next_back()?;
    (code <= *last).then_some((code - first, value))
}

/// A CMap that says what codes mean (9.10.3).
fn to_unicode(data: &[u8]) -> Ranges<Vec<u16>> {
    let mut lexer = Lexer::new(data, 0, data.len());
    let mut ranges = Ranges::new();
    let mut operands: Vec<Token<'_>> = Vec::new();
    while let Some(token) = lexer.token() {
        match token {
            Token::Word(b"endbfchar") => {
                for pair in operands.chunks_exact(2) {
                    if let [Token::Text(code), Token::Text(units)] = pair {
                        ranges.insert(code_of(code), (code_of(code), units_of(units)));
                    }
                }
            }
            Token::Word(b"endbfrange") => bf_ranges(&operands, &mut ranges),
            Token::Word(_) => {}
            operand => {
                operands.push(operand);
                continue;
            }
        }
        operands.clear();
    }
    ranges
}

/// First and last code, then what the first means, or what each means in brackets.
fn bf_ranges(operands: &[Token<'_>], ranges: &mut Ranges<Vec<u16>>) {
    let mut rest = operands;
    while let [Token::Text(first), Token::Text(last), after @ ..] = rest {
        let (first, last) = (code_of(first), code_of(last));
        rest = match after {
            [Token::Text(units), after @ ..] => {
                ranges.insert(first, (last, units_of(units)));
                after
            }
            [Token::Mark(b'['), after @ ..] => {
                let each = after.iter().take_while(|token| matches!(token, Token::Text(_)));
                let mut count = 0;
                for (code, token) in (first..=last).zip(each) {
                    if let Token::Text(units) = token {
                        ranges.insert(code, (code, units_of(units)));
                    }
                    count += 1;
                }
                after.get(count + 1..).unwrap_or_default()
            }
            _ => return,
        };
    }
}

fn code_of(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |all, &byte| all << 8 | u32::from(byte))
}

fn units_of(bytes: &[u8]) -> Vec<u16> {
    let units = bytes.chunks(2).take(64);
    units.map(|two| two.iter().fold(0, |all, &byte| all << 8 | u16::from(byte))).collect()
}

/// What codes of one byte mean by the encoding (9.6.6).
fn table(
    document: &Document<'_>,
    dict: &Dict,
    encoding: &Object,
    reading: &mut Reading<'_>,
) -> Result<Vec<String>, ReadError> {
    let base = encoding.as_dict().map_or(encoding, |dict| document.entry(dict, "BaseEncoding"));
    let decode = match base.as_name() {
        Some("MacRomanEncoding") => charset::macintosh,
        _ => charset::western,
    };
    let mut table: Vec<String> = (0..=255).map(|code| decode(&[code])).collect();
    if base.as_name().is_none() {
        built_in(document, dict, &mut table, reading)?;
    }
    let differences = encoding.as_dict().map(|dict| document.entry(dict, "Differences"));
    let mut code = 0;
    for object in differences.and_then(Object::as_array).unwrap_or_default().iter().take(2_000) {
        match document.resolve(object) {
            Object::Number(number) => code = *number as usize,
            Object::Name(name) => {
                if let Some(entry) = table.get_mut(code) {
                    *entry = glyphs::text(name);
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    Ok(table)
}

/// The encoding in a Type 1 font program: `dup 12 /fi put`, before its encrypted part.
fn built_in(
    document: &Document<'_>,
    dict: &Dict,
    table: &mut [String],
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let Some(descriptor) = document.entry(dict, "FontDescriptor").as_dict() else { return Ok(()) };
    let Object::Stream(stream) = document.entry(descriptor, "FontFile") else { return Ok(()) };
    let Some(data) = filters::load_plain(document, stream, reading)? else { return Ok(()) };
    let clear = document.size_of(&stream.dict, "Length1").min(data.len());
    let mut lexer = Lexer::new(data.get(..clear).unwrap_or_default(), 0, 0);
    while let Some(token) = lexer.token() {
        if token == Token::Word(b"dup")
            && let (Some(Token::Number(code)), Some(Token::Name(name))) =
                (lexer.token(), lexer.token())
            && let Some(entry) = table.get_mut(code as usize)
        {
            *entry = glyphs::text(&name);
        }
    }
    Ok(())
}

fn narrow_widths(document: &Document<'_>, dict: &Dict) -> (Ranges<f64>, f64) {
    let first = document.size_of(dict, "FirstChar") as u32;
    // Those of Type 3 are in the units of its own matrix.
    let matrix = document.entry(dict, "FontMatrix").as_array().and_then(<[Object]>::first);
    let scale = matrix.and_then(Object::as_number).map_or(1.0, |scale| scale.abs() * 1_000.0);
    let widths = document.entry(dict, "Widths").as_array().unwrap_or_default();
    let widths = (first..).zip(widths.iter().take(256)).map(|(code, width)| {
        let width = document.resolve(width).as_number().unwrap_or(0.0);
        (code, (code, width * scale))
    });
    (widths.collect(), 500.0)
}

/// `12 [500 600]` from 12 on, `20 30 500` from 20 to 30 (9.7.4.3).
fn wide_widths(document: &Document<'_>, dict: &Dict) -> (Ranges<f64>, f64) {
    let below = document.entry(dict, "DescendantFonts").as_array().and_then(<[Object]>::first);
    let below = below.and_then(|font| document.resolve(font).as_dict());
    let Some(below) = below else { return (Ranges::new(), 1_000.0) };
    let default = document.entry(below, "DW").as_number().unwrap_or(1_000.0);
    let mut widths = Ranges::new();
    let mut rest = document.entry(below, "W").as_array().unwrap_or_default();
    while let [first, second, after @ ..] = rest {
        if widths.len() > MOST_WIDTHS {
            break;
        }
        let first = document.resolve(first).as_size().unwrap_or(0) as u32;
        rest = match document.resolve(second) {
            Object::Array(each) => {
                let each = each.iter().take(MOST_WIDTHS).filter_map(Object::as_number);
                widths.extend((first..).zip(each).map(|(code, width)| (code, (code, width))));
                after
            }
            last => {
                let last = last.as_size().unwrap_or(0) as u32;
                let Some((width, after)) = after.split_first() else { break };
                widths.insert(first, (last, width.as_number().unwrap_or(default)));
                after
            }
        };
    }
    (widths, default)
}
