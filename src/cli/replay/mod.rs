//! `gatepost replay`: how the filter does on labelled mail.

mod effort;
pub(in crate::cli) mod load;
mod page;
mod scores;
mod site;
mod text;

use std::{
    io::{self, Write},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use self::{effort::Meter, site::Site};
use super::{Exit, Failure, judging, progress::Progress, recorded, runtime};
use crate::{
    corpus::Index,
    endpoint::Endpoint,
    replay::{
        Against, Gate, Labelled, Letter, Passage, Record, Records, Report, Timing, in_parallel,
        load::Kept,
    },
    verdict::Label,
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
                  that is marked, or worse; a miss is spam that passes unmarked. Intervals hold 95 % of a thousand \
                  resamples. S/O is the share of spam among a rule's hits if there were as much spam as ham; what \
                  rules cost, `gatepost rules list --sample mail.tsv --sort cost` tells.\n\n\
                  With --against, the report is of the configuration (--config), and every message is listed that OTHER.toml \
                  decides otherwise. Gates: --fail-if 'ham:accept->*>0' counts what went from accept to anything \
                  else (spam, ham or *; verdicts or *); figures are those of OTHER.toml, if it is given: \
                  false_positives, misses, undecided, unscanned, late, broken, roca_percent, lam_percent, \
                  missed_at_0.1_percent, missed_at_0.5_percent, missed_at_1_percent. With > < >= or <=.\n\n\
                  With --recorded, messages without a record are left out and counted; so are questions that were not \
                  asked when a message came, and messages whose verdict and score are what they were.\n\n\
                  What is printed is the same on a second run, but for timings, and for what DNS and the scanner \
                  answer if this is not --offline.\n\n\
                  With --milter the mail is played against a milter as Postfix would bring it: what it decides, how \
                  many messages a second, and how long each stage takes. What it leaves unanswered is counted.\n\n\
                  Exit status: 0 done; 1 a gate failed; 2 wrong usage or configuration; 3 a message could not be read, \
                  or there is no milter.\n\n\
                  Examples:\n  \
                  gatepost replay --spam Maildir/.Junk --ham Maildir --offline\n  \
                  gatepost replay --index mail.tsv --online --scores scores.tsv --json\n  \
                  gatepost replay --index mail.tsv --only bayes --train-first 2000\n  \
                  gatepost replay --spam Maildir/.Junk --ham Maildir --recorded --against new.toml\n  \
                  gatepost replay --index mail.tsv --offline --report report.html\n  \
                  gatepost replay --index mail.tsv --offline --against new.toml --fail-if 'ham:accept->reject>0'\n  \
                  gatepost replay --milter inet:127.0.0.1:11332 --index mail.tsv --concurrency 16\n  \
                  gatepost replay --milter unix:/run/milter.sock --rate 50 --count 3000 --json Maildir/"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    mail: Mail,
    #[command(flatten)]
    judging: Judging,
    /// Another configuration over the same mail: what it would decide otherwise, and why
    #[arg(long, value_name = "OTHER.toml")]
    against: Option<PathBuf>,
    /// Ends with status 1 if it is exceeded: LABEL:FROM->TO>N, or a figure of the report and its limit; N may be a
    /// share (%). May be given more than once
    #[arg(long, value_name = "GATE")]
    fail_if: Vec<Gate>,
    /// Write the score of each message here: `spam` or `ham`, a tab, the score, a tab, the path
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// Write the report here, too, as a page with pictures that any browser opens
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// How many false positives, misses and slow messages are listed
    #[arg(long, default_value_t = 20, value_name = "N")]
    list: usize,
    /// Say what it took, too; JSON without --against always does
    #[arg(long)]
    timings: bool,
    /// One JSON object instead of text for people
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    load: load::Load,
}

/// Which mail.
#[derive(Debug, clap::Args)]
struct Mail {
    /// Index files of labelled messages, one behind the other
    #[arg(long, num_args = 1.., required_unless_present_any = ["spam", "ham", "milter"], value_name = "FILE")]
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
    /// The messages in another order, the same for the same number
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
    #[arg(long, conflicts_with_all = ["jobs", "recorded"])]
    online: bool,
    /// The first so many messages only teach
    #[arg(long, conflicts_with = "recorded", value_name = "N")]
    train_first: Option<usize>,
    /// Ask nothing else
    #[arg(long, value_enum, value_name = "CHECK")]
    only: Option<Only>,
    /// The login name, as for messages of an authenticated user
    #[arg(long, conflicts_with = "recorded", value_name = "USER")]
    login: Option<String>,
    /// Ask neither DNS nor the virus scanner
    #[arg(long, conflicts_with = "recorded")]
    offline: bool,
    #[command(flatten)]
    recorded: recorded::Source,
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

/// A file that was asked for and cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
struct Unwritable {
    path: PathBuf,
    #[source]
    source: io::Error,
}

pub(super) fn run(path: Option<PathBuf>, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.check()?;
    if let Some(milter) = arguments.load.milter() {
        return arguments.play(path.as_deref(), milter);
    }
    let config = judging(path.as_deref())?;
    let other = arguments.against.as_deref().map(|path| judging(Some(path))).transpose()?;
    let run = page::run(config.file.as_deref(), arguments);
    let mail = arguments.mail.read()?;
    let runtime = runtime()?;
    let judging = &arguments.judging;
    let site = Site::new(config, judging, runtime.handle().clone(), None)?;
    let other = other
        .map(|config| Site::new(config, judging, runtime.handle().clone(), Some(&site)))
        .transpose()?;
    let meter = Meter::start();
    let (ours, theirs) = judging.replay(&mail, &site, other.as_ref(), &meter)?;
    let effort = meter.stop();
    let (filter, lexicon) = (site.filter(), site.lexicon());
    let records = Records { all: &ours, lexicon: &lexicon, mail: &mail, filter: filter.as_deref() };
    if let Some(path) = &arguments.scores {
        scores::write(path, records)?;
    }
    let mut report = Report::new(records, arguments.list);
    report.learning = site.learning();
    report.by_record = site.by_record();
    let timing = Some(Timing::new(records, effort, arguments.list));
    if arguments.timings || (arguments.json && other.is_none()) {
        report.timing.clone_from(&timing);
    }
    if let Some(other) = &other {
        let filter = other.filter();
        let theirs = Records { all: &theirs, filter: filter.as_deref(), ..records };
        report.against = Some(Against::new(records, theirs, &report, arguments.list));
    }
    report.gates = arguments.fail_if.iter().map(|gate| gate.judge(&report)).collect();
    arguments.print(&report)?;
    report.timing = timing;
    if let Some(path) = &arguments.report {
        page::write(path, &report, &run)?;
    }
    gates(&report.gates)
}

/// Says which gates are exceeded.
fn gates(gates: &[Passage]) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for Passage { gate, value, .. } in gates.iter().filter(|gate| gate.failed) {
        let value = value.map_or("cannot be known".to_owned(), |value| value.to_string());
        writeln!(io::stderr(), "gatepost: gate failed: {gate}: {value}")?;
        exit = Exit::No;
    }
    Ok(exit)
}

impl Arguments {
    /// Plays the mail against a milter.
    fn play(&self, config: Option<&Path>, milter: &Endpoint) -> Result<Exit, Failure> {
        let Mail { index, root, spam, ham, .. } = &self.mail;
        let index = Index::read(index, root.as_deref())?.entries.into_iter();
        let index = index.map(|entry| Kept { label: Some(entry.label), path: entry.path });
        let under = |label, paths: &[PathBuf]| -> Vec<Kept> {
            paths.iter().map(|path| Kept { label: Some(label), path: path.clone() }).collect()
        };
        let labelled = index.chain(under(Label::Spam, spam)).chain(under(Label::Ham, ham));
        let login = self.judging.login.clone();
        load::run(config, &self.load, milter, labelled.collect(), login, self.json)
    }

    fn check(&self) -> Result<(), Misuse> {
        if self.judging.only == Some(Only::Rules) && self.judging.learns() {
            return Err(Misuse("rules learn nothing: --only rules stands alone"));
        }
        if self.judging.only == Some(Only::Bayes) && self.judging.recorded.is_given() {
            return Err(Misuse(
                "the classifier alone is not judged by records: leave out --only bayes",
            ));
        }
        if self.against.is_none() && self.fail_if.iter().any(Gate::compares) {
            return Err(Misuse("a gate on what would change needs --against"));
        }
        Ok(())
    }

    fn print(&self, report: &Report) -> io::Result<()> {
        let mut output = io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut output, &report)?;
            writeln!(output)
        } else {
            text::write(&mut output, report)
        }
    }
}

