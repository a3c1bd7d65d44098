//! The filters of PDF streams (ISO 32000-1, 7.4), all through the budget.

use std::io::{Cursor, Read};

use super::{
    file::Document,
    object::{Dict, Object, Stream, hexadecimal, is_space},
};
use crate::{
    contents::{
        document::{inflate, steps::Steps},
        reading::{ReadError, Reading},
    },
    mail::Limit,
};

/// How many filters a stream may pass through.
const MOST_FILTERS: usize = 6;

/// A stream as far as it could be unpacked.
pub(super) struct Loaded {
    /// What came out.
    pub data: Vec<u8>,
    /// The filter that is left, one for pictures, and its parameters.
    pub rest: Option<(String, Dict)>,
}

/// Unpacks a stream; `None` if it is beyond what may come of it.
///
/// # Errors
/// The budget is used up.
pub(super) fn load(
    document: &Document<'_>,
    stream: &Stream,
    reading: &mut Reading<'_>,
) -> Result<Option<Loaded>, ReadError> {
    let packed = document.bytes.get(stream.range.clone()).unwrap_or_default();
    let is_table = stream.dict.name("Type") == Some("XRef");
    let opened = document.crypt.as_ref().filter(|_| !is_table);
    let opened = opened.and_then(|crypt| crypt.open_stream(packed, stream));
    let mut filters = of(document, &stream.dict).into_iter().peekable();
    let mut data = match (opened, filters.peek()) {
        (Some(opened), _) => opened,
        // Nothing to unpack: copied through the budget, too.
        (None, None) => reading.load(&mut Cursor::new(packed), packed.len() as u64)?,
        (None, Some(_)) => packed.to_vec(),
    };
    for (filter, parameters) in filters {
        reading.time()?;
        let size = (data.len() as u64).max(1);
        let Some(mut decoder) = decoder(&filter, &parameters, &data) else {
            return Ok(Some(Loaded { data, rest: Some((filter, parameters)) }));
        };
        let unpacked = match reading.load(&mut decoder, size) {
            Err(ReadError::Limit(Limit::Ratio)) | Err(ReadError::Broken(_)) => return Ok(None),
            other => other?,
        };
        drop(decoder);
        data = predicted(document, &parameters, unpacked);
    }
    Ok(Some(Loaded { data, rest: None }))
}

/// Unpacks a stream that is no picture.
///
/// # Errors
/// The budget is used up.
pub(super) fn load_plain(
    document: &Document<'_>,
    stream: &Stream,
    reading: &mut Reading<'_>,
) -> Result<Option<Vec<u8>>, ReadError> {
    let loaded = load(document, stream, reading)?;
    Ok(loaded.filter(|loaded| loaded.rest.is_none()).map(|loaded| loaded.data))
}

/// The names of the filters and their parameters.
fn of(document: &Document<'_>, dict: &Dict) -> Vec<(String, Dict)> {
    let either = |long: &str, short: &str| match document.entry(dict, long) {
        Object::Null => document.entry(dict, short),
        object => object,
    };
    let names = listed(either("Filter", "F"));
    let parameters = listed(either("DecodeParms", "DP"));
    let with = names.iter().take(MOST_FILTERS).enumerate().filter_map(|(at, name)| {
        let name = document.resolve(name).as_name()?;
        let dict = parameters.get(at).and_then(|object| document.resolve(object).as_dict());
        Some((name.to_owned(), dict.cloned().unwrap_or_default()))
    });
    with.filter(|(name, _)| name != "Crypt").collect()
}

fn listed(object: &Object) -> &[Object] {
    match object {
        Object::Array(array) => array,
        Object::Null => &[],
        other => std::slice::from_ref(other),
    }
}

/// What undoes a filter; `None` for those of pictures, and unknown ones.
fn decoder<'d>(filter: &str, parameters: &Dict, data: &'d [u8]) -> Option<Box<dyn Read + 'd>> {
    Some(match filter {
        "FlateDecode" | "Fl" => Box::new(inflate::zlib(data)),
        "LZWDecode" | "LZW" => {
            let early = parameters.get("EarlyChange").and_then(Object::as_number) != Some(0.0);
            let mut lzw = Lzw::new(data, early);
            Box::new(Steps::new(move |out: &mut Vec<u8>| Ok(lzw.step(out))))
        }
        "RunLengthDecode" | "RL" => {
            let mut rest = data;
            Box::new(Steps::new(move |out: &mut Vec<u8>| Ok(run_length(&mut rest, out))))
        }
        "ASCIIHexDecode" | "AHx" => {
            let end = data.iter().position(|&byte| byte == b'>').unwrap_or(data.len());
            Box::new(Cursor::new(hexadecimal(data.get(..end).unwrap_or_default())))
        }
        "ASCII85Decode" | "A85" => Box::new(Cursor::new(base_85(data))),
        _ => return None,
    })
}

/// One run of bytes.
fn run_length(rest: &mut &[u8], out: &mut Vec<u8>) -> bool {
    let Some((&length, after)) = rest.split_first().filter(|(length, _)| **length != 128) else {
        return false;
    };
    if length < 128 {
        let (run, after) = after.split_at(after.len().min(usize::from(length) + 1));
        out.extend_from_slice(run);
        *rest = after;
    } else if let Some((&byte, after)) = after.split_first() {
        out.extend(std::iter::repeat_n(byte, 257 - usize::from(length)));
        *rest = after;
    } else {
        return false;
    }
    true
}

