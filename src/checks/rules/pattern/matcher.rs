//! What runs a pattern. The only place that knows which engine it is.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::{meta, util::syntax};
use regex_syntax::hir::{Hir, HirKind};

use super::{PatternError, backtracking::Backtracking, counting::Counting};

/// Bytes of one compiled pattern. The largest patterns of the stock set need about half.
pub(super) const SIZE_LIMIT: usize = 10 << 20;
/// Bytes of one pattern's cache of states, per thread that uses it at the same time. When it is full,
/// the states are made anew as they are needed. Mail varies, so that without a limit caches would
/// grow for ever; a hundred times as much saves 6 % of the time at most.
const CACHE_LIMIT: usize = 64 << 10;
/// What a pattern that is large itself gets, for each of the engine's states: with a cache that holds
/// but a few states the search would do without, and be slow.
const CACHE_PER_STATE: usize = 64;

/// A compiled pattern of one of the engines.
#[derive(Debug)]
pub(in super::super) struct Matcher {
    engine: Engine,
    /// Bytes that every match takes at least.
    least: usize,
}

#[derive(Debug)]
enum Engine {
    /// Time linear in the text, whatever the pattern.
    Linear(Regex),
    /// The same behind a guard: where that does not match, the pattern does not either.
    Guarded(Box<Guarded>),
    /// The same, with large counts; gives up long texts that would take the engine minutes.
    Counting(Box<Counting>),
    /// Everything else that Perl has; gives up at a limit.
    Backtracking(Box<Backtracking>),
}

/// A pattern whose counts cost the engine many states, and its form without them, which costs few.
#[derive(Debug)]
struct Guarded {
    guard: Regex,
    exact: Regex,
}

/// A search that was given up because it took too many steps: whether the pattern matches is not
/// known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pattern limit exceeded")]
pub(in super::super) struct LimitExceeded;

/// What the named groups of a match caught.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Catch<'m> {
    /// Where to look for the next match.
    pub(in super::super) next: usize,
    /// Where its groups stand, in their order; `None` for one that took no part in it. Several may
    /// have the same name.
    pub(super) groups: Vec<(&'m str, Option<Range<usize>>)>,
}

impl Matcher {
    /// Compiles for the linear engine, from its own syntax.
    ///
    /// # Errors
    /// Invalid, or too large.
    pub(super) fn linear(translated: &str) -> Result<Self, PatternError> {
        linear(translated, SIZE_LIMIT).map(|regex| Self { engine: Engine::Linear(regex), least: 0 })
    }

    /// The same behind a guard, which matches wherever the pattern does.
    ///
    /// # Errors
    /// As [`linear`](Self::linear).
    pub(super) fn guarded(translated: &str, guard: &str) -> Result<Self, PatternError> {
        let guard = linear(guard, SIZE_LIMIT)?;
        let guarded = Guarded { guard, exact: linear(translated, SIZE_LIMIT)? };
        Ok(Self { engine: Engine::Guarded(Box::new(guarded)), least: 0 })
    }

    /// One with large counts.
    pub(super) fn counting(engine: Counting) -> Self {
        Self { engine: Engine::Counting(Box::new(engine)), least: 0 }
    }

    /// One that backtracks.
    pub(super) fn backtracking(engine: Backtracking) -> Self {
        Self { engine: Engine::Backtracking(Box::new(engine)), least: 0 }
    }

