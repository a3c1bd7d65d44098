//! From Perl's syntax to that of an engine, byte by byte.
//!
//! The output is ASCII and spells out what depends on flags, except case, which the engines
//! handle in groups `(?i:…)`. Only the backtracking engine's groups capture: nothing else reads
//! what they catch.

use super::{
    PatternError,
    class::{self, Set},
    delimited::Flags,
    escape::{self, Escaped},
    group::{self, Open},
};

/// Into what a pattern is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The `regex` crate's syntax with the same meaning.
    Linear,
    /// PCRE2's syntax with the same meaning; the whole is meant to stand in one capturing group,
    /// so that numbers of groups are one higher.
    Backtracking,
    /// The `regex` crate's syntax for something that matches wherever the pattern does, and in
    /// more places: conditions are dropped, references stand for anything.
    Relaxed,
}

/// Translates a pattern that stands under these flags.
///
/// # Errors
/// Not valid in Perl, or needs more than the engine has.
pub(super) fn translate(
    pattern: &[u8],
    flags: Flags,
    dialect: Dialect,
) -> Result<String, PatternError> {
    let mut translator = Translator::new(pattern, flags, dialect);
    if flags.ignore_case {
        translator.out.push_str("(?i)");
    }
    while let Some(byte) = translator.take() {
        translator.piece(byte)?;
    }
    if translator.outer.is_empty() {
        Ok(translator.out)
    } else {
        Err(translator.invalid("a group is not closed"))
    }
}

/// The state of a translation; `group`, `class` and `escape` hold the rest of the grammar.
pub(super) struct Translator<'p> {
    pattern: &'p [u8],
    at: usize,
    /// The translation so far.
    pub(super) out: String,
    /// Into what.
    pub(super) dialect: Dialect,
    /// The flags that hold here.
    pub(super) flags: Flags,
    /// The open groups.
    pub(super) outer: Vec<Open>,
    /// How many groups of the whole pattern capture: decides what `\10` means.
    pub(super) captures: usize,
}

impl<'p> Translator<'p> {
    fn new(pattern: &'p [u8], flags: Flags, dialect: Dialect) -> Self {
        let captures = group::captures(pattern);
        Self { pattern, at: 0, out: String::new(), dialect, flags, outer: Vec::new(), captures }
    }

    /// Adds what the backtracking engine has a word for; the linear one lacks it.
    ///
    /// # Errors
    /// The linear engine is meant.
    pub(super) fn beyond_linear(
        &mut self,
        needs: &'static str,
        exact: &str,
        relaxed: &str,
    ) -> Result<(), PatternError> {
        match self.dialect {
            Dialect::Linear => return Err(PatternError::Needs(needs)),
            Dialect::Backtracking => self.out.push_str(exact),
            Dialect::Relaxed => self.out.push_str(relaxed),
        }
        Ok(())
    }

    /// The next byte, not yet taken.
    pub(super) fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'p [u8] {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    /// Takes the next byte.
    pub(super) fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Takes these bytes if they come next.
    pub(super) fn eat(&mut self, bytes: &[u8]) -> bool {
        let next = self.rest().starts_with(bytes);
        if next {
            self.at += bytes.len();
        }
        next
    }

