//! Blocks of RAR 1.5 to 4 (technote.txt of those versions).

use super::{Block, File, What};
use crate::contents::archive::fields::{Fields, dos_text};

const MAIN: u8 = 0x73;
const FILE: u8 = 0x74;
const END: u8 = 0x7b;

/// How members are packed that are not.
const STORED: u8 = 0x30;

/// The block that begins here.
pub(super) fn block(mut fields: Fields<'_>) -> Option<Block> {
    const HAS_CONTENT: u16 = 0x8000;
    const HEADERS_LOCKED: u16 = 0x0080;
    let whole = fields.rest();
    fields.u16()?;
    let (kind, flags, length) = (fields.u8()?, fields.u16()?, fields.u16()?);
    let mut header = Fields::new(whole.get(7..usize::from(length))?);
    let mut content = 0;
    let what = match kind {
        FILE => {
            let (file, packed) = file(&mut header, flags)?;
            content = packed;
            What::File(file)
        }
        MAIN if flags & HEADERS_LOCKED != 0 => What::LockedHeaders { cost: 0 },
        END => What::End,
        _ if flags & HAS_CONTENT != 0 => {
            content = u64::from(header.u32()?);
            What::Other
        }
        _ => What::Other,
    };
    Some(Block { what, header: u64::from(length), content })
}

/// A file, and how long its content is.
fn file(header: &mut Fields<'_>, flags: u16) -> Option<(File, u64)> {
    const PARTS: u16 = 0x0003;
    const IS_LOCKED: u16 = 0x0004;
    const IS_FOLDER: u16 = 0x00e0;
    const IS_LARGE: u16 = 0x0100;
    let [mut packed, mut size] = [header.u32()?, header.u32()?].map(u64::from);
    header.take(10)?;
    let (method, name_length) = (header.u8()?, header.u16()?);
    header.take(4)?;
    if flags & IS_LARGE != 0 {
        packed |= u64::from(header.u32()?) << 32;
        size |= u64::from(header.u32()?) << 32;
    }
    let name = header.take(usize::from(name_length))?;
    let file = File {
        name: shown_name(name, flags),
        size,
        is_folder: flags & IS_FOLDER == IS_FOLDER,
        is_locked: flags & IS_LOCKED != 0,
        cost: 0,
        is_stored: method == STORED,
        is_part: flags & PARTS != 0,
    };
    Some((file, packed))
}

fn shown_name(name: &[u8], flags: u16) -> String {
    const IS_UNICODE: u16 = 0x0200;
    let mut fields = Fields::new(name);
    let plain = fields.until_zero();
    match fields.rest() {
        more if flags & IS_UNICODE != 0 && !more.is_empty() => unicode(plain, more),
        _ => dos_text(plain),
    }
}

/// The name in Unicode as differences to the plain one: two bits tell what each step is.
fn unicode(plain: &[u8], differences: &[u8]) -> String {
    let mut units = Vec::new();
    let mut fields = Fields::new(differences);
    let high = fields.u8().map_or(0, |high| u16::from(high) << 8);
    let (mut steps, mut left) = (0_u8, 0);
    while !fields.rest().is_empty() && units.len() <= plain.len() {
        if left == 0 {
            (steps, left) = (fields.u8().unwrap_or_default(), 4);
        }
        let step = steps >> 6;
        (steps, left) = (steps << 2, left - 1);
        let Some(()) = unicode_step(step, high, plain, &mut fields, &mut units) else { break };
    }
    String::from_utf16_lossy(&units)
}

fn unicode_step(
    step: u8,
    high: u16,
    plain: &[u8],
    fields: &mut Fields<'_>,
    units: &mut Vec<u16>,
) -> Option<()> {
    match step {
        0 => units.push(u16::from(fields.u8()?)),
        1 => units.push(u16::from(fields.u8()?) | high),
        2 => units.push(fields.u16()?),
        _ => {
            let length = fields.u8()?;
            let shift = if length & 0x80 != 0 { Some(fields.u8()?) } else { None };
            for _ in 0..(length & 0x7f) + 2 {
                let byte = plain.get(units.len()).copied()?;
                units.push(match shift {
                    Some(shift) => u16::from(byte.wrapping_add(shift)) | high,
                    None => u16::from(byte),
                });
            }
        }
    }
    Some(())
}
