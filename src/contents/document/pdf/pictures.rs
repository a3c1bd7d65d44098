//! Pictures of PDF files as files of their own: JPEG as it is, fax in a TIFF frame, all else as BMP.

use super::{
    file::Document,
    filters::{self, Loaded},
    object::{Dict, Object, Stream},
};
use crate::contents::reading::{ReadError, Reading};

/// The largest width or height.
const LARGEST: usize = 1 << 16;

/// Below this width or height nothing is to be seen.
const SMALLEST: usize = 8;

/// How colours are written.
enum Colors {
    /// One number: its grey, or its place in a palette of blue, green, red, and nothing.
    Palette(Vec<[u8; 4]>),
    /// Red, green, blue.
    Rgb,
    /// Cyan, magenta, yellow, black.
    Cmyk,
}

/// Shape and bits of a picture.
struct Shape {
    width: usize,
    height: usize,
    bits: usize,
}

/// A picture as a file; `None` if it is of a kind that nobody reads, or too small to show anything.
///
/// # Errors
/// The budget is used up.
pub(super) fn file(
    document: &Document<'_>,
    stream: &Stream,
    reading: &mut Reading<'_>,
) -> Result<Option<Vec<u8>>, ReadError> {
    let dict = &stream.dict;
    let is_mask = document.entry(dict, "ImageMask") == &Object::Bool(true);
    let shape = Shape {
        width: document.size_of(dict, "Width"),
        height: document.size_of(dict, "Height"),
        bits: if is_mask {
            1
        } else {
            document.entry(dict, "BitsPerComponent").as_size().unwrap_or(8)
        },
    };
    let sides = SMALLEST..=LARGEST;
    if !sides.contains(&shape.width) || !sides.contains(&shape.height) {
        return Ok(None);
    }
    let Some(Loaded { data, rest }) = filters::load(document, stream, reading)? else {
        return Ok(None);
    };
    match rest {
        None => {
            let colors = colors(document, dict, is_mask, &shape, reading)?;
            Ok(colors.and_then(|colors| bitmap(&data, &shape, &colors)))
        }
        Some((filter, _)) if matches!(&*filter, "DCTDecode" | "DCT") => Ok(Some(data)),
        Some((filter, parameters)) if matches!(&*filter, "CCITTFaxDecode" | "CCF") => {
            Ok(Some(fax(document, &parameters, &shape, &data)))
        }
        Some(_) => Ok(None),
    }
}

fn colors(
    document: &Document<'_>,
    dict: &Dict,
    is_mask: bool,
    shape: &Shape,
    reading: &mut Reading<'_>,
) -> Result<Option<Colors>, ReadError> {
    if !matches!(shape.bits, 1 | 2 | 4 | 8 | 16) {
        return Ok(None);
    }
    let decode = document.entry(dict, "Decode").as_array().and_then(<[Object]>::first);
    let is_inverse = decode.and_then(Object::as_number).is_some_and(|first| first > 0.5);
    let space = document.entry(dict, "ColorSpace");
    let (name, array) = named(document, space);
    let second = array.get(1).map_or(&Object::Null, |object| document.resolve(object));
    Ok(match name {
        _ if is_mask => Some(Colors::Palette(grey(1, is_inverse))),
        "Indexed" | "I" => {
            let base = components(document, second);
            let table = match array.get(3).map_or(&Object::Null, |object| document.resolve(object))
            {
                Object::Text(text) => text.clone(),
                Object::Stream(stream) => {
                    filters::load_plain(document, stream, reading)?.unwrap_or_default()
                }
                _ => Vec::new(),
            };
            Some(Colors::Palette(palette(&table, base)))
        }
        "Separation" => Some(Colors::Palette(grey(shape.bits, !is_inverse))),
        _ => match components(document, space) {
            1 => Some(Colors::Palette(grey(shape.bits, is_inverse))),
            3 => Some(Colors::Rgb),
            4 => Some(Colors::Cmyk),
            _ => None,
        },
    })
}

fn named<'d>(document: &'d Document<'_>, space: &'d Object) -> (&'d str, &'d [Object]) {
    let array = space.as_array().unwrap_or_default();
    let name = array.first().map_or(space, |first| document.resolve(first));
    (name.as_name().unwrap_or_default(), array)
}

/// Of how many numbers a colour is made.
fn components(document: &Document<'_>, space: &Object) -> usize {
    let (name, array) = named(document, space);
    match name {
        "DeviceRGB" | "RGB" | "CalRGB" | "Lab" => 3,
        "DeviceCMYK" | "CMYK" => 4,
        "ICCBased" => {
            let profile = array.get(1).map_or(&Object::Null, |object| document.resolve(object));
            profile.as_dict().map_or(3, |dict| document.size_of(dict, "N"))
        }
        "DeviceN" => 0,
        _ => 1,
    }
}

/// The greys of this many bits.
fn grey(bits: usize, is_inverse: bool) -> Vec<[u8; 4]> {
    let last = (1_u32 << bits.min(8)) - 1;
    let shade = |value: u32| (value * 255 / last) as u8;
    (0..=last)
        .map(|value| shade(if is_inverse { last - value } else { value }))
        .map(|shade| [shade, shade, shade, 0])
        .collect()
}

