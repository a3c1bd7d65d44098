//! Rules as they are gathered from file after file, before they become a set.
//!
//! Later lines win: a rule defined again replaces the earlier one, and so do its score, its
//! description and its flags, wherever in the files they stand.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Complaint, RulesError, ScoreSet, Severity,
    conf::Conf,
    language::{self, Directive, Flags, Line, LineError, Problem, Reader, Test, World},
    source::Source,
};
use crate::verdict::{Name, Points};

/// Files that include files that include files.
const DEEPEST: usize = 8;

/// The plugin without which `shortcircuit` does nothing.
const SHORTCIRCUIT: &str = "Mail::SpamAssassin::Plugin::Shortcircuit";

/// Reads what an `include` line names: the file it stands in, and the path.
pub(super) type Include = fn(&str, &str) -> Result<Source, RulesError>;

/// Everything that was read.
#[derive(Debug)]
pub(super) struct Draft {
    /// Which scores count.
    pub(super) score_set: ScoreSet,
    /// The rules, in the order in which their names first appeared.
    pub(super) rules: Vec<DraftRule>,
    /// For the four score sets, by name.
    pub(super) scores: HashMap<Name, [Points; 4]>,
    /// For people, by name.
    pub(super) descriptions: HashMap<Name, String>,
    /// `tflags`, by name.
    pub(super) flags: HashMap<Name, Flags>,
    /// `priority`, by name.
    pub(super) priorities: HashMap<Name, i64>,
    /// What other directives set.
    pub(super) conf: Conf,
    /// Names of rules that this engine does not run.
    pub(super) left_out: HashSet<Name>,
    /// What was wrong.
    complaints: Vec<Complaint>,
    files: Vec<Arc<str>>,
    by_name: HashMap<Name, usize>,
    world: World,
    include: Option<Include>,
    depth: usize,
}

/// A rule as it was written.
#[derive(Debug)]
pub(super) struct DraftRule {
    /// Its name.
    pub(super) name: Name,
    /// Its question.
    pub(super) test: Test,
    /// Where it stands.
    pub(super) file: Arc<str>,
    /// In which line, from 1.
    pub(super) line: usize,
}

impl Draft {
    /// Nothing yet. Without `include`, no other files can be named.
    pub(super) fn new(score_set: ScoreSet, include: Option<Include>) -> Self {
        Self {
            score_set,
            rules: Vec::new(),
            scores: HashMap::new(),
            descriptions: HashMap::new(),
            flags: HashMap::new(),
            priorities: HashMap::new(),
            conf: Conf::default(),
            left_out: HashSet::new(),
            complaints: Vec::new(),
            files: Vec::new(),
            by_name: HashMap::new(),
            world: World::new(!score_set.net),
            include,
            depth: 0,
        }
    }

    /// Reads one file.
    pub(super) fn read(&mut self, file: &Arc<str>, text: &[u8]) {
        if !self.files.contains(file) {
            self.files.push(Arc::clone(file));
        }
        let mut reader = Reader::default();
        let mut noted = HashSet::new();
        for (number, text) in (1..).zip(language::latin1_view(text).split('\n')) {
            let Some(line) = reader.read(number, text, &self.world) else { continue };
            match language::read(&line) {
                Ok(directive) => self.take(file, &line, directive, &mut noted),
                Err(error) => {
                    self.complain(file, line.number, Severity::Error, subject(&line, &error));
                }
            }
        }
        for Problem { number, severity, text } in reader.finish() {
            self.complain(file, number, severity, text);
        }
    }

    /// `include`: reads another file here.
    fn include(&mut self, file: &Arc<str>, line: usize, path: &str) {
        let shown = language::readable(path);
        let refused = match self.include {
            Some(_) if self.depth >= DEEPEST => "files include each other too deeply".to_owned(),
            Some(include) => match include(file, &shown) {
                Ok(source) => {
                    self.depth += 1;
                    self.read(&source.name, &source.text);
                    self.depth -= 1;
                    return;
                }
                Err(error) => crate::chain(&error),
            },
            None => "no file can be included here".to_owned(),
        };
        let text = format!("`include {shown}`: {refused}");
        self.complain(file, line, Severity::Error, text);
    }

    /// `loadplugin` and `tryplugin`.
    fn load_plugin(&mut self, file: &Arc<str>, line: usize, module: &str) {
        if !self.world.has(module) && !self.world.load(module) {
            let text = format!("there is no plugin {} here", language::readable(module));
            self.complain(file, line, Severity::Note, text);
        }
    }

