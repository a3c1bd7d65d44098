//! `/…/flags`, `m{…}flags`: where the pattern ends and what its flags are.

use super::PatternError;

/// Perl's flags, as far as they change what a pattern means to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// `i`: letters match either case.
    pub(super) ignore_case: bool,
    /// `m`: `^` and `$` match at line ends inside the text.
    pub(super) multi_line: bool,
    /// `s`: `.` matches a line feed, too.
    pub(super) dot_all: bool,
    /// `x`: blanks and comments in the pattern mean nothing.
    pub(super) extended: bool,
}

impl Flags {
    /// Turns the flag `letter` on or off; false if there is none of that name. Flags that make
    /// no difference here (`a` and its like, `g`, `o` …) are accepted.
    pub(super) fn set(&mut self, letter: u8, on: bool) -> bool {
        match letter {
            b'i' => self.ignore_case = on,
            b'm' => self.multi_line = on,
            b's' => self.dot_all = on,
            b'x' => self.extended = on,
            b'a' | b'n' | b'g' | b'o' | b'c' | b'p' | b'u' | b'd' | b'l' => {}
            _ => return false,
        }
        true
    }
}

/// A pattern taken out of its delimiters.
#[derive(Debug, Default)]
pub(super) struct Delimited {
    /// The bytes of the pattern.
    pub(super) pattern: Vec<u8>,
    /// Its flags.
    pub(super) flags: Flags,
}

impl Delimited {
    /// Finds the delimiters as SpamAssassin does: the closing one is the last that only flags
    /// follow, so that an unescaped one inside is noticed.
    ///
    /// # Errors
    /// No delimiters, no closing one, a bare one inside, an unknown flag.
    pub(super) fn split(text: &str) -> Result<Self, PatternError> {
        let (body, close) = opened(text)?;
        let end = body.rfind(close).ok_or(PatternError::Delimiter(UNCLOSED))?;
        let (pattern, rest) = body.split_at(end);
        let mut flags = Flags::default();
        for letter in rest.chars().skip(1) {
            let known = u8::try_from(letter).is_ok_and(|byte| flags.set(byte, true));
            match known {
                true => {}
                false if letter.is_ascii_alphabetic() => return Err(PatternError::Flag(letter)),
                false => return Err(PatternError::Delimiter(UNCLOSED)),
            }
        }
        if !matches!(close, '}' | ')' | ']' | '>') && has_bare(pattern, close) {
            return Err(PatternError::Delimiter("the delimiter stands unescaped in the pattern"));
        }
        Ok(Self { pattern: pattern.chars().map(byte).collect(), flags })
    }
}

/// What SpamAssassin's lint calls an always matching pattern, in most cases a slip.
pub(super) fn doubt(pattern: &[u8]) -> Option<&'static str> {
    let escaped = |at: usize| at > 0 && pattern.get(at - 1) == Some(&b'\\');
    let double = || pattern.windows(2).enumerate().any(|(at, pair)| pair == b"||" && !escaped(at));
    if pattern.is_empty() {
        Some("the regular expression is empty and always matches")
    } else if pattern.starts_with(b"|") {
        Some("the regular expression starts with `|` and always matches")
    } else if pattern.ends_with(b"|") && !escaped(pattern.len() - 1) {
        Some("the regular expression ends with `|` and always matches")
    } else if double() {
        Some("the regular expression contains `||`, an alternative that always matches")
    } else {
        None
    }
}

const UNCLOSED: &str = "the closing delimiter of the regular expression is missing";

/// Takes off the opening delimiter; says which one closes.
fn opened(text: &str) -> Result<(&str, char), PatternError> {
    if let Some(body) = text.strip_prefix('/') {
        return Ok((body, '/'));
    }
    let missing = PatternError::Delimiter("a regular expression must look like /…/ or m{…}");
    let Some(body) = text.strip_prefix("qr").or_else(|| text.strip_prefix('m')) else {
        return Err(missing);
    };
    let mut chars = body.chars();
    match chars.next() {
        Some(open) if open.is_ascii_punctuation() && !matches!(open, '\\' | '_') => {
            Ok((chars.as_str(), closing(open)))
        }
        _ => Err(missing),
    }
}

/// The delimiter that closes what this one opens.
pub(in super::super) fn closing(open: char) -> char {
    match open {
        '{' => '}',
        '(' => ')',
        '<' => '>',
        '[' => ']',
        other => other,
    }
}

fn has_bare(pattern: &str, delimiter: char) -> bool {
    let mut escaped = false;
    pattern.chars().any(|c| {
        let bare = !escaped && c == delimiter;
        escaped = !escaped && c == '\\';
        bare
    })
}

/// The byte that a character of a Latin-1 view stands for.
fn byte(c: char) -> u8 {
    u8::try_from(c).unwrap_or(b'?')
}
