//! One PDF file, line by line.

use memchr::memmem;

use super::property::{self, Detail};

/// How many lines make the beginning of a file, at most.
const BEGINNING: usize = 69;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    /// Height and width of each image, as drawn or as stored.
    pub(super) sizes: Vec<(f64, f64)>,
    /// Its author, title and so on.
    pub(super) details: Vec<(Detail, Vec<u8>)>,
    /// The lines before the first stream, without comments and sizes.
    pub(super) beginning: Vec<u8>,
    /// The names that lines begin with, without what is between.
    pub(super) tags: Vec<u8>,
    pub(super) is_encrypted: bool,
}

/// Reads a file.
pub(super) fn read(bytes: &[u8]) -> File {
    let mut reader = Reader::default();
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        reader.add(line);
    }
    reader.file
}

#[derive(Default)]
struct Reader {
    file: File,
    lines: usize,
    /// The beginning is over.
    is_past_beginning: bool,
    /// An image was announced whose size is still to come.
    awaits_size: bool,
}

impl Reader {
    fn add(&mut self, line: &[u8]) {
        let line = if self.is_beginning() { self.add_beginning(line) } else { line };
        self.awaits_size |= contains(line, b"/Image");
        self.file.is_encrypted |= line.starts_with(b"/Encrypt");
        if self.awaits_size
            && let Some(size) = size(line)
        {
            self.is_past_beginning = true;
            self.awaits_size = false;
            self.file.sizes.push(size);
        }
        if let Some(name) = line.strip_prefix(b"/") {
            let length = name.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            self.file.tags.extend_from_slice(name.get(..length).unwrap_or_default());
        }
        property::read(line, &mut self.file.details);
    }

    fn is_beginning(&mut self) -> bool {
        if !self.is_past_beginning {
            self.lines += 1;
        }
        !self.is_past_beginning && self.lines <= BEGINNING
    }

    /// Adds a line to the beginning; returns it as the other questions see it.
    fn add_beginning<'l>(&mut self, line: &'l [u8]) -> &'l [u8] {
        let mut seen = line;
        if !is_different_in_copies(line) {
            seen = trimmed_end(line);
            self.file.beginning.extend_from_slice(seen);
        }
        self.is_past_beginning = contains(seen, b"stream");
        seen
    }
}

/// Comments and sizes.
fn is_different_in_copies(line: &[u8]) -> bool {
    let starts: [&[u8]; 5] = [b"%", b"/Height", b"/Width", b"/MediaBox", b"/CropBox"];
    starts.iter().any(|start| line.starts_with(start)) || drawn_size(line).is_some()
}

/// The height and width that a line gives, if it gives both and they are not 0.
fn size(line: &[u8]) -> Option<(f64, f64)> {
    let size = drawn_size(line).or_else(|| {
        let is_single = [&b"/Width"[..], b"/Height"].iter().any(|key| {
            let value = line.strip_prefix(*key);
            value.is_some_and(|value| matches!(value, [b' ' | b'\t'..=b'\r', b'0'..=b'9', ..]))
        });
        if is_single { None } else { stored_size(line) }
    });
    size.filter(|&(height, width)| height > 0.0 && width > 0.0)
}

/// `630 0 0 149 0 0 cm`: an image drawn 630 wide and 149 high.
fn drawn_size(line: &[u8]) -> Option<(f64, f64)> {
    let mut words = line.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty());
    if !line.first()?.is_ascii_digit() || !line.ends_with(b"cm") {
        return None;
    }
    let mut numbers = [0.0; 6];
    for number in &mut numbers {
        *number = digits(words.next()?)?;
    }
    let [width, _, _, height, _, _] = numbers;
    (words.next()? == b"cm" && words.next().is_none()).then_some((height, width))
}

/// `/Width 630/Height 149` somewhere in a line.
fn stored_size(line: &[u8]) -> Option<(f64, f64)> {
    memmem::find_iter(line, b"/Width").find_map(|at| {
        let (width, rest) = number(line.get(at + b"/Width".len()..)?)?;
        let (height, _) = number(rest.strip_prefix(b"/Height")?)?;
        Some((height, width))
    })
}

/// A number behind one blank, and what stands behind it.
fn number(text: &[u8]) -> Option<(f64, &[u8])> {
    let (blank, text) = text.split_first()?;
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(length)?;
    Some((digits(number).filter(|_| is_blank(*blank))?, rest))
}

/// A number of digits alone.
fn digits(word: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(word).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trimmed_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default()
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    memmem::find(line, text).is_some()
}
