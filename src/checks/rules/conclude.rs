//! Metas, and what a message's hits come to.

use super::{
    Hits, RuleSet,
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

/// See [`RuleSet::conclude`].
pub(super) fn conclude(set: &RuleSet, hits: Hits, others: &[Finding]) -> Vec<Finding> {
    let (values, ended) = values(set, &hits, others);
    let finding = |(number, rule): (u32, &Rule)| Finding {
        name: rule.name.clone(),
        weight: rule.score,
        evidence: evidence(set, &hits, &values, number, rule),
    };
    // A rule may share its name with another check's finding, which is reported already.
    let reported = |(number, rule): &(u32, &Rule)| {
        let own =
            hits.count(*number) > 0 || rule.kind == Kind::Meta || found_elsewhere(others, rule);
        let hit = own && value(&values, *number) != 0.0;
        hit && rule.score != Points::ZERO && !rule.is_sub_rule()
    };
    (0..).zip(&set.rules).filter(reported).map(finding).chain(ended).collect()
}

/// See [`RuleSet::fired`].
pub(super) fn fired<'s>(set: &'s RuleSet, hits: &Hits, others: &[Finding]) -> Vec<&'s Name> {
    let (values, _) = values(set, hits, others);
    let hit = |(number, _): &(u32, &Rule)| value(&values, *number) != 0.0;
    (0..).zip(&set.rules).filter(hit).map(|(_, rule)| &rule.name).collect()
}

/// The value of every number of the set: how often a rule hit, 1 for another check's finding,
/// for a meta that hit the value of its expression. And the finding that the examination was ended
/// early, if it was.
fn values(set: &RuleSet, hits: &Hits, others: &[Finding]) -> (Vec<f64>, Option<Finding>) {
    let mut values = vec![0.0; set.numbers.len().max(set.rules.len())];
    for (number, slot) in (0..).zip(values.iter_mut().take(set.rules.len())) {
        *slot = f64::from(hits.count(number));
    }
    for finding in others {
        if let Some(&number) = set.numbers.get(&finding.name) {
            put(&mut values, number, |before| before.max(1.0));
        }
    }
    for eval in &set.evals {
        if eval.question.is_answered(others) {
            put(&mut values, eval.rule, |before| before.max(1.0));
        }
    }
    let mut stack = Vec::new();
    for meta in &set.metas {
        let result = meta.expression.evaluate(&mut stack, |number| value(&values, number));
        if result != 0.0 {
            // A hit counts at least something, whatever the arithmetic says.
            put(&mut values, meta.rule, |_| if result > 0.0 { result } else { 1.0 });
        }
    }
    let ended = set.shortcircuit.as_ref().and_then(|plan| plan.apply(set, &mut values));
    (values, ended)
}

/// Whether a function's rule may report what another check has found under another name.
fn found_elsewhere(others: &[Finding], rule: &Rule) -> bool {
    rule.kind == Kind::Eval && !others.iter().any(|finding| finding.name == rule.name)
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
    let nothing_seen = || Evidence::Fact(format!("a {} rule", rule.kind.as_str()));
    hits.evidence(number).cloned().unwrap_or_else(nothing_seen)
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
