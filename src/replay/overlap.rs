//! Rules that nearly always hit together: one of them says nothing new.

use std::{cmp::Reverse, collections::HashMap};

use serde::Serialize;

use super::{Lexicon, Record, percent};
use crate::verdict::Name;

/// Two rules are named if this share of the messages that have one have both, in percent.
const NEARLY_ALWAYS: f64 = 90.0;

/// Rules that hit less are passed over: it may be chance.
const LEAST_HITS: usize = 10;

/// Two rules of which one rarely hits without the other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overlap {
    /// The one that hits as often or more.
    pub name: Name,
    /// The other.
    pub other: Name,
    /// Messages in which the first was found.
    pub hits: usize,
    /// Messages in which the other was found.
    pub other_hits: usize,
    /// Messages in which both were found.
    pub both: usize,
    /// `both` in percent of the messages in which at least one was found.
    pub percent: f64,
}

/// All such pairs, the most frequent first.
pub(super) fn overlaps(records: &[Record], lexicon: &Lexicon) -> Vec<Overlap> {
    let mut hits: HashMap<u32, usize> = HashMap::new();
    for record in records {
        for number in record.found() {
            *hits.entry(number).or_default() += 1;
        }
    }
    let frequent = |number: &u32| hits.get(number).is_some_and(|&hits| hits >= LEAST_HITS);
    let mut pairs: HashMap<(u32, u32), usize> = HashMap::new();
    for record in records {
        let frequent: Vec<u32> = record.found().filter(frequent).collect();
        for (at, &one) in (1..).zip(&frequent) {
            for &other in frequent.get(at..).unwrap_or_default() {
                *pairs.entry((one, other)).or_default() += 1;
            }
        }
    }
    let hits = |number| hits.get(&number).copied().unwrap_or(0);
    let overlap = |((one, other), both)| {
        let named = |number| lexicon.entry(number).map(|(name, _)| (hits(number), name.clone()));
        let (mut more, mut less) = (named(one)?, named(other)?);
        if (Reverse(more.0), &more.1) > (Reverse(less.0), &less.1) {
            (more, less) = (less, more);
        }
        let percent = percent(both, more.0 + less.0 - both);
        let ((hits, name), (other_hits, other)) = (more, less);
        let overlap = Overlap { name, other, hits, other_hits, both, percent };
        (percent >= NEARLY_ALWAYS && overlap.name != overlap.other).then_some(overlap)
    };
    let mut overlaps: Vec<Overlap> = pairs.into_iter().filter_map(overlap).collect();
    overlaps.sort_by(|a, b| {
        let names = (&a.name, &a.other, a.hits).cmp(&(&b.name, &b.other, b.hits));
        b.both.cmp(&a.both).then(names)
    });
    overlaps
}
