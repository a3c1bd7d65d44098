//! Blocks of RAR 5 (technote.txt of that version).

use super::{Block, File, What};
use crate::contents::archive::fields::Fields;

const FILE: u64 = 2;
const LOCK: u64 = 4;
const END: u64 = 5;

/// The block that begins here.
pub(super) fn block(mut fields: Fields<'_>) -> Option<Block> {
    const HAS_EXTRA: u64 = 1;
    const HAS_CONTENT: u64 = 2;
    const PARTS: u64 = 0x18;
    let whole = fields.rest().len();
    fields.u32()?;
    let length = number(&mut fields)?;
    let header = (whole - fields.rest().len()) as u64;
    let mut fields = Fields::new(fields.take(usize::try_from(length).ok()?)?);
    let (kind, flags) = (number(&mut fields)?, number(&mut fields)?);
    let extra = if flags & HAS_EXTRA != 0 { number(&mut fields)? } else { 0 };
    let content = if flags & HAS_CONTENT != 0 { number(&mut fields)? } else { 0 };
    let what = match kind {
        FILE => What::File(file(fields, extra, flags & PARTS != 0)?),
        LOCK => What::LockedHeaders { cost: cost(&mut fields)? },
        END => What::End,
        _ => What::Other,
    };
    Some(Block { what, header: header + length, content })
}

fn file(mut fields: Fields<'_>, extra: u64, is_part: bool) -> Option<File> {
    const IS_FOLDER: u64 = 1;
    const HAS_TIME: u64 = 2;
    const HAS_CRC: u64 = 4;
    let extra_at = fields.rest().len().checked_sub(usize::try_from(extra).ok()?)?;
    let extra = fields.rest().get(extra_at..)?;
    let flags = number(&mut fields)?;
    let size = number(&mut fields)?;
    number(&mut fields)?;
    for flag in [HAS_TIME, HAS_CRC] {
        if flags & flag != 0 {
            fields.u32()?;
        }
    }
    let packing = number(&mut fields)?;
    number(&mut fields)?;
    let length = usize::try_from(number(&mut fields)?).ok()?;
    let name = String::from_utf8_lossy(fields.take(length)?).into_owned();
    let lock = lock(Fields::new(extra));
    Some(File {
        name,
        size,
        is_folder: flags & IS_FOLDER != 0,
        is_locked: lock.is_some(),
        cost: lock.unwrap_or_default(),
        is_stored: packing >> 7 & 7 == 0,
        is_part,
    })
}

/// How dear a key is, if one of the records behind a header tells how the file is encrypted.
fn lock(mut records: Fields<'_>) -> Option<u8> {
    const LOCK: u64 = 1;
    loop {
        let length = usize::try_from(number(&mut records)?).ok()?;
        let mut record = Fields::new(records.take(length)?);
        if number(&mut record)? == LOCK {
            return cost(&mut record);
        }
    }
}

/// How dear a key is, behind version and flags: the exponent of the number of steps.
fn cost(fields: &mut Fields<'_>) -> Option<u8> {
    number(fields)?;
    number(fields)?;
    fields.u8()
}

/// A number in bytes of seven bits, the lowest first.
fn number(fields: &mut Fields<'_>) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = fields.u8()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
