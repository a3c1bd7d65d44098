//! What a backslash begins.

use super::{PatternError, class::Set, translate::Translator};

/// What a backslash and what follows it mean outside a bracketed class.
#[derive(Debug)]
pub(super) enum Escaped {
    /// One byte.
    Byte(u8),
    /// One byte out of a set.
    Set(Set),
    /// Something the engine spells like this.
    Word(&'static str),
    /// `\Z`.
    End,
    /// `\Q`: everything for itself until `\E`.
    Quote,
    /// A stray `\E`.
    Nothing,
}

/// Reads what stands behind a backslash, outside a class.
///
/// # Errors
/// Nothing there, unknown, or beyond the linear engine.
pub(super) fn read(from: &mut Translator<'_>) -> Result<Escaped, PatternError> {
    let Some(byte) = from.take() else {
        return Err(from.invalid("a lone backslash"));
    };
    if let Some(set) = Set::named(byte) {
        return Ok(Escaped::Set(set));
    }
    Ok(match byte {
        b'b' | b'B' if from.peek() == Some(b'{') => return Err(PatternError::Needs(UNICODE)),
        b'b' => Escaped::Word("\\b"),
        b'B' => Escaped::Word("\\B"),
        b'A' => Escaped::Word("\\A"),
        b'z' => Escaped::Word("\\z"),
        b'Z' => Escaped::End,
        b'N' if from.peek() != Some(b'{') => Escaped::Word("[^\\n]"),
        b'Q' => Escaped::Quote,
        b'E' => Escaped::Nothing,
        b'G' | b'K' => return Err(PatternError::Needs("`\\G` or `\\K`")),
        b'R' => return Err(PatternError::Needs("`\\R`")),
        b'g' | b'k' => return Err(PatternError::Needs(BACK)),
        b'1'..=b'9' => Escaped::Byte(reference(from, byte)?),
        _ => Escaped::Byte(byte_escape(from, byte)?),
    })
}

/// Reads an escape that stands for one byte, inside or outside a class; its first byte is taken.
///
/// # Errors
/// Unknown, incomplete, or beyond a byte.
pub(super) fn byte_escape(from: &mut Translator<'_>, first: u8) -> Result<u8, PatternError> {
    Ok(match first {
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'f' => 0x0c,
        b'e' => 0x1b,
        b'a' => 0x07,
        b'x' => hexadecimal(from)?,
        b'o' => braced_octal(from)?,
        b'0'..=b'7' => octal(from, first)?,
        b'c' => match from.take() {
            Some(letter) if letter.is_ascii() => letter.to_ascii_uppercase() ^ 0x40,
            _ => return Err(from.invalid("`\\c` without a character")),
        },
        b'p' | b'P' | b'X' | b'N' => return Err(PatternError::Needs(UNICODE)),
        _ if first.is_ascii_alphanumeric() => return Err(from.invalid("unknown escape")),
        _ => first,
    })
}

const BACK: &str = "back references";
const UNICODE: &str = "Unicode properties";
const WIDE: &str = "a character beyond a byte, which never matches bytes";

/// `\1` to `\9` are always back references; `\10` and more only if there are so many groups,
/// else octal.
fn reference(from: &mut Translator<'_>, first: u8) -> Result<u8, PatternError> {
    let digits = from.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::iter::once(&first)
        .chain(from.rest().iter().take(digits))
        .fold(0usize, |number, digit| {
            number.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
        });
    if number < 10 || number <= from.captures || first > b'7' {
        return Err(PatternError::Needs(BACK));
    }
    octal(from, first)
}

/// Up to three octal digits, the first of which is taken.
fn octal(from: &mut Translator<'_>, first: u8) -> Result<u8, PatternError> {
    let mut value = u32::from(first - b'0');
    for _ in 0..2 {
        let Some(digit @ b'0'..=b'7') = from.peek() else { break };
        from.take();
        value = value * 8 + u32::from(digit - b'0');
    }
    u8::try_from(value).map_err(|_| from.invalid(WIDE))
}

/// `\o{…}`.
fn braced_octal(from: &mut Translator<'_>) -> Result<u8, PatternError> {
    let digits = if from.eat(b"{") { from.take_until(b'}') } else { None };
    digits
        .and_then(|digits| number(digits, 8))
        .ok_or_else(|| from.invalid("`\\o{…}` is not a byte"))
}

/// `\x{…}`, `\xHH`, `\xH`, `\x`.
fn hexadecimal(from: &mut Translator<'_>) -> Result<u8, PatternError> {
    if from.eat(b"{") {
        let digits = from.take_until(b'}').unwrap_or_default();
        return number(digits, 16).ok_or_else(|| from.invalid(WIDE));
    }
    let mut value = 0;
    for _ in 0..2 {
        let digit = from.peek().and_then(|byte| char::from(byte).to_digit(16));
        let Some(digit) = digit else { break };
        from.take();
        value = value * 16 + digit;
    }
    u8::try_from(value).map_err(|_| from.invalid(WIDE))
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?.trim_matches([' ', '\t']);
    let value = u32::from_str_radix(digits, radix).ok()?;
    u8::try_from(value).ok()
}
