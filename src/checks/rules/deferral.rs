//! Sub-rules that wait until something shows that they matter.
//!
//! A sub-rule is there for metas alone, and `__A && __B` is 0 if `__A` has not hit, whatever `__B`
//! says. So only the cheapest of such operands runs at once. The others wait, and run if a meta
//! that is reported could still change by them: if on the way to it, which may lead through other
//! metas, everything else has hit without which the way is closed, and nothing that closes it, as
//! `__C` does in `__A && !__C`. Findings of other checks are not known yet: what is asked for is
//! taken to be there.

use std::collections::{BTreeSet, HashMap};

use super::{Hits, RuleSet, compile::index, eval::Question, expression::Grounds};
use crate::verdict::Points;

/// A sub-rule with more ways to what is reported runs at once.
const MOST_WAYS: usize = 48;
/// Metas on one way.
const LONGEST_WAY: usize = 8;
/// What a rule costs that is no pattern, as a gate: they run in any case.
const NOTHING: f64 = 0.0;

/// What waits for gates that rather stay open costs at least so much.
const DEAR: f64 = 0.5;

/// What keeps a way open: that a rule hits, or that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Gate {
    rule: u32,
    hits: bool,
}

/// The gates of a way, all of which must be open.
type Gates = BTreeSet<Gate>;

/// Which rules wait, and for what.
#[derive(Debug, Default)]
pub(super) struct Deferral {
    /// For each rule, if it waits, the gates of all ways from it to something reported.
    ways: Vec<Option<Vec<Vec<Gate>>>>,
}

impl Deferral {
    /// That of a set whose groups and metas are complete. A set that ends examinations early is
    /// left alone: there the order counts.
    pub(super) fn of(set: &RuleSet) -> Self {
        if set.shortcircuit.is_some() {
            return Self::default();
        }
        let map = Map::of(set);
        let mut known = HashMap::new();
        let mut plan = Plan::default();
        for rule in map.dearest_first() {
            if !plan.runs_at_once.contains(&rule)
                && let Some(ways) = map.ways(rule, 0, &mut known)
            {
                plan.take(rule, ways, &map);
            }
        }
        let Plan { waiting, .. } = plan;
        let early = |gates: &Gates| {
            gates.iter().copied().filter(|gate| !waiting.contains_key(&gate.rule)).collect()
        };
        let ways = (0..).zip(&set.rules).map(|(number, _)| {
            waiting.get(&number).map(|ways: &Vec<Gates>| ways.iter().map(early).collect())
        });
        Self { ways: ways.collect() }
    }

    /// Whether a rule waits.
    pub(super) fn waits(&self, rule: u32) -> bool {
        self.ways_of(rule).is_some()
    }

    /// Whether what a waiting rule says can change what is reported, now that all others have run.
    pub(super) fn matters(&self, rule: u32, hits: &Hits) -> bool {
        let is_open = |gate: &Gate| (hits.count(gate.rule) > 0) == gate.hits;
        self.ways_of(rule).is_none_or(|ways| ways.iter().any(|gates| gates.iter().all(is_open)))
    }

    fn ways_of(&self, rule: u32) -> Option<&Vec<Vec<Gate>>> {
        self.ways.get(index(rule))?.as_ref()
    }
}

/// Which rules wait and which must not.
#[derive(Default)]
struct Plan {
    waiting: HashMap<u32, Vec<Gates>>,
    runs_at_once: BTreeSet<u32>,
}

