//! Messages that a person should look at, with what was found.

use std::cmp::Reverse;

use serde::Serialize;

use super::Records;
use crate::{
    replay::{Lexicon, Record},
    verdict::{Label, Name, Points, Verdict},
};

/// One message and its findings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// Where it is; for a message of an mbox with its number behind a colon.
    pub path: String,
    /// What it is.
    pub label: Label,
    /// The profile that judged it.
    pub profile: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, as in logs.
    pub reason: &'static str,
    /// The number that was judged.
    pub score: f64,
    /// What was found, the heaviest first.
    pub findings: Vec<Weighed>,
}

/// A finding without its evidence: `gatepost check` shows that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Weighed {
    /// Its name.
    pub name: Name,
    /// What it added to the score.
    pub weight: Points,
}

/// Ham taken for spam, the highest scores first.
pub(super) fn false_positives(records: Records<'_>, most: usize) -> Vec<Listed> {
    let mut found: Vec<&Record> = records.all.iter().filter(|r| r.is_false_positive()).collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.into_iter().take(most).map(|record| Listed::new(records, record)).collect()
}

/// Spam taken for ham, the lowest scores first.
pub(super) fn misses(records: Records<'_>, most: usize) -> Vec<Listed> {
    let mut found: Vec<&Record> = records.all.iter().filter(|r| r.is_miss()).collect();
    found.sort_by(|a, b| a.score.total_cmp(&b.score));
    found.into_iter().take(most).map(|record| Listed::new(records, record)).collect()
}

impl Listed {
    fn new(records: Records<'_>, record: &Record) -> Self {
        Self {
            path: records.mail.path(record.origin),
            label: record.label,
            profile: record.profile.to_string(),
            verdict: record.verdict,
            reason: record.reason,
            score: record.score,
            findings: weighed(records.lexicon, &record.findings),
        }
    }
}

/// Findings by number with their names, the heaviest first, then by name.
pub(in crate::replay) fn weighed(lexicon: &Lexicon, numbers: &[u32]) -> Vec<Weighed> {
    let entries = numbers.iter().filter_map(|&number| lexicon.entry(number));
    let mut found: Vec<Weighed> =
        entries.map(|(name, weight)| Weighed { name: name.clone(), weight }).collect();
    found.sort_by(|a, b| {
        let key = |finding: &Weighed| Reverse(finding.weight.micros().abs());
        (key(a), &a.name, a.weight).cmp(&(key(b), &b.name, b.weight))
    });
    found
}
