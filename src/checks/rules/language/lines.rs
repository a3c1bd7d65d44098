//! Lines that count: without comments, in the branches that hold.

use super::{super::Severity, condition, plugins::World, readable};

/// A line with something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Line {
    /// Its number in the file, from 1.
    pub(in super::super) number: usize,
    /// The directive in lower case, dashes as underscores.
    pub(in super::super) key: String,
    /// The rest, trimmed.
    pub(in super::super) value: String,
}

/// Something wrong with the structure of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Problem {
    /// The line, from 1.
    pub(in super::super) number: usize,
    /// How much it matters.
    pub(in super::super) severity: Severity,
    /// What is wrong.
    pub(in super::super) text: String,
}

/// An open `if`.
struct Branch {
    /// Where it was opened.
    number: usize,
    /// Whether the lines around it count.
    outside: bool,
    /// Whether its condition holds.
    holds: bool,
    /// Whether the lines here count.
    counts: bool,
}

/// Reads one file line by line and holds back what does not count.
#[derive(Default)]
pub(in super::super) struct Reader {
    problems: Vec<Problem>,
    branches: Vec<Branch>,
    /// The rest of the file is for another version.
    foreign: bool,
}

impl Reader {
    /// Takes the next line, given as a Latin-1 view, and hands it back if there is something to
    /// do.
    pub(in super::super) fn read(
        &mut self,
        number: usize,
        text: &str,
        world: &World,
    ) -> Option<Line> {
        let text = without_comment(text);
        let text = for_our_language(text.trim())?;
        let (key, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let (key, value) = (key.to_ascii_lowercase().replace('-', "_"), value.trim_start());
        match key.as_str() {
            "" => {}
            "if" => self.open(number, value, world),
            "ifplugin" => self.open(number, &format!("plugin({value})"), world),
            "else" => self.otherwise(number),
            "endif" => self.close(number),
            _ if !self.counts() => {}
            "require_version" => self.require(number, value),
            _ => return Some(Line { number, key, value: value.to_owned() }),
        }
        None
    }

    /// At the end of the file: what is wrong with its structure.
    pub(in super::super) fn finish(mut self) -> Vec<Problem> {
        for branch in std::mem::take(&mut self.branches) {
            self.complain(branch.number, Severity::Error, "this `if` is never closed".to_owned());
        }
        self.problems
    }

    fn counts(&self) -> bool {
        !self.foreign && self.branches.last().is_none_or(|branch| branch.counts)
    }

    fn open(&mut self, number: usize, text: &str, world: &World) {
        let outside = self.counts();
        let holds = match condition::holds(text, world) {
            Ok(holds) => holds,
            Err(error) => {
                let text = format!("{error}; the block is left out");
                self.complain(number, Severity::Error, text);
                false
            }
        };
        self.branches.push(Branch { number, outside, holds, counts: outside && holds });
    }

    fn otherwise(&mut self, number: usize) {
        match self.branches.last_mut() {
            Some(branch) => {
                branch.holds = !branch.holds;
                branch.counts = branch.outside && branch.holds;
            }
            None => self.complain(number, Severity::Error, "`else` without `if`".to_owned()),
        }
    }

    fn close(&mut self, number: usize) {
        if self.branches.pop().is_none() {
            self.complain(number, Severity::Error, "`endif` without `if`".to_owned());
        }
    }

    fn require(&mut self, number: usize, version: &str) {
        match condition::satisfies(version) {
            Ok(true) => {}
            Ok(false) => {
                self.foreign = true;
                let version = readable(version);
                let text = format!("made for version {version}; the rest of the file is left out");
                self.complain(number, Severity::Error, text);
            }
            Err(error) => self.complain(number, Severity::Error, error.to_string()),
        }
    }

    fn complain(&mut self, number: usize, severity: Severity, text: String) {
        self.problems.push(Problem { number, severity, text });
    }
}

/// `#` begins a comment unless a backslash stands before it; `\#` is a `#`.
fn without_comment(text: &str) -> String {
    text.get(..comment(text)).unwrap_or_default().replace("\\#", "#")
}

/// Where the comment begins.
fn comment(text: &str) -> usize {
    let bare = |&(at, _): &(usize, &str)| !text.get(..at).is_some_and(|head| head.ends_with('\\'));
    text.match_indices('#').find(bare).map_or(text.len(), |(at, _)| at)
}

/// `lang xx …` lines count for one language only; ours is en_US. `None` for other languages.
fn for_our_language(text: &str) -> Option<&str> {
    let Some(rest) = text.strip_prefix("lang").filter(|rest| rest.starts_with([' ', '\t'])) else {
        return Some(text);
    };
    let (language, rest) = rest.trim_start().split_once(char::is_whitespace)?;
    let ours = "en_us".starts_with(&language.to_ascii_lowercase());
    ours.then(|| rest.trim_start())
}
