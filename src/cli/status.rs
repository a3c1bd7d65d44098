//! `gatepost status`: how the service that runs here stands.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use super::{
    Exit, Failure, runtime,
    train::{Absent, Teacher, TeacherError},
};
use crate::{
    config::{Config, Settings},
    contents::{self, pool},
    control::Client,
    service::Status,
};

/// How it is shown.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Asks the service that runs on this machine, through its control socket.\n\n\
                  Exit status: 0 all is well; 1 a DNS list is set aside, or attachments cannot be looked into; \
                  2 wrong usage or configuration; 3 no service answers.\n\n\
                  Examples:\n  \
                  gatepost status\n  \
                  gatepost status --json | jq '.contents.lookers.counts'"
)]
pub(super) struct Arguments {
    /// One JSON object instead of text for people
    #[arg(long)]
    json: bool,
}

/// There is nobody to ask.
#[derive(Debug, thiserror::Error)]
#[error("no gatepost runs here, or this user may not ask it: start it with `gatepost serve`")]
struct NoService;

pub(super) fn run(path: Option<PathBuf>, arguments: &Arguments) -> Result<Exit, Failure> {
    let settings = Config::load(path.as_deref())?.settings;
    let status = ask(&settings)?;
    let mut output = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut output, &status)?;
        writeln!(output)?;
    } else {
        show(&status, &mut output)?;
    }
    Ok(if is_well(&status) { Exit::Done } else { Exit::No })
}

fn ask(settings: &Settings) -> Result<Status, Failure> {
    let runtime = runtime()?;
    match Teacher::find(settings, runtime.handle(), Absent::Refuse) {
        Ok(Teacher::Service(socket, runtime)) => Ok(runtime.block_on(async {
            let mut client = Client::connect(&socket).await?;
            client.standing().await
        })?),
        Err(error @ TeacherError::Forbidden { .. }) => Err(error.into()),
        Ok(Teacher::Store(_)) | Err(TeacherError::Store(_)) => Err(NoService.into()),
    }
}

fn is_well(status: &Status) -> bool {
    let pools = status.contents.iter().flat_map(|contents| [&contents.openers, &contents.lookers]);
    status.lists.iter().all(|list| list.aside.is_none()) && pools.into_iter().all(has_workers)
}

/// None was needed, or they come up.
fn has_workers(pool: &pool::Status) -> bool {
    pool.processes.failed == 0 || pool.processes.started > 0
}

fn show(status: &Status, output: &mut impl Write) -> io::Result<()> {
    let up = humantime::format_duration(Duration::from_secs(status.up_seconds));
    writeln!(output, "gatepost {}, up {up}", status.version)?;
    for list in &status.lists {
        let how = list.aside.as_ref().map(|why| format!("SET ASIDE: {why}"));
        writeln!(output, "list {}: {}", list.list, how.as_deref().unwrap_or("asked"))?;
    }
    match &status.contents {
        Some(contents) => show_contents(contents, output),
        None => writeln!(output, "attachments are not looked into ([contents] enabled)"),
    }
}

fn show_contents(contents: &contents::Status, output: &mut impl Write) -> io::Result<()> {
    show_pool("archives and documents", &contents.openers, output)?;
    show_pool("pictures", &contents.lookers, output)?;
    let (remembered, alike) = (contents.pictures_remembered, contents.pictures_alike);
    writeln!(output, "  not read again: {remembered} known, {alike} that look like a known one")
}

fn show_pool(what: &str, pool: &pool::Status, output: &mut impl Write) -> io::Result<()> {
    let (counts, processes) = (&pool.counts, &pool.processes);
    let waiting = pool.waiting_outside + pool.waiting_ours;
    writeln!(
        output,
        "{what}: {} done, {} skipped, {} late, {} crashed, {} without a worker",
        counts.done,
        counts.skipped(),
        counts.late,
        counts.crashed,
        counts.unserved
    )?;
    writeln!(
        output,
        "  now: {} at work, {waiting} waiting ({} ms of work), {} workers idle",
        pool.working, pool.waiting_ms, processes.idle
    )?;
    writeln!(
        output,
        "  workers: {} started, {} replaced, {} did not start{}",
        processes.started,
        processes.retired,
        processes.failed,
        if pool.confined.is_some_and(|confined| !confined.is_held()) {
            "; NOT CONFINED"
        } else {
            ""
        }
    )
}
