//! `gatepost check`: judges messages from files the way the milter does.

mod envelope;
mod report;

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use futures_util::{StreamExt, stream};

use self::report::Report;
pub(super) use self::report::shown;
use super::{Exit, Failure, judging, recorded, runtime, tell};
use crate::{
    corpus::{Item, SourceError, items},
    filter::record::Record,
    mail::Envelope,
    replay::judge,
    service::{Built, Learned, Offline, build},
    verdict::{Judgement, Verdict},
};

/// Messages judged at once.
const AT_ONCE: usize = 8;

/// What `check` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --client, the client is the first in the message's Received trace that is neither \
                  one of networks.relays nor loopback; without --from, the sender is the Return-Path; without --rcpt, the \
                  recipient is the one in X-Original-To or Delivered-To.\n\n\
                  Exit status: 0 nothing found; 1 spam or a virus found; 2 wrong usage or configuration; \
                  3 a message could not be read or not be judged, \
                  or was left out.\n\n\
                  Examples:\n  \
                  gatepost check message.eml\n  \
                  gatepost check --json --offline Maildir/ archive.mbox\n  \
                  gatepost check --recorded Maildir/\n  \
                  gatepost check --client 192.0.2.1 --helo mx.example --from a@example.org - < message.eml"
)]
pub(super) struct Arguments {
    /// One JSON object a line instead of text for people
    #[arg(long)]
    json: bool,
    /// Ask neither DNS nor the virus scanner
    #[arg(long, conflicts_with = "recorded")]
    offline: bool,
    #[command(flatten)]
    recorded: recorded::Source,
    #[command(flatten)]
    given: envelope::Given,
    /// Files, directories (recursively), mbox files, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// By what messages are judged.
enum Judge {
    /// By what is so now.
    Now { built: Arc<Built>, given: envelope::Given },
    /// By what was recorded when they came.
    Then(Box<recorded::Judge>),
}

/// A message that was judged.
struct Judged {
    label: String,
    judgement: Judgement,
    envelope: Envelope,
    built: Arc<Built>,
    /// What was recorded of it.
    record: Option<Record>,
}

pub(super) fn run(path: Option<PathBuf>, arguments: Arguments) -> Result<Exit, Failure> {
    let config = judging(path.as_deref())?;
    let offline = if arguments.offline { Offline::Yes } else { Offline::No };
    let Arguments { json, recorded, given, paths, .. } = arguments;
    runtime()?.block_on(async {
        let judge = match recorded.folder(&config) {
            Some(folder) => Judge::Then(Box::new(recorded::Judge::open(&config, &folder)?)),
            None => {
                let learned = Learned::copy(&config.settings);
                let built = Arc::new(build(&config, offline, learned, None).await?);
                Judge::Now { built, given }
            }
        };
        check(&judge, json, &paths).await
    })
}

impl Judge {
    /// Judges a message; `None` if it was left out.
    async fn judge(&self, Item { label, raw }: Item) -> Result<Option<Judged>, Failure> {
        match self {
            Self::Now { built, given } => {
                let envelope = |raw: &[u8]| given.envelope(&built.filter.networks, raw);
                let (judgement, envelope) = judge(&built.filter, raw, envelope).await;
                let built = Arc::clone(built);
                Ok(Some(Judged { label, judgement, envelope, built, record: None }))
            }
            Self::Then(recorded) => {
                let Some(again) = recorded.judge(raw).await? else {
                    writeln!(io::stderr(), "gatepost: {label}: there is no record of it")?;
                    return Ok(None);
                };
                let recorded::Again { judgement, envelope, built, record } = again;
                Ok(Some(Judged { label, judgement, envelope, built, record: Some(record) }))
            }
        }
    }
}

async fn check(judge: &Judge, json: bool, paths: &[PathBuf]) -> Result<Exit, Failure> {
    let mut tally = Tally::default();
    let judged = stream::iter(items(paths))
        .map(|item| async { judge.judge(item.map_err(Unread)?).await })
        .buffered(AT_ONCE);
    let mut judged = std::pin::pin!(judged);
    let mut output = io::stdout().lock();
    while let Some(next) = judged.next().await {
        match next {
            Ok(Some(judged)) => {
                tally.count(&judged.judgement);
                judged.report(json, &mut output)?;
            }
            Ok(None) => tally.left_out += 1,
            Err(error) => match error.downcast::<Unread>() {
                Ok(error) => {
                    tally.failed = true;
                    tell(&*error);
                }
                Err(error) => return Err(error),
            },
        }
    }
    if let Judge::Then(recorded) = judge
        && let Some(left_out) = recorded.left_out(tally.left_out)
    {
        tell(&left_out);
    }
    Ok(tally.exit())
}

/// A message could not be read; the others can.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Unread(SourceError);

impl Judged {
    fn report(&self, json: bool, output: &mut impl Write) -> io::Result<()> {
        let reply = self.built.replies.to(&self.judgement, &self.envelope);
        let report =
            Report::new(&self.label, &self.judgement, reply.as_ref(), self.record.as_ref());
        if json { report.json(output) } else { report.text(output) }
    }
}

#[derive(Default)]
struct Tally {
    spam: bool,
    failed: bool,
    /// Messages without a record.
    left_out: usize,
}

impl Tally {
    fn count(&mut self, judgement: &Judgement) {
        match judgement.verdict {
            Verdict::Accept => {}
            Verdict::Defer => self.failed = true,
            _ => self.spam = true,
        }
    }

    fn exit(&self) -> Exit {
        match (self.failed || self.left_out > 0, self.spam) {
            (true, _) => Exit::Failed,
            (false, true) => Exit::No,
            (false, false) => Exit::Done,
        }
    }
}
