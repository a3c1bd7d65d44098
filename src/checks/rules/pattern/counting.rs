//! The linear engine for patterns with large counts, which are linear in the text, but with a
//! factor of thousands: an automaton made while it runs, given up where it does not pay.
//!
//! First a form without the counts says whether there can be a match at all. The search itself may
//! make new states for every byte of a hostile text; then it is gone on with without an automaton,
//! if that is bearable for a text of this length.

use std::{ops::Range, sync::OnceLock};

use regex::bytes::Regex;
use regex_automata::{
    Input,
    hybrid::dfa::{Cache, DFA},
    nfa::thompson,
    util::{pool::Pool, syntax},
};

use super::{
    PatternError,
    matcher::{LimitExceeded, SIZE_LIMIT, linear, size},
};

/// States times bytes of a search without an automaton: some five nanoseconds each.
const MOST_WORK: usize = 100_000_000;
/// Bytes of the cache of states, per thread that uses it at the same time.
const CACHE_LIMIT: usize = 2 << 20;
/// How often all states may be forgotten and made anew.
const MOST_CLEARS: usize = 3;
/// With fewer bytes read per state made, making them does not pay.
const FEW_BYTES_PER_STATE: usize = 10;

/// A pattern with large counts.
#[derive(Debug)]
pub(super) struct Counting {
    /// Without the counts.
    loose: Regex,
    automaton: DFA,
    caches: Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync>>,
    /// What the automaton and the engine are made of.
    pattern: String,
    /// Tells where a match begins; made for the first one.
    engine: OnceLock<Option<Regex>>,
}

impl Counting {
    /// Compiles a pattern in the linear engine's syntax, and its loosened form.
    ///
    /// # Errors
    /// Invalid, or too large.
    pub(super) fn new(pattern: &str, loose: &str) -> Result<Self, PatternError> {
        let automaton = automaton(pattern)?;
        let make = {
            let automaton = automaton.clone();
            move || automaton.create_cache()
        };
        Ok(Self {
            loose: linear(loose, SIZE_LIMIT)?,
            automaton,
            caches: Pool::new(Box::new(make)),
            pattern: pattern.to_owned(),
            engine: OnceLock::new(),
        })
    }

    /// Whether it matches anywhere.
    ///
    /// # Errors
    /// Given up.
    pub(super) fn is_match(&self, text: &[u8]) -> Result<bool, LimitExceeded> {
        if !self.loose.is_match(text) {
            return Ok(false);
        }
        match self.automaton_matches(text, 0) {
            Some(matches) => Ok(matches),
            None => Ok(self.engine_for(text)?.is_match(text)),
        }
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
        if !self.loose.is_match_at(text, from) {
            return Ok(None);
        }
        let engine = match self.automaton_matches(text, from) {
            Some(false) => return Ok(None),
            Some(true) => self.engine().ok_or(LimitExceeded)?,
            None => self.engine_for(text)?,
        };
        Ok(engine.find_at(text, from).map(|found| found.range()))
    }

    /// Bytes that it takes, see [`size`]; the engine counts once it is made.
    pub(super) fn size(&self) -> Option<usize> {
        let engine = self.engine.get().and_then(Option::as_ref).map_or(Some(0), size)?;
        Some(size(&self.loose)? + self.automaton.get_nfa().memory_usage() + engine)
    }

    /// Whether it matches; `None` if making states did not pay.
    fn automaton_matches(&self, text: &[u8], from: usize) -> Option<bool> {
        let input = Input::new(text).range(from..).earliest(true);
        let mut cache = self.caches.get();
        let end = self.automaton.try_search_fwd(&mut cache, &input).ok()?;
        Some(end.is_some())
    }

    /// The engine, if it can read such a text without an automaton.
    fn engine_for(&self, text: &[u8]) -> Result<&Regex, LimitExceeded> {
        let states = self.automaton.get_nfa().states().len();
        let is_bearable = states.saturating_mul(text.len()) <= MOST_WORK;
        self.engine().filter(|_| is_bearable).ok_or(LimitExceeded)
    }

    fn engine(&self) -> Option<&Regex> {
        self.engine.get_or_init(|| linear(&self.pattern, SIZE_LIMIT).ok()).as_ref()
    }
}

fn automaton(pattern: &str) -> Result<DFA, PatternError> {
    let config = DFA::config()
        .cache_capacity(CACHE_LIMIT)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(MOST_CLEARS))
        .minimum_bytes_per_state(Some(FEW_BYTES_PER_STATE));
    let states = thompson::Compiler::new()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(thompson::Config::new().utf8(false).nfa_size_limit(Some(SIZE_LIMIT)))
        .build(pattern)
        .map_err(|error| match error.size_limit() {
            Some(_) => PatternError::TooLarge,
            None => PatternError::Syntax(error.to_string()),
        })?;
    DFA::builder()
        .configure(config)
        .build_from_nfa(states)
        .map_err(|error| PatternError::Syntax(error.to_string()))
}