fn palette(table: &[u8], base: usize) -> Vec<[u8; 4]> {
    let entries = table.chunks_exact(base.max(1)).take(256);
    entries
        .map(|color| match *color {
            [red, green, blue] => [blue, green, red, 0],
            [cyan, magenta, yellow, black] => {
                let [blue, green, red] = from_cmyk([cyan, magenta, yellow, black]);
                [blue, green, red, 0]
            }
            [grey, ..] => [grey, grey, grey, 0],
            [] => [0; 4],
        })
        .collect()
}

/// Blue, green, red.
fn from_cmyk([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = |ink: u8| (u16::from(255 - ink) * u16::from(255 - black) / 255) as u8;
    [light(yellow), light(magenta), light(cyan)]
}

/// A BMP file, its rows from the top.
fn bitmap(data: &[u8], shape: &Shape, colors: &Colors) -> Option<Vec<u8>> {
    let count = match colors {
        Colors::Palette(_) => 1,
        Colors::Rgb => 3,
        Colors::Cmyk => 4,
    };
    let row = (shape.width * count * shape.bits).div_ceil(8);
    // As many rows as there are, whatever is claimed.
    let height = shape.height.min(data.len() / row);
    if height < SMALLEST {
        return None;
    }
    let (bits, palette) = match colors {
        Colors::Palette(palette) if matches!(shape.bits, 1 | 4) => (shape.bits, palette.as_slice()),
        Colors::Palette(palette) => (8, palette.as_slice()),
        _ => (24, [].as_slice()),
    };
    let wide = (shape.width * bits).div_ceil(32) * 4;
    let mut file = head(shape.width, height, bits, palette, wide * height);
    for line in data.chunks_exact(row).take(height) {
        let start = file.len();
        match colors {
            Colors::Palette(_) if bits == shape.bits => file.extend_from_slice(line),
            Colors::Palette(_) => file.extend(samples(line, shape.bits, false).take(shape.width)),
            Colors::Rgb => {
                let samples: Vec<u8> = samples(line, shape.bits, true).collect();
                file.extend(
                    samples.as_chunks().0.iter().flat_map(|&[red, green, blue]| [blue, green, red]),
                );
            }
            Colors::Cmyk => {
                let samples: Vec<u8> = samples(line, shape.bits, true).collect();
                file.extend(samples.as_chunks().0.iter().flat_map(|ink| from_cmyk(*ink)));
            }
        }
        file.resize(start + wide, 0);
    }
    Some(file)
}

fn head(width: usize, height: usize, bits: usize, palette: &[[u8; 4]], size: usize) -> Vec<u8> {
    let start = 54 + palette.len() * 4;
    let mut head = b"BM".to_vec();
    for number in [start + size, 0, start, 40, width] {
        head.extend((number as u32).to_le_bytes());
    }
    head.extend((-(height as i32)).to_le_bytes());
    head.extend(1_u16.to_le_bytes());
    head.extend((bits as u16).to_le_bytes());
    for number in [0, size, 2_835, 2_835, palette.len(), 0] {
        head.extend((number as u32).to_le_bytes());
    }
    head.extend(palette.iter().flatten());
    head
}

/// The numbers of a row; scaled to 255, or as they are.
fn samples(line: &[u8], bits: usize, is_scaled: bool) -> Box<dyn Iterator<Item = u8> + '_> {
    match bits {
        8 => Box::new(line.iter().copied()),
        16 => Box::new(line.iter().step_by(2).copied()),
        _ => {
            let last = ((1_u16 << bits) - 1) as u8;
            let each = move |byte: &u8| {
                let byte = *byte;
                (0..8 / bits).map(move |at| byte >> (8 - bits - at * bits) & last)
            };
            let scale = if is_scaled { 255 / last } else { 1 };
            Box::new(line.iter().flat_map(each).map(move |sample| sample * scale))
        }
    }
}

/// A TIFF file of one strip.
fn fax(document: &Document<'_>, parameters: &Dict, shape: &Shape, data: &[u8]) -> Vec<u8> {
    let kind = document.entry(parameters, "K").as_number().unwrap_or(0.0);
    let width = document.entry(parameters, "Columns").as_size().unwrap_or(1_728);
    let compression = if kind < 0.0 { 4 } else { 3 };
    let (start, count) = (8 + 2 + 10 * 12 + 4, data.len());
    // Tag, type (3: short, 4: long), value.
    let fields: [(u16, u16, usize); 10] = [
        (256, 4, width.min(LARGEST)),
        (257, 4, shape.height),
        (258, 3, 1),
        (259, 3, compression),
        // White is 0, as in every fax; which bits the filter would make of it does not matter here.
        (262, 3, 0),
        (273, 4, start),
        (277, 3, 1),
        (278, 4, shape.height),
        (279, 4, count),
        (292, 4, usize::from(kind > 0.0)),
    ];
    let mut file = b"II\x2a\0\x08\0\0\0\x0a\0".to_vec();
    for (tag, kind, value) in fields {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend((value as u32).to_le_bytes());
    }
    file.extend([0; 4]);
    file.extend_from_slice(data);
    file
}
