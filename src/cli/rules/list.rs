//! `gatepost rules list`: the rules, and how often they hit a sample.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{Files, messages};
use crate::{
    checks::rules::{
        RuleInfo, RuleSet, ScoreSet,
        tune::{HitCount, Label},
    },
    cli::{
        Exit, Failure,
        index::{Entry, Index, is_index},
    },
    config::{Config, Settings},
    verdict::{Name, Points},
};

/// What `list` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    rules: Files,
    /// Count hits in these messages: index files (lines `spam|ham`, a tab, a path), files,
    /// directories or mbox files
    #[arg(long, num_args = 1.., value_name = "INDEX|PATH")]
    sample: Vec<PathBuf>,
    /// What paths in index files are relative to; else the folder of the index file
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// One JSON object a line instead of text for people
    #[arg(long)]
    json: bool,
}

pub(super) fn run(path: Option<PathBuf>, arguments: &Arguments) -> Result<Exit, Failure> {
    let needs_config = !arguments.sample.is_empty() || arguments.rules.settings().is_none();
    let settings =
        if needs_config { Config::load(path.as_deref())?.settings } else { Settings::default() };
    let rules = RuleSet::load(
        arguments.rules.settings().as_ref().unwrap_or(&settings.rules),
        ScoreSet::default(),
    )?
    .at_home_in(&settings.networks.ours());
    let sample = arguments.sample(&settings, &rules)?;
    let mut output = io::stdout().lock();
    for (at, rule) in rules.list().enumerate() {
        let hits = sample.as_ref().map(|sample| sample.of(at)).unwrap_or_default();
        let line = Line::of(&rule, hits);
        if arguments.json { line.json(&mut output)? } else { line.text(&mut output)? }
    }
    Ok(Exit::Done)
}

/// How often each rule hit, in the order of the list.
struct Sample {
    counts: Vec<HitCount>,
    /// It is known what is spam.
    labelled: bool,
}

/// How often one rule hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Hits {
    /// Messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    hits: Option<u32>,
    /// Those that are spam.
    #[serde(skip_serializing_if = "Option::is_none")]
    spam: Option<u32>,
    /// Those that are ham.
    #[serde(skip_serializing_if = "Option::is_none")]
    ham: Option<u32>,
}

impl Sample {
    fn of(&self, at: usize) -> Hits {
        let HitCount { spam, ham } = self.counts.get(at).copied().unwrap_or_default();
        let known = |count: u32| self.labelled.then_some(count);
        Hits { hits: Some(spam + ham), spam: known(spam), ham: known(ham) }
    }
}

impl Arguments {
    fn sample(&self, settings: &Settings, rules: &RuleSet) -> Result<Option<Sample>, Failure> {
        if self.sample.is_empty() {
            return Ok(None);
        }
        let (index, labelled) = self.index()?;
        let names = rules.list().map(|rule| rule.name.clone()).collect();
        let matrix = messages::hits(settings, rules, names, &index)?;
        Ok(Some(Sample { counts: matrix.counts(), labelled }))
    }

    /// The messages, and whether all of them are labelled. What is not goes as ham.
    fn index(&self) -> Result<(Index, bool), Failure> {
        let mut index = Index::default();
        let mut labelled = true;
        for path in &self.sample {
            if is_index(path) {
                index.add(path, self.root.as_deref())?;
            } else {
                labelled = false;
                index.entries.push(unlabelled(path));
            }
        }
        Ok((index, labelled))
    }
}

fn unlabelled(path: &Path) -> Entry {
    Entry { label: Label::Ham, corpus: 0, path: path.to_owned() }
}

/// One rule.
#[derive(Serialize)]
struct Line<'r> {
    name: &'r Name,
    /// The file's name without folder and extension: what the rules in it have in common.
    family: &'r str,
    kind: &'static str,
    score: Points,
    sub_rule: bool,
    file: &'r str,
    line: usize,
    describe: Option<&'r str>,
    #[serde(flatten)]
    hits: Hits,
}

impl<'r> Line<'r> {
    fn of(rule: &RuleInfo<'r>, hits: Hits) -> Self {
        let family = Path::new(rule.file).file_stem().and_then(|stem| stem.to_str());
        Self {
            name: rule.name,
            family: family.unwrap_or(rule.file),
            kind: rule.kind.as_str(),
            score: rule.score,
            sub_rule: rule.is_sub_rule,
            file: rule.file,
            line: rule.line,
            describe: rule.describe,
            hits,
        }
    }

    fn json(&self, output: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *output, self)?;
        writeln!(output)
    }

    fn text(&self, output: &mut impl Write) -> io::Result<()> {
        let place = format!("{}:{}", self.file, self.line);
        let (name, kind, score) = (self.name, self.kind, self.score.to_string());
        write!(output, "{score:>8}  {name:<32} {kind:<8} ")?;
        match self.hits {
            Hits { spam: Some(spam), ham: Some(ham), .. } => {
                write!(output, "{spam:>7} spam {ham:>7} ham  ")?;
            }
            Hits { hits: Some(hits), .. } => write!(output, "{hits:>7} hits  ")?,
            Hits { hits: None, .. } => {}
        }
        writeln!(output, "{place:<24} {}", self.describe.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_is_known() {
        let rules = RuleSet::parse(&[(
            "rules/money.cf",
            "body CASH /cash/\nscore CASH 1.5\ndescribe CASH Money\n",
        )]);
        let rule = rules.list().next().unwrap();
        for (labelled, hits, json) in [
            (true, "      3 spam       1 ham  ", r#""hits":4,"spam":3,"ham":1"#),
            (false, "      4 hits  ", r#""hits":4"#),
        ] {
            let sample = Sample { counts: vec![HitCount { spam: 3, ham: 1 }], labelled };
            let line = Line::of(&rule, sample.of(0));
            let (mut text, mut object) = (Vec::new(), Vec::new());
            line.text(&mut text).unwrap();
            line.json(&mut object).unwrap();
            let expected = format!(
                "     1.5  CASH                             body     {hits}rules/money.cf:1         Money\n"
            );
            assert_eq!(String::from_utf8(text).unwrap(), expected);
            let expected = format!(
                "{{\"name\":\"CASH\",\"family\":\"money\",\"kind\":\"body\",\"score\":1.5,\"sub_rule\":false,\
                 \"file\":\"rules/money.cf\",\"line\":1,\"describe\":\"Money\",{json}}}\n"
            );
            assert_eq!(String::from_utf8(object).unwrap(), expected);
        }
    }
}
