//! Shortcircuit: a rule whose hit ends the examination, so that what would run later has not hit.
//!
//! Here all rules run side by side. What SpamAssassin would not have reached is taken back
//! afterwards, by the moment at which it runs a rule: priority first, then the kind of rule; a
//! meta at the end of the priority in which the last of what it rests on is known.

use std::collections::HashMap;

use super::{RuleSet, compile::index, conf::ConfError, draft::Draft, set::Kind};
use crate::verdict::{Evidence, Finding, Name, Points};

/// What `shortcircuit*` lines set.
#[derive(Debug)]
pub(super) struct Shortcircuit {
    rules: HashMap<String, Ending>,
    spam: Points,
    ham: Points,
}

/// What the message is when the rule hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// `on`: what its score says.
    Open,
    Spam,
    Ham,
}

/// When a rule is run: priority, and the place of its kind within that.
type Moment = (i64, u8);

/// Where metas stand within a priority: behind all others.
const METAS: u8 = 9;
/// For rules that end the examination, unless they say otherwise.
const EARLY: i64 = -200;
/// For rules that ask the network, unless they say otherwise.
const NETWORK: i64 = -100;
/// What an open ending adds to the score or takes off, so that it shows.
const TRACE: Points = Points::from_micros(100);
const NICE_TRACE: Points = Points::from_micros(-100);

/// Rules that end the examination, and the moments of all rules.
#[derive(Debug)]
pub(super) struct Plan {
    endings: Vec<(u32, Ending)>,
    moments: Vec<Moment>,
    spam: Points,
    ham: Points,
}

impl Default for Shortcircuit {
    fn default() -> Self {
        let spam = Points::from_micros(100_000_000);
        Self { rules: HashMap::new(), spam, ham: Points::from_micros(-100_000_000) }
    }
}

impl Shortcircuit {
    /// Takes a directive if it is one of these.
    ///
    /// # Errors
    /// Its value cannot be used.
    pub(super) fn read(&mut self, key: &str, value: &str) -> Option<Result<(), ConfError>> {
        let read = match key {
            "shortcircuit" => self.rule(value),
            "shortcircuit_spam_score" => points(value).map(|points| self.spam = points),
            "shortcircuit_ham_score" => points(value).map(|points| self.ham = points),
            _ => return None,
        };
        let wrong = |what: &str| ConfError::Value { key: key.to_owned(), what: what.to_owned() };
        Some(read.map_err(wrong))
    }

    fn rule(&mut self, value: &str) -> Result<(), &'static str> {
        let mut words = value.split_whitespace();
        let (Some(rule), Some(word), None) = (words.next(), words.next(), words.next()) else {
            return Err(FORM);
        };
        let ending = match word {
            "on" => Ending::Open,
            "spam" => Ending::Spam,
            "ham" => Ending::Ham,
            "off" => {
                self.rules.remove(rule);
                return Ok(());
            }
            _ => return Err(FORM),
        };
        self.rules.insert(rule.to_owned(), ending);
        Ok(())
    }
}

const FORM: &str = "needs a rule and `on`, `spam`, `ham` or `off`";

fn points(value: &str) -> Result<Points, &'static str> {
    value.parse().map_err(|_| "needs a number of points")
}

impl Plan {
    /// That of a set whose rules and metas are compiled; `None` if nothing ends an examination.
    pub(super) fn new(set: &RuleSet, draft: &Draft) -> Option<Self> {
        let Shortcircuit { rules, spam, ham } = &draft.conf.shortcircuit;
        let endings: Vec<(u32, Ending)> = (0..)
            .zip(&set.rules)
            .filter_map(|(number, rule)| Some((number, *rules.get(rule.name.as_str())?)))
            .collect();
        if endings.is_empty() {
            return None;
        }
        let moments = moments(set, priorities(set, draft, &endings));
        Some(Self { endings, moments, spam: *spam, ham: *ham })
    }

