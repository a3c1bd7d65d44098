//! The command line: `gatepost [--config FILE] COMMAND`.
//!
//! Data goes to standard output, talk to standard error. Exit status: 0 done; 1 the answer is
//! "no"; 2 wrong usage or configuration; 3 could not do it.

mod access;
mod check;
mod cluster;
mod config;
mod explain;
mod logs;
mod progress;
mod recorded;
mod replay;
mod rules;
mod serve;
mod status;
mod store;
mod train;

use std::{
    error::Error,
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{
    config::{Config, ConfigError},
    contents::{pool::Program, process},
};

/// A spam and virus filter that answers inside the SMTP session, as a milter.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit status: 0 done; 1 the answer is \"no\" (spam found, lint errors); 2 wrong usage or \
                  configuration; 3 could not do it (files, network, service).\n\n\
                  Examples:\n  \
                  gatepost serve\n  \
                  gatepost check --client 192.0.2.1 message.eml\n  \
                  gatepost train spam ~/Maildir/.Junk\n  \
                  gatepost --config ./gatepost.toml config check"
)]
struct Arguments {
    /// The configuration; else /etc/gatepost/gatepost.toml if it is there, else the defaults
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Filter mail for Postfix or sendmail
    Serve(serve::Arguments),
    /// Ask the running service how it stands
    Status(status::Arguments),
    /// Judge messages from files or standard input
    Check(check::Arguments),
    /// Explain a judgement: what was found, what it adds up to, what would change it
    Explain(explain::Arguments),
    /// Teach the filter what is spam and what is not
    Train(train::Arguments),
    /// Let clients and senders in or keep them out, from this moment on
    #[command(subcommand)]
    Access(access::Command),
    /// Look after what was learned
    #[command(subcommand)]
    Store(store::Command),
    /// Measure the filter on labelled mail
    Replay(Box<replay::Arguments>),
    /// Look at, check and test the rules
    #[command(subcommand)]
    Rules(rules::Command),
    /// Set up a farm of filters that tell each other what they learned
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Check, show or print the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Look into hostile files, confined: started by the filter itself
    #[command(hide = true, disable_help_flag = true)]
    Worker {
        /// How it is confined
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// 0
    Done,
    /// 1: the answer is "no".
    No,
    /// 2
    Usage,
    /// 3
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Usage => 2,
            Exit::Failed => 3,
        })
    }
}

/// Why a command could not be carried out.
type Failure = Box<dyn Error + Send + Sync>;

/// Carries out the command line of this process.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // --help and --version come this way too, with status 0.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let path = arguments.config;
    let done = match arguments.command {
        Command::Serve(arguments) => serve::run(path, arguments),
        Command::Status(arguments) => status::run(path, &arguments),
        Command::Check(arguments) => check::run(path, arguments),
        Command::Explain(arguments) => explain::run(path, &arguments),
        Command::Train(arguments) => train::run(path, &arguments),
        Command::Access(command) => access::run(path, &command),
        Command::Store(command) => store::run(path, &command),
        Command::Replay(arguments) => replay::run(path, &arguments),
        Command::Rules(command) => rules::run(path, command),
        Command::Cluster(command) => cluster::run(path, command),
        Command::Config(command) => config::run(path, command),
        Command::Worker { arguments } => return process::run(arguments),
    };
    done.unwrap_or_else(|failure| complain(&*failure)).into()
}

/// The configuration by which this program judges: it starts readers from itself.
fn judging(path: Option<&Path>) -> Result<Config, ConfigError> {
    let mut config = Config::load(path)?;
    config.settings.contents.program = Some(Program::own());
    Ok(config)
}

/// Prints an error with its causes, once.
fn complain(failure: &(dyn Error + 'static)) -> Exit {
    let is_pipe = failure
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    if is_pipe {
        // Whoever read our output has seen enough.
        return Exit::Done;
    }
    tell(failure);
    let is_usage = failure.is::<ConfigError>()
        || failure.is::<crate::service::BuildError>()
        || failure.is::<rules::Misuse>()
        || failure.is::<cluster::Misuse>()
        || failure.is::<explain::Neither>()
        || failure.is::<replay::Misuse>()
        || failure.is::<replay::load::NoMail>();
    if is_usage { Exit::Usage } else { Exit::Failed }
}

/// Says on standard error what went wrong, with its causes.
fn tell(failure: &(dyn Error + 'static)) {
    // Nobody may be listening.
    let _ = writeln!(io::stderr(), "gatepost: {}", crate::chain(failure));
}

/// A runtime for a command that talks to the network.
///
/// Its threads only wait and pass on; what computes has threads of its own. One of them for four
/// cores is plenty, and handing small packets from one to another costs more than it gains: one
/// instead of two saves a fifth of the CPU time of a message on two cores (`--bench smtp postfix`).
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(cores.div_ceil(4)).enable_all().build()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
