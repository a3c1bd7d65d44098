//! `gatepost replay --milter`: how a milter, any milter, does under load.

mod report;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use self::report::Report;
use crate::{
    cli::{Exit, Failure, progress::Progress, runtime, tell},
    config::Config,
    corpus::{SourceError, files},
    endpoint::Endpoint,
    replay::load::{Kept, Origin, Plan, Supply, Tally, play},
};

/// Clients at once where a rate is given: as many as an MTA would start.
const ENOUGH: usize = 100;

/// The options that play mail against a milter instead of judging it here.
#[derive(Debug, clap::Args)]
pub(super) struct Load {
    /// Play the mail against the milter that listens there, as Postfix would; inet:HOST:PORT or unix:PATH
    #[arg(long, value_name = "SOCKET", help_heading = "Load on a milter",
          conflicts_with_all = ["online", "train_first", "only", "offline", "recorded", "jobs", "shuffle",
                                "repeat", "against", "fail_if", "scores", "timings", "report"])]
    milter: Option<Endpoint>,
    /// Clients at once; 1, or 100 with --rate
    #[arg(long, value_name = "N", requires = "milter", help_heading = "Load on a milter",
          value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: Option<u16>,
    /// Messages a second; the time of each counts from when it was due, however long it had to wait
    #[arg(long, value_name = "N", requires = "milter", help_heading = "Load on a milter",
          value_parser = rate)]
    rate: Option<f64>,
    /// Messages on one connection, all of them from the client of the first
    #[arg(long, value_name = "N", requires = "milter", help_heading = "Load on a milter",
          default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    per_connection: u32,
    /// Stop after so many messages; begin again from the first if there are fewer
    #[arg(long, value_name = "N", requires = "milter", help_heading = "Load on a milter")]
    count: Option<usize>,
    /// All clients have this address, whatever the messages' Received traces say
    #[arg(long, value_name = "IP", requires = "milter", help_heading = "Load on a milter")]
    client: Option<IpAddr>,
    /// A message is unanswered if an answer of the milter takes longer than so many seconds
    #[arg(long, value_name = "SECONDS", requires = "milter", help_heading = "Load on a milter",
          default_value = "300", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    timeout: u32,
    /// Files, directories (recursively) or mbox files, of which is not known what they are
    #[arg(value_name = "PATH", requires = "milter")]
    paths: Vec<PathBuf>,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "expected a number from 0.001 to 1000000".to_owned())
}

impl Load {
    /// Where to play; `None` if mail is to be judged here.
    pub(super) fn milter(&self) -> Option<&Endpoint> {
        self.milter.as_ref()
    }

    fn plan(&self, milter: &Endpoint) -> Plan {
        let usual = if self.rate.is_some() { ENOUGH } else { 1 };
        Plan {
            milter: milter.clone(),
            concurrency: self.concurrency.map_or(usual, usize::from),
            rate: self.rate,
            per_connection: self.per_connection as usize,
            patience: Duration::from_secs(self.timeout.into()),
        }
    }

    /// Labelled mail, then the other.
    fn supply(&self, labelled: Vec<Kept>, login: Option<String>, config: &Config) -> Supply {
        let others = self.paths.iter().map(|path| Kept { label: None, path: path.clone() });
        Supply {
            mail: labelled.into_iter().chain(others).collect(),
            count: self.count,
            origin: Origin {
                client: self.client,
                login,
                networks: config.settings.networks.clone(),
            },
        }
    }
}

/// There is nothing to play.
#[derive(Debug, thiserror::Error)]
#[error("--milter needs mail to play: --index or PATH")]
pub(in crate::cli) struct NoMail;

/// Plays labelled mail and that of the paths.
pub(super) fn run(
    config: Option<&Path>,
    arguments: &Load,
    milter: &Endpoint,
    labelled: Vec<Kept>,
    login: Option<String>,
    json: bool,
) -> Result<Exit, Failure> {
    let config = Config::load(config)?;
    let supply = arguments.supply(labelled, login, &config);
    if supply.mail.is_empty() {
        return Err(NoMail.into());
    }
    let progress = Progress::new("playing", expected(&supply));
    let incomplete = Arc::new(AtomicBool::new(false));
    let complain = {
        let incomplete = Arc::clone(&incomplete);
        move |error: &SourceError| {
            incomplete.store(true, Ordering::Relaxed);
            tell(error);
        }
    };
    let mut tally = Tally::default();
    let start = Instant::now();
    runtime()?.block_on(play(&arguments.plan(milter), supply.begin(complain), |played| {
        progress.step();
        tally.add(&played);
    }))?;
    drop(progress);
    let report = Report::new(milter, tally.figures(start.elapsed()));
    if json {
        report.json()?
    } else {
        report.text()?
    }
    Ok(if incomplete.load(Ordering::Relaxed) { Exit::Failed } else { Exit::Done })
}

/// How many messages there will be, as far as can be told without reading them.
fn expected(supply: &Supply) -> usize {
    let paths = supply.mail.iter().map(|kept| kept.path.clone());
    supply.count.unwrap_or_else(|| files(&paths.collect::<Vec<_>>()).len())
}
