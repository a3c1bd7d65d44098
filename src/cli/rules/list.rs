//! `gatepost rules list`: the rules, how often they hit a sample, and what they cost on it.

use std::{
    cmp::Reverse,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Serialize;

use super::{Files, messages, summary};
use crate::{
    checks::rules::{Costs, RuleInfo, RuleSet, ScoreSet, tune::HitCount},
    cli::{Exit, Failure},
    config::{Config, Settings},
    corpus::{Entry, Index, is_index},
    verdict::{Label, Name, Points},
};

/// For `--help`.
pub(super) const EXAMPLES: &str = "\
Cost: the mean time of a message in microseconds, and its share of the time all rules take together, \
on one thread. What is made once for several rules counts for the first that asks for it; the header \
fields and the search for literals belong to none. Metas are not timed.

Examples:
  gatepost rules list
  gatepost rules list --sample mail.tsv --sort cost
  gatepost rules list --sample ~/Maildir --json local.cf";

/// What `list` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    rules: Files,
    /// Count hits in these messages, and time the rules: index files (lines `spam|ham`, a tab, a path), files,
    /// directories or mbox files
    #[arg(long, num_args = 1.., value_name = "INDEX|PATH")]
    sample: Vec<PathBuf>,
    /// What paths in index files are relative to; else the folder of the index file
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// By what the lines are sorted
    #[arg(long, value_enum, default_value_t, value_name = "BY",
          requires_ifs([("cost", "sample"), ("hits", "sample")]))]
    sort: Sort,
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
    let seen = |at| sample.as_ref().map(|sample| sample.of(at)).unwrap_or_default();
    let mut lines: Vec<Line<'_>> =
        rules.list().enumerate().map(|(at, rule)| Line::of(&rule, seen(at))).collect();
    arguments.sort.sort(&mut lines);
    let mut output = io::stdout().lock();
    for line in &lines {
        if arguments.json { line.json(&mut output)? } else { line.text(&mut output)? }
    }
    if !arguments.json {
        summary(&rules)?;
        sample.map_or(Ok(()), |sample| sample.summary())?;
    }
    Ok(Exit::Done)
}

/// An order of the lines.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Sort {
    /// As in the files
    #[default]
    File,
    /// By name
    Name,
    /// The most frequent first
    Hits,
    /// The dearest first
    Cost,
}

impl Sort {
    fn sort(self, lines: &mut [Line<'_>]) {
        match self {
            Self::File => {}
            Self::Name => lines.sort_by_key(|line| line.name),
            Self::Hits => lines.sort_by_key(|line| Reverse(line.seen.hits)),
            Self::Cost => lines.sort_by(|a, b| b.seen.micros().total_cmp(&a.seen.micros())),
        }
    }
}

/// How often each rule hit, in the order of the list, and what it cost.
struct Sample {
    counts: Vec<HitCount>,
    /// It is known what is spam.
    labelled: bool,
    costs: Costs,
}

/// What the sample says of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Seen {
    /// Messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    hits: Option<u32>,
    /// Those that are spam.
    #[serde(skip_serializing_if = "Option::is_none")]
    spam: Option<u32>,
    /// Those that are ham.
    #[serde(skip_serializing_if = "Option::is_none")]
    ham: Option<u32>,
    #[serde(flatten)]
    cost: Option<Cost>,
}

/// What one rule cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Cost {
    /// The mean of a message in microseconds.
    micros: f64,
    /// Of all rules' time, 0 to 1.
    share: f64,
}

impl Seen {
    fn micros(&self) -> f64 {
        self.cost.map(|cost| cost.micros).unwrap_or_default()
    }
}

impl Cost {
    /// `one` of `all`.
    fn of(one: Duration, all: Duration) -> Self {
        const DIGITS: f64 = 1e6;
        let share = if all.is_zero() { 0.0 } else { one.as_secs_f64() / all.as_secs_f64() };
        let rounded = |figure: f64| (figure * DIGITS).round() / DIGITS;
        Self { micros: rounded(one.as_secs_f64() * 1e6), share: rounded(share) }
    }
}

impl Sample {
    fn of(&self, at: usize) -> Seen {
        let HitCount { spam, ham } = self.counts.get(at).copied().unwrap_or_default();
        let known = |count: u32| self.labelled.then_some(count);
        let cost = Some(Cost::of(self.costs.of(at), self.costs.all()));
        Seen { hits: Some(spam + ham), spam: known(spam), ham: known(ham), cost }
    }

