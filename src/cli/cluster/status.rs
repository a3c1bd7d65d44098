//! `gatepost cluster status`: how the farm looks from the node that runs here.

use std::io::{self, Write};

use crate::{
    cli::{
        Exit, Failure, runtime,
        train::{Absent, Teacher, TeacherError},
    },
    cluster::{NodeStatus, Status},
    config::Settings,
    control::Client,
};

/// What is shown, and how.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Asks the service that runs on this machine, through its control socket.\n\n\
                  Exit status: 0 this node is connected, and all that speak know the same; 1 not so, or this node \
                  takes part in no farm; 2 wrong usage or configuration; 3 no service answers.\n\n\
                  Examples:\n  \
                  gatepost cluster status\n  \
                  gatepost cluster status --json | jq '.nodes[] | select(.behind_events > 0)'"
)]
pub(in crate::cli) struct Arguments {
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// There is nobody to ask.
#[derive(Debug, thiserror::Error)]
#[error(
    "no gatepost runs here, or this user may not ask it: how the farm looks is the service's to say"
)]
struct NoService;

/// There is nothing to tell.
#[derive(Debug, thiserror::Error)]
#[error("this node takes part in no farm: [cluster] nats is empty")]
struct NoFarm;

pub(super) fn run(settings: &Settings, arguments: &Arguments) -> Result<Exit, Failure> {
    if settings.cluster.nats.is_empty() {
        crate::cli::tell(&NoFarm);
        return Ok(Exit::No);
    }
    let status = ask(settings)?;
    let mut output = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut output, &status)?;
        writeln!(output)?;
    } else {
        show(&status, &mut output)?;
    }
    Ok(if status.server.is_some() && status.level { Exit::Done } else { Exit::No })
}

fn ask(settings: &Settings) -> Result<Status, Failure> {
    let runtime = runtime()?;
    match Teacher::find(settings, runtime.handle(), Absent::Refuse) {
        Ok(Teacher::Service(socket, runtime)) => Ok(runtime.block_on(async {
            let mut client = Client::connect(&socket).await?;
            client.cluster().await
        })?),
        Err(error @ TeacherError::Forbidden { .. }) => Err(error.into()),
        Ok(Teacher::Store(_)) | Err(TeacherError::Store(_)) => Err(NoService.into()),
    }
}

fn show(status: &Status, output: &mut impl Write) -> io::Result<()> {
    match (&status.server, &status.error) {
        (Some(server), _) => writeln!(output, "node {}, connected to {server}", status.node)?,
        (None, error) => {
            let why = error.as_deref().unwrap_or("it is shutting down");
            writeln!(output, "node {}, NOT CONNECTED: {why}", status.node)?;
            writeln!(
                output,
                "It judges and learns; what it learns waits in its store. Last known:"
            )?;
        }
    }
    if let Some(log) = &status.log {
        let (pieces, mebibytes, last) = (log.pieces, mebibytes(log.bytes), log.last);
        writeln!(
            output,
            "log        {pieces} pieces, {mebibytes:.1} MiB, the last is number {last}"
        )?;
        let leader = log.leader.as_ref().map(|leader| format!(", led by {leader}"));
        let (current, copies, leader) = (log.current, log.copies, leader.unwrap_or_default());
        writeln!(output, "copies     {current} of {copies} up to date{leader}")?;
    }
    if let Some(snapshot) = &status.snapshot {
        let (by, mebibytes) = (&snapshot.by, mebibytes(snapshot.bytes));
        let since = snapshot.pieces_since;
        writeln!(output, "snapshot   {mebibytes:.1} MiB by {by}, {since} pieces ago")?;
    }
    if status.refused > 0 {
        writeln!(output, "refused    {} pieces of the log; see this node's log", status.refused)?;
    }
    writeln!(output)?;
    table(&status.nodes, output)?;
    let level = if status.level {
        "All nodes that speak know the same."
    } else {
        "Not all nodes know the same."
    };
    writeln!(output, "\n{level}")
}

fn table(nodes: &[NodeStatus], output: &mut impl Write) -> io::Result<()> {
    let heads =
        ["node", "seen", "behind", "for", "untold", "spam", "ham", "read to", "state", "version"];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(nodes.iter().map(row));
    let mut widths = [0; 10];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let mut line = String::new();
        for (number, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Names and versions to the left, numbers to the right.
            let is_text = number == 0 || number >= 8;
            line +=
                &if is_text { format!("{cell:<width$}  ") } else { format!("{cell:>width$}  ") };
        }
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(())
}

fn row(node: &NodeStatus) -> [String; 10] {
    let seen = if node.speaks { "now".to_owned() } else { format!("{} s ago", node.seen_seconds) };
    [
        node.name.clone(),
        seen,
        format!("{} events", node.behind_events),
        format!("{} s", node.behind_seconds),
        node.untold_events.to_string(),
        node.spam.to_string(),
        node.ham.to_string(),
        node.read_to.map_or_else(|| "-".to_owned(), |place| place.to_string()),
        node.state_hash.chars().take(8).collect(),
        node.version.clone(),
    ]
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cluster::{LogStatus, SnapshotStatus};

    #[test]
    fn the_table_says_who_lags() {
        let node = |name: &str, behind_events, speaks| NodeStatus {
            name: name.to_owned(),
            seen_seconds: 75,
            speaks,
            behind_events,
            behind_seconds: 4,
            untold_events: 0,
            spam: 12,
            ham: 7,
            state_hash: "0123456789abcdef0123456789abcdef".to_owned(),
            read_to: Some(42),
            positions: BTreeMap::new(),
            version: "0.1.0".to_owned(),
        };
        let status = Status {
            node: "a".to_owned(),
            error: Some("no NATS server can be reached".to_owned()),
            log: Some(LogStatus {
                pieces: 3,
                last: 42,
                bytes: 3 << 20,
                leader: Some("n1".to_owned()),
                copies: 3,
                current: 2,
            }),
            snapshot: Some(SnapshotStatus {
                by: "mx-b".to_owned(),
                bytes: 1 << 19,
                pieces_since: 3,
            }),
            nodes: vec![node("a", 0, true), node("mx-b", 31, false)],
            refused: 2,
            ..Status::default()
        };
        let mut text = Vec::new();
        show(&status, &mut text).unwrap();
        let expected = "\
node a, NOT CONNECTED: no NATS server can be reached
It judges and learns; what it learns waits in its store. Last known:
log        3 pieces, 3.0 MiB, the last is number 42
copies     2 of 3 up to date, led by n1
snapshot   0.5 MiB by mx-b, 3 pieces ago
refused    2 pieces of the log; see this node's log

node      seen     behind  for  untold  spam  ham  read to  state     version
a          now   0 events  4 s       0    12    7       42  01234567  0.1.0
mx-b  75 s ago  31 events  4 s       0    12    7       42  01234567  0.1.0

Not all nodes know the same.
";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
