//! What runs a pattern. The only place that knows which engine it is.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::PatternError;

/// Bytes of one compiled pattern. The largest patterns of the stock set need about half.
const SIZE_LIMIT: usize = 10 << 20;
/// Bytes of one pattern's cache of states, per thread that uses it at the same time. Patterns with
/// large counted repetitions fall back to a slower search when it is too small for them.
const CACHE_LIMIT: usize = 2 << 20;

/// A compiled pattern of one of the engines.
#[derive(Debug)]
pub(in super::super) struct Matcher(Engine);

#[derive(Debug)]
enum Engine {
    /// Time linear in the text, whatever the pattern.
    Linear(Regex),
}

impl Matcher {
    /// Compiles for the linear engine, from its own syntax.
    ///
    /// # Errors
    /// Invalid, or too large.
    pub(super) fn linear(translated: &str) -> Result<Self, PatternError> {
        let built = RegexBuilder::new(translated)
            .unicode(false)
            .size_limit(SIZE_LIMIT)
            .dfa_size_limit(CACHE_LIMIT)
            .build();
        match built {
            Ok(regex) => Ok(Self(Engine::Linear(regex))),
            Err(regex::Error::CompiledTooBig(_)) => Err(PatternError::TooLarge),
            Err(error) => Err(PatternError::Syntax(last_line(&error.to_string()))),
        }
    }

    /// The leftmost match that starts at `from` or later. What stands before `from` is seen by
    /// `^` and `\b`.
    pub(in super::super) fn find(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        if from > text.len() {
            return None;
        }
        match &self.0 {
            Engine::Linear(regex) => regex.find_at(text, from).map(|found| found.range()),
        }
    }

    /// Where a group of the leftmost match stands; groups are counted from 1.
    pub(in super::super) fn capture(&self, text: &[u8], group: usize) -> Option<Range<usize>> {
        match &self.0 {
            Engine::Linear(regex) => regex.captures(text)?.get(group).map(|found| found.range()),
        }
    }

    /// Whether it matches anywhere.
    pub(in super::super) fn is_match(&self, text: &[u8]) -> bool {
        match &self.0 {
            Engine::Linear(regex) => regex.is_match(text),
        }
    }

    /// How often it matches one behind the other, up to `most` times: Perl's `while (/…/g)`.
    pub(in super::super) fn count(&self, text: &[u8], most: u32) -> u32 {
        let (mut count, mut from) = (0, 0);
        while count < most {
            let Some(found) = self.find(text, from) else { break };
            count += 1;
            from = if found.is_empty() { found.end + 1 } else { found.end };
        }
        count
    }
}

/// The engine's messages draw a picture first and name the error in the last line.
pub(super) fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
