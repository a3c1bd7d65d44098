//! `gatepost check`: judges messages from files the way the milter does.

mod envelope;
mod report;

use std::{io, path::PathBuf, sync::Arc};

use futures_util::{StreamExt, stream};

use self::report::Report;
use super::{Exit, Failure, runtime, tell};
use crate::{
    config::Config,
    corpus::{Item, items},
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
                  3 a message could not be read or not be judged.\n\n\
                  Examples:\n  \
                  gatepost check message.eml\n  \
                  gatepost check --json --offline Maildir/ archive.mbox\n  \
                  gatepost check --client 192.0.2.1 --helo mx.example --from a@example.org - < message.eml"
)]
pub(super) struct Arguments {
    /// One JSON object a line instead of text for people
    #[arg(long)]
    json: bool,
    /// Ask neither DNS nor the virus scanner
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    given: envelope::Given,
    /// Files, directories (recursively), mbox files, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(super) fn run(path: Option<PathBuf>, arguments: Arguments) -> Result<Exit, Failure> {
    let config = Config::load(path.as_deref())?;
    let offline = if arguments.offline { Offline::Yes } else { Offline::No };
    runtime()?.block_on(async {
        let built = Arc::new(build(&config, offline, Learned::copy(&config.settings), None).await?);
        check(&built, arguments).await
    })
}

async fn check(built: &Arc<Built>, arguments: Arguments) -> Result<Exit, Failure> {
    let given = Arc::new(arguments.given);
    let mut tally = Tally::default();
    let judged = stream::iter(items(&arguments.paths))
        .map(|item| {
            let (built, given) = (Arc::clone(built), Arc::clone(&given));
            async move {
                match item {
                    Ok(Item { label, raw }) => {
                        let envelope = |raw: &[u8]| given.envelope(&built.filter.networks, raw);
                        Ok((label, judge(&built.filter, raw, envelope).await))
                    }
                    Err(error) => Err(error),
                }
            }
        })
        .buffered(AT_ONCE);
    let mut judged = std::pin::pin!(judged);
    let mut output = io::stdout().lock();
    while let Some(next) = judged.next().await {
        match next {
            Ok((label, (judgement, envelope))) => {
                tally.count(&judgement);
                let reply = built.replies.to(&judgement, &envelope);
                let report = Report::new(&label, &judgement, reply.as_ref());
                if arguments.json {
                    report.json(&mut output)?;
                } else {
                    report.text(&mut output)?;
                }
            }
            Err(error) => {
                tally.failed = true;
                tell(&error);
            }
        }
    }
    Ok(tally.exit())
}

#[derive(Default)]
struct Tally {
    spam: bool,
    failed: bool,
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
        match (self.failed, self.spam) {
            (true, _) => Exit::Failed,
            (false, true) => Exit::No,
            (false, false) => Exit::Done,
        }
    }
}
