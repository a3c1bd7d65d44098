//! The text of PDF pages, from the operators that show it (ISO 32000-1, 9.4). Words and lines come of where
//! the characters stand: producers leave out spaces, and place words, or single letters, one by one.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use super::{
    file::Document,
    filters,
    font::Font,
    matrix::Matrix,
    object::{Dict, Lexer, Object, Stream, Token, is_space},
};
use crate::contents::reading::{ReadError, Reading};

/// How deep forms may stand in forms.
const DEEPEST: usize = 8;

/// How many fonts are kept at a time.
const MOST_FONTS: usize = 300;

/// How often one form is shown.
const OFTEN: u8 = 20;

/// How many operands an operator may have, array members counted.
const MOST_OPERANDS: usize = 4_096;

/// How many graphics states may be kept.
const MOST_SAVED: usize = 64;

/// The longest text of a document that is put together, in bytes.
const LONGEST: usize = 512 << 10;

/// The graphics state, as far as text is concerned.
#[derive(Clone)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_space: f64,
    word_space: f64,
    /// 1 is as wide as the font is.
    scale: f64,
    leading: f64,
}

/// Puts the text of a document together, page by page.
pub(super) struct Pages<'d, 'b> {
    document: &'d Document<'b>,
    fonts: HashMap<*const Dict, Rc<Font>>,
    shown: HashMap<(u32, u16), u8>,
    /// What was found.
    pub(super) text: String,
    /// The objects of pictures that are shown.
    pub(super) pictures: HashSet<(u32, u16)>,
    /// Where the last character ended, and how its line runs.
    pen: Option<(f64, f64)>,
    state: State,
    saved: Vec<State>,
    at: Matrix,
    line: Matrix,
}

impl<'d, 'b> Pages<'d, 'b> {
    /// Of a document.
    pub(super) fn new(document: &'d Document<'b>) -> Self {
        Self {
            document,
            fonts: HashMap::new(),
            shown: HashMap::new(),
            text: String::new(),
            pictures: HashSet::new(),
            pen: None,
            state: State::new(),
            saved: Vec::new(),
            at: Matrix::UNIT,
            line: Matrix::UNIT,
        }
    }

