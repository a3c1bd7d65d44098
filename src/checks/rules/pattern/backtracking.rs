//! The engine for what cannot be linear: PCRE2, kept on a short lead.
//!
//! A pattern is compiled as `\G(?s:.*?)\K(P)`: one attempt at one place that moves along the text
//! itself. PCRE2 counts steps per attempt, so that the limit holds for the whole search and not
//! for each place where a match could begin. Automatic possessification, which hides steps from
//! that count, is switched off. A pattern with `\G`, `(*PRUNE)` or `(*SKIP)` cannot be put so; for
//! it the limit holds per place, so that it is lower and long texts are given up.
//!
//! Machine code (JIT) is several times as fast, but does not count the steps of its inmost loops,
//! each of which is as long as the text. So it runs on short texts alone.
//!
//! Most texts never get here: a relaxed form of the pattern, run by the linear engine, says where
//! the first match could begin, if there is one at all.

use std::ops::Range;

use pcre2::bytes::{Regex, RegexBuilder};
use regex::bytes::Regex as Linear;

use super::{
    PatternError,
    matcher::{LimitExceeded, linear},
};

/// Bytes of a text that machine code reads.
const SHORT: usize = 4 << 10;
/// Steps of a search in a short text.
const MOST_STEPS_SHORT: u32 = 500_000;
/// Steps of a search in any other text: some ten nanoseconds each. A usual search takes a few
/// hundred.
const MOST_STEPS: u32 = 2_000_000;
/// Steps at each place of a short text, for a pattern to which the place matters.
const MOST_STEPS_PER_PLACE: u32 = 2_000;
/// KiB of memory that one search may use to remember where to go back to, without JIT.
const MOST_HEAP_KIB: u32 = 20_000;
/// The same in bytes with JIT, per pattern and thread that uses it; taken as it is needed.
const MOST_STACK: usize = 1 << 20;
/// Bytes of a compiled relaxed form; a larger one costs more than it saves.
const GUARD_SIZE: usize = 2 << 20;

/// A pattern compiled by PCRE2.
#[derive(Debug)]
pub(super) struct Backtracking {
    /// For short texts, in machine code where the platform has it.
    short: Regex,
    /// For all others.
    long: Regex,
    /// Matches where the pattern does, and in more places.
    guard: Option<Linear>,
    /// Where a search begins matters to the pattern.
    fixed: bool,
}

impl Backtracking {
    /// Compiles from PCRE2's syntax and, if there is one, a relaxed form in the linear engine's.
    ///
    /// # Errors
    /// Invalid, or too large.
    pub(super) fn new(translated: &str, relaxed: Option<&str>) -> Result<Self, PatternError> {
        // Literal bytes are spelled in hexadecimal: these are what they look like.
        let fixed = ["\\G", "(*PRUNE", "(*SKIP"].iter().any(|word| translated.contains(word));
        let short_steps = if fixed { MOST_STEPS_PER_PLACE } else { MOST_STEPS_SHORT };
        let mut builder = RegexBuilder::new();
        let long = builder.build(&limited(translated, fixed, MOST_STEPS));
        let short = builder
            .jit_if_available(true)
            .max_jit_stack_size(Some(MOST_STACK))
            .build(&limited(translated, fixed, short_steps));
        let (short, long) = (short.map_err(syntax)?, long.map_err(syntax)?);
        let guard = relaxed.and_then(|relaxed| linear(relaxed, GUARD_SIZE).ok());
        Ok(Self { short, long, guard, fixed })
    }

    /// The leftmost match that starts at `from` or later; `from` is within the text.
    ///
    /// # Errors
    /// Given up.
    pub(super) fn find(
        &self,
        text: &[u8],
        from: usize,
    ) -> Result<Option<Range<usize>>, LimitExceeded> {
        let mut start = from;
        if let Some(guard) = &self.guard {
            let Some(possible) = guard.find_at(text, from) else { return Ok(None) };
            start = if self.fixed { from } else { possible.start() };
        }
        match self.engine(text).ok_or(LimitExceeded)?.find_at(text, start) {
            Ok(found) => Ok(found.map(|found| found.start()..found.end().max(found.start()))),
            Err(_) => Err(LimitExceeded),
        }
    }
}

impl Backtracking {
    /// What runs over this text, if anything may.
    fn engine(&self, text: &[u8]) -> Option<&Regex> {
        match text.len() {
            ..=SHORT => Some(&self.short),
            _ => (!self.fixed).then_some(&self.long),
        }
    }

    /// Where a group of the leftmost match stands, counted from 1; `None` as well where the search
    /// was given up.
    pub(super) fn capture(&self, text: &[u8], group: usize) -> Option<Range<usize>> {
        if self.guard.as_ref().is_some_and(|guard| !guard.is_match(text)) {
            return None;
        }
        // The whole pattern is the first group.
        let found = self.engine(text)?.captures(text).ok()??.get(group + 1)?;
        Some(found.start()..found.end())
    }
}

/// The whole pattern as it is compiled.
fn limited(translated: &str, fixed: bool, steps: u32) -> String {
    let moving = if fixed { "" } else { "\\G(?s:.*?)\\K" };
    format!(
        "(*LIMIT_MATCH={steps})(*LIMIT_DEPTH={steps})(*LIMIT_HEAP={MOST_HEAP_KIB})\
         (*NO_AUTO_POSSESS)(*LF){moving}(?J)({translated})"
    )
}

/// The engine's message without its own name and the place in a text nobody wrote.
fn syntax(error: pcre2::Error) -> PatternError {
    let message = error.to_string();
    PatternError::Syntax(message.rsplit(": ").next().unwrap_or(&message).to_owned())
}
