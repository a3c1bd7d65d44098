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
    /// Something beyond the linear engine.
    Beyond {
        /// What that is.
        needs: &'static str,
        /// As the backtracking engine spells it.
        exact: String,
        /// What matches at least as much.
        relaxed: &'static str,
    },
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
/// Nothing there, unknown, or beyond both engines.
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
        b'G' => beyond("`\\G`", "\\G", NOTHING),
        b'K' => beyond("`\\K`", "\\K", NOTHING),
        b'R' => beyond("`\\R`", "(?>\\r\\n|[\\x0A-\\x0D\\x85])", "(?:\\r\\n|[\\x0A-\\x0D\\x85])"),
        b'g' => any_reference(from)?,
        b'k' => named_reference(from)?,
        b'1'..=b'9' => reference(from, byte)?,
        _ => byte_escape(from, byte)?.map_or(Escaped::Word(NEVER), Escaped::Byte),
    })
}

/// Reads an escape that stands for one byte, inside or outside a class; its first byte is taken.
/// `None` for a character beyond a byte, which no text here contains.
///
/// # Errors
/// Unknown or incomplete.
pub(super) fn byte_escape(
    from: &mut Translator<'_>,
    first: u8,
) -> Result<Option<u8>, PatternError> {
    Ok(Some(match first {
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'f' => 0x0c,
        b'e' => 0x1b,
        b'a' => 0x07,
        b'x' => return hexadecimal(from),
        b'o' => return braced_octal(from),
        b'0'..=b'7' => return Ok(octal(from, first)),
        b'c' => match from.take() {
            Some(letter) if letter.is_ascii() => letter.to_ascii_uppercase() ^ 0x40,
            _ => return Err(from.invalid("`\\c` without a character")),
        },
        b'p' | b'P' | b'X' | b'N' => return Err(PatternError::Needs(UNICODE)),
        _ if first.is_ascii_alphanumeric() => return Err(from.invalid("unknown escape")),
        _ => first,
    }))
}

/// A word of the backtracking engine's.
fn beyond(needs: &'static str, exact: &str, relaxed: &'static str) -> Escaped {
    Escaped::Beyond { needs, exact: exact.to_owned(), relaxed }
}

/// Zero-width, always.
pub(super) const NOTHING: &str = "(?:)";
/// What a reference can stand for.
pub(super) const ANYTHING: &str = "(?:(?s:.)*)";
pub(super) const BACK: &str = "back references";
const UNICODE: &str = "Unicode properties";
/// Matches nothing.
const NEVER: &str = "[^\\x00-\\xFF]";

/// `\1` to `\9` are always back references; `\10` and more only if there are so many groups,
/// else octal.
fn reference(from: &mut Translator<'_>, first: u8) -> Result<Escaped, PatternError> {
    let digits = from.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::iter::once(&first)
        .chain(from.rest().iter().take(digits))
        .fold(0usize, |number, digit| {
            number.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
        });
    if number < 10 || number <= from.captures || first > b'7' {
        from.take_while(|byte| byte.is_ascii_digit());
        return back_reference(from, &number.to_string());
    }
    Ok(octal(from, first).map_or(Escaped::Word(NEVER), Escaped::Byte))
}

/// `\g1`, `\g-1`, `\g{1}`, `\g{-1}`, `\g{name}`; `\g` is taken.
fn any_reference(from: &mut Translator<'_>) -> Result<Escaped, PatternError> {
    let target = if from.eat(b"{") {
        from.take_until(b'}').unwrap_or_default()
    } else {
        from.take_while(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    let target = String::from_utf8_lossy(target).trim().to_owned();
    back_reference(from, &target)
}

/// `\k<name>`, `\k'name'`, `\k{name}`; `\k` is taken.
fn named_reference(from: &mut Translator<'_>) -> Result<Escaped, PatternError> {
    let end = match from.take() {
        Some(b'<') => b'>',
        Some(b'{') => b'}',
        Some(b'\'') => b'\'',
        _ => return Err(from.invalid("`\\k` without a name")),
    };
    let name = from.take_until(end).unwrap_or_default();
    let name = String::from_utf8_lossy(name).trim().to_owned();
    back_reference(from, &name)
}

/// A reference to what a group has caught: by number from the left, by number backwards, by name.
///
/// # Errors
/// Neither a number nor a name.
pub(super) fn back_reference(from: &Translator<'_>, target: &str) -> Result<Escaped, PatternError> {
    let backwards = target.strip_prefix('-').is_some_and(is_number);
    let exact = match target.parse::<usize>() {
        Ok(number) if is_number(target) && number > 0 => format!("\\g{{{}}}", number + 1),
        _ if backwards => format!("\\g{{{target}}}"),
        _ if is_group_name(target) => format!("\\k<{target}>"),
        _ => return Err(from.invalid("a reference to no group")),
    };
    Ok(Escaped::Beyond { needs: BACK, exact, relaxed: ANYTHING })
}

/// Digits, few enough for a group's number.
pub(super) fn is_number(text: &str) -> bool {
    matches!(text.len(), 1..=5) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word that may name a group.
pub(super) fn is_group_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Up to three octal digits, the first of which is taken.
fn octal(from: &mut Translator<'_>, first: u8) -> Option<u8> {
    let mut value = u32::from(first - b'0');
    for _ in 0..2 {
        let Some(digit @ b'0'..=b'7') = from.peek() else { break };
        from.take();
        value = value * 8 + u32::from(digit - b'0');
    }
    u8::try_from(value).ok()
}

/// `\o{…}`.
fn braced_octal(from: &mut Translator<'_>) -> Result<Option<u8>, PatternError> {
    let digits = if from.eat(b"{") { from.take_until(b'}') } else { None };
    number(from, digits, 8)
}

/// `\x{…}`, `\xHH`, `\xH`, `\x`.
fn hexadecimal(from: &mut Translator<'_>) -> Result<Option<u8>, PatternError> {
    if from.eat(b"{") {
        let digits = from.take_until(b'}');
        return number(from, digits, 16);
    }
    let mut value = 0;
    for _ in 0..2 {
        let digit = from.peek().and_then(|byte| char::from(byte).to_digit(16));
        let Some(digit) = digit else { break };
        from.take();
        value = value * 16 + digit;
    }
    Ok(u8::try_from(value).ok())
}

/// The byte that these digits name, or `None` for a character beyond a byte.
fn number(
    from: &Translator<'_>,
    digits: Option<&[u8]>,
    radix: u32,
) -> Result<Option<u8>, PatternError> {
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    let value =
        digits.and_then(|text| u32::from_str_radix(text.trim_matches([' ', '\t']), radix).ok());
    match value {
        Some(value) => Ok(u8::try_from(value).ok()),
        None => Err(from.invalid("a character's number is none")),
    }
}
