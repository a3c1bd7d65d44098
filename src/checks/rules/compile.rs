//! From a draft to a set: scores, groups, metas.

use std::collections::{HashMap, HashSet};

use super::{
    RuleSet, Severity, captures,
    captures::Reader,
    conclude::Outset,
    draft::{Draft, DraftRule},
    eval::{self, Call},
    group::{Builder, Probe},
    language::{self, Flags, HeaderTest, Test},
    metas::{self, MetaDraft},
    mime_header::MimeHeaders,
    network::Network,
    pattern::PatternError,
    place::Place,
    set::{Eval, HeaderGroup, Kind, Rule},
    shortcircuit::Plan,
};
use crate::verdict::{Name, Points};

/// Compiles a draft.
pub(super) fn compile(mut draft: Draft) -> RuleSet {
    let mut rules = std::mem::take(&mut draft.rules);
    replace_tags(&mut draft, &mut rules);
    let mut questions = questions(&mut draft, &mut rules);
    let mut set = RuleSet::default();
    for (number, rule) in (0..).zip(&rules) {
        set.numbers.insert(rule.name.clone(), number);
        set.rules.push(entry(&draft, rule));
    }
    let mut groups = Groups::default();
    let (mut metas, mut mime_headers) = (Vec::new(), Vec::new());
    for (number, rule) in (0..).zip(rules) {
        // A rule without a score is not run, and metas see 0.
        let entry = set.rules.get(index(number)).filter(|entry| entry.score != Points::ZERO);
        let Some(entry) = entry else { continue };
        let mut flags = draft.flags.get(&rule.name).copied().unwrap_or_default();
        flags.no_subject &= matches!(rule.test, Test::Body(_));
        let reported = !entry.is_sub_rule();
        let asked = (!flags.net || draft.score_set.net) && (!flags.learn || draft.score_set.bayes);
        let question = questions.remove(&rule.name).filter(|_| asked);
        if let Some((function, question)) = question {
            set.evals.push(Eval { rule: number, function, question });
        }
        ask(&mut draft, &rule, &flags);
        match rule.test {
            Test::Meta(expression) => metas.push(MetaDraft { number, expression }),
            Test::MimeHeader(test) => mime_headers.push((number, flags, test)),
            Test::UriDetail(test) => set.uri_details.push((number, test)),
            test => {
                let slot = Slot { number, flags, reported };
                if let Err(error) = groups.add(slot, test) {
                    let text = format!("{}: catches nothing: {error}", rule.name);
                    draft.complain(&rule.file, rule.line, Severity::Warning, text);
                }
            }
        }
    }
    let captures = std::mem::take(&mut groups.captures);
    set.mime_headers = MimeHeaders::new(mime_headers);
    groups.finish(&mut set);
    finish_captures(&mut set, &mut draft, captures);
    let reads_text = |eval: &Eval| eval::reads_text(&eval.function);
    set.evals.sort_by_key(|eval| !reads_text(eval));
    set.text_readers = set.evals.iter().take_while(|eval| reads_text(eval)).count();
    metas::compile(&mut set, &mut draft, metas);
    set.outset = Outset::of(&set);
    set.shortcircuit = Plan::new(&set, &draft);
    set.defer();
    set.conf = std::mem::take(&mut draft.conf);
    set.weights = weights(&set, &draft);
    set.complaints = draft.take_complaints();
    set.descriptions = draft.descriptions;
    set
}

/// Puts in what patterns catch, and names the tags that none does. Rules that catch are early.
fn finish_captures(set: &mut RuleSet, draft: &mut Draft, captures: captures::Draft) {
    let (captures, missing) = captures.finish();
    for rule in captures.early().filter_map(|number| set.rules.get(index(number))) {
        draft.priorities.entry(rule.name.clone()).or_insert(captures::EARLY);
    }
    set.captures = captures;
    for (number, tag) in missing {
        let Some(rule) = set.rules.get(index(number)) else { continue };
        let text = format!("{}: no pattern catches {tag}; the rule never hits", rule.name);
        draft.complain(&rule.file, rule.line, Severity::Warning, text);
    }
}

