//! Perl regular expressions, as rules files write them, with Perl's meaning.
//!
//! ```text
//! m{…}is ──delimited──▶ (…, flags) ──translate──▶ regex crate's syntax ──audit──▶ Matcher
//!                                       │                              └──literal─▶ Literals
//!                                       └─ if that has no word for it, both:
//!                                          PCRE2's syntax ──backtracking──▶ Matcher
//!                                          a relaxed form ──literal──▶ Literals
//! ```
//! SpamAssassin matches bytes under `/aa`: classes and case are ASCII's, except that `/i` also
//! pairs the letters of Latin-1. Two engines: what the linear one can say runs there, in time
//! linear in the text; look-around, back references, possessive quantifiers and whatever is too
//! large for it run in PCRE2, which gives up after a number of steps ([`LimitExceeded`]).
//!
//! Pattern texts are "Latin-1 views": one `char` below 256 for every byte of the file.

#[cfg(any(test, fuzzing))]
mod agreement;
mod audit;
mod backtracking;
mod class;
mod counting;
mod delimited;
mod escape;
mod group;
mod head;
#[cfg(test)]
mod hostile;
mod literal;
mod loosen;
mod matcher;
mod run;
mod template;
mod translate;

#[cfg(any(test, fuzzing))]
pub use agreement::disagreement;
pub(super) use literal::{BYTES, Genre, Literals, View, is_plain_ascii};
pub(super) use matcher::{LimitExceeded, Matcher};
pub(super) use run::Run;
pub(super) use template::Template;

use backtracking::Backtracking;
use counting::Counting;
pub(super) use delimited::closing;
use delimited::{Delimited, Flags};
use loosen::{guard, loosened, written};
use regex_syntax::hir::Hir;
use translate::{Dialect, translate};

use super::language::{bytes_of, latin1_view};

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What runs.
    pub(super) matcher: Matcher,
    /// Matches wherever the pattern does, and perhaps in more places; `None` if nothing is known.
    hir: Option<Hir>,
    /// As it was written.
    source: Delimited,
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
    /// Right in Perl, but more than the engine can do.
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
    /// Not a pattern, not a valid one, or more than both engines can do.
    pub(super) fn compile(text: &str) -> Result<Self, PatternError> {
        Self::of(Delimited::split(text)?)
    }

    /// Compiles it anew, of which `rewrite` changes what stands between the delimiters.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub(super) fn rewritten(&self, rewrite: impl Fn(&str) -> String) -> Result<Self, PatternError> {
        let Delimited { pattern, flags } = &self.source;
        let pattern = bytes_of(&rewrite(&latin1_view(pattern)));
        Self::of(Delimited { pattern, flags: *flags })
    }

    /// With places for what other patterns caught, if it has such; on its own it takes `%{NAME}`
    /// for these very characters.
    pub(super) fn template(&self) -> Option<Template> {
        Template::new(&self.source)
    }

    /// Compiled so that [`Matcher::catch`] tells what it catches for other patterns; `None` if
    /// that is nothing.
    ///
    /// # Errors
    /// More than the engine can do whose groups can be asked for.
    pub(super) fn catching(&self) -> Result<Option<Matcher>, PatternError> {
        if template::caught(&self.source.pattern).is_empty() {
            return Ok(None);
        }
        Ok(Some(Self::backtracking(&self.source)?.matcher))
    }

    /// The tags under which it catches something for other patterns.
    pub(super) fn caught(&self) -> Vec<String> {
        template::caught(&self.source.pattern)
    }

    /// Compiles a pattern with its delimiters and flags, whose groups are asked for.
    ///
    /// # Errors
    /// Not a pattern, or not a valid one.
    pub(super) fn compile_capturing(text: &str) -> Result<Self, PatternError> {
        Self::backtracking(&Delimited::split(text)?)
    }

    /// Compiles a pattern that has neither delimiters nor flags.
    ///
    /// # Errors
    /// Not a valid one, or more than both engines can do.
    pub(super) fn compile_bare(text: &str) -> Result<Self, PatternError> {
        Self::of(Delimited { pattern: bytes_of(text), flags: Flags::default() })
    }

    /// Strings of which every match contains at least one, if there are such that texts of this
    /// genre seldom have.
    pub(super) fn literals(&self, genre: Genre) -> Option<Literals> {
        self.hir.as_ref().and_then(|hir| Literals::required(hir, genre))
    }

    /// Bytes in a row that every match contains, if texts of this genre seldom have such.
    pub(super) fn run(&self, genre: Genre) -> Option<Run> {
        self.hir.as_ref().and_then(|hir| Run::required(hir, genre))
    }

    fn of(source: Delimited) -> Result<Self, PatternError> {
        use PatternError::{Needs, Syntax, TooLarge};
        let compiled = match Self::linear(&source) {
            Err(Needs(_)) => Self::backtracking(&source),
            // The linear engine's word for what is wrong, if the other one sees it so, too.
            Err(error @ (TooLarge | Syntax(_))) => Self::backtracking(&source).or(Err(error)),
            done => done,
        };
        Ok(Self { source, ..compiled? })
    }

    fn linear(Delimited { pattern, flags }: &Delimited) -> Result<Self, PatternError> {
        let translated = translate(pattern, *flags, Dialect::Linear)?;
        let hir = audit::parse(&translated)?;
        audit::positions(&hir)?;
        let matcher = if let Some(loose) = loosened(&hir) {
            Matcher::counting(Counting::new(&translated, &written(&loose))?)
        } else if let Some(guard) = guard(&hir) {
            Matcher::guarded(&translated, &written(&guard))?
        } else {
            Matcher::linear(&translated)?
        };
        Ok(Self {
            matcher: matcher.of_at_least(audit::least(&hir)),
            hir: Some(hir),
            source: Delimited::default(),
            doubt: delimited::doubt(pattern),
        })
    }

    fn backtracking(Delimited { pattern, flags }: &Delimited) -> Result<Self, PatternError> {
        let exact = translate(pattern, *flags, Dialect::Backtracking)?;
        // Without a relaxed form the pattern just runs more often.
        let relaxed = translate(pattern, *flags, Dialect::Relaxed).ok();
        let hir = relaxed.as_deref().and_then(|relaxed| audit::parse(relaxed).ok());
        let head = hir.as_ref().and_then(|hir| head::head(hir).or_else(|| loosened(hir)));
        let guard = head.map(|head| written(&head)).or(relaxed);
        let matcher = Matcher::backtracking(Backtracking::new(&exact, guard.as_deref())?);
        Ok(Self {
            matcher: matcher.of_at_least(hir.as_ref().map_or(0, audit::least)),
            hir,
            source: Delimited::default(),
            doubt: delimited::doubt(pattern),
        })
    }
}

#[cfg(test)]
mod tests;
