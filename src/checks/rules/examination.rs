//! The examination of one message: the rules' patterns and functions, one kind after the other.

use super::{
    Hits, RuleSet,
    cost::Watch,
    eval::Question,
    group::{Group, Scratch, Waiting},
    place::Place,
    prefilter,
    scene::Scene,
    set::{Eval, HeaderGroup},
};
use crate::checks::Case;

/// Which rules run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Those that can change what is found.
    Needed,
    /// All.
    All,
}

/// A message and the rules that look at it.
pub(super) struct Examination<'s, W> {
    set: &'s RuleSet,
    scene: Scene<'s>,
    scratch: Scratch,
    hits: Hits,
    watch: &'s mut W,
    /// What waits, by where it reads.
    waiting: Vec<(Source<'s>, Vec<Waiting>)>,
}

/// A group of rules that read the same texts.
#[derive(Clone, Copy)]
struct Source<'s> {
    group: &'s Group,
    place: &'s Place,
    /// As evidence names the place.
    name: &'s str,
}

impl<'s, W: Watch> Examination<'s, W> {
    pub(super) fn new(set: &'s RuleSet, case: &'s Case, watch: &'s mut W) -> Self {
        let hits = Hits::none(set.rules.len());
        let scene = Scene::new(case, &set.conf);
        Self { set, scene, scratch: Scratch::default(), hits, watch, waiting: Vec::new() }
    }

    /// Examines it.
    pub(super) fn run(mut self, extent: Extent) -> Hits {
        for header in &self.set.headers {
            self.read(Source::header(header));
            self.exists(header);
        }
        // These first: they change the text that the other rules see.
        let set = self.set;
        let (readers, evals) = set.evals.split_at(set.text_readers.min(set.evals.len()));
        self.ask(readers);
        for source in Source::texts(set) {
            self.read(source);
        }
        self.ask(evals);
        let Self { scene, hits, watch, scratch, .. } = &mut self;
        set.mime_headers.examine(scene, &mut scratch.passes, hits, *watch);
        for (rule, test) in &set.uri_details {
            watch.work(*rule, || test.examine(*rule, scene, hits));
        }
        set.captures.examine(scene, scratch, hits, *watch);
        self.resume(extent);
        self.hits
    }

    /// Runs the rules of a group that do not wait.
    fn read(&mut self, source: Source<'s>) {
        let Self { scene, scratch, hits, watch, .. } = self;
        if source.group.is_empty() {
            return;
        }
        let texts = source.place.texts(scene);
        source.group.examine(source.name, texts.iter().map(AsRef::as_ref), scratch, hits, *watch);
        let waiting = scratch.take_waiting();
        if !waiting.is_empty() {
            self.waiting.push((source, waiting));
        }
    }

    fn exists(&mut self, header: &HeaderGroup) {
        let Place::Header(query, _) = &header.place else { return };
        if !header.exists.is_empty() && query.exists(&self.scene) {
            header.exists.iter().for_each(|&rule| self.hits.add(rule, 1));
        }
    }

    fn ask(&mut self, evals: &[Eval]) {
        for eval in evals {
            match &eval.question {
                Question::Ask(ask) => {
                    let count = self.watch.work(eval.rule, || ask(&self.scene));
                    if count > 0 {
                        self.hits.add(eval.rule, count);
                    }
                }
                Question::Authentication(ask) => {
                    let condition = self.watch.work(eval.rule, || ask(&self.scene));
                    self.hits.await_authentication(eval.rule, condition);
                }
                _ => {}
            }
        }
    }

    /// Runs those of the rules that have waited which matter.
    fn resume(&mut self, extent: Extent) {
        for (source, mut waiting) in std::mem::take(&mut self.waiting) {
            let Self { set, scene, hits, watch, .. } = self;
            if extent == Extent::Needed {
                waiting.retain(|waiting| set.deferral.matters(waiting.rule, hits));
            }
            if !waiting.is_empty() {
                let texts = source.place.texts(scene);
                let texts = texts.iter().map(AsRef::as_ref);
                source.group.resume(source.name, texts, &waiting, hits, *watch);
            }
        }
    }
}

impl RuleSet {
    /// How often a pattern would run on a text of this message, sub-rules included, as far as literals
    /// tell: what the prefilter lets through. For `benches/pipeline`; [`RuleSet::examine`] does this on
    /// its way.
    pub fn candidates(&self, case: &Case) -> usize {
        let scene = Scene::new(case, &self.conf);
        let mut passes = prefilter::Scratch::default();
        let headers = self.headers.iter().map(Source::header);
        let sources = headers.chain(Source::texts(self)).filter(|source| !source.group.is_empty());
        let candidates = sources.map(|source| {
            let texts = source.place.texts(&scene);
            let texts = texts.iter().map(AsRef::as_ref);
            source.group.candidates(texts, &mut passes)
        });
        candidates.sum()
    }
}

impl<'s> Source<'s> {
    fn header(header: &'s HeaderGroup) -> Self {
        Self { group: &header.group, place: &header.place, name: &header.name }
    }

    /// Those that are no header fields.
    fn texts(set: &'s RuleSet) -> [Self; 4] {
        [
            Self { group: &set.body, place: &Place::Body, name: "body" },
            Self { group: &set.rawbody, place: &Place::Rawbody, name: "rawbody" },
            Self { group: &set.uri, place: &Place::Uri, name: "uri" },
            Self { group: &set.full, place: &Place::Full, name: "full" },
        ]
    }
}
