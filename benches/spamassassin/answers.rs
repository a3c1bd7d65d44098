//! What one side says about messages, and the files it is kept in.
//!
//! A file of answers has lines `path<TAB>score<TAB>rule,rule`; the one beside it
//! `path<TAB>sub-rule,sub-rule(3)`, with how often a sub-rule hit where it did more than once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What was said about one message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The sum.
    pub(crate) score: f64,
    /// The rules that hit, sub-rules apart.
    pub(crate) rules: BTreeSet<String>,
    /// The sub-rules that hit.
    pub(crate) sub_rules: BTreeSet<String>,
}

/// The answers about messages, by path.
#[derive(Debug, Default)]
pub(crate) struct Answers(pub(crate) BTreeMap<String, Answer>);

impl Answers {
    /// Reads them from a file and, if it is there, the sub-rules from another.
    pub(crate) fn read(file: &Path, sub_rules: &Path) -> Self {
        let mut sub_rules =
            if sub_rules.exists() { read_sub_rules(sub_rules) } else { HashMap::new() };
        let text = text(file);
        let answers = text.lines().map(|line| {
            let mut columns = line.split('\t');
            let (Some(path), Some(score)) = (columns.next(), columns.next()) else {
                panic!("{}: not an answer: {line}", file.display());
            };
            let answer = Answer {
                score: score.parse().unwrap_or_else(|_| panic!("no score: {line}")),
                rules: names(columns.next().unwrap_or_default()),
                sub_rules: sub_rules.remove(path).unwrap_or_default(),
            };
            (path.to_owned(), answer)
        });
        Self(answers.collect())
    }

    /// Those about some messages, by their paths.
    pub(crate) fn named(&self, is_one: impl Fn(&str) -> bool) -> Self {
        let some = self.0.iter().filter(|(path, _)| is_one(path));
        Self(some.map(|(path, answer)| (path.clone(), answer.clone())).collect())
    }

    /// Leaves out the rules and sub-rules that `keep` does not want.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        for answer in self.0.values_mut() {
            answer.rules.retain(|rule| keep(rule));
            answer.sub_rules.retain(|rule| keep(rule));
        }
    }
}

/// The file of sub-rules that goes with a file of answers.
pub(crate) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sub");
    name.into()
}

fn read_sub_rules(file: &Path) -> HashMap<String, BTreeSet<String>> {
    let text = text(file);
    let read = |line: &str| {
        let (path, list) = line.split_once('\t')?;
        // Totals follow in parentheses.
        let list = list.split_once(' ').map_or(list, |(list, _)| list);
        Some((path.to_owned(), names(list)))
    };
    text.lines().filter_map(read).collect()
}

fn names(list: &str) -> BTreeSet<String> {
    let without_count = |name: &str| name.split('(').next().unwrap_or_default().to_owned();
    list.split(',').filter(|name| !name.is_empty()).map(without_count).collect()
}

fn text(file: &Path) -> String {
    if file.extension().is_some_and(|extension| extension == "zst") {
        let output = Command::new("zstd").arg("-dc").arg(file).output().expect("zstd");
        return String::from_utf8(output.stdout).unwrap();
    }
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
