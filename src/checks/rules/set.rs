//! The compiled set and what can be asked of it.

use std::{collections::HashMap, sync::Arc};

use ipnet::IpNet;

use super::{
    Complaint, Hits, RulesError, ScoreSet, Settings,
    captures::Captures,
    compile, conclude,
    conclude::{Meta, Outset},
    conf::Conf,
    cost::{Costs, Unwatched},
    deferral::Deferral,
    draft::Draft,
    eval::Question,
    examination::{Examination, Extent},
    group::Group,
    mime_header::MimeHeaders,
    network::{Asked, Network},
    place::Place,
    shortcircuit::Plan,
    source,
    uri_detail::UriDetail,
};
use crate::{
    checks::Case,
    verdict::{Finding, Name, Points},
};

/// All rules, compiled. Immutable; made once and shared.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(super) rules: Vec<Rule>,
    /// Names that only metas know: findings of other checks. Numbered behind the rules.
    pub(super) foreign: Vec<Name>,
    /// The numbers of both.
    pub(super) numbers: HashMap<Name, u32>,
    pub(super) headers: Vec<HeaderGroup>,
    pub(super) body: Group,
    pub(super) rawbody: Group,
    pub(super) full: Group,
    pub(super) uri: Group,
    pub(super) evals: Vec<Eval>,
    pub(super) mime_headers: MimeHeaders,
    pub(super) uri_details: Vec<(u32, UriDetail)>,
    /// How many of them, from the first on, change the text that other rules see.
    pub(super) text_readers: usize,
    /// What patterns catch for others, and those others.
    pub(super) captures: Captures,
    /// What rules files have set, rules and scores apart.
    pub(super) conf: Conf,
    /// In an order in which each finds what it rests on.
    pub(super) metas: Vec<Meta>,
    /// What the metas come to if nothing hits.
    pub(super) outset: Outset,
    /// Sub-rules that run only if they matter.
    pub(super) deferral: Deferral,
    /// If some of the rules end the examination.
    pub(super) shortcircuit: Option<Plan>,
    /// Scores set for names that no rule here defines.
    pub(super) weights: HashMap<Name, Points>,
    pub(super) descriptions: HashMap<Name, String>,
    pub(super) complaints: Vec<Complaint>,
}

/// What kind of question a rule asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Of header fields.
    Header,
    /// Of the rendered text.
    Body,
    /// Of the decoded text before it is rendered.
    Rawbody,
    /// Of the message as sent.
    Full,
    /// Of the URIs.
    Uri,
    /// A function's.
    Eval,
    /// Of the header fields of MIME parts.
    MimeHeader,
    /// Of URIs, in detail.
    UriDetail,
    /// Of the network, asked by other checks.
    Network,
    /// Of other rules and findings.
    Meta,
}

impl Kind {
    /// The directive's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Body => "body",
            Self::Rawbody => "rawbody",
            Self::Full => "full",
            Self::Uri => "uri",
            Self::Eval => "eval",
            Self::MimeHeader => "mimeheader",
            Self::UriDetail => "uri_detail",
            Self::Network => "askdns",
            Self::Meta => "meta",
        }
    }
}

/// One rule, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleInfo<'s> {
    /// Its name.
    pub name: &'s Name,
    /// What it asks.
    pub kind: Kind,
    /// What a hit adds to the score; 0 if it is switched off. Sub-rules never add anything.
    pub score: Points,
    /// The file it stands in.
    pub file: &'s str,
    /// The line, from 1.
    pub line: usize,
    /// For people.
    pub describe: Option<&'s str>,
    /// `__NAME`: only there for metas.
    pub is_sub_rule: bool,
}

/// How many rules a set has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub rules: usize,
    /// Those whose names begin with two underscores.
    pub sub_rules: usize,
    /// Those that are switched off by a score of 0.
    pub off: usize,
    /// Patterns that run on every text, because nothing tells beforehand that they cannot match.
    pub unfiltered: usize,
}

/// What the patterns of a set take, as far as it can be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Patterns of the linear engine.
    pub linear: usize,
    /// Bytes that these take, without the caches that searches make and keep: up to 8 MiB each
    /// for every thread that searches at the same time.
    pub linear_bytes: usize,
    /// Bytes of the literals that are looked for before any pattern runs.
    pub literal_bytes: usize,
    /// Patterns of PCRE2, which does not tell what they take.
    pub backtracking: usize,
}

