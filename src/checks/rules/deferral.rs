//! Sub-rules that wait until something shows that they matter.
//!
//! A sub-rule is there for metas alone, and `__A && __B` is 0 if `__A` has not hit, whatever `__B`
//! says. So only the cheapest of such operands runs at once. The others wait, and run if a meta
//! that is reported could still change by them: if on the way to it, which may lead through other
//! metas, everything else has hit without which the way is closed. Findings of other checks are
//! not known yet and taken to be there.

use std::collections::{BTreeSet, HashMap};

use super::{Hits, RuleSet, compile::index, eval::Question, expression::Expression};
use crate::verdict::Points;

/// A sub-rule with more ways to what is reported runs at once.
const MOST_WAYS: usize = 16;
/// Metas on one way.
const LONGEST_WAY: usize = 8;
/// What a rule costs that is no pattern, as a gate: they run in any case.
const NOTHING: f64 = 0.0;

/// The rules without which a way is closed.
type Gates = BTreeSet<u32>;

/// Which rules wait, and for what.
#[derive(Debug, Default)]
pub(super) struct Deferral {
    /// For each rule, if it waits, the gates of all ways from it to something reported.
    ways: Vec<Option<Vec<Vec<u32>>>>,
}

impl Deferral {
    /// That of a set whose groups and metas are complete. A set that ends examinations early is
    /// left alone: there the order counts.
    pub(super) fn of(set: &RuleSet) -> Self {
        if set.shortcircuit.is_some() {
            return Self::default();
        }
        let map = Map::of(set);
        let mut waiting = HashMap::new();
        let mut runs_at_once = BTreeSet::new();
        for rule in map.dearest_first() {
            if runs_at_once.contains(&rule) {
                continue;
            }
            let Some(ways) = map.ways(rule, 0) else { continue };
            let first_gates = ways.iter().map(|gates| {
                let open = gates.iter().copied().filter(|gate| !waiting.contains_key(gate));
                open.min_by(|&one, &other| map.cost(one).total_cmp(&map.cost(other)))
            });
            if let Some(first_gates) = first_gates.collect::<Option<Vec<u32>>>() {
                runs_at_once.extend(first_gates);
                waiting.insert(rule, ways);
            }
        }
        let known = |gates: &Gates| {
            gates.iter().copied().filter(|gate| !waiting.contains_key(gate)).collect()
        };
        let ways = (0..).zip(&set.rules).map(|(number, _)| {
            waiting.get(&number).map(|ways: &Vec<Gates>| ways.iter().map(known).collect())
        });
        Self { ways: ways.collect() }
    }

    /// Whether a rule waits.
    pub(super) fn waits(&self, rule: u32) -> bool {
        self.ways_of(rule).is_some()
    }

    /// Whether what a waiting rule says can change what is reported, now that all others have run.
    pub(super) fn matters(&self, rule: u32, hits: &Hits) -> bool {
        let is_open = |gates: &Vec<u32>| gates.iter().all(|&gate| hits.count(gate) > 0);
        self.ways_of(rule).is_none_or(|ways| ways.iter().any(is_open))
    }

    fn ways_of(&self, rule: u32) -> Option<&Vec<Vec<u32>>> {
        self.ways.get(index(rule))?.as_ref()
    }
}

/// What rests on what.
struct Map<'s> {
    set: &'s RuleSet,
    /// For each number the metas that rest on it, as indices.
    users: HashMap<u32, BTreeSet<usize>>,
    /// Metas by number, as indices.
    metas: HashMap<u32, usize>,
    /// What each rule costs that runs before anything waits is looked at.
    costs: HashMap<u32, f64>,
    /// The patterns that may wait.
    candidates: Vec<u32>,
}

impl<'s> Map<'s> {
    fn of(set: &'s RuleSet) -> Self {
        let mut users: HashMap<u32, BTreeSet<usize>> = HashMap::new();
        for (at, meta) in set.metas.iter().enumerate() {
            for number in meta.expression.operands() {
                users.entry(number).or_default().insert(at);
            }
        }
        let metas = set.metas.iter().enumerate().map(|(at, meta)| (meta.rule, at)).collect();
        let asked = set.evals.iter().filter(|eval| matches!(eval.question, Question::Ask(_)));
        let mut costs: HashMap<u32, f64> = asked.map(|eval| (eval.rule, NOTHING)).collect();
        costs.extend(set.mime_headers.iter().map(|&(rule, ..)| (rule, NOTHING)));
        costs.extend(set.uri_details.iter().map(|&(rule, _)| (rule, NOTHING)));
        costs.extend(set.headers.iter().flat_map(|header| &header.exists).map(|&n| (n, NOTHING)));
        let catches: BTreeSet<u32> = set.captures.early().collect();
        let mut candidates = Vec::new();
        for probe in set.groups().flat_map(|group| group.probes()) {
            costs.insert(probe.rule, probe.cost);
            let is_sub_rule = set.rules.get(index(probe.rule)).is_some_and(|it| it.is_sub_rule());
            if is_sub_rule && !probe.negated && !catches.contains(&probe.rule) {
                candidates.push(probe.rule);
            }
        }
        Self { set, users, metas, costs, candidates }
    }

    fn dearest_first(&self) -> Vec<u32> {
        let mut sorted = self.candidates.clone();
        sorted.sort_by(|&one, &other| self.cost(other).total_cmp(&self.cost(one)));
        sorted
    }

    fn cost(&self, rule: u32) -> f64 {
        self.costs.get(&rule).copied().unwrap_or(NOTHING)
    }

