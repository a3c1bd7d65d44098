//! `gatepost rules tune`: scores from labelled messages.

use std::{
    collections::HashSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{Files, messages, report::Report};
use crate::{
    checks::rules::{
        RuleSet, Severity,
        tune::{self, HitMatrix, Options, cache},
    },
    cli::{Exit, Failure},
    config::{Config, Settings},
    corpus::Index,
    verdict::{Name, Points},
};

/// What `tune` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A line of an index file is `spam` or `ham`, a tab and a path. Only rules are asked, no other check. \
                  Figures are by cross-validation; a rule keeps its sign, and its score if it hits too few \
                  messages. Give the rules without an earlier OUT.cf, or write to the same OUT.cf: it is left out.\n\n\
                  Exit status: 0 done; 2 wrong usage or configuration; 3 a message could not be read.\n\n\
                  Examples:\n  \
                  gatepost rules tune --index mail.tsv\n  \
                  gatepost rules tune rules/ --index old.tsv new.tsv --matrix hits.cache --scores tuned.cf"
)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    rules: Files,
    /// Index files of labelled messages; each is a corpus of its own in the report
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    index: Vec<PathBuf>,
    /// What paths in index files are relative to; else the folder of the index file
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Write the fitted scores here
    #[arg(long, value_name = "OUT.cf")]
    scores: Option<PathBuf>,
    /// Write over a score file that is there
    #[arg(long)]
    force: bool,
    /// Parts for the cross-validation
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    folds: u16,
    /// Chooses which message is in which part
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// How many missed spams one false positive is worth
    #[arg(long, default_value_t = Options::default().ham_weight, value_name = "W", value_parser = positive)]
    ham_weight: f64,
    /// How many points a score strays from the present one on little evidence
    #[arg(long, default_value_t = Options::default().stray, value_name = "POINTS", value_parser = positive)]
    stray: f64,
    /// The highest score of a rule
    #[arg(long, default_value_t = Options::default().most, value_name = "POINTS", value_parser = above_0)]
    most: Points,
    /// The least score of a rule that tells ham
    #[arg(long, default_value_t = Options::default().least, value_name = "POINTS", value_parser = below_0, allow_negative_numbers = true)]
    least: Points,
    /// Rules that keep their scores: names, or files with a name a line
    #[arg(long, num_args = 1.., value_name = "NAME|FILE")]
    freeze: Vec<String>,
    /// Keep what hit what in this file, and read it from there the next time
    #[arg(long, value_name = "CACHE")]
    matrix: Option<PathBuf>,
    /// One JSON object instead of text for people
    #[arg(long)]
    json: bool,
}

fn above_0(text: &str) -> Result<Points, String> {
    let points = text.parse().ok().filter(|&points| points > Points::ZERO);
    points.ok_or_else(|| "expected a number of points above 0".to_owned())
}

fn below_0(text: &str) -> Result<Points, String> {
    let points = text.parse().ok().filter(|&points| points < Points::ZERO);
    points.ok_or_else(|| "expected a number of points below 0".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0);
    number.ok_or_else(|| "expected a number above 0".to_owned())
}

/// How long the phases took.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) struct Seconds {
    /// Reading messages, or the file that keeps their hits.
    pub(super) matrix: f64,
    /// Fits and cross-validation.
    pub(super) fit: f64,
}

/// A command line that asks for what cannot be.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Misuse {
    /// A score file that would be lost.
    #[error("{} is there; --force writes over it", .0.display())]
    ScoresThere(PathBuf),
    /// A word of `--freeze` that means nothing.
    #[error("--freeze {0}: neither a rule with a score nor a file")]
    NothingToFreeze(String),
}

