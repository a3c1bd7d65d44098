//! Rules that read the same texts: those of their patterns run that can match, see
//! [`prefilter`](super::prefilter).

use std::time::{Duration, Instant};

use super::{
    cost::Watch,
    hits::Hits,
    pattern::{BYTES, Genre, LimitExceeded, Literals, Matcher, Pattern, Run},
    prefilter::{self, Prefilter},
};
use crate::verdict::Evidence;

/// Matches that `tflags multiple` counts where there is no `maxhits`. A bound on work: metas
/// compare counts with small numbers.
const MOST_HITS: u32 = 256;

/// What all patterns that backtrack may take together for one message. Each search has its limit;
/// this is for messages made of many texts that just stay below it. A usual message takes less
/// than a thousandth of it.
const MOST_TIME: Duration = Duration::from_secs(2);

/// One rule of a group.
#[derive(Debug)]
pub(super) struct Probe {
    /// Its number in the set.
    pub(super) rule: u32,
    /// What runs.
    pub(super) matcher: Matcher,
    /// A hit is that it does not match.
    pub(super) negated: bool,
    /// How many matches count.
    pub(super) most_hits: u32,
    /// It does not read the first text, which is the Subject.
    pub(super) skips_first: bool,
    /// Its hits are reported, so that they need evidence.
    pub(super) reported: bool,
    /// How often it runs on ordinary texts, as far as literals tell; more if it backtracks.
    pub(super) cost: f64,
    /// It runs only if it turns out to matter.
    pub(super) waits: bool,
    /// Bytes in a row without which it cannot match.
    pub(super) run: Option<Run>,
}

impl Probe {
    /// The cost of one that runs on every text.
    pub(super) const UNFILTERED: f64 = 1.0;

    /// How many matches count for a rule with these flags.
    pub(super) fn most_hits(multiple: bool, stated: Option<u32>) -> u32 {
        if multiple { stated.unwrap_or(MOST_HITS).clamp(1, MOST_HITS) } else { 1 }
    }
}

/// A group being put together.
#[derive(Debug, Default)]
pub(super) struct Builder {
    probes: Vec<Probe>,
    prefilter: prefilter::Builder,
}

impl Builder {
    /// For texts of a genre.
    pub(super) fn new(genre: Genre) -> Self {
        Self { probes: Vec::new(), prefilter: prefilter::Builder::new(genre) }
    }

    /// Adds a rule; `make` gets its matcher.
    pub(super) fn add(&mut self, pattern: Pattern, make: impl FnOnce(Matcher) -> Probe) {
        let genre = self.prefilter.genre();
        let literals = pattern.literals(genre);
        let run = is_usual(literals.as_ref()).then(|| pattern.run(genre)).flatten();
        let cost = cost(&pattern.matcher, literals.as_ref(), run.as_ref());
        self.prefilter.add(literals);
        self.probes.push(Probe { cost, run, ..make(pattern.matcher) });
    }

    /// Compiles the group.
    pub(super) fn build(self) -> Group {
        Group { probes: self.probes, prefilter: self.prefilter.build() }
    }
}

/// Rules that read the same text.
#[derive(Debug, Default)]
pub(super) struct Group {
    probes: Vec<Probe>,
    prefilter: Prefilter,
}

/// Scratch space, used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// For prefilters.
    pub(super) passes: prefilter::Scratch,
    /// What waits, of the groups since it was taken.
    waiting: Vec<Waiting>,
}

/// A rule that waits and could match a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// Its number in the set.
    pub(super) rule: u32,
    /// Its number in the group.
    probe: u32,
    /// The text's number.
    text: u32,
}

/// How often a pattern runs on an ordinary text; more if it backtracks.
fn cost(matcher: &Matcher, literals: Option<&Literals>, run: Option<&Run>) -> f64 {
    const HAS_RUN: f64 = 0.3;
    let runs = literals.map_or(Probe::UNFILTERED, |literals| (literals.often() * BYTES).min(0.9));
    let runs = if run.is_some() { runs * HAS_RUN } else { runs };
    if matcher.backtracks() { runs * 2.0 } else { runs }
}

/// Whether ordinary texts have the literals, or some have no need of them.
fn is_usual(literals: Option<&Literals>) -> bool {
    const SELDOM: f64 = 0.05;
    literals.is_none_or(|it| {
        it.only_in_ascii() || it.often() * BYTES > SELDOM || it.run_without_skeleton(BYTES) > SELDOM
    })
}

