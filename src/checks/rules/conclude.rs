//! Metas, and what a message's hits come to.

use super::{
    Hits, RuleSet,
    compile::index,
    expression::Expression,
    set::{Kind, Rule},
};
use crate::verdict::{Evidence, Finding, Name, Points};

/// A meta rule.
#[derive(Debug)]
pub(super) struct Meta {
    /// Its number in the set.
    pub(super) rule: u32,
    /// Its expression, over numbers of the set.
    pub(super) expression: Expression,
}

/// What is known of the metas before there is a message: few of them rest on what a message hits,
/// and only those are worked out for it.
#[derive(Debug, Default)]
pub(super) struct Outset {
    /// The value of every number of the set if nothing hits.
    values: Vec<f64>,
    /// The numbers of those that are not 0.
    standing: Vec<u32>,
    /// For each number the metas to work out if it changes, as indices: those that rest on it, but
    /// one that is 0 without a certain number only if that one changes.
    dependents: Vec<Vec<u32>>,
}

impl Outset {
    /// That of a set whose metas are in order.
    pub(super) fn of(set: &RuleSet) -> Self {
        let numbers = set.numbers.len().max(set.rules.len());
        let (values, dependents) = (vec![0.0; numbers], vec![Vec::new(); numbers]);
        let mut outset = Self { values, standing: Vec::new(), dependents };
        let mut stack = Vec::new();
        for (index, meta) in (0..).zip(&set.metas) {
            let result = meta.expression.evaluate(&mut stack, |n| value(&outset.values, n));
            put(&mut outset.values, meta.rule, |_| counted(result));
            for operand in outset.decisive(&meta.expression) {
                let ground = usize::try_from(operand).ok();
                if let Some(dependents) = ground.and_then(|at| outset.dependents.get_mut(at))
                    && dependents.last() != Some(&index)
                {
                    dependents.push(index);
                }
            }
        }
        let standing = (0..).zip(&outset.values).filter(|(_, value)| **value != 0.0);
        outset.standing = standing.map(|(number, _)| number).collect();
        outset
    }

    /// The numbers of which one must change for an expression to change.
    fn decisive(&self, expression: &Expression) -> Vec<u32> {
        let necessary = expression.grounds().zero_without.into_iter();
        match necessary.rev().find(|&number| value(&self.values, number) == 0.0) {
            Some(number) => vec![number],
            None => expression.operands().collect(),
        }
    }
}

/// The values of one message, as far as they differ from those at the outset.
struct Values<'s> {
    outset: &'s Outset,
    values: Vec<f64>,
    /// The numbers of those that were changed, some of them more than once.
    changed: Vec<u32>,
    /// Metas to be worked out, by index.
    due: Vec<bool>,
}

impl Values<'_> {
    fn set(&mut self, number: u32, new: f64) {
        let Some(at) = usize::try_from(number).ok() else { return };
        let Some(slot) = self.values.get_mut(at) else { return };
        if *slot == new {
            return;
        }
        *slot = new;
        self.changed.push(number);
        for &meta in self.outset.dependents.get(at).into_iter().flatten() {
            let due = usize::try_from(meta).ok().and_then(|at| self.due.get_mut(at));
            due.into_iter().for_each(|due| *due = true);
        }
    }

    /// The next meta to be worked out, from this index on.
    fn next_due(&self, from: usize) -> Option<usize> {
        self.due.get(from..)?.iter().position(|due| *due).map(|at| from + at)
    }

    /// The rules that hit, in their order.
    fn hits<'r>(&self, set: &'r RuleSet) -> impl Iterator<Item = (u32, &'r Rule)> {
        let mut numbers = [self.outset.standing.as_slice(), &self.changed].concat();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.retain(|&number| value(&self.values, number) != 0.0);
        numbers.into_iter().filter_map(|number| Some((number, set.rules.get(index(number))?)))
    }
}

/// What a meta's result counts: a hit counts at least something, whatever the arithmetic says.
fn counted(result: f64) -> f64 {
    if result < 0.0 { 1.0 } else { result }
}

