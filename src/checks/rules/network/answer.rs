//! Which answers of a list count.

use std::{net::Ipv4Addr, sync::Arc};

use super::super::{
    language::readable,
    pattern::{Matcher, Pattern, PatternError},
};
use crate::dns::response_code_of;

/// Which answers count.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Addresses with one of these bits.
    Bits(u32),
    /// Addresses from the first to the second.
    Range(u32, u32),
    /// Addresses that are the first where the second, a mask, has bits.
    Masked(u32, u32),
    /// Records with exactly this text.
    Text(String),
    /// Records that a pattern matches.
    Pattern(AnswerPattern),
    /// Answers with one of these response codes (RFC 6895).
    Codes(Vec<u16>),
}

/// A pattern for records.
#[derive(Clone, Debug)]
pub struct AnswerPattern(Arc<Matcher>);

/// What is said of answers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Not a name to ask for and types of records.
    #[error("needs a name to ask for, and types of records that exist")]
    Question,
    /// None of the forms.
    #[error("`{0}` describes no answer")]
    Form(String),
    /// A pattern that cannot be used.
    #[error("the answer's pattern: {0}")]
    Pattern(String),
}

impl AnswerPattern {
    /// Whether the text of a record counts.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}

impl Answer {
    /// Whether an address counts.
    pub fn accepts_address(&self, address: Ipv4Addr) -> bool {
        let bits = u32::from(address);
        match self {
            Self::Bits(wanted) => bits & wanted != 0,
            Self::Range(first, last) => (*first..=*last).contains(&bits),
            Self::Masked(wanted, mask) => bits & mask == wanted & mask,
            Self::Text(_) | Self::Pattern(_) => self.accepts_text(address.to_string().as_bytes()),
            Self::Codes(_) => false,
        }
    }

    /// Whether the text of a record counts.
    pub fn accepts_text(&self, text: &[u8]) -> bool {
        match self {
            Self::Text(wanted) => wanted.as_bytes() == text,
            Self::Pattern(pattern) => pattern.0.is_match(text),
            _ => false,
        }
    }

    /// Whether a response code counts.
    pub fn accepts_code(&self, code: u16) -> bool {
        matches!(self, Self::Codes(codes) if codes.contains(&code))
    }

    /// `16`, `0x10`, `127.0.0.2`, `127.0.0.2-127.0.0.9`, `0.0.0.16/0.0.0.16`.
    pub(super) fn number(text: &str) -> Result<Self, AnswerError> {
        let form = || AnswerError::Form(text.to_owned());
        let pair = |at: &str, with: fn(u32, u32) -> Self| {
            let (first, second) = text.split_once(at)?;
            Some(with(number(first)?, number(second)?))
        };
        if text.contains('-') {
            return pair("-", Self::Range).ok_or_else(form);
        }
        if text.contains('/') {
            return pair("/", Self::Masked).ok_or_else(form);
        }
        let number = number(text).ok_or_else(form)?;
        Ok(if text.contains('.') { Self::Range(number, number) } else { Self::Bits(number) })
    }

    /// What functions take: a number is bits, four are an address, anything else is a pattern without
    /// delimiters.
    pub(super) fn of_function(text: &str) -> Result<Self, AnswerError> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::number(text);
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Range(address.to_bits(), address.to_bits()));
        }
        let pattern = Pattern::compile_bare(text).map_err(broken)?;
        Ok(Self::Pattern(AnswerPattern(Arc::new(pattern.matcher))))
    }

    /// Also `/pattern/`, `"text"`, `[NXDOMAIN,SERVFAIL]`. `text` is a Latin-1 view.
    pub(super) fn any(text: &str) -> Result<Self, AnswerError> {
        let quoted = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
        if text.starts_with('/') || text.starts_with("m{") || text.starts_with("m,") {
            let pattern = Pattern::compile(text).map_err(broken)?;
            return Ok(Self::Pattern(AnswerPattern(Arc::new(pattern.matcher))));
        }
        if let Some(text) = quoted('"').or_else(|| quoted('\'')) {
            return Ok(Self::Text(readable(text)));
        }
        if let Some(list) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let codes: Option<Vec<u16>> =
                list.split(',').map(|word| response_code_of(word.trim())).collect();
            return codes.map(Self::Codes).ok_or_else(|| AnswerError::Form(readable(text)));
        }
        Self::number(text)
    }
}

fn broken(error: PatternError) -> AnswerError {
    AnswerError::Pattern(error.to_string())
}

/// Decimal, hexadecimal, or an address.
fn number(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok();
    }
    if text.contains('.') {
        return text.parse::<Ipv4Addr>().ok().map(u32::from);
    }
    text.parse().ok().filter(|_| !text.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_count_or_do_not() {
        for (answer, address, counts) in [
            ("16", "127.0.0.16", true),
            ("0x10", "127.0.0.48", true),
            ("16", "127.0.0.8", false),
            ("127.0.0.2", "127.0.0.2", true),
            ("127.0.0.2", "127.0.0.3", false),
            ("127.0.0.2-127.0.0.9", "127.0.0.9", true),
            ("127.0.0.2-127.0.0.9", "127.0.0.10", false),
            ("0.0.0.16/0.0.0.16", "127.0.0.24", true),
            ("/^127\\.0\\.0\\.[2-4]$/", "127.0.0.3", true),
            ("'127.0.0.3'", "127.0.0.3", true),
            ("[NXDOMAIN]", "127.0.0.3", false),
        ] {
            let accepts = Answer::any(answer).unwrap().accepts_address(address.parse().unwrap());
            assert_eq!(accepts, counts, "{answer} {address}");
        }
        assert!(Answer::any("[nxdomain, 2]").unwrap().accepts_code(2));
        assert!(Answer::any("\"some text\"").unwrap().accepts_text(b"some text"));
        for wrong in ["", "x", "1-", "/(/", "[FOO]", "1.2.3", "0xgg"] {
            assert!(Answer::any(wrong).is_err(), "{wrong}");
        }
    }
}
