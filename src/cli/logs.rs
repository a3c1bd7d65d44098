//! Where the log goes: readable lines to a terminal, the journal under systemd, JSON lines else.

use std::io::{self, IsTerminal};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::{debug, warn};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Ours from `info` on; libraries only when something is wrong.
const LEVEL: &str = "warn,gatepost=info,hickory_proto=error";

/// Starts logging. `GATEPOST_LOG` holds the level or a filter (`debug`, `gatepost=trace`).
pub(super) fn start() {
    let level = EnvFilter::try_from_env("GATEPOST_LOG").unwrap_or_else(|_| EnvFilter::new(LEVEL));
    let registry = tracing_subscriber::registry().with(level);
    // systemd names the journal's socket in JOURNAL_STREAM when stderr goes there.
    if std::env::var_os("JOURNAL_STREAM").is_some()
        && let Ok(journal) = tracing_journald::layer()
    {
        return registry.with(journal.with_field_prefix(None)).init();
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    if io::stderr().is_terminal() {
        registry.with(lines.with_target(false)).init();
    } else {
        registry.with(lines.json().flatten_event(true).with_current_span(false)).init();
    }
}

/// Every connection takes a file descriptor: asks for as many as this process may have.
pub(super) fn open_files_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most).map(|()| most));
    match raised {
        Ok(most) => debug!(most, "open files"),
        Err(error) => warn!(%error, "the limit of open files could not be raised"),
    }
}