    /// The gates of every way from a number to something reported; `None` if they are too many.
    fn ways(&self, number: u32, length: usize) -> Option<Vec<Gates>> {
        if length > LONGEST_WAY {
            return None;
        }
        let mut ways: Vec<Gates> = Vec::new();
        for meta in self.users.get(&number).into_iter().flatten() {
            let meta = self.set.metas.get(*meta)?;
            let mut gates = self.gates(&meta.expression, 0);
            gates.remove(&number);
            for onward in self.ways(meta.rule, length + 1)? {
                ways.push(gates.union(&onward).copied().filter(|&gate| gate != number).collect());
            }
            if self.is_reported(meta.rule) {
                ways.push(gates);
            }
            if ways.len() > MOST_WAYS {
                return None;
            }
        }
        Some(ways)
    }

    /// The rules without which an expression is 0, as far as they are known early.
    fn gates(&self, expression: &Expression, depth: usize) -> Gates {
        let mut gates = Gates::new();
        for number in expression.necessary() {
            if self.costs.contains_key(&number) {
                gates.insert(number);
            }
            let meta = self.metas.get(&number).and_then(|&at| self.set.metas.get(at));
            if let Some(meta) = meta.filter(|_| depth < LONGEST_WAY) {
                gates.extend(self.gates(&meta.expression, depth + 1));
            }
        }
        gates
    }

    fn is_reported(&self, rule: u32) -> bool {
        let rule = self.set.rules.get(index(rule));
        rule.is_some_and(|rule| !rule.is_sub_rule() && rule.score != Points::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        checks::Case,
        mail::{Envelope, Message},
    };

    const SUB_RULES: usize = 6;

    fn case(words: &str) -> Case {
        let raw = format!("Subject: none\n\n{words}\n").into_bytes();
        Case { envelope: Envelope::default().into(), message: Message::parse(raw).into() }
    }

    fn set(metas: &[String]) -> RuleSet {
        let sub_rules = (0..SUB_RULES).map(|number| format!("body __R{number} /word{number}/\n"));
        let metas = (0..).zip(metas).map(|(number, meta)| {
            // Every other one is a sub-rule itself.
            let name = if number % 2 == 0 { "M" } else { "__M" };
            format!("meta {name}{number} {meta}\n")
        });
        RuleSet::parse(&[("test.cf", sub_rules.chain(metas).collect::<String>())])
    }

    fn count(set: &RuleSet, hits: &Hits, name: &str) -> u32 {
        hits.count(set.numbers[name])
    }

    #[test]
    fn a_sub_rule_waits_for_what_it_needs() {
        for (metas, text, ran) in [
            // The first of two that cost the same waits.
            (&["__R0 && __R1"][..], "word0", [0, 0]),
            (&["__R0 && __R1"], "word1", [0, 1]),
            (&["__R0 && __R1"], "word0 word1", [1, 1]),
            (&["__R0 || __R1"], "word0", [1, 0]),
            (&["__R0 && __R1", "__R0 + 0", "__M1 && __R2"], "word0", [0, 0]),
            (&["__R0 && __R1", "__R0 + 0", "__M1 && __R2"], "word0 word2", [1, 0]),
            (&["__R0 && __R1", "__R0 + 0", "__M1 > 2"], "word0", [1, 0]),
            (&["__R2"], "word0 word1", [0, 0]),
        ] {
            let metas: Vec<String> = metas.iter().map(|&meta| meta.to_owned()).collect();
            let set = set(&metas);
            let hits = set.examine(&case(text));
            let counts = ["__R0", "__R1"].map(|name| count(&set, &hits, name));
            assert_eq!(counts, ran, "{metas:?} on {text}");
        }
    }

    #[test]
    fn nothing_waits_where_the_order_counts() {
        let rules = "loadplugin Mail::SpamAssassin::Plugin::Shortcircuit\n\
            body __A /aaaa/\nbody __B /bbbb/\nmeta M __A && __B\nshortcircuit M on\n";
        let set = RuleSet::parse(&[("test.cf", rules)]);
        assert!(set.shortcircuit.is_some());
        let hits = set.examine(&case("aaaa"));
        assert_eq!(count(&set, &hits, "__A") + count(&set, &hits, "__B"), 1);
    }

    fn expression() -> impl Strategy<Value = String> {
        let leaf = (0..SUB_RULES).prop_map(|number| format!("__R{number}"));
        let operators = ["&&", "||", "+", "-", "*", ">", "&& !", "&& 1 <"];
        leaf.prop_recursive(3, 12, 2, move |inner| {
            let operator = prop::sample::select(operators.to_vec());
            (inner.clone(), operator, inner)
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})"))
        })
    }

    proptest! {
        #[test]
        fn what_is_found_is_the_same(
            mut metas in prop::collection::vec(expression(), 1..6),
            words in prop::collection::vec(0..SUB_RULES, 0..6),
        ) {
            // Metas rest on metas, too.
            for at in (1..metas.len()).step_by(2).filter(|at| at + 1 < metas.len()).collect::<Vec<_>>() {
                metas[at + 1] = metas[at + 1].replace("__R1", &format!("__M{at}"));
            }
            let set = set(&metas);
            let text: Vec<String> = words.iter().map(|number| format!("word{number}")).collect();
            let case = case(&text.join(" "));
            let needed = set.conclude(set.examine(&case), &[]);
            prop_assert_eq!(needed, set.conclude(set.examine_all(&case), &[]), "{:?}", metas);
        }
    }
}
