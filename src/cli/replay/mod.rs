//! `gatepost replay`: how the filter does on labelled mail.

pub(in crate::cli) mod load;
mod online;
mod report;

use std::path::PathBuf;

use clap::ValueEnum;

use self::report::Report;
use super::{Exit, Failure};
use crate::{
    config::Config,
    corpus::{Entry, Index},
    replay::load::Kept,
};

/// What `replay` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A line of an index file is `spam` or `ham`, a tab and a path. With --online each message is judged, \
                  then learned with its true label, in the order of the index, as in the spam track of TREC, from \
                  nothing learned; what is configured as store is not touched.\n\n\
                  1-ROCA is how often a ham scores above a spam, in percent of all pairs.\n\n\
                  With --milter the mail is played against a milter as Postfix would bring it: what it decides, how \
                  many messages a second, and how long each stage takes. What it leaves unanswered is counted.\n\n\
                  Exit status: 0 done; 2 wrong usage or configuration; 3 a message could not be read, or there is no \
                  milter.\n\n\
                  Examples:\n  \
                  gatepost replay --index mail.tsv --online --only bayes\n  \
                  gatepost replay --index mail.tsv --online --only bayes --scores scores.tsv --json\n  \
                  gatepost replay --milter inet:127.0.0.1:11332 --index mail.tsv --concurrency 16\n  \
                  gatepost replay --milter unix:/run/milter.sock --rate 50 --count 3000 --json Maildir/"
)]
pub(super) struct Arguments {
    /// Index files of labelled messages, one behind the other
    #[arg(long, required_unless_present = "milter", num_args = 1.., value_name = "FILE")]
    index: Vec<PathBuf>,
    /// What paths in index files are relative to; else the folder of the index file
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Judge each message, then learn it with its label
    #[arg(long, required_unless_present = "milter", conflicts_with = "milter")]
    online: bool,
    /// Ask nothing else
    #[arg(
        long,
        required_unless_present = "milter",
        conflicts_with = "milter",
        value_enum,
        value_name = "CHECK"
    )]
    only: Option<Only>,
    /// Write the score of each message here: `spam` or `ham`, a tab, the score, a tab, the path
    #[arg(long, conflicts_with = "milter", value_name = "FILE")]
    scores: Option<PathBuf>,
    /// One JSON object instead of text for people
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    load: load::Arguments,
}

/// A check that is replayed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// The classifier
    Bayes,
}

pub(super) fn run(path: Option<PathBuf>, arguments: &Arguments) -> Result<Exit, Failure> {
    let index = Index::read(&arguments.index, arguments.root.as_deref())?;
    if let Some(milter) = arguments.load.milter() {
        let kept = |entry: Entry| Kept { label: Some(entry.label), path: entry.path };
        let labelled = index.entries.into_iter().map(kept).collect();
        return load::run(path.as_deref(), &arguments.load, milter, labelled, arguments.json);
    }
    let settings = Config::load(path.as_deref())?.settings;
    let replayed = online::replay(&settings, &index)?;
    if let Some(path) = &arguments.scores {
        report::write_scores(path, &replayed.scored)?;
    }
    let report = Report::of(&replayed);
    if arguments.json {
        report.json()?
    } else {
        report.text()?
    }
    Ok(Exit::Done)
}