    /// Reads a page.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn page(
        &mut self,
        page: &Dict,
        resources: &Dict,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let contents = self.document.entry(page, "Contents");
        let streams = match contents {
            Object::Array(array) => array.as_slice(),
            other => std::slice::from_ref(other),
        };
        let mut data = Vec::new();
        for stream in streams {
            reading.time()?;
            if let Object::Stream(stream) = self.document.resolve(stream)
                && self.may_show(stream)
                && let Some(part) = filters::load_plain(self.document, stream, reading)?
            {
                data.extend_from_slice(&part);
                data.push(b'\n');
            }
        }
        self.state = State::new();
        self.saved.clear();
        self.run(&data, resources, DEEPEST, reading)?;
        self.break_line();
        self.pen = None;
        Ok(())
    }

    /// Whether there is room for more.
    pub(super) fn has_room(&self) -> bool {
        self.text.len() < LONGEST
    }

    /// Streams may be shared; what is shown again and again says nothing new.
    fn may_show(&mut self, stream: &Stream) -> bool {
        let shown = self.shown.entry(stream.id).or_insert(0);
        *shown = shown.saturating_add(1);
        *shown <= OFTEN
    }

    fn run(
        &mut self,
        data: &[u8],
        resources: &Dict,
        depth: usize,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let mut lexer = Lexer::new(data, 0, 0);
        let mut operands = Vec::new();
        let mut count = 0_u32;
        while let Some(token) = lexer.token() {
            count = count.wrapping_add(1);
            if count.is_multiple_of(256) {
                reading.time()?;
            }
            let Token::Word(word) = token else {
                if operands.len() < MOST_OPERANDS {
                    operands.push(token);
                }
                continue;
            };
            match word {
                b"ID" => skip_picture(data, &mut lexer),
                b"Tf" => self.set_font(&operands, resources, reading)?,
                b"Do" => self.show_object(&operands, resources, depth, reading)?,
                _ => self.operator(word, &operands),
            }
            operands.clear();
            if !self.has_room() {
                break;
            }
        }
        Ok(())
    }

    fn operator(&mut self, word: &[u8], operands: &[Token<'_>]) {
        let numbers: Vec<f64> = operands.iter().filter_map(as_number).take(6).collect();
        let first = numbers.first().copied().unwrap_or(0.0);
        match (word, numbers.as_slice()) {
            (b"q", _) if self.saved.len() < MOST_SAVED => self.saved.push(self.state.clone()),
            (b"Q", _) => self.state = self.saved.pop().unwrap_or_else(|| self.state.clone()),
            (b"cm", numbers) => {
                let matrix = Matrix::of(numbers).unwrap_or(Matrix::UNIT);
                self.state.matrix = matrix.then(self.state.matrix);
            }
            (b"BT", _) => self.start(Matrix::UNIT),
            (b"Tm", numbers) => self.start(Matrix::of(numbers).unwrap_or(Matrix::UNIT)),
            (b"Td", [x, y]) => self.next_line(*x, *y),
            (b"TD", [x, y]) => {
                self.state.leading = -y;
                self.next_line(*x, *y);
            }
            (b"T*", _) => self.next_line(0.0, -self.state.leading),
            (b"Tc", _) => self.state.character_space = first,
            (b"Tw", _) => self.state.word_space = first,
            (b"Tz", _) => self.state.scale = first / 100.0,
            (b"TL", _) => self.state.leading = first,
            (b"Tj" | b"TJ", _) => self.show_all(operands),
            (b"'", _) => {
                self.next_line(0.0, -self.state.leading);
                self.show_all(operands);
            }
            (b"\"", [word_space, character_space, ..]) => {
                (self.state.word_space, self.state.character_space) =
                    (*word_space, *character_space);
                self.next_line(0.0, -self.state.leading);
                self.show_all(operands.get(2..).unwrap_or_default());
            }
            _ => {}
        }
    }

    fn start(&mut self, matrix: Matrix) {
        self.line = matrix;
        self.at = matrix;
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.start(Matrix::moved(x, y).then(self.line));
    }

    fn set_font(
        &mut self,
        operands: &[Token<'_>],
        resources: &Dict,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let [Token::Name(name), Token::Number(size)] = operands else { return Ok(()) };
        self.state.size = *size;
        self.state.font = None;
        let fonts = self.document.entry(resources, "Font").as_dict();
        let Some(dict) = fonts.and_then(|fonts| self.document.entry(fonts, name).as_dict()) else {
            return Ok(());
        };
        // By its place in memory, which stays: the document is only read.
        let key = std::ptr::from_ref(dict);
        let font = match self.fonts.get(&key) {
            Some(font) => Rc::clone(font),
            None => Rc::new(Font::new(self.document, dict, reading)?),
        };
        if self.fonts.len() >= MOST_FONTS {
            self.fonts.clear();
        }
        self.fonts.insert(key, Rc::clone(&font));
        self.state.font = Some(font);
        Ok(())
    }

    fn show_object(
        &mut self,
        operands: &[Token<'_>],
        resources: &Dict,
        depth: usize,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let [Token::Name(name)] = operands else { return Ok(()) };
        let objects = self.document.entry(resources, "XObject").as_dict();
        let object = objects.map(|objects| self.document.entry(objects, name));
        let (Some(Object::Stream(stream)), Some(depth)) = (object, depth.checked_sub(1)) else {
            return Ok(());
        };
        match self.document.entry(&stream.dict, "Subtype").as_name() {
            Some("Image") => drop(self.pictures.insert(stream.id)),
            Some("Form") if self.may_show(stream) => {
                let Some(data) = filters::load_plain(self.document, stream, reading)? else {
                    return Ok(());
                };
                let own = self.document.entry(&stream.dict, "Resources").as_dict();
                let (state, saved) = (self.state.clone(), std::mem::take(&mut self.saved));
                self.state.matrix = self.matrix_of(stream).then(self.state.matrix);
                self.run(&data, own.unwrap_or(resources), depth, reading)?;
                (self.state, self.saved) = (state, saved);
            }
            _ => {}
        }
        Ok(())
    }

    fn matrix_of(&self, stream: &Stream) -> Matrix {
        let numbers = self.document.entry(&stream.dict, "Matrix").as_array().unwrap_or_default();
        let numbers: Vec<f64> = numbers.iter().take(6).filter_map(Object::as_number).collect();
        Matrix::of(&numbers).unwrap_or(Matrix::UNIT)
    }

    fn show_all(&mut self, operands: &[Token<'_>]) {
        for operand in operands {
            match operand {
                Token::Text(text) => self.show(text),
                Token::Number(number) => self.advance(-number / 1_000.0 * self.state.size),
                _ => {}
            }
        }
    }

    fn advance(&mut self, x: f64) {
        self.at = Matrix::moved(x * self.state.scale, 0.0).then(self.at);
    }

    fn show(&mut self, text: &[u8]) {
        let Some(font) = self.state.font.clone() else { return };
        for glyph in font.glyphs(text) {
            self.space();
            self.text.push_str(&glyph.text);
            let word_space = if glyph.is_space { self.state.word_space } else { 0.0 };
            self.advance(glyph.width * self.state.size + self.state.character_space + word_space);
            let place = self.at.then(self.state.matrix);
            self.pen = Some((place.4, place.5));
        }
    }

    /// A space or line end, if the next character does not stand right behind the last one.
    fn space(&mut self) {
        let place = self.at.then(self.state.matrix);
        let Some((x, y)) = self.pen else { return };
        let size = (self.state.size * place.2.hypot(place.3)).abs().max(1e-6);
        let length = place.0.hypot(place.1).max(1e-9);
        let (right, up) = (place.0 / length, place.1 / length);
        let (dx, dy) = (place.4 - x, place.5 - y);
        let along = (dx * right + dy * up) / size;
        let across = (dy * right - dx * up) / size;
        if across.abs() > 0.6 {
            self.break_line();
        } else if along.abs() > 0.17 && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
    }

    fn break_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

impl State {
    fn new() -> Self {
        Self {
            matrix: Matrix::UNIT,
            font: None,
            size: 1.0,
            character_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
        }
    }
}

fn as_number(token: &Token<'_>) -> Option<f64> {
    if let Token::Number(number) = token { Some(*number) } else { None }
}

/// Goes behind the bytes of a picture within the page (8.9.7).
fn skip_picture(data: &[u8], lexer: &mut Lexer<'_>) {
    let rest = data.get(lexer.at..).unwrap_or_default();
    let is_end = |four: &[u8]| match four {
        [before, b'E', b'I', after] => is_space(*before) && is_space(*after),
        _ => false,
    };
    let end = rest.windows(4).position(is_end).map_or(rest.len(), |at| at + 3);
    lexer.at += end;
}
