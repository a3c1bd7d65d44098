//! The engine for what cannot be linear: PCRE2, kept on a short lead.
//!
//! Most texts never get here: a relaxed form of the pattern, run by the linear engine, says where a
//! match could begin. There the pattern is tried, in machine code (JIT) unless the text is long. After
//! a few places, or where there is no relaxed form, or when a trial takes too many steps, the rest
//! is left to one search that counts them all: the pattern is compiled as `\G(?s:.*?)\K(P)`, one
//! attempt at one place that moves along the text itself. PCRE2 counts steps per attempt, so that the
//! limit holds for the whole search. Automatic possessification, which hides steps from that count,
//! is switched off there. What a rule's own possessive quantifiers run over is not counted either:
//! a longer text is searched in strides, between which the CPU time is looked at. A pattern with
//! `\G`, `(*PRUNE)` or `(*SKIP)` cannot be put so; for it the limit holds per place, so that it is
//! lower and long texts are given up.
//!
//! Machine code is several times as fast, but does not count the steps of its inmost loops, each of
//! which is as long as the text. So it gets fewer steps on longer texts, and none on very long ones.

use std::{ops::Range, sync::OnceLock, time::Duration};

use pcre2::bytes::{Regex, RegexBuilder};
use regex::bytes::Regex as Linear;

use super::{
    PatternError,
    matcher::{Catch, LimitExceeded, linear},
};
use crate::metrics::thread_cpu_time;

/// Bytes of a short text.
const SHORT: usize = 4 << 10;
/// Bytes of the longest text that machine code reads.
const MIDDLING: usize = 64 << 10;
/// Places where a pattern is tried before the search that moves along the text takes over.
const MOST_PLACES: usize = 32;
/// Steps of a trial at one place; in machine code on a longer text.
const MOST_STEPS_TRIAL: u32 = 50_000;
const MOST_STEPS_TRIAL_LONGER: u32 = 5_000;
/// Steps of a search in a short text.
const MOST_STEPS_SHORT: u32 = 500_000;
/// Steps of a stride in any other text: from ten nanoseconds to a microsecond each. A usual search
/// takes a few hundred.
const MOST_STEPS: u32 = 200_000;
/// Places that are tried in one stride.
const STRIDE: usize = 1_000;
/// CPU time after which there is no other stride.
const MOST_TIME: Duration = Duration::from_millis(250);
/// Steps at each place of a short text, for a pattern to which the place matters.
const MOST_STEPS_PER_PLACE: u32 = 2_000;
/// KiB of memory that one search may use to remember where to go back to, without JIT.
const MOST_HEAP_KIB: u32 = 20_000;
/// The same in bytes with JIT, per pattern and thread that uses it; taken as it is needed.
const MOST_STACK: usize = 1 << 20;
/// Bytes of a compiled relaxed form; a larger one costs more than it saves.
const GUARD_SIZE: usize = 2 << 20;

/// A pattern compiled by PCRE2, in up to five forms; each is made when it is first needed.
#[derive(Debug)]
pub(super) struct Backtracking {
    /// PCRE2's syntax.
    translated: String,
    /// Tried at one place.
    trial: Forms,
    /// Moving along.
    moving: Forms,
    /// Matches where the pattern does, and in more places; `None` if there is no such form or it
    /// is large.
    guard: OnceLock<Option<Linear>>,
    /// What `guard` is compiled from.
    relaxed: Option<String>,
    /// Where a search begins matters to the pattern.
    fixed: bool,
}

/// A pattern for each length of text.
#[derive(Debug, Default)]
struct Forms {
    short: OnceLock<Regex>,
    middling: OnceLock<Regex>,
    long: OnceLock<Regex>,
}

/// How long a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Short,
    Middling,
    Long,
}

impl Length {
    fn of(text: &[u8]) -> Self {
        match text.len() {
            length if length <= SHORT => Self::Short,
            length if length <= MIDDLING => Self::Middling,
            _ => Self::Long,
        }
    }
}

/// How a form of a pattern runs.
#[derive(Clone, Copy)]
struct Form {
    length: Length,
    moves: bool,
}

impl Form {
    fn compile(self, translated: &str, fixed: bool) -> Result<Regex, pcre2::Error> {
        let (steps, is_machine_code) = match (self.moves, self.length) {
            (false, Length::Short) => (MOST_STEPS_TRIAL, true),
            (false, Length::Middling) => (MOST_STEPS_TRIAL_LONGER, true),
            (false, Length::Long) => (MOST_STEPS_TRIAL, false),
            (true, Length::Short) if fixed => (MOST_STEPS_PER_PLACE, true),
            (true, Length::Short) => (MOST_STEPS_SHORT, true),
            (true, _) => (MOST_STEPS, false),
        };
        let counts_all = self.moves || !is_machine_code;
        let verbs = if counts_all { "(*NO_AUTO_POSSESS)" } else { "" };
        let place = match (self.moves, self.length) {
            _ if fixed => String::new(),
            (true, Length::Short) => "\\G(?s:.*?)\\K".to_owned(),
            (true, _) => format!("\\G(?s:.{{0,{STRIDE}}}?)\\K"),
            (false, _) => "\\G".to_owned(),
        };
        let mut builder = RegexBuilder::new();
        if is_machine_code {
            builder.jit_if_available(true).max_jit_stack_size(Some(MOST_STACK));
        }
        builder.build(&format!(
            "(*LIMIT_MATCH={steps})(*LIMIT_DEPTH={steps})(*LIMIT_HEAP={MOST_HEAP_KIB})\
             {verbs}(*LF){place}(?J)({translated})"
        ))
    }
}

