//! The hit matrix: which rules hit which labelled message.

use std::ops::Range;

use crate::verdict::{Label, Name};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub label: Label,
    /// The number of the corpus it belongs to, from 0.
    pub corpus: u16,
    /// Of its body: messages that share it are copies of one another.
    pub digest: u64,
    /// Where its hits stand.
    hits: Range<usize>,
}

/// Messages by rules, only the hits stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HitMatrix {
    rules: Vec<Name>,
    rows: Vec<Row>,
    hits: Vec<u32>,
}

impl HitMatrix {
    /// No messages yet, for these rules.
    pub fn new(rules: Vec<Name>) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Adds a message. `hits` are places in the list of rules; others are dropped.
    pub fn push(&mut self, label: Label, corpus: u16, digest: u64, hits: &[u32]) {
        let start = self.hits.len();
        self.hits.extend(hits.iter().filter(|&&rule| at(rule) < self.rules.len()));
        if let Some(added) = self.hits.get_mut(start..) {
            added.sort_unstable();
        }
        let mut end = start;
        for next in start..self.hits.len() {
            let Some(&rule) = self.hits.get(next) else { break };
            let before = end.checked_sub(1).filter(|&b| b >= start).and_then(|b| self.hits.get(b));
            if before == Some(&rule) {
                continue;
            }
            if let Some(slot) = self.hits.get_mut(end) {
                *slot = rule;
                end += 1;
            }
        }
        self.hits.truncate(end);
        self.rows.push(Row { label, corpus, digest, hits: start..end });
    }

    /// The rules, in the order of their numbers.
    pub fn rules(&self) -> &[Name] {
        &self.rules
    }

    /// The messages, in the order in which they were added.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rules that hit a message of this matrix: each once, ascending.
    pub fn hits(&self, row: &Row) -> &[u32] {
        self.hits.get(row.hits.clone()).unwrap_or_default()
    }

    /// How many spam and how many ham messages each rule hit.
    pub fn counts(&self) -> Vec<HitCount> {
        let mut counts = vec![HitCount::default(); self.rules.len()];
        for row in &self.rows {
            for &rule in self.hits(row) {
                if let Some(count) = counts.get_mut(at(rule)) {
                    count.add(row.label);
                }
            }
        }
        counts
    }
}

/// Hits of one rule, in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HitCount {
    /// Spam.
    pub spam: u32,
    /// Ham.
    pub ham: u32,
}

impl HitCount {
    fn add(&mut self, label: Label) {
        match label {
            Label::Spam => self.spam += 1,
            Label::Ham => self.ham += 1,
        }
    }
}

/// A rule's number as an index.
pub(super) fn at(rule: u32) -> usize {
    usize::try_from(rule).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_sorted_and_once() {
        let mut matrix = HitMatrix::new(["A", "B", "C"].map(Name::from).to_vec());
        matrix.push(Label::Spam, 0, 1, &[2, 0, 2, 9, 0]);
        matrix.push(Label::Ham, 0, 2, &[]);
        matrix.push(Label::Ham, 0, 3, &[0, 0]);
        let hits: Vec<_> = matrix.rows().iter().map(|row| matrix.hits(row)).collect();
        assert_eq!(hits, [&[0, 2][..], &[], &[0]]);
        let counts: Vec<_> = matrix.counts().iter().map(|c| (c.spam, c.ham)).collect();
        assert_eq!(counts, [(1, 1), (0, 0), (1, 0)]);
    }
}
