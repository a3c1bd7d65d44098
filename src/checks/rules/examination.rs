//! The examination of one message: the rules' patterns and functions, one kind after the other.

use super::{
    Hits, RuleSet,
    cost::Watch,
    eval::Question,
    group::{Group, Scratch, Waiting},
    scene::Scene,
    set::{Eval, HeaderGroup},
    text,
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

/// Where the rules of a group read.
#[derive(Clone, Copy)]
enum Source<'s> {
    Header(&'s HeaderGroup),
    Body,
    Rawbody,
    Uri,
    Full,
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
            self.read(Source::Header(header));
            self.exists(header);
        }
        // These first: they change the text that the other rules see.
        let set = self.set;
        let (readers, evals) = set.evals.split_at(set.text_readers.min(set.evals.len()));
        self.ask(readers);
        for source in [Source::Body, Source::Rawbody, Source::Uri, Source::Full] {
            self.read(source);
        }
        self.ask(evals);
        let Self { scene, hits, watch, scratch, .. } = &mut self;
        for (rule, flags, test) in &set.mime_headers {
            watch.work(*rule, || test.examine(*rule, *flags, scene, hits));
        }
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
        let group = source.group(self.set);
        if group.is_empty() {
            return;
        }
        source.texts(scene, |texts| group.examine(source.place(), texts, scratch, hits, *watch));
        let waiting = scratch.take_waiting();
        if !waiting.is_empty() {
            self.waiting.push((source, waiting));
        }
    }

    fn exists(&mut self, header: &HeaderGroup) {
        if !header.exists.is_empty() && header.query.exists(&self.scene) {
            header.exists.iter().for_each(|&rule| self.hits.add(rule, 1));
        }
    }

    fn ask(&mut self, evals: &[Eval]) {
        for eval in evals {
            let Question::Ask(ask) = &eval.question else { continue };
            let count = self.watch.work(eval.rule, || ask(&self.scene));
            if count > 0 {
                self.hits.add(eval.rule, count);
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
                let group = source.group(set);
                source.texts(scene, |texts| {
                    group.resume(source.place(), texts, &waiting, hits, *watch);
                });
            }
        }
    }
}

impl<'s> Source<'s> {
    fn group(self, set: &'s RuleSet) -> &'s Group {
        match self {
            Self::Header(header) => &header.group,
            Self::Body => &set.body,
            Self::Rawbody => &set.rawbody,
            Self::Uri => &set.uri,
            Self::Full => &set.full,
        }
    }

    /// As evidence names it.
    fn place(self) -> &'s str {
        match self {
            Self::Header(header) => &header.place,
            Self::Body => "body",
            Self::Rawbody => "rawbody",
            Self::Uri => "uri",
            Self::Full => "full",
        }
    }

    /// Hands on the texts that the rules look at one by one.
    fn texts(self, scene: &Scene<'_>, read: impl FnOnce(&mut dyn Iterator<Item = &[u8]>)) {
        match self {
            Self::Header(header) => {
                let value = header.query.read(scene);
                let text = value.as_deref().or(header.if_unset.as_deref()).unwrap_or_default();
                read(&mut std::iter::once(text));
            }
            Self::Body => read(&mut scene.paragraphs()),
            Self::Rawbody => read(&mut scene.chunks()),
            Self::Uri => read(&mut scene.uris().flat().into_iter().map(str::as_bytes)),
            Self::Full => {
                let full = text::full(scene.case.message.raw());
                read(&mut std::iter::once(&*full));
            }
        }
    }
}