/// Compiles patterns with tags anew, with what these stand for.
fn replace_tags(draft: &mut Draft, rules: &mut [DraftRule]) {
    let replace = std::mem::take(&mut draft.conf.replace);
    let tagged: HashSet<&str> = replace.rules().collect();
    for rule in rules.iter_mut().filter(|rule| tagged.contains(rule.name.as_str())) {
        let Some(pattern) = rule.test.pattern_mut() else { continue };
        match pattern.rewritten(|pattern| replace.replaced(pattern)) {
            Ok(rewritten) => *pattern = rewritten,
            Err(error) => {
                let text = format!("{}: {error}, with its tags replaced", rule.name);
                draft.complain(&rule.file, rule.line, Severity::Error, text);
            }
        }
    }
}

/// The calls of rules made ready, by rule. Rules whose calls cannot be made are taken out.
fn questions(
    draft: &mut Draft,
    rules: &mut Vec<DraftRule>,
) -> HashMap<Name, (String, eval::Question)> {
    let mut questions = HashMap::new();
    rules.retain(|rule| {
        let Test::Eval(call) = &rule.test else { return true };
        match question(draft, call) {
            Ok(question) => {
                questions.insert(rule.name.clone(), (call.function.clone(), question));
                true
            }
            Err((severity, text)) => {
                let text = format!("{}: {text}; the rule is left out", rule.name);
                draft.complain(&rule.file, rule.line, severity, text);
                draft.left_out.insert(rule.name.clone());
                false
            }
        }
    });
    questions
}

fn question(draft: &Draft, call: &Call) -> Result<eval::Question, (Severity, String)> {
    let Some(function) = eval::function(&call.function) else {
        let name = language::readable(&call.function);
        return Err((Severity::Warning, format!("needs eval:{name} (not yet)")));
    };
    (function.make)(&call.arguments, &draft.conf)
        .map_err(|error| (Severity::Error, format!("eval:{}: {error}", function.name)))
}

/// Notes what a rule asks of the network, if there is one.
fn ask(draft: &mut Draft, rule: &DraftRule, flags: &Flags) {
    if !draft.score_set.net {
        return;
    }
    if let Test::Eval(call) = &rule.test
        && let Some(unheeded) = Network::unheeded(call)
    {
        let end = if unheeded.is_decisive { "; nobody is asked" } else { "" };
        let text = format!("{}: not heeded: {}{end}", rule.name, unheeded.what);
        draft.complain(&rule.file, rule.line, Severity::Warning, text);
        if unheeded.is_decisive {
            return;
        }
    }
    let asked = match &rule.test {
        Test::Network(asked) => Ok(asked.clone()),
        Test::Eval(call) => match draft.conf.network.asked_by(call) {
            Some(asked) => asked,
            None => return,
        },
        _ => return,
    };
    match asked {
        Ok(asked) => draft.conf.network.ask(&rule.name, asked, flags),
        Err(error) => {
            let text = format!("{}: {error}; nobody is asked", rule.name);
            draft.complain(&rule.file, rule.line, Severity::Error, text);
        }
    }
}

/// A number of the set as an index.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn entry(draft: &Draft, rule: &DraftRule) -> Rule {
    let kind = match rule.test {
        Test::Header { .. } => Kind::Header,
        Test::Body(_) => Kind::Body,
        Test::Rawbody(_) => Kind::Rawbody,
        Test::Full(_) => Kind::Full,
        Test::Uri(_) => Kind::Uri,
        Test::Eval(_) => Kind::Eval,
        Test::MimeHeader(_) => Kind::MimeHeader,
        Test::UriDetail(_) => Kind::UriDetail,
        Test::Network(_) => Kind::Network,
        Test::Meta(_) => Kind::Meta,
    };
    Rule {
        name: rule.name.clone(),
        kind,
        score: score(draft, rule),
        teaches: !draft.flags.get(&rule.name).is_some_and(|flags| flags.teaches_nothing),
        file: rule.file.clone(),
        line: rule.line,
    }
}

/// What is set, or else 1 point, a hundredth for rules on trial (`T_`); below 0 for `nice`.
fn score(draft: &Draft, rule: &DraftRule) -> Points {
    if let Some(&scores) = draft.scores.get(&rule.name) {
        return draft.score_set.pick(scores);
    }
    let micros = if rule.name.as_str().starts_with("T_") { 10_000 } else { 1_000_000 };
    let nice = draft.flags.get(&rule.name).is_some_and(|flags| flags.nice);
    Points::from_micros(if nice { -micros } else { micros })
}

