//! `gatepost cluster init`

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use super::{Exit, Failure};
use crate::cluster::{
    Node,
    init::{Member, Mistake, Places, Plan, init},
};

/// What is asked for.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "FOLDER/README.txt says what to copy where. Nothing is overwritten: FOLDER must be new or empty.\n\n\
                  Exit status: 0 done; 2 wrong usage; 3 could not do it.\n\n\
                  Examples:\n  \
                  Three nodes, each with a nats-server; any one may be lost:\n    \
                  gatepost cluster init --node a=192.0.2.1 --node b=192.0.2.2 --node c=192.0.2.3 farm\n  \
                  Two nodes; the log is kept on a:\n    \
                  gatepost cluster init --node a=mx1.example.org --node b=mx2.example.org farm\n  \
                  Four nodes, of which three keep the log:\n    \
                  gatepost cluster init --node a=192.0.2.1 --node b=192.0.2.2 --node c=192.0.2.3 --node d=192.0.2.4 \\\n        \
                  --server b --server c --server d farm"
)]
pub(in crate::cli) struct Arguments {
    /// A node, and the address or name by which the others reach it; once for each
    #[arg(long = "node", value_name = "NAME=HOST", required = true)]
    nodes: Vec<Member>,
    /// A node that also runs nats-server, 1, 3 or 5 of them; else the first three, or the first of less than three
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<Node>,
    /// How much nats-server may keep on each server, in GB
    #[arg(long, value_name = "GB", default_value_t = 10)]
    storage: u32,
    /// Where a server's files will lie on its machine
    #[arg(long, value_name = "PATH", default_value = "/etc/nats-server")]
    server_folder: PathBuf,
    /// Where nats-server will keep the log
    #[arg(long, value_name = "PATH", default_value = "/var/lib/nats-server")]
    storage_folder: PathBuf,
    /// Where a node's files will lie on its machine
    #[arg(long, value_name = "PATH", default_value = "/etc/gatepost/cluster")]
    node_folder: PathBuf,
    /// Where to write: a folder that is new or empty
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// What was asked for cannot be.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(in crate::cli) struct Misuse(#[from] Mistake);

pub(super) fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments { nodes, servers, storage, folder, .. } = arguments;
    let places = Places {
        server: arguments.server_folder,
        storage: arguments.storage_folder,
        node: arguments.node_folder,
    };
    let plan = Plan::new(nodes, &servers, places, storage).map_err(Misuse)?;
    let mut output = io::stdout().lock();
    for path in init(&plan, folder)? {
        writeln!(output, "{}", path.display())?;
    }
    Ok(Exit::Done)
}