    /// Adds a complaint.
    pub(super) fn complain(
        &mut self,
        file: &Arc<str>,
        line: usize,
        severity: Severity,
        text: String,
    ) {
        self.complaints.push(Complaint { file: Arc::clone(file), line, severity, text });
    }

    /// All complaints, in the order of the files and their lines.
    pub(super) fn take_complaints(&mut self) -> Vec<Complaint> {
        let order: HashMap<_, _> = self.files.iter().zip(0..).collect();
        let mut complaints = std::mem::take(&mut self.complaints);
        complaints.sort_by_key(|complaint| (order.get(&complaint.file), complaint.line));
        complaints
    }

    fn take(
        &mut self,
        file: &Arc<str>,
        line: &Line,
        directive: Directive,
        noted: &mut HashSet<String>,
    ) {
        match directive {
            Directive::Rule { name, test } => self.define(file, line.number, &name, test),
            Directive::LeftOut { name, needs } => {
                let text = format!("{name}: needs {needs} (not yet); the rule is left out");
                self.complain(file, line.number, Severity::Warning, text);
                self.left_out.insert(Name::from(name.as_str()));
            }
            Directive::Score { name, scores, relative } => {
                self.score(file, line.number, &name, scores, relative);
            }
            Directive::Describe { name, text } => {
                self.descriptions.insert(Name::from(name.as_str()), text);
            }
            Directive::Flags { name, flags } => {
                self.flags.insert(Name::from(name.as_str()), flags);
            }
            Directive::Priority { name, priority } => {
                self.priorities.insert(Name::from(name.as_str()), priority);
            }
            Directive::Include(path) => self.include(file, line.number, &path),
            Directive::Plugin(module) => self.load_plugin(file, line.number, &module),
            Directive::Compatible(feature) => self.world.enable_compat(&feature),
            Directive::Setting => self.set(file, line, noted),
        }
    }

    /// Gives a directive to the part of the set that knows it. One that none knows is noted once a
    /// file, if it is right at all.
    fn set(&mut self, file: &Arc<str>, line: &Line, noted: &mut HashSet<String>) {
        let of_plugin = line.key.starts_with("shortcircuit");
        let read = match of_plugin && !self.world.has(SHORTCIRCUIT) {
            true => None,
            false => self.conf.read(&line.key, &line.value),
        };
        if let Some(read) = read {
            if let Err(error) = read {
                let text = format!("{error}; the line is left out");
                self.complain(file, line.number, Severity::Error, text);
            }
            return;
        }
        match language::without_effect(&line.key) {
            Ok(()) if noted.insert(line.key.clone()) => {
                let text = format!("`{}` is not acted on", line.key);
                self.complain(file, line.number, Severity::Note, text);
            }
            Ok(()) => {}
            Err(error) => {
                self.complain(file, line.number, Severity::Error, subject(line, &error));
            }
        }
    }

    fn define(&mut self, file: &Arc<str>, line: usize, name: &str, test: Test) {
        if let Some(doubt) = test.pattern().and_then(|pattern| pattern.doubt) {
            self.complain(file, line, Severity::Warning, format!("{name}: {doubt}"));
        }
        let name = Name::from(name);
        let rule = DraftRule { name: name.clone(), test, file: Arc::clone(file), line };
        let earlier = self.by_name.get(&name).and_then(|&at| self.rules.get_mut(at));
        match earlier {
            Some(earlier) => *earlier = rule,
            None => {
                self.by_name.insert(name, self.rules.len());
                self.rules.push(rule);
            }
        }
    }

    fn score(
        &mut self,
        file: &Arc<str>,
        line: usize,
        name: &str,
        mut scores: [Points; 4],
        relative: bool,
    ) {
        let name = Name::from(name);
        if relative {
            let Some(before) = self.scores.get(&name) else {
                let text = format!("{name}: a relative score needs an earlier one");
                self.complain(file, line, Severity::Error, text);
                return;
            };
            scores.iter_mut().zip(before).for_each(|(score, &before)| *score += before);
        }
        self.scores.insert(name, scores);
    }
}

/// The complaint about a line, with the rule's name in front where the line has one.
fn subject(line: &Line, error: &LineError) -> String {
    let first = line.value.split_whitespace().next();
    match (error, first) {
        (LineError::Unknown(_) | LineError::Name(_), _) | (_, None) => {
            format!("{error}; the line is left out")
        }
        (_, Some(name)) => format!("{}: {error}; the line is left out", language::readable(name)),
    }
}