impl Mail {
    fn read(&self) -> Result<Labelled, Failure> {
        let index = Index::read(&self.index, self.root.as_deref())?;
        let mail = Labelled::new(&index, &self.spam, &self.ham)?.repeated(self.repeat.get());
        Ok(match self.shuffle {
            Some(seed) => mail.shuffled(seed)?,
            None => mail,
        })
    }
}

impl Judging {
    /// Whether it begins with nothing learned, and learns.
    fn learns(&self) -> bool {
        self.online || self.train_first.is_some()
    }

    fn jobs(&self) -> NonZeroUsize {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        if self.online { NonZeroUsize::MIN } else { self.jobs.unwrap_or_else(cores) }
    }

    /// Judges all of the mail, by the other configuration as well if there is one. Shows a bar on a
    /// terminal.
    fn replay(
        &self,
        mail: &Labelled,
        site: &Site,
        other: Option<&Site>,
        meter: &Meter,
    ) -> Result<(Vec<Record>, Vec<Record>), Failure> {
        let progress = Progress::new("replaying", mail.files());
        let mut letters = mail.letters(|| progress.step());
        for letter in letters.by_ref().take(self.train_first.unwrap_or(0)) {
            let letter = letter?;
            other.map_or(Ok(()), |other| other.learn(letter.clone()))?;
            site.learn(letter)?;
        }
        let Some(other) = other else {
            let judge = |letter| {
                meter.step();
                site.judge(letter)
            };
            return Ok((in_parallel(letters, self.jobs(), judge)?, Vec::new()));
        };
        let judge = |letter: Letter| {
            meter.step();
            // Both have a record of it, or neither.
            Ok::<_, Failure>(site.judge(letter.clone())?.zip(other.judge(letter)?))
        };
        Ok(in_parallel(letters, self.jobs(), judge)?.into_iter().unzip())
    }
}