/// A rule of the set.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: Name,
    pub(super) kind: Kind,
    /// Of the score set in use.
    pub(super) score: Points,
    /// A hit may teach the Bayes filter.
    pub(super) teaches: bool,
    pub(super) file: Arc<str>,
    pub(super) line: usize,
}

impl Rule {
    /// `__NAME`.
    pub(super) fn is_sub_rule(&self) -> bool {
        self.name.as_str().starts_with("__")
    }
}

/// Rules that read the same header.
#[derive(Debug)]
pub(super) struct HeaderGroup {
    pub(super) place: Place,
    /// As evidence names it.
    pub(super) name: String,
    pub(super) group: Group,
    /// Rules that only ask whether it is there.
    pub(super) exists: Vec<u32>,
}

/// A rule that asks a function.
#[derive(Debug)]
pub(super) struct Eval {
    pub(super) rule: u32,
    /// The function's name, for evidence.
    pub(super) function: String,
    pub(super) question: Question,
}

impl RuleSet {
    /// Reads and compiles what the settings name. Takes a second or so for large sets: not for a
    /// runtime thread.
    ///
    /// # Errors
    /// A file or directory cannot be read.
    pub fn load(settings: &Settings, score_set: ScoreSet) -> Result<Self, RulesError> {
        let mut draft = Draft::new(score_set, Some(source::included));
        for source in source::gather(settings)? {
            draft.read(&source.name, &source.text);
        }
        Ok(compile::compile(draft))
    }

    /// Compiles texts that are already here: file name and content. With network, without Bayes.
    pub fn parse<N: AsRef<str>, T: AsRef<[u8]>>(sources: &[(N, T)]) -> Self {
        Self::parse_for(sources, ScoreSet::default())
    }

    /// As [`parse`](Self::parse), for another score set.
    pub fn parse_for<N: AsRef<str>, T: AsRef<[u8]>>(
        sources: &[(N, T)],
        score_set: ScoreSet,
    ) -> Self {
        let mut draft = Draft::new(score_set, None);
        for (name, text) in sources {
            draft.read(&Arc::from(name.as_ref()), text.as_ref());
        }
        compile::compile(draft)
    }

    /// The same set for a machine whose own networks these are: hosts that are trusted and ours,
    /// unless the rules files name such themselves.
    #[must_use]
    pub fn at_home_in(mut self, ours: &[IpNet]) -> Self {
        self.conf.networks.or_ours(ours);
        self
    }

    /// What is wrong with the rules, by file and line.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// Runs all rules but metas, and but sub-rules that cannot change what is found. Only computes;
    /// `benches/rules` tells how long it takes.
    pub fn examine(&self, case: &Case) -> Hits {
        Examination::new(self, case, &mut Unwatched).run(Extent::Needed)
    }

    /// As [`examine`](Self::examine), but the hits of sub-rules are complete.
    pub fn examine_all(&self, case: &Case) -> Hits {
        Examination::new(self, case, &mut Unwatched).run(Extent::All)
    }

    /// As [`examine`](Self::examine); adds what the rules cost.
    pub fn measure(&self, case: &Case, costs: &mut Costs) -> Hits {
        costs.message(|costs| Examination::new(self, case, costs).run(Extent::Needed))
    }

    /// Nothing measured yet.
    pub fn no_costs(&self) -> Costs {
        Costs::none(self.rules.len())
    }

    /// Works out the metas, which may name the findings of other checks, and says what was found:
    /// every rule that hit and has a weight. `hits` must come from this set.
    pub fn conclude(&self, hits: Hits, others: &[Finding]) -> Vec<Finding> {
        conclude::conclude(self, hits, others)
    }

    /// The names of all rules that hit, sub-rules and rules without weight included.
    pub fn fired(&self, hits: &Hits, others: &[Finding]) -> Vec<&Name> {
        conclude::fired(self, hits, others)
    }