    /// Takes bytes as long as `wanted`.
    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'p [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Takes everything before the byte `end`, and `end`; `None` if it does not come.
    pub(super) fn take_until(&mut self, end: u8) -> Option<&'p [u8]> {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| byte == end)?;
        self.at += length + 1;
        rest.get(..length)
    }

    /// The error `what`, at this place.
    pub(super) fn invalid(&self, what: &'static str) -> PatternError {
        PatternError::Invalid { what, at: self.at.max(1) }
    }

    /// Adds a byte that stands for itself.
    pub(super) fn literal(&mut self, byte: u8) {
        match class::latin_twin(byte).filter(|_| self.flags.ignore_case) {
            Some(twin) => self.out.push_str(&format!("[\\x{byte:02X}\\x{twin:02X}]")),
            None if byte.is_ascii_alphanumeric() => self.out.push(char::from(byte)),
            None => self.out.push_str(&format!("\\x{byte:02X}")),
        }
    }

    fn piece(&mut self, byte: u8) -> Result<(), PatternError> {
        match byte {
            b'\\' => self.escape()?,
            b'[' => class::translate(self)?,
            b'(' => group::open(self)?,
            b')' => group::close(self)?,
            b'|' => self.out.push('|'),
            b'.' => self.out.push_str(if self.flags.dot_all { "(?s:.)" } else { "[^\\n]" }),
            b'^' => self.out.push_str(if self.flags.multi_line { "(?m:^)" } else { "\\A" }),
            b'$' if self.flags.multi_line => self.out.push_str("(?m:$)"),
            b'$' => self.last(),
            b'*' | b'+' | b'?' => self.quantifier(char::from(byte).to_string())?,
            b'{' => self.braces()?,
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c' if self.flags.extended => {}
            b'#' if self.flags.extended => {
                self.take_while(|byte| byte != b'\n');
            }
            _ => self.literal(byte),
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        match escape::read(self)? {
            Escaped::Byte(byte) => self.literal(byte),
            Escaped::Set(set) => self.set(&set),
            Escaped::Word(word) => self.out.push_str(word),
            Escaped::Beyond { needs, exact, relaxed } => {
                self.beyond_linear(needs, &exact, relaxed)?;
            }
            Escaped::End => self.last(),
            Escaped::Quote => self.quoted(),
            Escaped::Nothing => {}
        }
        Ok(())
    }

    /// Adds a set that an escape names. PCRE2 takes 32 bytes for every class that is spelled out,
    /// in each copy that a counted repetition makes, and has 64 KiB for a pattern.
    fn set(&mut self, set: &Set) {
        match set.letter().filter(|_| self.dialect == Dialect::Backtracking) {
            Some(letter) => self.out.extend(['\\', letter]),
            None => self.out.push_str(&set.spell(false)),
        }
    }

    /// `$` and `\Z`: the end, or before a line feed that ends the text.
    fn last(&mut self) {
        self.out.push_str(match self.dialect {
            // Takes the line feed; see `audit` for what makes it exact.
            Dialect::Linear => "(?:\\n?\\z)",
            Dialect::Backtracking => "\\Z",
            Dialect::Relaxed => "(?m:$)",
        });
    }

    /// `\Q…\E`: everything for itself.
    fn quoted(&mut self) {
        while !self.eat(b"\\E") {
            let Some(byte) = self.take() else { break };
            self.literal(byte);
        }
    }

    /// `{n}`, `{n,}`, `{n,m}`, `{,m}` (Perl 5.34), or else a brace that stands for itself.
    fn braces(&mut self) -> Result<(), PatternError> {
        let bounds = self.bounds_at(0);
        let Some((end, bounds)) = bounds else {
            self.literal(b'{');
            return Ok(());
        };
        self.at += end + 1;
        self.quantifier(bounds)
    }

    /// The bounds that stand so far behind, in the engine's spelling, and how far their `}` is.
    fn bounds_at(&self, offset: usize) -> Option<(usize, String)> {
        let rest = self.rest().get(offset..)?;
        let end = rest.iter().position(|&byte| byte == b'}')?;
        Some((end, bounds(rest.get(..end)?)?))
    }

    fn quantifier(&mut self, quantifier: String) -> Result<(), PatternError> {
        self.out.push_str(&quantifier);
        match self.peek() {
            Some(b'?') => {
                self.at += 1;
                self.out.push('?');
            }
            Some(b'+') => {
                self.at += 1;
                self.beyond_linear("possessive matching", "+", "")?;
            }
            _ => {}
        }
        let nested = match self.peek() {
            Some(b'*' | b'+' | b'?') => true,
            Some(b'{') => self.bounds_at(1).is_some(),
            _ => false,
        };
        if nested { Err(self.invalid("nested quantifiers")) } else { Ok(()) }
    }
}

/// The bounds of a counted repetition in the engine's spelling.
fn bounds(inside: &[u8]) -> Option<String> {
    let inside = std::str::from_utf8(inside).ok()?;
    let number = |text: &str| {
        let text = text.trim_matches([' ', '\t']);
        (text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 5).then(|| text.to_owned())
    };
    match inside.split_once(',') {
        None => number(inside).filter(|n| !n.is_empty()).map(|n| format!("{{{n}}}")),
        Some((least, most)) => match (number(least)?, number(most)?) {
            (least, most) if least.is_empty() && most.is_empty() => None,
            (least, most) if least.is_empty() => Some(format!("{{0,{most}}}")),
            (least, most) => Some(format!("{{{least},{most}}}")),
        },
    }
}