impl Plan {
    /// Lets a rule wait if on each of its ways a gate can be looked at before.
    fn take(&mut self, rule: u32, ways: Vec<Gates>, map: &Map<'_>) {
        let cost = |rule| if self.runs_at_once.contains(&rule) { NOTHING } else { map.cost(rule) };
        let first_gates = ways.iter().map(|gates| {
            let early = gates.iter().filter(|gate| !self.waiting.contains_key(&gate.rule));
            let may_open = early.clone().filter(|gate| gate.hits).map(|gate| gate.rule);
            let first = may_open.min_by(|&one, &other| cost(one).total_cmp(&cost(other)));
            // Nothing runs just to see whether it closes a way: it seldom does.
            let mut may_close = early.filter(|gate| !gate.hits).map(|gate| gate.rule);
            let is_dear = map.cost(rule) >= DEAR;
            first.or_else(|| may_close.find(|&other| is_dear && cost(other) == NOTHING))
        });
        if let Some(first_gates) = first_gates.collect::<Option<Vec<u32>>>() {
            self.runs_at_once.extend(first_gates);
            self.waiting.insert(rule, ways);
        }
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
        costs.extend(set.mime_headers.numbers().map(|rule| (rule, NOTHING)));
        costs.extend(set.uri_details.iter().map(|&(rule, _)| (rule, NOTHING)));
        costs.extend(set.headers.iter().flat_map(|header| &header.exists).map(|&n| (n, NOTHING)));
        let catches: BTreeSet<u32> = set.captures.early().collect();
        let mut candidates = Vec::new();
        for probe in set.groups().flat_map(|group| group.probes()) {
            let is_sub_rule = set.rules.get(index(probe.rule)).is_some_and(|it| it.is_sub_rule());
            let may_wait = is_sub_rule && !probe.negated && !catches.contains(&probe.rule);
            if may_wait {
                candidates.push(probe.rule);
            }
            costs.insert(probe.rule, if may_wait { probe.cost } else { NOTHING });
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
    /// `known` are those of metas.
    fn ways(
        &self,
        number: u32,
        length: usize,
        known: &mut HashMap<u32, Option<Vec<Gates>>>,
    ) -> Option<Vec<Gates>> {
        if length > LONGEST_WAY {
            return None;
        }
        let mut ways: Vec<Gates> = Vec::new();
        for meta in self.users.get(&number).into_iter().flatten() {
            let meta = self.set.metas.get(*meta)?;
            let gates = self.gates(&meta.expression.grounds(), 0);
            if !known.contains_key(&meta.rule) {
                let onward = self.ways(meta.rule, length + 1, known);
                known.insert(meta.rule, onward);
            }
            for onward in known.get(&meta.rule)?.as_ref()? {
                add_way(&mut ways, gates.union(onward), number);
            }
            if self.is_reported(meta.rule) {
                add_way(&mut ways, gates.iter(), number);
            }
            if ways.len() > MOST_WAYS {
                return None;
            }
        }
        Some(ways)
    }

    /// What must be so for an expression not to be 0, as far as it is known early.
    fn gates(&self, grounds: &Grounds, depth: usize) -> Gates {
        let mut gates = Gates::new();
        let rules = grounds.zero_without.iter().map(|&rule| Gate { rule, hits: true });
        for gate in rules.chain(grounds.zero_with.iter().map(|&rule| Gate { rule, hits: false })) {
            if self.costs.contains_key(&gate.rule) {
                gates.insert(gate);
            }
            let meta = self.metas.get(&gate.rule).and_then(|&at| self.set.metas.get(at));
            if let Some(meta) = meta.filter(|_| depth < LONGEST_WAY) {
                let grounds = meta.expression.grounds();
                let grounds = if gate.hits { grounds } else { grounds.turned() };
                gates.extend(self.gates(&grounds, depth + 1));
            }
        }
        gates
    }

    fn is_reported(&self, rule: u32) -> bool {
        let rule = self.set.rules.get(index(rule));
        rule.is_some_and(|rule| !rule.is_sub_rule() && rule.score != Points::ZERO)
    }
}

/// Adds a way with these gates, but for what the number itself is, unless another way is open
/// whenever this one is.
fn add_way<'g>(ways: &mut Vec<Gates>, gates: impl Iterator<Item = &'g Gate>, number: u32) {
    let new: Gates = gates.copied().filter(|gate| gate.rule != number).collect();
    if ways.iter().any(|way| way.is_subset(&new)) {
        return;
    }
    ways.retain(|way| !new.is_subset(way));
    ways.push(new);
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
            (&["__R0 > 1 && __R1"], "word1", [0, 1]),
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
    fn what_runs_in_any_case_may_close_a_way() {
        for (header, ran) in [("Subject", 0), ("X-Other", 1)] {
            let rules = format!(
                "header __H exists:{header}\nbody __B /[a-m][n-z]/\nmeta M __B && !(__H + __N)\n"
            );
            let set = RuleSet::parse(&[("test.cf", rules)]);
            assert_eq!(count(&set, &set.examine(&case("an")), "__B"), ran, "{header}");
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
        let operators =
            ["&&", "||", "+", "-", "*", ">", "&& !", "|| !", "&& 1 <", "> 1 ||", "< 1 &&"];
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