/// Five characters are four bytes; it makes never more than four times of what it reads (`z`).
pub(super) fn base_85(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut group = Vec::with_capacity(5);
    for &byte in data.strip_prefix(b"<~").unwrap_or(data) {
        match byte {
            b'z' if group.is_empty() => out.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            b'~' => break,
            other if is_space(other) => {}
            _ => break,
        }
        if group.len() == 5 {
            five(&group, 4, &mut out);
            group.clear();
        }
    }
    if group.len() > 1 {
        let count = group.len() - 1;
        group.resize(5, 84);
        five(&group, count, &mut out);
    }
    out
}

fn five(group: &[u8], count: usize, out: &mut Vec<u8>) {
    let value =
        group.iter().fold(0_u32, |all, &digit| all.wrapping_mul(85).wrapping_add(u32::from(digit)));
    out.extend(value.to_be_bytes().into_iter().take(count));
}

/// LZW with codes of 9 to 12 bits, the highest bit first.
struct Lzw<'d> {
    data: &'d [u8],
    bit: usize,
    early: usize,
    width: usize,
    /// Of each code from 258 on: the code it continues, and its last byte.
    table: Vec<(u16, u8)>,
    last: Option<u16>,
}

impl<'d> Lzw<'d> {
    fn new(data: &'d [u8], early: bool) -> Self {
        Self { data, bit: 0, early: usize::from(early), width: 9, table: Vec::new(), last: None }
    }

    fn code(&mut self) -> Option<u16> {
        let first = self.bit / 8;
        let three = (0..3).map(|at| self.data.get(first + at).copied().map(u32::from));
        let word = three.fold(0, |all, byte| all << 8 | byte.unwrap_or(0));
        let end = self.bit + self.width;
        if end > self.data.len() * 8 {
            return None;
        }
        let shift = 24 - self.bit % 8 - self.width;
        self.bit = end;
        Some((word >> shift) as u16 & ((1 << self.width) - 1) as u16)
    }

    /// Undoes one code; whether there are more.
    fn step(&mut self, out: &mut Vec<u8>) -> bool {
        match self.code() {
            None | Some(257) => return false,
            Some(256) => {
                self.table.clear();
                (self.width, self.last) = (9, None);
            }
            Some(code) => return self.entry(code, out),
        }
        true
    }

    fn entry(&mut self, code: u16, out: &mut Vec<u8>) -> bool {
        let next = 258 + self.table.len();
        let is_known = code < 256 || usize::from(code) < next;
        let Some(source) = (if is_known { Some(code) } else { self.last }) else { return false };
        let start = out.len();
        self.string(source, out);
        let Some(&first) = out.get(start) else { return false };
        if !is_known {
            out.push(first);
        }
        if let Some(last) = self.last.filter(|_| next < 4_096) {
            self.table.push((last, first));
        }
        self.last = Some(code);
        let next = 258 + self.table.len() + self.early;
        self.width = match next {
            0..512 => 9,
            512..1_024 => 10,
            1_024..2_048 => 11,
            _ => 12,
        };
        is_known || usize::from(code) + 1 == 258 + self.table.len()
    }

    /// What a code stands for; every entry continues an earlier one, so that this ends.
    fn string(&self, code: u16, out: &mut Vec<u8>) {
        let start = out.len();
        let mut code = code;
        while let Some(&(before, byte)) =
            usize::from(code).checked_sub(258).and_then(|at| self.table.get(at))
        {
            out.push(byte);
            code = before;
        }
        out.push(code as u8);
        if let Some(string) = out.get_mut(start..) {
            string.reverse();
        }
    }
}

/// Undoes the predictor (7.4.4.4).
fn predicted(document: &Document<'_>, parameters: &Dict, data: Vec<u8>) -> Vec<u8> {
    let size = |name: &str, default: usize| {
        document.entry(parameters, name).as_size().unwrap_or(default).min(1 << 20)
    };
    let predictor = size("Predictor", 1);
    let (colors, bits) = (size("Colors", 1), size("BitsPerComponent", 8));
    let pixel = (colors * bits).div_ceil(8).max(1);
    let row = (colors.saturating_mul(bits).saturating_mul(size("Columns", 1))).div_ceil(8).max(1);
    match predictor {
        2 if bits == 8 => tiff(data, pixel, row),
        10.. => png(&data, pixel, row),
        _ => data,
    }
}

fn tiff(mut data: Vec<u8>, pixel: usize, row: usize) -> Vec<u8> {
    for line in data.chunks_mut(row) {
        for at in pixel..line.len() {
            let before = line.get(at - pixel).copied().unwrap_or(0);
            if let Some(byte) = line.get_mut(at) {
                *byte = byte.wrapping_add(before);
            }
        }
    }
    data
}

fn png(data: &[u8], pixel: usize, row: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    for line in data.chunks(row + 1) {
        let Some((&kind, line)) = line.split_first() else { break };
        let start = out.len();
        for (at, &byte) in line.iter().enumerate() {
            let here = |back: usize| out.get(back).copied().unwrap_or(0);
            let left = if at < pixel { 0 } else { here(start + at - pixel) };
            let up = if start < row { 0 } else { here(start + at - row) };
            let corner = if at < pixel || start < row { 0 } else { here(start + at - row - pixel) };
            out.push(byte.wrapping_add(match kind {
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, corner),
                _ => 0,
            }));
        }
    }
    out
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let estimate = a + b - c;
    let (da, db, dc) = ((estimate - a).abs(), (estimate - b).abs(), (estimate - c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        up
    } else {
        corner
    }
}