impl Group {
    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.probes.is_empty()
    }

    /// How many rules it has, and how many of them run on every text.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.probes.len(), self.prefilter.unfiltered())
    }

    /// What runs.
    pub(super) fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        self.probes.iter().map(|probe| &probe.matcher)
    }

    /// Bytes that the literals take.
    pub(super) fn literals_size(&self) -> usize {
        self.prefilter.size()
    }

    /// Its rules.
    pub(super) fn probes(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter()
    }

    /// Sets which rules wait.
    pub(super) fn defer(&mut self, waits: impl Fn(u32) -> bool) {
        self.probes.iter_mut().for_each(|probe| probe.waits = waits(probe.rule));
    }

    /// How often a pattern of it would run on one of these texts, by the prefilter alone.
    pub(super) fn candidates<'t>(
        &self,
        texts: impl Iterator<Item = &'t [u8]>,
        passes: &mut prefilter::Scratch,
    ) -> usize {
        texts.map(|text| self.prefilter.candidates(text, passes).len()).sum()
    }

    /// Runs the rules over texts that are looked at one by one, and notes which of those that wait
    /// could match; `place` names the texts in evidence.
    pub(super) fn examine<'t>(
        &self,
        place: &str,
        texts: impl Iterator<Item = &'t [u8]>,
        scratch: &mut Scratch,
        hits: &mut Hits,
        watch: &mut impl Watch,
    ) {
        if self.is_empty() {
            return;
        }
        for (text_number, text) in (0..).zip(texts) {
            let Scratch { passes, waiting } = scratch;
            for &at in self.prefilter.candidates(text, passes) {
                let Some(probe) = self.probe(at) else { continue };
                if probe.skips_first && text_number == 0 || !probe.could_match(text) {
                    continue;
                }
                if probe.waits {
                    waiting.push(Waiting { rule: probe.rule, probe: at, text: text_number });
                } else {
                    watch.work(probe.rule, || probe.examine(place, text, hits));
                }
            }
        }
        self.negated(place, hits);
    }

    /// Runs rules that have waited, over the same texts.
    pub(super) fn resume<'t>(
        &self,
        place: &str,
        texts: impl Iterator<Item = &'t [u8]>,
        waiting: &[Waiting],
        hits: &mut Hits,
        watch: &mut impl Watch,
    ) {
        let mut waiting = waiting.iter().peekable();
        for (text_number, text) in (0..).zip(texts) {
            while let Some(next) = waiting.next_if(|next| next.text == text_number) {
                if let Some(probe) = self.probe(next.probe) {
                    watch.work(probe.rule, || probe.examine(place, text, hits));
                }
            }
            if waiting.peek().is_none() {
                return;
            }
        }
    }

    fn probe(&self, at: u32) -> Option<&Probe> {
        self.probes.get(usize::try_from(at).ok()?)
    }

    /// Rules that want no match have hit unless a match was counted.
    fn negated(&self, place: &str, hits: &mut Hits) {
        for probe in self.probes.iter().filter(|probe| probe.negated) {
            if hits.is_given_up(probe.rule) {
                continue;
            }
            if hits.count(probe.rule) > 0 {
                hits.clear(probe.rule);
                continue;
            }
            hits.add_unmatched(probe.rule, place, probe.reported);
        }
    }
}

impl Probe {
    /// Whether the text is long enough and has the bytes in a row that a match needs.
    fn could_match(&self, text: &[u8]) -> bool {
        let has = |run: &Run| run.is_in(text);
        !self.matcher.needs_more_than(text) && self.run.as_ref().is_none_or(has)
    }

    /// Runs the pattern over one text.
    fn examine(&self, place: &str, text: &[u8], hits: &mut Hits) {
        let before = hits.count(self.rule);
        if before >= self.most_hits || hits.is_given_up(self.rule) {
            return;
        }
        self.matcher.prepare(text);
        let started = self.matcher.backtracks().then(Instant::now);
        let ended = self.try_examine(place, text, before, hits);
        let spent = started.map_or(Duration::ZERO, |started| started.elapsed());
        if ended.is_err() || hits.overspends(spent, MOST_TIME) {
            hits.give_up(self.rule);
        }
    }

    fn try_examine(
        &self,
        place: &str,
        text: &[u8],
        before: u32,
        hits: &mut Hits,
    ) -> Result<(), LimitExceeded> {
        if self.reported && !self.negated && before == 0 {
            let Some(found) = self.matcher.try_find(text, 0)? else { return Ok(()) };
            let seen = text.get(found).unwrap_or_default();
            hits.show(self.rule, Evidence::matched(place, seen));
        }
        hits.add(self.rule, self.count(text, self.most_hits - before)?);
        Ok(())
    }

    /// How often it matches, up to `most` times.
    fn count(&self, text: &[u8], most: u32) -> Result<u32, LimitExceeded> {
        match self.most_hits {
            1 => self.matcher.try_is_match(text).map(u32::from),
            _ => self.matcher.try_count(text, most),
        }
    }
}

impl Scratch {
    /// What has come to wait since this was asked last.
    pub(super) fn take_waiting(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.waiting)
    }
}
