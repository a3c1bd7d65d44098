//! The text of Word documents ([MS-DOC], 2.4.1): pieces, in their order.

use super::compound::{Compound, Node};
use crate::{
    contents::{
        document::{
            charset, fields,
            little::{size_at, u16_at, u32_at},
        },
        reading::{ReadError, Reading},
    },
    mail::{Lock, Origin},
};

/// The longest text that is put together, in bytes.
const LONGEST: usize = 512 << 10;

/// How deep fields may stand in fields.
const DEEPEST_FIELD: usize = 16;

/// Reads the document in this stream; how many letters it shows.
pub(super) fn read(
    compound: &Compound<'_>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Result<usize, ReadError> {
    let main = compound.stream(node, reading)?;
    let flags = u16_at(&main, 10).unwrap_or(0);
    if flags & 0x0100 != 0 {
        reading.lock(Lock::Locked);
        return Ok(usize::MAX);
    }
    let table = if flags & 0x0200 != 0 { "1Table" } else { "0Table" };
    let table = compound.load(&format!("{}{table}", node.folder()), reading)?.unwrap_or_default();
    let text = pieces(&main, &table).unwrap_or_else(|| without_pieces(&main));
    let shown = shown(&text, reading)?;
    reading.text(Origin::Document, &shown);
    Ok(shown.chars().filter(|character| character.is_alphanumeric()).count())
}

/// The text by the piece table; `None` if there is none.
fn pieces(main: &[u8], table: &[u8]) -> Option<String> {
    let start = size_at(main, 0x1a2)?;
    let clx = table.get(start..start.checked_add(size_at(main, 0x1a6)?)?)?;
    let mut rest = clx;
    // Formats stand before the table.
    while rest.first() == Some(&1) {
        rest = rest.get(3 + usize::from(u16_at(rest, 1)?)..)?;
    }
    let plc = rest.strip_prefix(b"\x02")?;
    let plc = plc.get(4..4_usize.checked_add(size_at(plc, 0)?)?)?;
    let count = plc.len().checked_sub(4)? / 12;
    let mut text = String::new();
    for at in 0..count {
        let (first, last) = (size_at(plc, at * 4)?, size_at(plc, at * 4 + 4)?);
        let place = u32_at(plc, (count + 1) * 4 + at * 8 + 2)?;
        text.push_str(&piece(main, place, last.saturating_sub(first)));
        if text.len() > LONGEST {
            break;
        }
    }
    Some(text)
}

/// This many characters from here on: of one byte, or two.
fn piece(main: &[u8], place: u32, count: usize) -> String {
    let is_narrow = place & 0x4000_0000 != 0;
    let place = (place & 0x3fff_ffff) as usize;
    let (start, size) =
        if is_narrow { (place / 2, count) } else { (place, count.saturating_mul(2)) };
    let bytes = main.get(start..).unwrap_or_default();
    let bytes = bytes.get(..size.min(LONGEST)).unwrap_or(bytes);
    if is_narrow { charset::western(bytes) } else { charset::utf16(bytes) }
}

/// Old documents are one piece.
fn without_pieces(main: &[u8]) -> String {
    let (first, last) = (size_at(main, 0x18).unwrap_or(0), size_at(main, 0x1c).unwrap_or(0));
    let bytes = main.get(first..last.min(main.len())).unwrap_or_default();
    charset::western(bytes.get(..LONGEST).unwrap_or(bytes))
}

/// The text as it is shown; what fields are told to do is taken out, and told.
fn shown(text: &str, reading: &mut Reading<'_>) -> Result<String, ReadError> {
    let mut shown = String::with_capacity(text.len());
    let mut fields: Vec<String> = Vec::new();
    let mut is_result = Vec::new();
    for (at, character) in text.chars().enumerate() {
        if at % 1_024 == 0 {
            reading.time()?;
        }
        match character {
            '\u{13}' if fields.len() < DEEPEST_FIELD => {
                fields.push(String::new());
                is_result.push(false);
            }
            '\u{14}' => is_result.last_mut().into_iter().for_each(|result| *result = true),
            '\u{15}' => {
                is_result.pop();
                if let Some(field) = fields.pop() {
                    fields::instruction(&field, reading);
                }
            }
            character => match fields.last_mut().filter(|_| is_result.last() == Some(&false)) {
                Some(field) if field.len() < fields::LONGEST => field.push(character),
                Some(_) => {}
                None => shown.extend(visible(character)),
            },
        }
    }
    fields.iter().for_each(|field| fields::instruction(field, reading));
    Ok(shown)
}

fn visible(character: char) -> Option<char> {
    match character {
        '\r' | '\u{b}' | '\u{c}' | '\n' => Some('\n'),
        '\u{7}' | '\t' => Some('\t'),
        '\u{1e}' => Some('-'),
        character => Some(character).filter(|character| !character.is_control()),
    }
}
