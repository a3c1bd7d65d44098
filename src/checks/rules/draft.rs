//! Rules as they are gathered from file after file, before they become a set.
//!
//! Later lines win: a rule defined again replaces the earlier one, and so do its score, its
//! description and its flags, wherever in the files they stand.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Complaint, Severity,
    conf::Conf,
    language::{self, Directive, Flags, Line, LineError, Test},
};
use crate::verdict::{Name, Points};

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The rules, in the order in which their names first appeared.
    pub(super) rules: Vec<DraftRule>,
    /// For the four score sets, by name.
    pub(super) scores: HashMap<Name, [Points; 4]>,
    /// For people, by name.
    pub(super) descriptions: HashMap<Name, String>,
    /// `tflags`, by name.
    pub(super) flags: HashMap<Name, Flags>,
    /// What other directives set.
    pub(super) conf: Conf,
    /// Names of rules that this engine does not run.
    pub(super) left_out: HashSet<Name>,
    /// What was wrong.
    complaints: Vec<Complaint>,
    files: Vec<Arc<str>>,
    by_name: HashMap<Name, usize>,
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
    /// Reads one file.
    pub(super) fn read(&mut self, file: &Arc<str>, text: &[u8]) {
        self.files.push(Arc::clone(file));
        let (lines, problems) = language::lines(&language::latin1_view(text));
        for problem in problems {
            self.complain(file, problem.number, problem.severity, problem.text);
        }
        let mut noted = HashSet::new();
        for line in lines {
            match language::read(&line) {
                Ok(directive) => self.take(file, &line, directive, &mut noted),
                Err(error) => {
                    self.complain(file, line.number, Severity::Error, subject(&line, &error));
                }
            }
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
            Directive::Nothing => {}
            Directive::Setting => self.set(file, line, noted),
        }
    }

    /// Gives a directive to the part of the set that knows it. One that none knows is noted once a
    /// file, if it is right at all.
    fn set(&mut self, file: &Arc<str>, line: &Line, noted: &mut HashSet<String>) {
        if let Some(read) = self.conf.read(&line.key, &line.value) {
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
