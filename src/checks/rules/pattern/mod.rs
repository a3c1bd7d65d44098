//! Perl regular expressions, as rules files write them, with Perl's meaning.
//!
//! ```text
//! m{…}is ──delimited──▶ (…, flags) ──translate──▶ regex crate's syntax ──audit──▶ Matcher
//!                                                                      └──literal─▶ Literals
//! ```
//! SpamAssassin matches bytes under `/aa`: classes and case are ASCII's, except that `/i` also
//! pairs the letters of Latin-1. A pattern that says something the linear engine has no word for
//! (look-around, back references, possessive quantifiers) is refused as
//! [`PatternError::Needs`]; that, and [`Matcher`], is where a backtracking engine joins.
//!
//! Pattern texts are "Latin-1 views": one `char` below 256 for every byte of the file.

mod audit;
mod class;
mod delimited;
mod escape;
mod group;
mod literal;
mod matcher;
mod translate;

pub(super) use literal::{Literals, View};
pub(super) use matcher::Matcher;

use delimited::{Delimited, Flags};

use super::language::bytes_of;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What runs.
    pub(super) matcher: Matcher,
    /// Strings of which every match contains at least one, if there are usable ones.
    pub(super) literals: Option<Literals>,
    /// Something that its author probably did not mean.
    pub(super) doubt: Option<&'static str>,
}

/// Why a pattern cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PatternError {
    /// Not `/…/flags` or `m{…}flags`.
    #[error("{0}")]
    Delimiter(&'static str),
    /// A letter behind the closing delimiter that is no flag.
    #[error("unknown regular expression flag `{0}`")]
    Flag(char),
    /// Right in Perl, but more than the linear engine can do.
    #[error("needs {0} (not yet)")]
    Needs(&'static str),
    /// Wrong in Perl, too.
    #[error("{what} at character {at} of the regular expression")]
    Invalid {
        /// What is wrong.
        what: &'static str,
        /// Where, from 1.
        at: usize,
    },
    /// Wrong in a way that only the engine noticed.
    #[error("invalid regular expression: {0}")]
    Syntax(String),
    /// The compiled form would be larger than the limit.
    #[error("the regular expression is too large when compiled")]
    TooLarge,
}

impl Pattern {
    /// Compiles a pattern with its delimiters and flags.
    ///
    /// # Errors
    /// Not a pattern, not a valid one, or one that needs another engine.
    pub(super) fn compile(text: &str) -> Result<Self, PatternError> {
        Self::of(&Delimited::split(text)?)
    }

    /// Compiles a pattern that has neither delimiters nor flags.
    ///
    /// # Errors
    /// Not a valid one, or one that needs another engine.
    pub(super) fn compile_bare(text: &str) -> Result<Self, PatternError> {
        Self::of(&Delimited { pattern: bytes_of(text), flags: Flags::default() })
    }

    fn of(Delimited { pattern, flags }: &Delimited) -> Result<Self, PatternError> {
        let translated = translate::translate(pattern, *flags)?;
        let hir = audit::parse(&translated)?;
        audit::positions(&hir)?;
        Ok(Self {
            matcher: Matcher::linear(&translated)?,
            literals: Literals::required(&hir),
            doubt: delimited::doubt(pattern),
        })
    }
}

#[cfg(test)]
mod tests;