    /// The rules of which a pattern was given up because it took too many steps: "pattern limit
    /// exceeded". They have not hit.
    pub fn given_up<'s>(&'s self, hits: &Hits) -> impl Iterator<Item = &'s Name> {
        hits.given_up().iter().filter_map(|&rule| self.name(rule))
    }

    /// What the rules want asked of the network; a finding under a rule's name answers it.
    pub fn network(&self) -> &Network {
        &self.conf.network
    }

    /// Whether a finding under this rule's name rests on who says to have signed the message: it counts
    /// only if a signature is proved, or anybody could claim the good name of others.
    pub fn rests_on_signature(&self, name: &str) -> bool {
        self.conf.network.questions.iter().any(|question| {
            let is_claim = |name: &str| name.contains("_DKIMDOMAIN_");
            question.rule.as_str() == name
                && matches!(&question.asked, Asked::Template { name, .. } if is_claim(name))
        })
    }

    /// What a finding of another check weighs: the score that a `score` line sets for its name,
    /// or that of the rule which leaves its question to the check.
    pub fn weight(&self, name: &str) -> Option<Points> {
        self.weights.get(name).copied().or_else(|| {
            let &number = self.numbers.get(name)?;
            let rule = self.rules.get(compile::index(number))?;
            let counts = if rule.is_sub_rule() { Points::ZERO } else { rule.score };
            matches!(rule.kind, Kind::Eval | Kind::Network).then_some(counts)
        })
    }

    /// Whether a finding may teach the Bayes filter: not if its `tflags` say `learn`, `noautolearn` or
    /// `userconf`.
    pub fn teaches(&self, name: &str) -> bool {
        let number = self.numbers.get(name);
        let rule = number.and_then(|&number| self.rules.get(compile::index(number)));
        rule.is_none_or(|rule| rule.teaches)
    }

    /// The description of a rule or of another check's finding.
    pub fn describe(&self, name: &str) -> Option<&str> {
        self.descriptions.get(name).map(String::as_str)
    }

    /// Whether a rule of this name is in the set.
    pub fn defines(&self, name: &str) -> bool {
        self.numbers.get(name).is_some_and(|&number| compile::index(number) < self.rules.len())
    }

    /// All rules, in the order of the files.
    pub fn list(&self) -> impl Iterator<Item = RuleInfo<'_>> {
        self.rules.iter().map(|rule| RuleInfo {
            name: &rule.name,
            kind: rule.kind,
            score: rule.score,
            file: &rule.file,
            line: rule.line,
            describe: self.describe(rule.name.as_str()),
            is_sub_rule: rule.is_sub_rule(),
        })
    }

    /// Whether it has no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// How many rules it has.
    pub fn counts(&self) -> Counts {
        Counts {
            rules: self.rules.len(),
            sub_rules: self.rules.iter().filter(|rule| rule.is_sub_rule()).count(),
            off: self.rules.iter().filter(|rule| rule.score == Points::ZERO).count(),
            unfiltered: self.groups().map(|group| group.sizes().1).sum(),
        }
    }

    /// What its patterns take, those apart that functions have of their own. Takes about as long as
    /// compiling the set did.
    pub fn memory(&self) -> Memory {
        let literal_bytes = self.groups().map(Group::literals_size).sum();
        let mut memory = Memory { literal_bytes, ..Memory::default() };
        let matchers = self.groups().flat_map(Group::matchers);
        let matchers = matchers.chain(self.mime_headers.matchers());
        let matchers = matchers.chain(self.uri_details.iter().flat_map(|(_, t)| t.matchers()));
        for matcher in matchers.chain(self.captures.matchers()) {
            match matcher.size() {
                Some(size) => {
                    memory.linear += 1;
                    memory.linear_bytes += size;
                }
                None => memory.backtracking += 1,
            }
        }
        memory
    }

    /// The rules with patterns, by what they read.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        let headers = self.headers.iter().map(|header| &header.group);
        headers.chain([&self.body, &self.rawbody, &self.full, &self.uri])
    }

    /// Finds out which rules wait, and tells their groups.
    pub(super) fn defer(&mut self) {
        self.deferral = Deferral::of(self);
        let Self { headers, body, rawbody, full, uri, deferral, .. } = self;
        let headers = headers.iter_mut().map(|header| &mut header.group);
        for group in headers.chain([body, rawbody, full, uri]) {
            group.defer(|rule| deferral.waits(rule));
        }
    }

    /// The name with this number.
    pub(super) fn name(&self, number: u32) -> Option<&Name> {
        let at = usize::try_from(number).ok()?;
        match self.rules.get(at) {
            Some(rule) => Some(&rule.name),
            None => self.foreign.get(at.checked_sub(self.rules.len())?),
        }
    }
}
