//! What is kept of a judgement: some hundred bytes a message, however much was found.

use std::collections::HashMap;

use super::Origin;
use crate::verdict::{Finding, Judgement, Label, Name, Points, Verdict};

/// One judged message.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What it is.
    pub label: Label,
    /// Which message it is.
    pub origin: Origin,
    /// The name of the profile it was judged by.
    pub profile: std::sync::Arc<str>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, as in logs.
    pub reason: &'static str,
    /// The number that was judged: points, or the classifier's log-odds.
    pub score: f64,
    /// What was found, as numbers of a [`Lexicon`], ascending.
    pub findings: Box<[u32]>,
    /// Checks whose answer came after the deadline.
    pub late: Box<[&'static str]>,
    /// Checks that broke.
    pub broken: Box<[&'static str]>,
    /// No virus scanner vouches for it although the profile asks for one.
    pub unscanned: bool,
    /// The time it took to judge, in microseconds.
    pub micros: u32,
}

/// What a verdict says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// For ham: it passes unmarked.
    Ham,
    /// For spam, or worse.
    Spam,
    /// For neither: it is deferred because it could not be judged.
    Neither,
}

impl Record {
    /// Of a message that was judged.
    pub fn new(label: Label, origin: Origin, judgement: &Judgement, lexicon: &mut Lexicon) -> Self {
        Self {
            label,
            origin,
            profile: judgement.profile.clone(),
            verdict: judgement.verdict,
            reason: judgement.reason.as_str(),
            score: judgement.score.as_f64(),
            findings: lexicon.numbers(&judgement.findings),
            late: judgement.late.as_slice().into(),
            broken: judgement.broken.iter().map(|&(check, _)| check).collect(),
            unscanned: judgement.unscanned,
            micros: u32::try_from(judgement.took.as_micros()).unwrap_or(u32::MAX),
        }
    }

    /// What was found, each once, as numbers of a [`Lexicon`].
    pub fn found(&self) -> impl Iterator<Item = u32> {
        self.findings.chunk_by(|a, b| a == b).filter_map(|same| same.first().copied())
    }

    /// What the verdict says.
    pub fn taken(&self) -> Taken {
        match (self.verdict, self.reason) {
            (Verdict::Accept, _) => Taken::Ham,
            (Verdict::Defer, "unchecked" | "busy" | "draining" | "internal") => Taken::Neither,
            _ => Taken::Spam,
        }
    }

    /// Ham that was taken for spam.
    pub fn is_false_positive(&self) -> bool {
        self.label == Label::Ham && self.taken() == Taken::Spam
    }

    /// Spam that was taken for ham.
    pub fn is_miss(&self) -> bool {
        self.label == Label::Spam && self.taken() == Taken::Ham
    }
}

/// Findings by number: a name with what it weighs. One for all messages of a replay.
#[derive(Debug, Default)]
pub struct Lexicon {
    entries: Vec<(Name, Points)>,
    numbers: HashMap<(Name, Points), u32>,
}

impl Lexicon {
    /// The name and the weight behind a number.
    pub fn entry(&self, number: u32) -> Option<(&Name, Points)> {
        let entry = usize::try_from(number).ok().and_then(|at| self.entries.get(at));
        entry.map(|(name, weight)| (name, *weight))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was found yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The numbers of findings, ascending. New ones get a number.
    fn numbers(&mut self, findings: &[Finding]) -> Box<[u32]> {
        let mut numbers: Vec<u32> = findings.iter().map(|finding| self.number(finding)).collect();
        numbers.sort_unstable();
        numbers.into()
    }

    fn number(&mut self, finding: &Finding) -> u32 {
        let entry = (finding.name.clone(), finding.weight);
        if let Some(&number) = self.numbers.get(&entry) {
            return number;
        }
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(entry.clone());
        self.numbers.insert(entry, number);
        number
    }
}
