//! `gatepost rules`

mod list;
mod messages;
mod report;
mod tune;

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

pub(super) use self::tune::Misuse;
use super::{Exit, Failure};
use crate::{
    checks::rules::{
        Complaint, Counts, Memory, RuleSet, RulesError, ScoreSet, Settings, Severity,
        cases::{self, CaseResult},
    },
    config::Config,
};

/// What can be done with rules.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Name what is wrong in rule files; status 1 if a line is broken
    Lint(Files),
    /// List the rules: score, name, kind, family, where they stand, what they find; how often and at
    /// what cost
    #[command(after_help = list::EXAMPLES)]
    List(list::Arguments),
    /// Run *.cases files, which hold messages that rules must hit or miss
    #[command(
        after_help = "Without PATH: the cases of the built-in rules.\n\nA case begins with a line \
                            `### hit NAME…` or `### miss NAME…`; the message follows."
    )]
    Test(Files),
    /// Fit scores to labelled messages, and say how good they are
    Tune(Box<tune::Arguments>),
}

/// Which rules.
#[derive(Debug, clap::Args)]
pub(super) struct Files {
    /// Rule files or directories; else those of the configuration
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(super) fn run(path: Option<PathBuf>, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Lint(files) => lint(&load(path, &files)?),
        Command::List(arguments) => list::run(path, &arguments),
        Command::Test(files) => test(path, &files),
        Command::Tune(arguments) => tune::run(path, &arguments),
    }
}

impl Files {
    /// The settings that name these rules; `None` if it is for the configuration to say.
    fn settings(&self) -> Option<Settings> {
        let include = self.paths.iter().map(|path| path.display().to_string()).collect();
        (!self.paths.is_empty()).then_some(Settings { include, ..Settings::default() })
    }
}

fn load(path: Option<PathBuf>, files: &Files) -> Result<RuleSet, Failure> {
    if let Some(settings) = files.settings() {
        return Ok(RuleSet::load(&settings, ScoreSet::default())?);
    }
    Ok(RuleSet::load(&Config::load(path.as_deref())?.settings.rules, ScoreSet::default())?)
}

fn lint(rules: &RuleSet) -> Result<Exit, Failure> {
    let mut output = io::stdout().lock();
    for complaint in rules.complaints() {
        let Complaint { file, line, severity, text } = complaint;
        writeln!(output, "{file}:{line}: {severity}: {text}")?;
    }
    let broken = rules.complaints().iter().filter(|c| c.severity == Severity::Error).count();
    let warned = rules.complaints().iter().filter(|c| c.severity == Severity::Warning).count();
    writeln!(io::stderr(), "{broken} broken lines, {warned} warnings")?;
    summary(rules)?;
    Ok(if broken == 0 { Exit::Done } else { Exit::No })
}

/// How many rules there are, and what they take of memory as far as that can be known.
fn summary(rules: &RuleSet) -> io::Result<()> {
    let mut output = io::stderr();
    let Counts { rules: all, sub_rules, off, unfiltered } = rules.counts();
    let Memory { linear, linear_bytes, literal_bytes, backtracking } = rules.memory();
    writeln!(output, "{all} rules in force, {sub_rules} of them sub-rules, {off} switched off")?;
    writeln!(
        output,
        "{} patterns, {unfiltered} of which run on every text; {:.1} MiB, {:.1} of them for \
         {linear} patterns in linear time, {:.1} for literals",
        linear + backtracking,
        mebibytes(linear_bytes + literal_bytes),
        mebibytes(linear_bytes),
        mebibytes(literal_bytes),
    )?;
    writeln!(
        output,
        "not counted: {backtracking} patterns of PCRE2, those of functions, what searches keep"
    )
}

/// To a tenth.
fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn test(path: Option<PathBuf>, files: &Files) -> Result<Exit, Failure> {
    // Every rule has its cases, whatever there is to ask.
    let all = ScoreSet { net: true, bayes: true };
    let rules = RuleSet::load(&Config::load(path.as_deref())?.settings.rules, all)?;
    let mut texts: Vec<(String, String)> = Vec::new();
    for path in &files.paths {
        let text = fs::read_to_string(path)
            .map_err(|source| RulesError::Unreadable { path: path.clone(), source })?;
        texts.push((path.display().to_string(), text));
    }
    if files.paths.is_empty() {
        texts = cases::builtin()
            .iter()
            .map(|&(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
    }
    let mut output = io::stdout().lock();
    let (mut count, mut failed) = (0, 0);
    for (name, text) in &texts {
        for result in cases::run(&rules, name, text)? {
            count += 1;
            if !result.passed() {
                failed += 1;
                let CaseResult { file, line, rule, words, expected, .. } = result;
                let wanted = if expected { "did not hit" } else { "hit" };
                writeln!(output, "{file}:{line}: {rule} {wanted}: {words}")?;
            }
        }
    }
    writeln!(output, "{count} cases, {failed} failed")?;
    // A file without a case, such as the rules themselves, has shown nothing.
    Ok(if failed == 0 && count > 0 { Exit::Done } else { Exit::No })
}