impl Backtracking {
    /// Compiles from PCRE2's syntax and, if there is one, a relaxed form in the linear engine's.
    ///
    /// # Errors
    /// Invalid, or too large.
    pub(super) fn new(translated: &str, relaxed: Option<&str>) -> Result<Self, PatternError> {
        // Literal bytes are spelled in hexadecimal: these are what they look like.
        let fixed = ["\\G", "(*PRUNE", "(*SKIP"].iter().any(|word| translated.contains(word));
        let new = Self {
            translated: translated.to_owned(),
            trial: Forms::default(),
            moving: Forms::default(),
            guard: OnceLock::new(),
            relaxed: relaxed.map(str::to_owned),
            fixed,
        };
        // Whatever is wrong with it shows in any form.
        let moves = new.fixed || new.relaxed.is_none();
        new.form(Form { length: Length::Short, moves }).map_err(syntax)?;
        Ok(new)
    }

    fn form(&self, form: Form) -> Result<&Regex, pcre2::Error> {
        let forms = if form.moves { &self.moving } else { &self.trial };
        let place = match form.length {
            Length::Short => &forms.short,
            Length::Middling => &forms.middling,
            Length::Long => &forms.long,
        };
        if let Some(regex) = place.get() {
            return Ok(regex);
        }
        let regex = form.compile(&self.translated, self.fixed)?;
        Ok(place.get_or_init(|| regex))
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
        let length = Length::of(text);
        let mut start = from;
        let places = if self.fixed { 0 } else { MOST_PLACES };
        for _ in 0..places {
            let Some(guard) = self.guard() else { break };
            let Some(possible) = guard.find_at(text, start) else { return Ok(None) };
            start = possible.start();
            match self.search(Form { length, moves: false }, text, start) {
                Ok(None) if start < text.len() => start += 1,
                Ok(found) => return Ok(found),
                Err(LimitExceeded) => break,
            }
        }
        if self.fixed && self.guard().is_some_and(|guard| !guard.is_match(text)) {
            return Ok(None);
        }
        if self.fixed || length == Length::Short {
            return self.search(Form { length, moves: true }, text, start);
        }
        self.stride(length, text, start)
    }

    /// Searches a longer text.
    fn stride(
        &self,
        length: Length,
        text: &[u8],
        from: usize,
    ) -> Result<Option<Range<usize>>, LimitExceeded> {
        let began = thread_cpu_time();
        let mut start = from;
        while start <= text.len() {
            if let Some(found) = self.search(Form { length, moves: true }, text, start)? {
                return Ok(Some(found));
            }
            start += STRIDE + 1;
            if thread_cpu_time().saturating_sub(began) > MOST_TIME {
                return Err(LimitExceeded);
            }
        }
        Ok(None)
    }

    fn search(
        &self,
        form: Form,
        text: &[u8],
        from: usize,
    ) -> Result<Option<Range<usize>>, LimitExceeded> {
        if self.fixed && form.length != Length::Short {
            return Err(LimitExceeded);
        }
        let engine = self.form(form).map_err(|_| LimitExceeded)?;
        match engine.find_at(text, from) {
            Ok(found) => Ok(found.map(|found| found.start()..found.end().max(found.start()))),
            Err(_) => Err(LimitExceeded),
        }
    }

    /// Where a group of the leftmost match stands, counted from 1; `None` as well where the search
    /// was given up.
    pub(super) fn capture(&self, text: &[u8], group: usize) -> Option<Range<usize>> {
        let start = self.find(text, 0).ok()??.start;
        let engine = self.form(Form { length: Length::of(text), moves: true }).ok()?;
        let mut groups = engine.capture_locations();
        engine.captures_read_at(&mut groups, text, start).ok()??;
        // The whole pattern is the first group.
        groups.get(group + 1).map(|(start, end)| start..end)
    }

    /// The named groups of the leftmost match that starts at `from` or later; `from` is within the
    /// text.
    ///
    /// # Errors
    /// Given up.
    pub(super) fn catch(
        &self,
        text: &[u8],
        from: usize,
    ) -> Result<Option<Catch<'_>>, LimitExceeded> {
        let Some(range) = self.find(text, from)? else { return Ok(None) };
        // What is found need not begin where the pattern does.
        let moved = self.fixed || self.translated.contains("\\K");
        let start = if moved { from } else { range.start };
        // What is asked so seldom is not worth the stack that machine code wants for each search.
        let length = if self.fixed { Length::Short } else { Length::Long };
        let engine = self.form(Form { length, moves: true }).map_err(|_| LimitExceeded)?;
        let mut places = engine.capture_locations();
        let found = engine.captures_read_at(&mut places, text, start).map_err(|_| LimitExceeded)?;
        let names = engine.capture_names().iter().enumerate();
        let groups = names.filter_map(|(number, name)| {
            Some((name.as_deref()?, places.get(number).map(|(start, end)| start..end)))
        });
        Ok(found.map(|found| {
            let next = found.end().max(found.start() + 1).max(from + 1);
            Catch { next, groups: groups.collect() }
        }))
    }
}

impl Backtracking {
    /// Compiles what a search in this text needs and is not there yet.
    pub(super) fn prepare(&self, text: &[u8]) {
        self.guard();
        // If it does not compile, the search says so.
        self.form(Form { length: Length::of(text), moves: self.fixed }).ok();
    }

    /// The relaxed form.
    fn guard(&self) -> Option<&Linear> {
        let compile = || linear(self.relaxed.as_deref()?, GUARD_SIZE).ok();
        self.guard.get_or_init(compile).as_ref()
    }
}

/// The engine's message without its own name and the place in a text nobody wrote.
fn syntax(error: pcre2::Error) -> PatternError {
    let message = error.to_string();
    PatternError::Syntax(message.rsplit(": ").next().unwrap_or(&message).to_owned())
}
