//! `gatepost config`

use std::{
    io::{self, Write},
    path::PathBuf,
};

use super::{Exit, Failure, runtime};
use crate::{
    checks::lists::{Shipped, shipped_lists},
    config::{Config, DEFAULT_TEXT},
    service::{Built, Learned, Offline, build},
    verdict::Name,
};

/// What can be done with the configuration.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check the file, then try what it names: DNS lists, virus scanner, sockets
    Check {
        /// Only the file: ask neither DNS nor the virus scanner
        #[arg(long)]
        offline: bool,
    },
    /// Print the configuration in force, defaults filled in
    Show,
    /// Print the defaults, with comments: a first configuration file
    Default,
    /// Print the DNS lists that [dns] use may name, with their terms of use
    Lists,
}

pub(super) fn run(path: Option<PathBuf>, command: Command) -> Result<Exit, Failure> {
    let mut output = io::stdout().lock();
    match command {
        Command::Default => {
            output.write_all(DEFAULT_TEXT.as_bytes())?;
            Ok(Exit::Done)
        }
        Command::Show => {
            let config = Config::load(path.as_deref())?;
            output.write_all(toml::to_string(&config.settings)?.as_bytes())?;
            Ok(Exit::Done)
        }
        Command::Lists => {
            for shipped in shipped_lists()? {
                show(shipped, &mut output)?;
            }
            Ok(Exit::Done)
        }
        Command::Check { offline } => {
            let config = Config::load(path.as_deref())?;
            let offline = if offline { Offline::Yes } else { Offline::No };
            let good = runtime()?.block_on(async {
                let built = build(&config, offline, Learned::copy(&config.settings), None).await?;
                try_out(&config, &built, &mut output).await
            })?;
            Ok(if good { Exit::Done } else { Exit::No })
        }
    }
}

/// A shipped list in a few lines.
fn show(shipped: &Shipped, output: &mut impl Write) -> io::Result<()> {
    let list = &shipped.list;
    let about = toml::Value::try_from(list.about).unwrap_or_else(|_| "?".into());
    let about = about.as_str().unwrap_or_default();
    writeln!(output, "{}: {} (about {about})", shipped.id, list.zone)?;
    let names: Vec<_> = list.findings.names().map(Name::as_str).collect();
    writeln!(output, "    {}", names.join(" "))?;
    if let Some(subscription) = &shipped.subscription {
        writeln!(output, "    needs a key: {subscription} = \"…\" under [dns.keys]")?;
    }
    writeln!(output, "    free for: {}; terms: {}", shipped.free_use, shipped.terms)
}

/// Tries each thing the configuration names; a line for each.
async fn try_out(config: &Config, built: &Built, output: &mut impl Write) -> Result<bool, Failure> {
    let mut good = true;
    let mut say = |what: &str, fault: Option<String>| -> io::Result<()> {
        good &= fault.is_none();
        writeln!(output, "{what}: {}", fault.as_deref().unwrap_or("ok"))
    };
    let file = config.file.as_ref().map(|f| f.display().to_string());
    say(&file.unwrap_or_else(|| "built-in defaults".to_owned()), None)?;
    for complaint in built.filter.rules.complaints().iter().filter(|c| is_error(c)) {
        say(&format!("rule {}:{}", complaint.file, complaint.line), Some(complaint.text.clone()))?;
    }
    if let Some(lists) = &built.network.lists {
        for status in lists.status() {
            let aside = status.aside.map(|reason| format!("set aside: {reason}"));
            say(&format!("list {}", status.list), aside)?;
        }
    }
    if let Some(antivirus) = &built.network.antivirus {
        for version in antivirus.versions().await {
            let fault = version.answer.err().map(|error| crate::chain(&error));
            say(&format!("virus scanner {}", version.socket), fault)?;
        }
    }
    for endpoint in config.settings.milter.listen.iter().chain(&config.settings.control.listen) {
        say(&format!("socket {endpoint}"), crate::listen::obstacle(endpoint))?;
    }
    Ok(good)
}

fn is_error(complaint: &crate::checks::rules::Complaint) -> bool {
    complaint.severity == crate::checks::rules::Severity::Error
}
