//! `gatepost cluster`: a farm of filters that tell each other what they learned.

mod init;

pub(super) use init::Misuse;

use super::{Exit, Failure};

/// What can be done with a farm.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Write all files of a new farm: nats-server's configuration, certificates, keys
    Init(init::Arguments),
}

pub(super) fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments),
    }
}