    /// Takes back what would not have been reached; the finding that says so.
    pub(super) fn apply(&self, set: &RuleSet, values: &mut [f64]) -> Option<Finding> {
        let hit = |(rule, _): &&(u32, Ending)| values.get(index(*rule)).is_some_and(|v| *v != 0.0);
        let first = self.endings.iter().filter(hit).min_by_key(|(rule, _)| self.moment(*rule))?;
        let end = self.moment(first.0);
        for (value, moment) in values.iter_mut().zip(&self.moments) {
            if *moment > end {
                *value = 0.0;
            }
        }
        let rule = set.rules.get(index(first.0))?;
        let weight = match first.1 {
            Ending::Spam => self.spam,
            Ending::Ham => self.ham,
            Ending::Open if rule.score < Points::ZERO => NICE_TRACE,
            Ending::Open => TRACE,
        };
        let evidence = Evidence::Fact(format!("{} ends the examination", rule.name));
        Some(Finding { name: Name::from("SHORTCIRCUIT"), weight, evidence })
    }

    fn moment(&self, rule: u32) -> Moment {
        self.moments.get(index(rule)).copied().unwrap_or((i64::MAX, METAS))
    }
}

/// The priority of each rule. What a meta rests on runs no later than the meta would.
fn priorities(set: &RuleSet, draft: &Draft, endings: &[(u32, Ending)]) -> Vec<i64> {
    let net = |name: &Name| draft.flags.get(name).is_some_and(|flags| flags.net);
    let mut written: Vec<i64> = set
        .rules
        .iter()
        .map(|rule| draft.priorities.get(&rule.name).copied().unwrap_or(0))
        .collect();
    for (rule, ending) in endings {
        if let Some(written) = written.get_mut(index(*rule))
            && *ending != Ending::Open
            && *written == 0
        {
            *written = EARLY;
        }
    }
    let mut metas: Vec<_> = set.metas.iter().collect();
    metas.sort_by_key(|meta| written.get(index(meta.rule)).copied());
    for meta in metas {
        let Some(own) = written.get(index(meta.rule)).copied() else { continue };
        for ground in meta.expression.operands() {
            let asks = set.rules.get(index(ground)).is_some_and(|rule| net(&rule.name));
            let floor = if asks { own.max(NETWORK) } else { own };
            if let Some(ground) = written.get_mut(index(ground)) {
                *ground = floor.min(*ground);
            }
        }
    }
    let named = written.iter().zip(&set.rules);
    named.map(|(&p, rule)| if p == 0 && net(&rule.name) { NETWORK } else { p }).collect()
}

/// The moment of each rule. What is never known before the end puts a meta there.
fn moments(set: &RuleSet, priorities: Vec<i64>) -> Vec<Moment> {
    let first = priorities.iter().copied().min().unwrap_or(0);
    let run = |(rule, priority): (&super::set::Rule, i64)| match rule.score {
        Points::ZERO => (i64::MAX, METAS),
        _ => (priority, place(rule.kind)),
    };
    let mut moments: Vec<Moment> = set.rules.iter().zip(priorities).map(run).collect();
    for meta in &set.metas {
        let known = |ground: u32| moments.get(index(ground)).map_or(i64::MAX, |moment| moment.0);
        let last = meta.expression.operands().map(known).max().unwrap_or(first);
        if let Some(moment) = moments.get_mut(index(meta.rule)) {
            *moment = (last, METAS);
        }
    }
    moments
}

/// The order in which the kinds of rules run within a priority.
fn place(kind: Kind) -> u8 {
    match kind {
        Kind::Header => 0,
        Kind::Eval => 1,
        Kind::Body => 2,
        Kind::Uri => 3,
        Kind::MimeHeader | Kind::UriDetail | Kind::Network => 4,
        Kind::Rawbody => 5,
        Kind::Full => 7,
        Kind::Meta => METAS,
    }
}
