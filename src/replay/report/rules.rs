//! How often each finding was made, in spam and in ham.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Serialize;

use super::{Counted, Records};
use crate::{
    replay::percent,
    verdict::{Name, Points},
};

/// One rule, or another check's finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// Its name.
    pub name: Name,
    /// What it adds to the score; where that differs, what it added most often.
    pub score: Points,
    /// Messages in which it was found.
    pub hits: usize,
    /// Those that are spam.
    pub spam: usize,
    /// Those that are ham.
    pub ham: usize,
    /// In percent of all spam.
    pub spam_percent: f64,
    /// In percent of all ham.
    pub ham_percent: f64,
    /// S/O: the share of spam among its hits if there were as much spam as ham, 0 to 1.
    pub spam_overall: f64,
    /// For people.
    pub description: Option<String>,
}

/// All that was found, the most frequent first.
pub(super) fn rules(records: Records<'_>) -> Vec<Rule> {
    let mut entries = vec![Counted::default(); records.lexicon.len()];
    let mut all = Counted::default();
    for record in records.all {
        all.add(record.label);
        for number in record.found() {
            let entry = usize::try_from(number).ok().and_then(|at| entries.get_mut(at));
            entry.into_iter().for_each(|counted| counted.add(record.label));
        }
    }
    let mut names: BTreeMap<&Name, Vec<(Counted, Points)>> = BTreeMap::new();
    for (number, counted) in (0..).zip(entries).filter(|(_, c)| c.spam + c.ham > 0) {
        if let Some((name, weight)) = records.lexicon.entry(number) {
            names.entry(name).or_default().push((counted, weight));
        }
    }
    let describe = |name: &Name| {
        let description = records.filter?.rules.describe(name.as_str())?;
        Some(description.to_owned())
    };
    let named = names.into_iter().map(|(name, found)| rule(name, &found, all, describe(name)));
    let mut rules: Vec<Rule> = named.collect();
    rules.sort_by_key(|rule| Reverse(rule.hits));
    rules
}

fn rule(
    name: &Name,
    found: &[(Counted, Points)],
    all: Counted,
    description: Option<String>,
) -> Rule {
    let spam = found.iter().map(|(counted, _)| counted.spam).sum();
    let ham = found.iter().map(|(counted, _)| counted.ham).sum();
    let most = found.iter().max_by_key(|(counted, weight)| (counted.spam + counted.ham, *weight));
    let (spam_percent, ham_percent) = (percent(spam, all.spam), percent(ham, all.ham));
    Rule {
        name: name.clone(),
        score: most.map(|&(_, weight)| weight).unwrap_or_default(),
        hits: spam + ham,
        spam,
        ham,
        spam_percent,
        ham_percent,
        spam_overall: spam_percent / (spam_percent + ham_percent).max(f64::MIN_POSITIVE),
        description,
    }
}
