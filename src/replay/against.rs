//! Two configurations over the same mail: what the other one would decide otherwise, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Record, Records, Report,
    report::{Weighed, weighed},
};
use crate::verdict::{Label, Name, Points, Verdict};

/// What another configuration would change.
#[derive(Clone, Debug, Serialize)]
pub struct Against {
    /// How many messages it decides otherwise.
    pub flipped: usize,
    /// How many false positives more (or less) it has.
    pub more_false_positives: i64,
    /// How many misses more (or less) it has.
    pub more_false_negatives: i64,
    /// How many messages went from which verdict to which.
    pub changes: Vec<Change>,
    /// Every message that it decides otherwise, in the order of the mail.
    pub flips: Vec<Flip>,
    /// All that is said of the first configuration, of the other one.
    pub other: Box<Report>,
}

/// Messages that went from one verdict to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What they are.
    pub label: Label,
    /// What the first configuration decides.
    pub from: Verdict,
    /// What the other one decides.
    pub to: Verdict,
    /// How many.
    pub messages: usize,
}

/// A message that the other configuration decides otherwise, with the findings that differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flip {
    /// Where it is; for a message of an mbox with its number behind a colon.
    pub path: String,
    /// What it is.
    pub label: Label,
    /// What the first configuration decides.
    pub from: Side,
    /// What the other one decides.
    pub to: Side,
    /// Found by the other one only.
    pub gained: Vec<Weighed>,
    /// Found by the first one only.
    pub lost: Vec<Weighed>,
    /// Found by both with different weights.
    pub reweighed: Vec<Reweighed>,
}

/// What one configuration decides about a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// The profile that judged it.
    pub profile: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, as in logs.
    pub reason: &'static str,
    /// The number that was judged.
    pub score: f64,
    /// From which score its profile calls it spam; `None` where it never does.
    pub required: Option<Points>,
    /// Checks that were late or broke.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<&'static str>,
}

/// A finding that both configurations make, with different weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reweighed {
    /// Its name.
    pub name: Name,
    /// What the first configuration adds for it.
    pub from: Points,
    /// What the other one adds.
    pub to: Points,
}

impl Against {
    /// `before` and `after` are the records of the same mail; `report` is what is said of `before`.
    pub fn new(before: Records<'_>, after: Records<'_>, report: &Report, list: usize) -> Self {
        let other = Box::new(Report::new(after, list));
        let pairs = before.all.iter().zip(after.all);
        let mut changes: BTreeMap<(Label, Verdict, Verdict), usize> = BTreeMap::new();
        let mut flips = Vec::new();
        for (from, to) in pairs.filter(|(from, to)| from.verdict != to.verdict) {
            *changes.entry((from.label, from.verdict, to.verdict)).or_default() += 1;
            flips.push(Flip::new([before, after], from, to));
        }
        let change = |((label, from, to), messages)| Change { label, from, to, messages };
        Self {
            flipped: flips.len(),
            more_false_positives: difference(other.false_positives, report.false_positives),
            more_false_negatives: difference(other.false_negatives, report.false_negatives),
            changes: changes.into_iter().map(change).collect(),
            flips,
            other,
        }
    }
}

fn difference(after: usize, before: usize) -> i64 {
    let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    signed(after) - signed(before)
}

impl Flip {
    fn new([before, after]: [Records<'_>; 2], from: &Record, to: &Record) -> Self {
        let numbers = |record: &Record| record.findings.iter().copied().collect::<BTreeSet<u32>>();
        let (found_before, found_after) = (numbers(from), numbers(to));
        let only = |one: &BTreeSet<u32>, other: &BTreeSet<u32>| {
            let only: Vec<u32> = one.difference(other).copied().collect();
            weighed(before.lexicon, &only)
        };
        let (mut lost, mut gained) =
            (only(&found_before, &found_after), only(&found_after, &found_before));
        let reweighed = pairs(&mut lost, &mut gained);
        Self {
            path: before.mail.path(from.origin),
            label: from.label,
            from: Side::new(before, from),
            to: Side::new(after, to),
            gained,
            lost,
            reweighed,
        }
    }
}

/// Takes out what was lost and gained under the same name.
fn pairs(lost: &mut Vec<Weighed>, gained: &mut Vec<Weighed>) -> Vec<Reweighed> {
    let mut reweighed = Vec::new();
    lost.retain(|before| {
        let Some(at) = gained.iter().position(|after| after.name == before.name) else {
            return true;
        };
        let Weighed { name, weight: to } = gained.remove(at);
        reweighed.push(Reweighed { name, from: before.weight, to });
        false
    });
    reweighed
}

impl Side {
    fn new(records: Records<'_>, record: &Record) -> Self {
        let profile = records.filter.and_then(|filter| filter.profiles.named(&record.profile));
        Self {
            profile: record.profile.to_string(),
            verdict: record.verdict,
            reason: record.reason,
            score: record.score,
            required: profile.and_then(|profile| profile.required()),
            failed: record.late.iter().chain(&record.broken).copied().collect(),
        }
    }
}
