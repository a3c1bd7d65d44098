//! Texts of binary workbooks ([MS-XLSB], 2.4.725): the table of shared strings.

use crate::contents::{
    document::{charset, little::size_at, records::Records},
    reading::{ReadError, Reading},
};

/// The record that is a string.
const STRING: usize = 19;

/// Adds all strings of the table, one a line.
pub(super) fn strings(
    table: &[u8],
    longest: usize,
    text: &mut String,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    for (kind, body) in Records::new(table, head) {
        if text.len() >= longest {
            break;
        }
        reading.time()?;
        if kind == STRING
            && let Some(count) = size_at(body, 1)
        {
            let characters = body.get(5..).unwrap_or_default();
            let size = count.saturating_mul(2);
            text.push_str(&charset::utf16(characters.get(..size).unwrap_or(characters)));
            text.push('\n');
        }
    }
    Ok(())
}

fn head(bytes: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (kind, rest) = number(bytes, 2)?;
    let (size, rest) = number(rest, 4)?;
    Some((kind, size, rest))
}

/// A number of seven bits a byte, the lowest first.
fn number(bytes: &[u8], most: usize) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for at in 0..most {
        let byte = usize::from(*bytes.get(at)?);
        number |= (byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    Some((number, bytes.get(most..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::document::testing::told;

    #[test]
    fn strings_are_found() {
        let table =
            b"\x9f\x01\x08\0\0\0\0\0\0\0\0\x13\x09\0\x02\0\0\0H\0i\0\x13\x05\0\xff\xff\xff\xff";
        told(|reading| {
            for end in 0..=table.len() {
                let mut text = String::new();
                strings(&table[..end], 99, &mut text, reading).unwrap();
                assert_eq!(text.starts_with("Hi\n"), end >= 22, "{end}: {text:?}");
            }
        });
    }
}
