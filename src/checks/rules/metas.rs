//! Metas: names to numbers, and an order in which each finds what it rests on.

use std::collections::{HashMap, HashSet};

use super::{
    RuleSet, Severity,
    compile::index,
    conclude::Meta,
    draft::Draft,
    expression::{Expression, Operand, Term},
    glob,
    set::{Kind, Rule},
};
use crate::verdict::{Name, Points};

/// A meta that is switched on.
pub(super) struct MetaDraft {
    /// Its number in the set.
    pub(super) number: u32,
    /// As written.
    pub(super) expression: String,
}

/// Compiles the metas into the set; complains about names that mean nothing and about circles.
pub(super) fn compile(set: &mut RuleSet, draft: &mut Draft, metas: Vec<MetaDraft>) {
    let mut compiled = Vec::with_capacity(metas.len());
    for meta in &metas {
        let mut linker = Linker { set, draft, number: meta.number, doubts: Vec::new() };
        let expression = Expression::parse(&meta.expression, &mut |term| linker.operand(term));
        for (severity, doubt) in std::mem::take(&mut linker.doubts) {
            complain(set, draft, meta.number, severity, &doubt);
        }
        match expression {
            Ok(expression) => compiled.push(Meta { rule: meta.number, expression }),
            Err(error) => complain(set, draft, meta.number, Severity::Error, &error.to_string()),
        }
    }
    set.metas = ordered(compiled, &mut |number| {
        let text = "rests on itself by way of other metas; the rule is left out";
        complain(set, draft, number, Severity::Error, text);
    });
    for (number, ground) in unrun(set) {
        let text = format!("rests on the meta {ground}, which is not run; it never hits");
        complain(set, draft, number, Severity::Note, &text);
    }
}

/// Takes out the metas that wait for ever: those that rest on a meta which a score of 0 switches
/// off, or on one that waits. With each the name of what it waits for.
fn unrun(set: &mut RuleSet) -> Vec<(u32, Name)> {
    let off = (0..).zip(&set.rules).filter(|(_, rule)| is_off_meta(rule));
    let mut unrun: HashSet<u32> = off.map(|(number, _)| number).collect();
    let mut found = Vec::new();
    for meta in std::mem::take(&mut set.metas) {
        let ground = meta.expression.operands().find(|ground| unrun.contains(ground));
        match ground.and_then(|ground| set.name(ground)) {
            Some(ground) => {
                found.push((meta.rule, ground.clone()));
                unrun.insert(meta.rule);
            }
            None => set.metas.push(meta),
        }
    }
    found
}

fn is_off_meta(rule: &Rule) -> bool {
    rule.kind == Kind::Meta && rule.score == Points::ZERO
}

fn complain(set: &RuleSet, draft: &mut Draft, number: u32, severity: Severity, text: &str) {
    if let Some(rule) = set.rules.get(index(number)) {
        draft.complain(&rule.file, rule.line, severity, format!("{}: {text}", rule.name));
    }
}

/// Gives the names in one expression their numbers.
struct Linker<'l> {
    set: &'l mut RuleSet,
    draft: &'l Draft,
    number: u32,
    doubts: Vec<(Severity, String)>,
}

impl Linker<'_> {
    fn operand(&mut self, term: Term<'_>) -> Result<Operand, String> {
        match term {
            Term::Name("local_tests_only") => {
                let local = !self.draft.score_set.net;
                Ok(Operand::Number(f64::from(u8::from(local))))
            }
            Term::Name(name) => Ok(Operand::Value(self.named(name))),
            Term::Call { function: "rules_matching", argument } => Ok(self.matching(argument)),
            Term::Call { function, .. } => Err(format!("unknown function `{function}`")),
        }
    }

    fn named(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.set.numbers.get(name) {
            let rule = self.set.rules.get(index(number));
            if rule.is_some_and(|rule| rule.score == Points::ZERO) {
                let doubt = format!("rests on {name}, which a score of 0 switches off");
                self.doubts.push((Severity::Note, doubt));
            }
            return number;
        }
        let name = Name::from(name);
        let expected = self.draft.left_out.contains(&name)
            || self.draft.scores.contains_key(&name)
            || self.draft.descriptions.contains_key(&name);
        if !expected {
            let doubt = format!("{name} is not defined here and counts 0 unless a check finds it");
            self.doubts.push((Severity::Warning, doubt));
        }
        let next = self.set.rules.len() + self.set.foreign.len();
        let number = u32::try_from(next).unwrap_or(u32::MAX);
        self.set.foreign.push(name.clone());
        self.set.numbers.insert(name, number);
        number
    }

    /// The sum of all other rules whose names match a pattern of `*` and `?`.
    fn matching(&mut self, glob: &str) -> Operand {
        let rules = (0..).zip(&self.set.rules);
        let numbers: Vec<u32> = rules
            .filter(|(number, _)| *number != self.number)
            .filter(|(_, rule)| glob::is_match(glob.as_bytes(), rule.name.as_str().as_bytes()))
            .map(|(number, _)| number)
            .collect();
        if numbers.is_empty() {
            self.doubts.push((Severity::Warning, format!("no rule's name matches {glob}")));
        }
        Operand::Sum(numbers)
    }
}

/// Each meta behind those it rests on. Those in circles, and those that rest on them, are dropped
/// and named.
fn ordered(metas: Vec<Meta>, circular: &mut dyn FnMut(u32)) -> Vec<Meta> {
    let known: HashSet<u32> = metas.iter().map(|meta| meta.rule).collect();
    let mut waiting: HashMap<u32, usize> = HashMap::new();
    let mut dependents: HashMap<u32, Vec<u32>> = HashMap::new();
    for meta in &metas {
        let grounds: HashSet<u32> = meta.expression.operands().collect();
        let grounds = grounds.intersection(&known);
        waiting.insert(meta.rule, grounds.clone().count());
        grounds.for_each(|&ground| dependents.entry(ground).or_default().push(meta.rule));
    }
    let mut order: Vec<u32> =
        metas.iter().map(|meta| meta.rule).filter(|rule| waiting.get(rule) == Some(&0)).collect();
    let mut at = 0;
    while let Some(&done) = order.get(at) {
        for dependent in dependents.get(&done).into_iter().flatten() {
            let left = waiting.entry(*dependent).or_insert(1);
            *left = left.saturating_sub(1);
            if *left == 0 {
                order.push(*dependent);
            }
        }
        at += 1;
    }
    let place: HashMap<u32, usize> = (0..).zip(&order).map(|(at, &rule)| (rule, at)).collect();
    metas.iter().filter(|m| !place.contains_key(&m.rule)).for_each(|m| circular(m.rule));
    let mut metas: Vec<Meta> = metas.into_iter().filter(|m| place.contains_key(&m.rule)).collect();
    metas.sort_by_key(|meta| place.get(&meta.rule));
    metas
}