    /// The same, of which every match is known to take so many bytes.
    pub(super) fn of_at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }

    /// Whether a text is too short for a match.
    pub(in super::super) fn needs_more_than(&self, text: &[u8]) -> bool {
        text.len() < self.least
    }

    /// Whether its time is not linear in the text.
    pub(in super::super) fn backtracks(&self) -> bool {
        matches!(self.engine, Engine::Backtracking(_))
    }

    /// Bytes that it takes, without the caches of searches; `None` if it is not the linear engine's:
    /// the other one does not tell. Takes as long as compiling it.
    pub(in super::super) fn size(&self) -> Option<usize> {
        match &self.engine {
            Engine::Linear(regex) => size(regex),
            Engine::Guarded(it) => Some(size(&it.guard)? + size(&it.exact)?),
            Engine::Counting(engine) => engine.size(),
            Engine::Backtracking(_) => None,
        }
    }

    /// Compiles what a search in this text needs, if it is the first. Takes some milliseconds,
    /// once, that are no part of the search.
    pub(in super::super) fn prepare(&self, text: &[u8]) {
        if let Engine::Backtracking(engine) = &self.engine {
            engine.prepare(text);
        }
    }

    /// The leftmost match that starts at `from` or later. What stands before `from` is seen by
    /// `^`, `\b` and look-behind.
    ///
    /// # Errors
    /// Given up.
    pub(in super::super) fn try_find(
        &self,
        text: &[u8],
        from: usize,
    ) -> Result<Option<Range<usize>>, LimitExceeded> {
        if from.saturating_add(self.least) > text.len() {
            return Ok(None);
        }
        match &self.engine {
            Engine::Linear(regex) => Ok(regex.find_at(text, from).map(|found| found.range())),
            Engine::Guarded(it) if !it.guard.is_match_at(text, from) => Ok(None),
            Engine::Guarded(it) => Ok(it.exact.find_at(text, from).map(|found| found.range())),
            Engine::Counting(engine) => engine.find(text, from),
            Engine::Backtracking(engine) => engine.find(text, from),
        }
    }

    /// Where a group of the leftmost match stands, of a pattern compiled for it; groups are
    /// counted from 1. `None` as well where the search was given up.
    pub(in super::super) fn capture(&self, text: &[u8], group: usize) -> Option<Range<usize>> {
        match &self.engine {
            Engine::Linear(_) | Engine::Guarded(_) | Engine::Counting(_) => None,
            Engine::Backtracking(engine) => engine.capture(text, group),
        }
    }

    /// The named groups of the leftmost match that starts at `from` or later, of a pattern compiled
    /// for it.
    ///
    /// # Errors
    /// Given up.
    pub(in super::super) fn catch(
        &self,
        text: &[u8],
        from: usize,
    ) -> Result<Option<Catch<'_>>, LimitExceeded> {
        match &self.engine {
            Engine::Backtracking(engine) if from <= text.len() => engine.catch(text, from),
            _ => Ok(None),
        }
    }

    /// Whether it matches anywhere.
    ///
    /// # Errors
    /// Given up.
    pub(in super::super) fn try_is_match(&self, text: &[u8]) -> Result<bool, LimitExceeded> {
        if self.needs_more_than(text) {
            return Ok(false);
        }
        match &self.engine {
            Engine::Linear(regex) => Ok(regex.is_match(text)),
            Engine::Guarded(it) => Ok(it.guard.is_match(text) && it.exact.is_match(text)),
            Engine::Counting(engine) => engine.is_match(text),
            Engine::Backtracking(engine) => engine.find(text, 0).map(|found| found.is_some()),
        }
    }

    /// How often it matches one behind the other, up to `most` times: Perl's `while (/…/g)`.
    ///
    /// # Errors
    /// Given up.
    pub(in super::super) fn try_count(&self, text: &[u8], most: u32) -> Result<u32, LimitExceeded> {
        let (mut count, mut from) = (0, 0);
        while count < most {
            let Some(found) = self.try_find(text, from)? else { break };
            count += 1;
            from = if found.is_empty() { found.end + 1 } else { found.end };
        }
        Ok(count)
    }

    /// As [`try_find`](Self::try_find); what was given up does not match.
    pub(in super::super) fn find(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        self.try_find(text, from).ok().flatten()
    }

    /// As [`try_is_match`](Self::try_is_match); what was given up does not match.
    pub(in super::super) fn is_match(&self, text: &[u8]) -> bool {
        self.try_is_match(text).unwrap_or(false)
    }
}

/// Bytes that the linear engine's form of a pattern takes. That engine does not tell, but what it
/// is made of does: the same is made again, which takes as long.
pub(super) fn size(regex: &Regex) -> Option<usize> {
    let config = meta::Config::new()
        .utf8_empty(false)
        .nfa_size_limit(Some(SIZE_LIMIT))
        .hybrid_cache_capacity(cache_limit(regex.as_str()));
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let mut builder = meta::Regex::builder();
    let made = builder.configure(config).syntax(syntax).build(regex.as_str());
    made.ok().map(|made| made.memory_usage())
}

/// Compiles the linear engine's own syntax.
///
/// # Errors
/// Invalid, or more than `size` bytes when compiled.
pub(super) fn linear(translated: &str, size: usize) -> Result<Regex, PatternError> {
    let built = RegexBuilder::new(translated)
        .unicode(false)
        .size_limit(size)
        .dfa_size_limit(cache_limit(translated))
        .build();
    match built {
        Ok(regex) => Ok(regex),
        Err(regex::Error::CompiledTooBig(_)) => Err(PatternError::TooLarge),
        Err(error) => Err(PatternError::Syntax(last_line(&error.to_string()))),
    }
}

/// How large a pattern's cache may become, in bytes.
fn cache_limit(translated: &str) -> usize {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
    let states = parser.parse(translated).map_or(0, |hir| states(&hir));
    states.saturating_mul(CACHE_PER_STATE).clamp(CACHE_LIMIT, SIZE_LIMIT)
}

/// Roughly the number of states of the engine that would read this without a cache.
fn states(hir: &Hir) -> usize {
    let sum = |subs: &[Hir]| subs.iter().map(states).fold(1, usize::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Capture(capture) => states(&capture.sub),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => sum(subs),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1));
            states(&repetition.sub).saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
        }
    }
}

/// The engine's messages draw a picture first and name the error in the last line.
pub(super) fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
