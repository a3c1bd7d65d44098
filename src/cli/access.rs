//! `gatepost access`: whom to let in and whom to keep out, from this moment on.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use super::{
    Exit, Failure, runtime,
    train::{Absent, Teacher, TeacherError},
};
use crate::{
    checks::access::{Entry, Pattern},
    config::{Config, Settings},
    control::Client,
    filter::learn::{Order, Taught},
    verdict::Word,
};

/// Orders in one request.
const AT_ONCE: usize = 1_000;

/// What can be done with access entries.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "A PATTERN is\n  \
                  192.0.2.7, 192.0.2.0/24, 2001:db8::/32   a client, or a network of them\n  \
                  user@example.com                         this sender or author (From)\n  \
                  @example.com                             any sender or author of this very domain\n  \
                  example.com                              …of this domain or any below it\n\n\
                  It counts from the next message on, on all nodes of the farm, and survives restarts; nothing is \
                  reloaded. Of several patterns that name the same client or address, the most exact one counts; a \
                  message with anybody in it who is blocked is refused. A blocked client is told 554 5.7.1, a blocked \
                  sender 550 5.7.1, at RCPT, a blocked author at the end of the message; mail to postmaster and abuse alone \
                  is never refused for that. Mail of users who have logged in does not depend on any of this, unless \
                  their profile has the check `access`; entries of clients never apply to them.\n\n\
                  Who is allowed is not refused because of DNS lists, SPF, DMARC or the score; viruses are. An allowed \
                  sender or author counts only if SPF, DKIM or DMARC proves his domain; --unverified does without.\n\n\
                  A running service does it, as long as this user may connect to its control socket; else the store is \
                  opened here.\n\n\
                  Exit status: 0 done; 1 something to be removed was not there; 2 wrong usage or configuration; 3 could \
                  not do it.\n\n\
                  Examples:\n  \
                  gatepost access block spammer@example.com --note \"ticket 4711\"\n  \
                  gatepost access block example.net 198.51.100.0/24\n  \
                  gatepost access allow partner.example --note \"invoices\"\n  \
                  gatepost access remove example.net\n  \
                  gatepost access list")]
pub(super) enum Command {
    /// Keep them out
    Block {
        #[command(flatten)]
        about: About,
    },
    /// Let them in
    Allow {
        #[command(flatten)]
        about: About,
        /// Let in whoever says to be this sender or author, although anybody can say that
        #[arg(long)]
        unverified: bool,
    },
    /// Take entries back
    Remove {
        /// The entries
        #[arg(required = true, value_name = "PATTERN")]
        patterns: Vec<Pattern>,
    },
    /// Print all entries
    List {
        /// One JSON array instead of text for people
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct About {
    /// Why, for people: stands in the list, in logs and explanations; the sender is not told
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Whom
    #[arg(required = true, value_name = "PATTERN")]
    patterns: Vec<Pattern>,
}

pub(super) fn run(path: Option<PathBuf>, command: &Command) -> Result<Exit, Failure> {
    let settings = Config::load(path.as_deref())?.settings;
    match command {
        Command::Block { about } => set(&settings, about, Word::Block, false),
        Command::Allow { about, unverified } => set(&settings, about, Word::Allow, *unverified),
        Command::Remove { patterns } => remove(&settings, patterns),
        Command::List { json } => list(&settings, *json),
    }
}

fn set(settings: &Settings, about: &About, word: Word, unverified: bool) -> Result<Exit, Failure> {
    let About { note, patterns } = about;
    let order = |pattern: &Pattern| {
        let (pattern, note) = (pattern.clone(), note.clone());
        Order::Set(Entry { pattern, word, unverified, note, since: 0 })
    };
    let orders: Vec<_> = patterns.iter().map(order).collect();
    let done = carry_out(settings, &orders, Absent::Make)?;
    let is = match word {
        Word::Allow => "allowed",
        Word::Block => "blocked",
    };
    say(patterns, &done, |taught| match taught {
        Taught::Known => format!("{is} already"),
        Taught::Moved => format!("{is} now, its entry was changed"),
        _ => is.to_owned(),
    })?;
    Ok(Exit::Done)
}

fn remove(settings: &Settings, patterns: &[Pattern]) -> Result<Exit, Failure> {
    let orders: Vec<_> = patterns.iter().cloned().map(Order::Remove).collect();
    let done = match carry_out(settings, &orders, Absent::Refuse) {
        Err(failure) if is_without_store(&failure) => vec![Taught::NotKnown; patterns.len()],
        done => done?,
    };
    say(patterns, &done, |taught| match taught {
        Taught::NotKnown => "there is no such entry".to_owned(),
        _ => "removed".to_owned(),
    })?;
    Ok(if done.contains(&Taught::NotKnown) { Exit::No } else { Exit::Done })
}

fn say(patterns: &[Pattern], done: &[Taught], words: impl Fn(Taught) -> String) -> io::Result<()> {
    let mut output = io::stdout().lock();
    for (pattern, &taught) in patterns.iter().zip(done) {
        writeln!(output, "{pattern}: {}", words(taught))?;
    }
    Ok(())
}

fn carry_out(
    settings: &Settings,
    orders: &[Order],
    absent: Absent,
) -> Result<Vec<Taught>, Failure> {
    let runtime = runtime()?;
    Ok(match Teacher::find(settings, runtime.handle(), absent)? {
        Teacher::Service(socket, runtime) => runtime.block_on(async {
            let mut client = Client::connect(&socket).await?;
            let mut done = Vec::new();
            for orders in orders.chunks(AT_ONCE) {
                done.extend(client.order(orders).await?);
            }
            Ok::<_, Failure>(done)
        })?,
        Teacher::Store(learner) => learner.order(orders)?,
    })
}

fn list(settings: &Settings, json: bool) -> Result<Exit, Failure> {
    let entries = match entries(settings) {
        Err(failure) if is_without_store(&failure) => Vec::new(),
        entries => entries?,
    };
    let mut output = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut output, &entries)?;
        writeln!(output)?;
        return Ok(Exit::Done);
    }
    let width = entries.iter().map(|entry| entry.pattern.to_string().len()).max().unwrap_or(0);
    for entry in &entries {
        writeln!(output, "{}", line(entry, width).trim_end())?;
    }
    Ok(Exit::Done)
}

fn entries(settings: &Settings) -> Result<Vec<Entry>, Failure> {
    let runtime = runtime()?;
    Ok(match Teacher::find(settings, runtime.handle(), Absent::Refuse)? {
        Teacher::Service(socket, runtime) => runtime.block_on(async {
            let mut client = Client::connect(&socket).await?;
            client.access().await
        })?,
        Teacher::Store(learner) => learner.book().list().entries().into_iter().cloned().collect(),
    })
}

/// `block  example.com  2026-11-22T01:13:41Z  unverified  the note`
fn line(entry: &Entry, width: usize) -> String {
    let Entry { pattern, word, unverified, note, since } = entry;
    let since = UNIX_EPOCH + Duration::from_millis(*since);
    let since = humantime::format_rfc3339_seconds(since);
    let with = if *unverified { "unverified  " } else { "" };
    format!("{}  {:width$}  {since}  {with}{note}", word.as_str(), pattern.to_string())
}

/// Nothing was ever learned here, nor said of anybody.
fn is_without_store(failure: &Failure) -> bool {
    matches!(failure.downcast_ref(), Some(TeacherError::Store(error)) if error.is_missing())
}
