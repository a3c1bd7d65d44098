//! The properties of a message or an attachment ([MS-OXTNEF], section 2.1.3.4).

use crate::contents::archive::fields::Fields;

/// A property whose value has a length of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Property<'b> {
    pub id: u16,
    pub value: Value<'b>,
}

/// Its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'b> {
    /// In the code page of the sender.
    Text(&'b [u8]),
    /// In UTF-16.
    Wide(&'b [u8]),
    Binary(&'b [u8]),
    /// Behind the 16 bytes of its interface.
    Object(&'b [u8]),
}

impl<'b> Value<'b> {
    pub(super) fn bytes(self) -> &'b [u8] {
        match self {
            Self::Text(bytes) | Self::Wide(bytes) | Self::Binary(bytes) | Self::Object(bytes) => {
                bytes
            }
        }
    }
}

/// The properties with values of their own length, up to where they are damaged.
pub(super) fn properties(content: &[u8]) -> impl Iterator<Item = Property<'_>> {
    let mut fields = Fields::new(content);
    let count = fields.u32().unwrap_or_default();
    (0..count).map_while(move |_| property(&mut fields)).flatten()
}

/// The next one: what it is, or nothing if it is a mere number.
fn property<'b>(fields: &mut Fields<'b>) -> Option<Option<Property<'b>>> {
    const IS_MANY: u16 = 0x1000;
    const FIRST_NAMED: u16 = 0x8000;
    let (kind, id) = (fields.u16()?, fields.u16()?);
    if id >= FIRST_NAMED {
        skip_name(fields)?;
    }
    let single = kind & !IS_MANY;
    if let Some(size) = fixed_size(single) {
        let count = if kind & IS_MANY != 0 { fields.u32()? } else { 1 };
        fields.take(usize::try_from(count).ok()?.checked_mul(size)?)?;
        return Some(None);
    }
    let count = fields.u32()?;
    let mut last = None;
    for _ in 0..count {
        last = Some(padded(fields)?);
    }
    let Some(bytes) = last else { return Some(None) };
    let value = match single {
        0x1e => Value::Text(bytes),
        0x1f => Value::Wide(bytes),
        0x102 => Value::Binary(bytes),
        0x0d => Value::Object(bytes),
        _ => return None,
    };
    Some(Some(Property { id, value }))
}

/// How many bytes a value takes, filled up to four; `None`: it tells that itself.
fn fixed_size(kind: u16) -> Option<usize> {
    match kind {
        0x02 | 0x03 | 0x04 | 0x0a | 0x0b => Some(4),
        0x05 | 0x06 | 0x07 | 0x14 | 0x40 => Some(8),
        0x48 => Some(16),
        0x00 | 0x01 => Some(0),
        _ => None,
    }
}

/// Passes over the name of a property that has one.
fn skip_name(fields: &mut Fields<'_>) -> Option<()> {
    fields.take(16)?;
    match fields.u32()? {
        0 => drop(fields.u32()?),
        _ => drop(padded(fields)?),
    }
    Some(())
}

/// What stands behind its length, filled up to four bytes.
fn padded<'b>(fields: &mut Fields<'b>) -> Option<&'b [u8]> {
    let length = usize::try_from(fields.u32()?).ok()?;
    let value = fields.take(length)?;
    let filling = (4 - length % 4) % 4;
    fields.take(filling.min(fields.rest().len()))?;
    Some(value)
}
