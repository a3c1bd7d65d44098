//! Cases beside the rules (`rules/*.cases`): messages that a rule must hit or miss.
//!
//! ```text
//! ### hit SUBJ_FREE_MONEY FROM_DIGITS : the usual kind
//! Subject: free money
//!
//! text
//! ### miss SUBJ_FREE_MONEY : money, but not free
//! Subject: money
//! ### hit BAYES_99 : another check has found something
//! ### with BAYES 0.995
//! Subject: money
//! ### hit OLEMACRO : a document that holds macros
//! ### inside figures.docm docx macro
//! Subject: figures
//! ```
//! Everything up to the next `###` is the message; blank lines before it are dropped, and lines
//! end in CR LF as on the wire. There is no envelope. `### with NAME` adds to the case above it what
//! another check finds, with a probability if there is one. `### inside NAME KIND WORD…` adds a file that is
//! inside an attachment: words are its traits (`external=http://x.example/` with what shows it), `locked` or
//! `opened`, `nested`, `uri=ADDRESS` and `limit=NAME`.

use std::sync::Arc;

use super::{RuleSet, builtin, eval};
use crate::{
    checks::Case,
    mail::{Envelope, Inside, Item, Lock, Message},
    verdict::{Evidence, Finding, Name, Points},
};

/// How one rule did on one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The file of cases.
    pub file: String,
    /// The line of its `###`, from 1.
    pub line: usize,
    /// The rule.
    pub rule: String,
    /// What the case is about.
    pub words: String,
    /// Whether the rule ought to hit.
    pub expected: bool,
    /// Whether it did.
    pub hit: bool,
}

impl CaseResult {
    /// Whether the rule did as it ought to.
    pub fn passed(&self) -> bool {
        self.expected == self.hit
    }
}

/// A file of cases that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CasesError {
    /// Not `### hit NAME` or `### miss NAME`, nor `### with NAME` or `### inside NAME KIND` behind one of these.
    #[error("{file}:{line}: a case begins with `### hit NAME` or `### miss NAME`")]
    Heading {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// A case about a rule that is not in the set.
    #[error("{file}:{line}: there is no rule {name}")]
    NoSuchRule {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The name.
        name: String,
    },
}

/// The built-in files of cases: name and text.
pub fn builtin() -> &'static [(&'static str, &'static str)] {
    builtin::CASES
}

/// Runs the cases of one file.
///
/// # Errors
/// The file cannot be understood.
pub fn run(rules: &RuleSet, name: &str, text: &str) -> Result<Vec<CaseResult>, CasesError> {
    let mut results = Vec::new();
    for section in sections(name, text)? {
        let fired = fired(rules, &section);
        for rule in section.rules {
            if !rules.defines(rule) {
                let (file, line) = (name.to_owned(), section.line);
                return Err(CasesError::NoSuchRule { file, line, name: rule.to_owned() });
            }
            results.push(CaseResult {
                file: name.to_owned(),
                line: section.line,
                rule: rule.to_owned(),
                words: section.words.to_owned(),
                expected: section.expected,
                hit: fired.iter().any(|name| name.as_str() == rule),
            });
        }
    }
    Ok(results)
}

/// One case as written.
struct Section<'t> {
    line: usize,
    expected: bool,
    rules: Vec<&'t str>,
    words: &'t str,
    others: Vec<Finding>,
    inside: Inside,
    message: String,
}

fn sections<'t>(file: &str, text: &'t str) -> Result<Vec<Section<'t>>, CasesError> {
    let mut sections: Vec<Section<'t>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(heading) = line.strip_prefix("###") {
            let wrong = CasesError::Heading { file: file.to_owned(), line: number };
            match sections.last_mut().map(|section| adds(section, heading)) {
                Some(Some(())) => {}
                _ => sections.push(section(number, heading).ok_or(wrong)?),
            }
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        if !(section.message.is_empty() && line.trim().is_empty()) {
            section.message.push_str(line);
            section.message.push_str("\r\n");
        }
    }
    Ok(sections)
}

fn section(line: usize, heading: &str) -> Option<Section<'_>> {
    let (names, words) = heading.split_once(':').unwrap_or((heading, ""));
    let mut names = names.split_whitespace();
    let expected = match names.next()? {
        "hit" => true,
        "miss" => false,
        _ => return None,
    };
    let rules: Vec<&str> = names.collect();
    let some = !rules.is_empty();
    let (others, inside, message) = (Vec::new(), Inside::default(), String::new());
    let words = words.trim();
    some.then_some(Section { line, expected, rules, words, others, inside, message })
}

/// Adds to a case what another check finds, or what is inside; `None`: the heading does not do that.
fn adds(section: &mut Section<'_>, heading: &str) -> Option<()> {
    if let Some(finding) = finding(heading) {
        section.others.push(finding);
        return Some(());
    }
    let mut words = heading.trim().strip_prefix("inside ")?.split_whitespace();
    let (name, kind) = (words.next()?, words.next()?);
    let mut item = Item { name: name.to_owned(), kind: kind.to_owned(), ..Item::default() };
    for word in words {
        let (word, value) = word.split_once('=').unwrap_or((word, ""));
        match word {
            "locked" => item.lock = Lock::Locked,
            "opened" => item.lock = Lock::Opened,
            "nested" => item.parent = Some(0),
            "uri" => item.uris.push(value.to_owned()),
            "limit" => section.inside.limits.push(eval::limit_named(value)?),
            word => item.add_trait(eval::trait_named(word)?, value),
        }
    }
    section.inside.items.push(item);
    Some(())
}

/// `with BAYES 0.995`, `with SPF_FAIL`
fn finding(heading: &str) -> Option<Finding> {
    let mut words = heading.trim().strip_prefix("with ")?.split_whitespace();
    let name = words.next()?.into();
    let evidence = match words.next() {
        None => Evidence::Fact(String::new()),
        Some(probability) => {
            let probability: f64 = probability.parse().ok()?;
            let millionths = (probability.clamp(0.0, 1.0) * 1e6).round() as u32;
            Evidence::Probability { millionths, because: Vec::new() }
        }
    };
    Some(Finding { name, weight: Points::ZERO, evidence })
}

fn fired<'r>(rules: &'r RuleSet, section: &Section<'_>) -> Vec<&'r Name> {
    let message = Message::parse(section.message.as_bytes().to_vec());
    let case = Case {
        envelope: Arc::new(Envelope::default()),
        message: Arc::new(message.with_inside(section.inside.clone(), Vec::new())),
    };
    rules.fired(&rules.examine_all(&case), &section.others)
}