pub(super) fn run(path: Option<PathBuf>, arguments: &Arguments) -> Result<Exit, Failure> {
    if let Some(there) = arguments.scores.as_ref().filter(|p| p.exists() && !arguments.force) {
        return Err(Misuse::ScoresThere(there.clone()).into());
    }
    let settings = Config::load(path.as_deref())?.settings;
    let rules = arguments.rules.settings();
    let rules = rules.as_ref().unwrap_or(&settings.rules);
    let (rules, digest) = tune::load(rules, arguments.scores.as_deref())?;
    warn_of_broken_lines(&rules)?;
    let options = arguments.options(&rules)?;
    let index = Index::read(&arguments.index, arguments.root.as_deref())?;
    let begun = Instant::now();
    let matrix = arguments.matrix(&settings, &rules, digest, &index)?;
    let matrix_took = begun.elapsed();
    let begun = Instant::now();
    let tuning = tune::tune(&matrix, &rules, &options);
    let seconds = Seconds { matrix: seconds(matrix_took), fit: seconds(begun.elapsed()) };
    if let Some(scores) = &arguments.scores {
        fs::write(scores, tune::score_file(&tuning, &command()))?;
    }
    let report = Report::new(&tuning, &options, index.corpora, seconds);
    let mut output = io::stdout().lock();
    if arguments.json {
        report.json(&mut output)?
    } else {
        report.text(&mut output)?
    }
    Ok(Exit::Done)
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

fn warn_of_broken_lines(rules: &RuleSet) -> io::Result<()> {
    let broken = rules.complaints().iter().filter(|c| c.severity == Severity::Error).count();
    if broken > 0 {
        let lint = "`gatepost rules lint` lists them";
        writeln!(io::stderr(), "gatepost: {broken} broken lines in the rules; {lint}")?;
    }
    Ok(())
}

/// This command as a shell would take it.
fn command() -> String {
    let words = std::env::args().skip(1).map(|word| quoted(&word));
    std::iter::once("gatepost".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl Arguments {
    /// The options of the fit.
    fn options(&self, rules: &RuleSet) -> Result<Options, Failure> {
        Ok(Options {
            folds: self.folds.into(),
            seed: self.seed,
            ham_weight: self.ham_weight,
            stray: self.stray,
            least: self.least,
            most: self.most,
            frozen: self.frozen(&tune::scoring(rules).into_iter().collect())?,
            ..Options::default()
        })
    }

    /// The rules that `--freeze` names, one by one or in files.
    fn frozen(&self, known: &HashSet<Name>) -> Result<HashSet<Name>, Failure> {
        let mut frozen = HashSet::new();
        for word in &self.freeze {
            let name = Name::from(word.as_str());
            if known.contains(&name) {
                frozen.insert(name);
                continue;
            }
            if !Path::new(word).is_file() {
                return Err(Misuse::NothingToFreeze(word.clone()).into());
            }
            for name in names(&fs::read_to_string(word)?) {
                if !known.contains(&name) {
                    writeln!(io::stderr(), "gatepost: {word}: no rule {name} with a score")?;
                }
                frozen.insert(name);
            }
        }
        Ok(frozen)
    }

    /// The hit matrix: kept from last time, or made now.
    fn matrix(
        &self,
        settings: &Settings,
        rules: &RuleSet,
        mut digest: tune::Digest,
        index: &Index,
    ) -> Result<HitMatrix, Failure> {
        let make = || messages::hits(settings, rules, tune::scoring(rules), index);
        let Some(path) = &self.matrix else { return make() };
        let about_messages = messages::digest(settings, index)?;
        let key = digest.add(&about_messages.value().to_le_bytes()).value();
        match cache::read(path, key) {
            Ok(matrix) => return Ok(matrix),
            Err(error) if error.is_missing() => {}
            Err(error) => {
                writeln!(io::stderr(), "gatepost: {}; made anew", crate::chain(&error))?;
            }
        }
        let matrix = make()?;
        cache::write(path, key, &matrix)?;
        Ok(matrix)
    }
}

/// Names one a line; what follows `#` is a comment.
fn names(text: &str) -> impl Iterator<Item = Name> {
    let words = text.lines().filter_map(|line| line.split('#').next()?.split_whitespace().next());
    words.map(Name::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        for (word, shown) in
            [("--index", "--index"), ("a b", "'a b'"), ("", "''"), ("it's", r"'it'\''s'")]
        {
            assert_eq!(quoted(word), shown);
        }
    }

    #[test]
    fn names_stand_one_a_line() {
        let found: Vec<_> = names("A # why\n# B\n\n C x\n").collect();
        assert_eq!(found, ["A", "C"].map(Name::from));
    }
}
