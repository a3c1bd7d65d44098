//! `gatepost serve`

use std::{io, path::PathBuf};

use futures_util::{Stream, stream};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Exit, Failure, logs, runtime};
use crate::{
    contents::pool::Program,
    endpoint::Endpoint,
    service::{self, Source},
};

/// What `serve` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Signals: SIGHUP reads the configuration and rules again; SIGTERM and SIGINT finish the \
                  messages in flight and stop.\n\nExamples:\n  gatepost serve\n  \
                  gatepost serve --listen unix:/run/gatepost/milter.sock\n  \
                  gatepost serve --listen inet:127.0.0.1:11332 --listen inet:[::1]:11332"
)]
pub(super) struct Arguments {
    /// Listen here instead of where the configuration says: inet:HOST:PORT or unix:PATH
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<Endpoint>,
}

pub(super) fn run(path: Option<PathBuf>, arguments: Arguments) -> Result<Exit, Failure> {
    let source = Source { path, listen: arguments.listen, program: Some(Program::own()) };
    let config = source.load()?;
    logs::start();
    logs::open_files_limit();
    runtime()?.block_on(async {
        let reload = each(signal(SignalKind::hangup())?);
        let (mut term, mut int) = stops()?;
        let stop = async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
        };
        service::run(source, config, reload, stop).await?;
        Ok(Exit::Done)
    })
}

fn stops() -> io::Result<(Signal, Signal)> {
    Ok((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
}

fn each(signal: Signal) -> impl Stream<Item = ()> + Send {
    stream::unfold(signal, |mut signal| async move {
        signal.recv().await;
        Some(((), signal))
    })
}
