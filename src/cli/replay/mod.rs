//! `gatepost replay`: how the filter does on labelled mail.

mod effort;
mod scores;
mod site;
mod text;

use std::{
    io::{self, Write},
    num::NonZeroUsize,
    path::PathBuf,
};

use clap::ValueEnum;

use self::{effort::Meter, site::Site};
use super::{Exit, Failure, progress::Progress, runtime};
use crate::{
    config::Config,
    corpus::Index,
    replay::{Labelled, Letter, Record, Records, Report, Timing, in_parallel},
};

/// What `replay` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A line of an index file is `spam` or `ham`, a tab and a path. Each message takes the path of live mail: \
                  its client is the first in the Received trace that is neither one of networks.relays nor \
                  loopback, its sender the Return-Path, its recipient that of X-Original-To or Delivered-To. What the \
                  configured store holds judges, and is not touched.\n\n\
                  With --online each message is judged, then learned with its true label, one behind the other as in \
                  the spam track of TREC, from nothing learned; with --train-first the first messages only teach, from \
                  nothing learned.\n\n\
                  1-ROCA is how often a ham scores above a spam, in percent of all pairs. A false positive is ham \
                  that is marked, or worse; a miss is spam that passes unmarked.\n\n\
                  Exit status: 0 done; 2 wrong usage or configuration; 3 a message could not be read.\n\n\
                  Examples:\n  \
                  gatepost replay --spam Maildir/.Junk --ham Maildir --offline\n  \
                  gatepost replay --index mail.tsv --online --scores scores.tsv --json\n  \
                  gatepost replay --index mail.tsv --only bayes --train-first 2000"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    mail: Mail,
    #[command(flatten)]
    judging: Judging,
    /// Write the score of each message here: `spam` or `ham`, a tab, the score, a tab, the path
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// How many false positives, misses and slow messages are listed
    #[arg(long, default_value_t = 20, value_name = "N")]
    list: usize,
    /// Say what it took, too; JSON always does
    #[arg(long)]
    timings: bool,
    /// One JSON object instead of text for people
    #[arg(long)]
    json: bool,
}

/// Which mail.
#[derive(Debug, clap::Args)]
struct Mail {
    /// Index files of labelled messages, one behind the other
    #[arg(long, num_args = 1.., required_unless_present_any = ["spam", "ham"], value_name = "FILE")]
    index: Vec<PathBuf>,
    /// What paths in index files are relative to; else the folder of the index file
    #[arg(long, requires = "index", value_name = "DIR")]
    root: Option<PathBuf>,
    /// Files, directories (recursively), Maildirs or mbox files of spam
    #[arg(long, num_args = 1.., value_name = "PATH")]
    spam: Vec<PathBuf>,
    /// The same of ham
    #[arg(long, num_args = 1.., value_name = "PATH")]
    ham: Vec<PathBuf>,
    /// The files in another order, the same for the same number
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
    /// All of it so many times
    #[arg(long, default_value = "1", value_name = "N")]
    repeat: NonZeroUsize,
}

/// How it is judged.
#[derive(Debug, clap::Args)]
struct Judging {
    /// Judge each message, then learn it with its label
    #[arg(long, conflicts_with = "jobs")]
    online: bool,
    /// The first so many messages only teach
    #[arg(long, value_name = "N")]
    train_first: Option<usize>,
    /// Ask nothing else
    #[arg(long, value_enum, value_name = "CHECK")]
    only: Option<Only>,
    /// The login name, as for messages of an authenticated user
    #[arg(long, value_name = "USER")]
    login: Option<String>,
    /// Ask neither DNS nor the virus scanner
    #[arg(long)]
    offline: bool,
    /// Messages judged at once; else one a processor core
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// A check that is replayed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// The classifier
    Bayes,
    /// The rules
    Rules,
}

/// Options that make no sense together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Misuse(&'static str);

pub(super) fn run(path: Option<PathBuf>, arguments: &Arguments) -> Result<Exit, Failure> {
    let config = Config::load(path.as_deref())?;
    let mail = arguments.mail.read()?;
    arguments.judging.check()?;
    let runtime = runtime()?;
    let site = Site::new(config, &arguments.judging, runtime.handle().clone())?;
    let meter = Meter::start();
    let records = arguments.judging.replay(&mail, &site, &meter)?;
    let effort = meter.stop();
    let filter = site.filter();
    let records = Records {
        all: &records,
        lexicon: &*site.lexicon(),
        mail: &mail,
        filter: filter.as_deref(),
    };
    if let Some(path) = &arguments.scores {
        scores::write(path, records)?;
    }
    let mut report = Report::new(records, arguments.list);
    report.learning = site.learning();
    if arguments.json || arguments.timings {
        report.timing = Some(Timing::new(records, effort, arguments.list));
    }
    let mut output = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut output, &report)?;
        writeln!(output)?;
    } else {
        text::write(&mut output, &report)?;
    }
    Ok(Exit::Done)
}

impl Mail {
    fn read(&self) -> Result<Labelled, Failure> {
        let index = Index::read(&self.index, self.root.as_deref())?;
        let mail = Labelled::new(&index, &self.spam, &self.ham)?.repeated(self.repeat.get());
        Ok(match self.shuffle {
            Some(seed) => mail.shuffled(seed),
            None => mail,
        })
    }
}

impl Judging {
    fn check(&self) -> Result<(), Misuse> {
        if self.only == Some(Only::Rules) && self.learns() {
            return Err(Misuse("rules learn nothing: --only rules stands alone"));
        }
        Ok(())
    }

    /// Whether it begins with nothing learned, and learns.
    fn learns(&self) -> bool {
        self.online || self.train_first.is_some()
    }

    fn jobs(&self) -> NonZeroUsize {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        if self.online { NonZeroUsize::MIN } else { self.jobs.unwrap_or_else(cores) }
    }

    /// Judges all of the mail. Shows a bar on a terminal.
    fn replay(&self, mail: &Labelled, site: &Site, meter: &Meter) -> Result<Vec<Record>, Failure> {
        let progress = Progress::new("replaying", mail.files());
        let mut letters = mail.letters(|| progress.step());
        let first = letters.by_ref().take(self.train_first.unwrap_or(0));
        first.map(|letter| site.learn(letter?)).collect::<Result<(), Failure>>()?;
        in_parallel(letters, self.jobs(), |letter: Letter| {
            let record = site.judge(letter)?;
            meter.step();
            Ok(Some(record))
        })
    }
}