/// See [`RuleSet::conclude`].
pub(super) fn conclude(set: &RuleSet, hits: Hits, others: &[Finding]) -> Vec<Finding> {
    let (values, ended) = values(set, &hits, others);
    let finding = |(number, rule): (u32, &Rule)| Finding {
        name: rule.name.clone(),
        weight: rule.score,
        evidence: evidence(set, &hits, &values.values, number, rule),
    };
    // A rule may share its name with another check's finding, which is reported already.
    let is_known = |rule: &Rule| others.iter().any(|finding| finding.name == rule.name);
    let reported = |(number, rule): &(u32, &Rule)| {
        rule.score != Points::ZERO
            && !rule.is_sub_rule()
            && (hits.count(*number) > 0 || matches!(rule.kind, Kind::Meta | Kind::Eval))
            && !is_known(rule)
    };
    values.hits(set).filter(reported).map(finding).chain(ended).collect()
}

/// See [`RuleSet::fired`].
pub(super) fn fired<'s>(set: &'s RuleSet, hits: &Hits, others: &[Finding]) -> Vec<&'s Name> {
    let (values, _) = values(set, hits, others);
    values.hits(set).map(|(_, rule)| &rule.name).collect()
}

/// The value of every number of the set: how often a rule hit, 1 for another check's finding,
/// for a meta that hit the value of its expression. And the finding that the examination was ended
/// early, if it was.
fn values<'s>(set: &'s RuleSet, hits: &Hits, others: &[Finding]) -> (Values<'s>, Option<Finding>) {
    let outset = &set.outset;
    let due = vec![false; set.metas.len()];
    let mut all = Values { outset, values: outset.values.clone(), changed: Vec::new(), due };
    for (number, count) in hits.all() {
        all.set(number, f64::from(count));
    }
    let named = others.iter().filter_map(|finding| set.numbers.get(&finding.name).copied());
    let answered = set.evals.iter().filter(|eval| eval.question.is_answered(others));
    let found: Vec<u32> = named.chain(answered.map(|eval| eval.rule)).collect();
    for &number in &found {
        let before = value(&all.values, number);
        all.set(number, before.max(1.0));
    }
    let mut stack = Vec::new();
    let mut from = 0;
    while let Some(at) = all.next_due(from) {
        from = at + 1;
        let Some(meta) = set.metas.get(at) else { break };
        let result = meta.expression.evaluate(&mut stack, |number| value(&all.values, number));
        let is_found = result == 0.0 && found.contains(&meta.rule);
        all.set(meta.rule, if is_found { 1.0 } else { counted(result) });
    }
    let ended = set.shortcircuit.as_ref().and_then(|plan| plan.apply(set, &mut all.values));
    (all, ended)
}

fn value(values: &[f64], number: u32) -> f64 {
    usize::try_from(number).ok().and_then(|at| values.get(at)).copied().unwrap_or(0.0)
}

fn put(values: &mut [f64], number: u32, change: impl FnOnce(f64) -> f64) {
    if let Some(slot) = usize::try_from(number).ok().and_then(|at| values.get_mut(at)) {
        *slot = change(*slot);
    }
}

fn evidence(set: &RuleSet, hits: &Hits, values: &[f64], number: u32, rule: &Rule) -> Evidence {
    if rule.kind == Kind::Meta {
        return Evidence::Meta { of: grounds(set, values, number) };
    }
    let nothing_seen = || Evidence::Fact(question(set, number, rule));
    hits.evidence(number).cloned().unwrap_or_else(nothing_seen)
}

/// What a rule asks that shows nothing of the message when it hits.
fn question(set: &RuleSet, number: u32, rule: &Rule) -> String {
    let asked = match rule.kind {
        Kind::Eval => {
            let eval = set.evals.iter().find(|eval| eval.rule == number);
            eval.map(|eval| format!("eval:{}", eval.function))
        }
        Kind::Header => {
            let header = set.headers.iter().find(|header| header.exists.contains(&number));
            header.map(|header| format!("{} exists", header.name))
        }
        Kind::MimeHeader => Some("the header of a MIME part".to_owned()),
        _ => None,
    };
    asked.unwrap_or_else(|| format!("a {} rule", rule.kind.as_str()))
}

/// The names a meta rests on that were found, in the order of its expression.
fn grounds(set: &RuleSet, values: &[f64], number: u32) -> Vec<Name> {
    let meta = set.metas.iter().find(|meta| meta.rule == number);
    let mut numbers: Vec<u32> = Vec::new();
    for operand in meta.into_iter().flat_map(|meta| meta.expression.operands()) {
        if value(values, operand) != 0.0 && !numbers.contains(&operand) {
            numbers.push(operand);
        }
    }
    numbers.into_iter().filter_map(|number| set.name(number).cloned()).collect()
}
