//! `gatepost cluster`: a farm of filters that tell each other what they learned.

mod init;
mod status;

use std::path::PathBuf;

pub(super) use init::Misuse;

use super::{Exit, Failure};
use crate::config::Config;

/// What can be done with a farm.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show how the farm looks from here: who knows how much, and who lags
    Status(status::Arguments),
    /// Write all files of a new farm: nats-server's configuration, certificates, keys
    Init(init::Arguments),
}

pub(super) fn run(path: Option<PathBuf>, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Status(arguments) => {
            status::run(&Config::load(path.as_deref())?.settings, &arguments)
        }
        Command::Init(arguments) => init::run(arguments),
    }
}
