//! `gatepost store`: looks after what was learned.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::PathBuf,
};

use super::{
    Exit, Failure, runtime, tell,
    train::{Absent, Teacher, TeacherError},
};
use crate::{
    config::{Config, Settings},
    control::Client,
    filter::learn::{Adopted, Compacted, Foreign, LearnError, Learner, Verified, is_foreign},
    store::{Fault, Imported, Store},
};

/// What can be done with the store.
#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "A running service does it, as long as this user may connect to its control socket; but import wants \
                  the service stopped.\n\n\
                  Exit status: 0 done; 1 the store is not sound; 2 wrong usage or configuration; 3 could not do it.\n\n\
                  Examples:\n  \
                  gatepost store verify\n  \
                  gatepost store export > learned.tsv\n  \
                  gatepost store import learned.tsv\n  \
                  bogoutil -d ~/.bogofilter/wordlist.db | gatepost store import -\n  \
                  gatepost store compact"
)]
pub(super) enum Command {
    /// Read everything and check that it fits together; print how much is learned
    Verify {
        /// One JSON object instead of text for people
        #[arg(long)]
        json: bool,
    },
    /// Write all that is learned, a line a message, to standard output
    Export,
    /// Take in what `export` has written, of this store or another; or the words of bogofilter
    /// (`bogoutil -d`). SpamAssassin and rspamd keep hashes that mean nothing here: teach the mail
    Import {
        /// The file, or - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Give the disk back what is not needed
    Compact,
}

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
struct Unreadable {
    path: PathBuf,
    #[source]
    source: io::Error,
}

pub(super) fn run(path: Option<PathBuf>, command: &Command) -> Result<Exit, Failure> {
    let settings = Config::load(path.as_deref())?.settings;
    match command {
        Command::Verify { json } => verify(&settings, *json),
        Command::Export => export(&settings),
        Command::Import { file } => import(&settings, file),
        Command::Compact => compact(&settings),
    }
}

fn verify(settings: &Settings, json: bool) -> Result<Exit, Failure> {
    let verified = match verified(settings) {
        Ok(verified) => verified,
        Err(failure) if is_damage(&failure) => {
            tell(&*failure);
            return Ok(Exit::No);
        }
        Err(failure) => return Err(failure),
    };
    let mut output = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut output, &verified)?;
        writeln!(output)?;
    } else {
        show(&verified, &mut output)?;
    }
    Ok(if verified.mistakes.is_empty() { Exit::Done } else { Exit::No })
}

fn verified(settings: &Settings) -> Result<Verified, Failure> {
    let runtime = runtime()?;
    Ok(match Teacher::find(settings, runtime.handle(), Absent::Refuse)? {
        Teacher::Service(socket, runtime) => runtime.block_on(async {
            let mut client = Client::connect(&socket).await?;
            client.verify().await
        })?,
        Teacher::Store(learner) => learner.verify()?,
    })
}

/// So damaged that it cannot even be read: the answer is "no".
fn is_damage(failure: &Failure) -> bool {
    let opening = failure.downcast_ref().and_then(|error| match error {
        TeacherError::Store(error) => Some(error),
        _ => None,
    });
    match opening.or_else(|| failure.downcast_ref::<LearnError>()) {
        Some(LearnError::Store(error)) => matches!(error.fault, Fault::Damaged(_)),
        _ => false,
    }
}

fn show(verified: &Verified, output: &mut impl Write) -> io::Result<()> {
    let Verified { status, repaired, mistakes } = verified;
    writeln!(
        output,
        "messages     {} spam, {} ham, {} forgotten",
        status.spam, status.ham, status.forgotten
    )?;
    writeln!(output, "access       {} entries (gatepost access list)", status.access)?;
    writeln!(
        output,
        "tokens       {}, {:.1} MiB in memory",
        status.tokens,
        mebibytes(status.model_bytes as u64)
    )?;
    writeln!(output, "file         {:.1} MiB", mebibytes(status.file_bytes))?;
    writeln!(output, "origin       {}", status.origin)?;
    writeln!(output, "state hash   {}", status.state_hash)?;
    if *repaired {
        writeln!(output, "repaired     the file's own bookkeeping was damaged, and is mended")?;
    }
    for mistake in mistakes {
        writeln!(output, "wrong        {mistake}")?;
    }
    if mistakes.is_empty() {
        writeln!(output, "sound")?;
    }
    Ok(())
}

fn export(settings: &Settings) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let mut output = BufWriter::new(io::stdout().lock());
    match Teacher::find(settings, runtime.handle(), Absent::Refuse) {
        Ok(Teacher::Service(socket, runtime)) => runtime.block_on(async {
            let mut client = Client::connect(&socket).await?;
            client.export(&mut output).await
        })?,
        Ok(Teacher::Store(learner)) => drop(learner.export(&mut output)?),
        Err(error @ TeacherError::Forbidden { .. }) => return Err(error.into()),
        // Made by another version: what is in it can still be written down.
        Err(TeacherError::Store(_)) => {
            Store::open_to_read(&settings.store.path)?.export(&mut output)?;
        }
    }
    output.flush()?;
    Ok(Exit::Done)
}

fn import(settings: &Settings, file: &PathBuf) -> Result<Exit, Failure> {
    let mut input: Box<dyn BufRead> = if file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let unreadable = |source| Unreadable { path: file.clone(), source };
        Box::new(BufReader::new(File::open(file).map_err(unreadable)?))
    };
    let first_line =
        input.fill_buf().map_err(|source| Unreadable { path: file.clone(), source })?;
    let first_line = first_line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let foreign = is_foreign(first_line);
    // Not before there is something to take in: it makes a store where there is none.
    let learner = Learner::open(&settings.store, settings.limits.scan_bytes)?;
    if let Some(foreign) = foreign {
        return adopt(&learner, foreign, &mut *input);
    }
    let Imported { taken, known, expired, .. } = learner.import(&mut *input)?;
    writeln!(io::stdout(), "{taken} messages taken in, {known} known already, {expired} too old")?;
    Ok(Exit::Done)
}

fn adopt(learner: &Learner, foreign: Foreign, input: &mut dyn BufRead) -> Result<Exit, Failure> {
    let Adopted { spam, ham, words, left_out, known } = learner.adopt(foreign, input)?;
    let mut output = io::stdout();
    if known {
        writeln!(output, "known already: nothing was changed")?;
        return Ok(Exit::Done);
    }
    writeln!(
        output,
        "{words} words of {spam} spam and {ham} ham taken in, {left_out} words left out"
    )?;
    writeln!(
        output,
        "Counts of words are less than messages: teach recent mail as well (`gatepost train`)."
    )?;
    Ok(Exit::Done)
}

fn compact(settings: &Settings) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let Compacted { before, after } =
        match Teacher::find(settings, runtime.handle(), Absent::Refuse)? {
            Teacher::Service(socket, runtime) => runtime.block_on(async {
                let mut client = Client::connect(&socket).await?;
                client.compact().await
            })?,
            Teacher::Store(learner) => learner.compact()?,
        };
    writeln!(io::stdout(), "{:.1} MiB before, {:.1} MiB now", mebibytes(before), mebibytes(after))?;
    Ok(Exit::Done)
}

/// To a tenth.
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