    /// What all rules cost together.
    fn summary(&self) -> io::Result<()> {
        let (messages, all) = (self.costs.messages(), self.costs.all());
        let all_micros = Cost::of(all, all).micros;
        let Cost { micros, share } = Cost::of(self.costs.shared(), all);
        writeln!(
            io::stderr(),
            "timed on {messages} messages: {all_micros:.0} µs each, {micros:.0} of them ({:.0} %) in \
             no single rule",
            share * 100.0
        )
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
        let costs = messages::costs(settings, rules, &index)?;
        Ok(Some(Sample { counts: matrix.counts(), labelled, costs }))
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
    seen: Seen,
}

impl<'r> Line<'r> {
    fn of(rule: &RuleInfo<'r>, seen: Seen) -> Self {
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
            seen,
        }
    }

    fn json(&self, output: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *output, self)?;
        writeln!(output)
    }

    fn text(&self, output: &mut impl Write) -> io::Result<()> {
        let place = format!("{}:{}", self.file, self.line);
        let Self { name, kind, family, .. } = self;
        let score = self.score.to_string();
        write!(output, "{score:>8}  {name:<32} {kind:<10} {family:<12} ")?;
        match self.seen {
            Seen { spam: Some(spam), ham: Some(ham), .. } => {
                write!(output, "{spam:>7} spam {ham:>7} ham  ")?;
            }
            Seen { hits: Some(hits), .. } => write!(output, "{hits:>7} hits  ")?,
            Seen { hits: None, .. } => {}
        }
        if let Some(Cost { micros, share }) = self.seen.cost {
            write!(output, "{micros:>9.3} µs {:>6.2} %  ", share * 100.0)?;
        }
        writeln!(output, "{place:<24} {}", self.describe.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str =
        "body CASH /cash/\nscore CASH 1.5\ndescribe CASH Money\nbody B /b/\nbody A /a/\n";

    fn rules() -> RuleSet {
        RuleSet::parse(&[("rules/money.cf", RULES)])
    }

    #[test]
    fn lines_say_what_is_known() {
        let rules = rules();
        let rule = rules.list().next().unwrap();
        let cost = Some(Cost::of(Duration::from_nanos(1500), Duration::from_micros(30)));
        for (seen, columns, json) in [
            (Seen::default(), "", ""),
            (
                Seen { hits: Some(4), spam: Some(3), ham: Some(1), cost },
                "      3 spam       1 ham      1.500 µs   5.00 %  ",
                r#","hits":4,"spam":3,"ham":1,"micros":1.5,"share":0.05"#,
            ),
            (
                Seen { hits: Some(4), cost, ..Seen::default() },
                "      4 hits      1.500 µs   5.00 %  ",
                r#","hits":4,"micros":1.5,"share":0.05"#,
            ),
        ] {
            let line = Line::of(&rule, seen);
            let (mut text, mut object) = (Vec::new(), Vec::new());
            line.text(&mut text).unwrap();
            line.json(&mut object).unwrap();
            let expected = format!(
                "     1.5  {:<32} body       money        {columns}rules/money.cf:1         Money\n",
                "CASH"
            );
            assert_eq!(String::from_utf8(text).unwrap(), expected);
            let expected = format!(
                "{{\"name\":\"CASH\",\"family\":\"money\",\"kind\":\"body\",\"score\":1.5,\"sub_rule\":false,\
                 \"file\":\"rules/money.cf\",\"line\":1,\"describe\":\"Money\"{json}}}\n"
            );
            assert_eq!(String::from_utf8(object).unwrap(), expected);
        }
    }

    #[test]
    fn lines_are_sorted() {
        let rules = rules();
        let seen = |hits, micros| Seen {
            hits: Some(hits),
            cost: Some(Cost { micros, share: 0.0 }),
            ..Seen::default()
        };
        let all = [seen(2, 0.1), seen(2, 2.5), seen(3, 1.0)];
        for (sort, expected) in [
            (Sort::File, "CASH B A"),
            (Sort::Name, "A B CASH"),
            (Sort::Hits, "A CASH B"),
            (Sort::Cost, "B A CASH"),
        ] {
            let mut lines: Vec<_> =
                rules.list().zip(all).map(|(rule, seen)| Line::of(&rule, seen)).collect();
            sort.sort(&mut lines);
            let names: Vec<_> = lines.iter().map(|line| line.name.as_str()).collect();
            assert_eq!(names.join(" "), expected, "{sort:?}");
        }
    }
}