/// The scores of names that no rule here defines.
fn weights(set: &RuleSet, draft: &Draft) -> HashMap<Name, Points> {
    let defined = |name| set.numbers.get(name).is_some_and(|&n| index(n) < set.rules.len());
    let scores = draft.scores.iter().filter(|(name, _)| !defined(*name));
    scores.map(|(name, &scores)| (name.clone(), draft.score_set.pick(scores))).collect()
}

/// A rule on its way into a group.
#[derive(Clone, Copy)]
struct Slot {
    number: u32,
    flags: Flags,
    /// Its hits are findings.
    reported: bool,
}

struct Groups {
    body: Builder,
    rawbody: Builder,
    full: Builder,
    uri: Builder,
    captures: captures::Draft,
    headers: Vec<HeaderDraft>,
    header_numbers: HashMap<Place, usize>,
}

struct HeaderDraft {
    place: Place,
    group: Builder,
    exists: Vec<u32>,
}

impl Default for Groups {
    fn default() -> Self {
        let new = |place: Place| Builder::new(place.genre());
        Self {
            body: new(Place::Body),
            rawbody: new(Place::Rawbody),
            full: new(Place::Full),
            uri: new(Place::Uri),
            captures: captures::Draft::default(),
            headers: Vec::new(),
            header_numbers: HashMap::new(),
        }
    }
}

impl Groups {
    /// Puts a rule where its text is read.
    ///
    /// # Errors
    /// It is there, but what it would catch for others cannot be known.
    fn add(&mut self, slot: Slot, test: Test) -> Result<(), PatternError> {
        let (place, pattern, negated) = match test {
            Test::Body(pattern) => (Place::Body, pattern, false),
            Test::Rawbody(pattern) => (Place::Rawbody, pattern, false),
            Test::Full(pattern) => (Place::Full, pattern, false),
            Test::Uri(pattern) => (Place::Uri, pattern, false),
            Test::Header { query, test: HeaderTest::Exists } => {
                if let Some(header) = self.header(&Place::Header(query, None)) {
                    header.exists.push(slot.number);
                }
                return Ok(());
            }
            Test::Header { query, test: HeaderTest::Matches { pattern, negated, if_unset } } => {
                (Place::Header(query, if_unset), pattern, negated)
            }
            _ => return Ok(()),
        };
        let reader = slot.reader(place, negated);
        if let Some(template) = pattern.template() {
            self.captures.add_template(reader, &pattern, template);
            return Ok(());
        }
        let caught = self.captures.add(&reader, &pattern);
        let builder = match &reader.place {
            Place::Body => &mut self.body,
            Place::Rawbody => &mut self.rawbody,
            Place::Full => &mut self.full,
            Place::Uri => &mut self.uri,
            place @ Place::Header(..) => match self.header(place) {
                Some(header) => &mut header.group,
                None => return caught,
            },
        };
        builder.add(pattern, |matcher| reader.probe(matcher));
        caught
    }

    fn header(&mut self, place: &Place) -> Option<&mut HeaderDraft> {
        let number = *self.header_numbers.entry(place.clone()).or_insert(self.headers.len());
        if number == self.headers.len() {
            let (place, group) = (place.clone(), Builder::new(place.genre()));
            self.headers.push(HeaderDraft { place, group, exists: Vec::new() });
        }
        self.headers.get_mut(number)
    }

    fn finish(self, set: &mut RuleSet) {
        set.body = self.body.build();
        set.rawbody = self.rawbody.build();
        set.full = self.full.build();
        set.uri = self.uri.build();
        let header = |draft: HeaderDraft| HeaderGroup {
            name: draft.place.name(),
            place: draft.place,
            group: draft.group.build(),
            exists: draft.exists,
        };
        set.headers = self.headers.into_iter().map(header).collect();
    }
}

impl Slot {
    fn reader(self, place: Place, negated: bool) -> Reader {
        Reader {
            rule: self.number,
            place,
            negated,
            most_hits: Probe::most_hits(self.flags.multiple && !negated, self.flags.most_hits),
            skips_first: self.flags.no_subject,
            reported: self.reported,
        }
    }
}
