//! `gatepost explain`: the whole arithmetic of one judgement.

mod explanation;
mod text;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use self::explanation::Explanation;
use super::{Exit, Failure, judging, recorded, runtime};
use crate::{
    config::Config,
    corpus::{Item, items},
    filter::record::Record,
    history::Archive,
    replay::{Traced, judge},
    service::{Learned, Offline, build},
    verdict::Reference,
};

/// What `explain` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "REF is the reference in replies, headers and logs: 7K3F-9QX2, in either case, with or without the \
                  hyphen. The service records its judgements ([history]); whether it runs now does not matter.\n\n\
                  PATH is a message, or a file, directory or mbox with several: each is judged now, and that is \
                  explained. A name that could be either is a file if there is one; - is standard input.\n\n\
                  What would change the verdict is arithmetic: a finding that rests on another is counted like any, \
                  although it might go with that.\n\n\
                  Exit status: 0 explained; 1 there is no record with this reference; 2 wrong usage or configuration; \
                  3 a file could not be read.\n\n\
                  Examples:\n  \
                  gatepost explain 7K3F-9QX2\n  \
                  gatepost explain --json 7k3f9qx2\n  \
                  gatepost explain --offline message.eml"
)]
pub(super) struct Arguments {
    /// One JSON object a judgement instead of text for people
    #[arg(long)]
    json: bool,
    /// Judge files without asking DNS or the virus scanner
    #[arg(long)]
    offline: bool,
    /// Look for REF in the history of another machine
    #[arg(long, value_name = "FOLDER")]
    history: Option<PathBuf>,
    /// A reference, or a file to judge now
    #[arg(required = true, value_name = "REF|PATH")]
    what: String,
}

/// Neither a reference nor a file.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither a reference (eight letters and digits such as 7K3F-9QX2) nor a file")]
pub(super) struct Neither(String);

pub(super) fn run(path: Option<PathBuf>, arguments: &Arguments) -> Result<Exit, Failure> {
    let config = judging(path.as_deref())?;
    let file = Path::new(&arguments.what);
    if arguments.what == "-" || file.exists() {
        return judged_now(&config, arguments, file);
    }
    let Ok(reference) = arguments.what.parse() else {
        return Err(Neither(arguments.what.clone()).into());
    };
    let folder = arguments.history.clone().unwrap_or_else(|| recorded::configured(&config));
    let archive = Archive::open(&folder)?;
    match recorded_as(reference, &archive)? {
        Some(record) => {
            show(&Explanation::new(None, &record), arguments.json)?;
            Ok(Exit::Done)
        }
        None => {
            let enabled = config.settings.history.enabled || arguments.history.is_some();
            not_found(reference, &folder, archive.len(), enabled)?;
            Ok(Exit::No)
        }
    }
}

/// The record, and what is damaged beside it, said.
fn recorded_as(reference: Reference, archive: &Archive) -> Result<Option<Record>, Failure> {
    for damage in archive.damages() {
        let path = damage.path.display();
        match damage.bytes {
            Some(bytes) => {
                writeln!(
                    io::stderr(),
                    "gatepost: {bytes} bytes of {path} are damaged, and passed over"
                )?;
            }
            None => writeln!(io::stderr(), "gatepost: {path} is damaged, and of no use")?,
        }
    }
    let Some(place) = archive.find(reference.bits()) else { return Ok(None) };
    Ok(Some(Record::from_bytes(&archive.read(place)?)?))
}

/// Says what to look at. There are so many `records` in the folder.
fn not_found(reference: Reference, folder: &Path, records: usize, enabled: bool) -> io::Result<()> {
    let mut talk = io::stderr().lock();
    let shown = folder.display();
    writeln!(talk, "gatepost: there is no record of {reference} in {shown}")?;
    match (enabled, records) {
        (false, _) => writeln!(talk, "  nothing is recorded: history.enabled is false"),
        (true, 0) => writeln!(
            talk,
            "  nothing is recorded there: is this the configuration of the service ([store] path, [history] path)?"
        ),
        (true, records) => writeln!(
            talk,
            "  it holds {records} records. Was the reference passed on correctly? Was the message judged by another \
             machine, or longer ago than history.days, or so many messages ago that history.most_bytes was reached?"
        ),
    }
}

/// Judges what is in a file, and explains that.
fn judged_now(config: &Config, arguments: &Arguments, file: &Path) -> Result<Exit, Failure> {
    let offline = if arguments.offline { Offline::Yes } else { Offline::No };
    let runtime = runtime()?;
    let built = runtime.block_on(build(config, offline, Learned::copy(&config.settings), None))?;
    let filter = Arc::clone(&built.filter);
    for item in items(&[file.to_owned()]) {
        let Item { label, raw } = item?;
        let envelope = |raw: &[u8]| Traced::new(&filter.networks, raw);
        let (judgement, envelope) = runtime.block_on(judge(&filter, raw, envelope));
        let record = Record::of(&judgement, &envelope, filter.provenance);
        show(&Explanation::new(Some(label), &record), arguments.json)?;
    }
    Ok(Exit::Done)
}

fn show(explanation: &Explanation<'_>, json: bool) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut output, explanation)?;
        writeln!(output)?;
    } else {
        text::write(&mut output, explanation)?;
    }
    Ok(())
}
