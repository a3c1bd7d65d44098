//! What the rules with patterns found in one message.

use std::time::Duration;

use super::eval::Condition;
use crate::{
    metrics::thread_cpu_time,
    verdict::{Authentication, Evidence},
};

/// Counts and evidence by rule. Belongs to the [`RuleSet`](super::RuleSet) that made it.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    counts: Vec<u32>,
    seen: Vec<(u32, Evidence)>,
    /// Rules of which a pattern took too many steps.
    given_up: Vec<u32>,
    /// Rules that hit if authentication has found this.
    awaiting: Vec<(u32, Condition)>,
    /// What patterns that backtrack have taken, by the clock on the wall.
    spent: Duration,
    /// The CPU time of the thread when it began.
    began: Duration,
}

impl Hits {
    /// Nothing yet, for so many rules.
    pub(super) fn none(rules: usize) -> Self {
        Self { counts: vec![0; rules], began: thread_cpu_time(), ..Self::default() }
    }

    /// How often a rule has hit.
    pub(super) fn count(&self, rule: u32) -> u32 {
        usize::try_from(rule).ok().and_then(|at| self.counts.get(at)).copied().unwrap_or(0)
    }

    /// The rules that have hit, and how often.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, u32)> {
        (0..).zip(self.counts.iter().copied()).filter(|&(_, count)| count > 0)
    }

    /// Counts hits.
    pub(super) fn add(&mut self, rule: u32, more: u32) {
        if let Some(count) = self.slot(rule) {
            *count = count.saturating_add(more);
        }
    }

    /// Keeps what a rule waits for.
    pub(super) fn await_authentication(&mut self, rule: u32, condition: Option<Condition>) {
        self.awaiting.extend(condition.map(|condition| (rule, condition)));
    }

    /// Tells who is responsible for the message: rules that have waited for that hit or do not.
    pub fn settle(&mut self, found: &Authentication) {
        for (rule, condition) in std::mem::take(&mut self.awaiting) {
            if let Some(what) = condition.holds(found) {
                self.add(rule, 1);
                self.show(rule, Evidence::Fact(what));
            }
        }
    }

    /// Takes a rule's hits back.
    pub(super) fn clear(&mut self, rule: u32) {
        if let Some(count) = self.slot(rule) {
            *count = 0;
        }
    }

    /// A rule's pattern took too many steps: it has not hit, and is not asked again.
    pub(super) fn give_up(&mut self, rule: u32) {
        self.clear(rule);
        self.given_up.push(rule);
    }

    /// Adds to the time that patterns which backtrack have taken. Whether that is more than `most`,
    /// and the machine was not just busy with other things meanwhile.
    pub(super) fn overspends(&mut self, more: Duration, most: Duration) -> bool {
        self.spent += more;
        self.spent > most && thread_cpu_time().saturating_sub(self.began) > most
    }

    /// Whether a rule was given up.
    pub(super) fn is_given_up(&self, rule: u32) -> bool {
        self.given_up.contains(&rule)
    }

    /// The rules that were given up.
    pub(super) fn given_up(&self) -> &[u32] {
        &self.given_up
    }

    /// Adds the hit of a rule that wants no match where there was none.
    pub(super) fn add_unmatched(&mut self, rule: u32, place: &str, reported: bool) {
        self.add(rule, 1);
        if reported {
            self.show(rule, Evidence::Fact(format!("{place} does not match")));
        }
    }

    /// Keeps what was seen.
    pub(super) fn show(&mut self, rule: u32, evidence: Evidence) {
        self.seen.push((rule, evidence));
    }

    /// What was seen of a rule first.
    pub(super) fn evidence(&self, rule: u32) -> Option<&Evidence> {
        self.seen.iter().find(|(seen, _)| *seen == rule).map(|(_, evidence)| evidence)
    }

    fn slot(&mut self, rule: u32) -> Option<&mut u32> {
        usize::try_from(rule).ok().and_then(|at| self.counts.get_mut(at))
    }
}
