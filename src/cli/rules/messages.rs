//! The labelled messages that rules are measured on.

use std::{io, path::PathBuf};

use crate::{
    checks::{
        Case,
        rules::{
            Costs, RuleSet,
            tune::{self, CollectError, HitMatrix, Labelled},
        },
    },
    cli::{Failure, progress::Progress},
    config::Settings,
    corpus::{Entry, Index, Item, SourceError, items},
    mail::Message,
    replay::Traced,
    verdict::{Label, Name},
};

/// Messages, or files of them, that rules are timed on.
const MOST_TIMED: usize = 2_000;

/// A message that brings the rules down: a mistake in gatepost, worth a report.
#[derive(Debug, thiserror::Error)]
#[error("the rules broke off on {}", path.display())]
pub(super) struct BrokenOff {
    path: PathBuf,
}

/// Which of the named rules hit which message. Shows a bar on a terminal.
///
/// # Errors
/// A message cannot be read, or the rules broke off on it.
pub(super) fn hits(
    settings: &Settings,
    rules: &RuleSet,
    names: Vec<Name>,
    index: &Index,
) -> Result<HitMatrix, Failure> {
    let progress = Progress::new("reading messages", index.entries.len());
    let read = |number: usize| {
        progress.step();
        index.entries.get(number).map(|entry| labelled(settings, entry)).unwrap_or(Ok(Vec::new()))
    };
    tune::collect(rules, names, index.entries.len(), read).map_err(|error| match error {
        CollectError::Unread(error) => error.into(),
        CollectError::Panicked(number) => {
            let path = index.entries.get(number).map(|entry| entry.path.clone());
            BrokenOff { path: path.unwrap_or_default() }.into()
        }
    })
}

/// What the rules cost on these messages, at most [`MOST_TIMED`] of them, evenly spread; one
/// behind the other, so that nothing else is timed. Shows a bar on a terminal.
///
/// # Errors
/// A message cannot be read.
pub(super) fn costs(
    settings: &Settings,
    rules: &RuleSet,
    index: &Index,
) -> Result<Costs, SourceError> {
    let every = index.entries.len().div_ceil(MOST_TIMED).max(1);
    let entries = index.entries.iter().step_by(every);
    let progress = Progress::new("timing rules", entries.len());
    let mut costs = rules.no_costs();
    for entry in entries {
        progress.step();
        for item in items(std::slice::from_ref(&entry.path)) {
            let case = case(settings, item?.raw);
            // What is only made for the first message that needs it is no part of the cost.
            rules.examine(&case);
            rules.measure(&case, &mut costs);
        }
    }
    Ok(costs)
}

fn labelled(settings: &Settings, entry: &Entry) -> Result<Vec<Labelled>, SourceError> {
    let labelled = |item: Item| Labelled {
        label: entry.label,
        corpus: entry.corpus,
        case: case(settings, item.raw),
    };
    items(std::slice::from_ref(&entry.path)).map(|item| Ok(labelled(item?))).collect()
}

/// As `gatepost check` would see it.
fn case(settings: &Settings, mut raw: Vec<u8>) -> Case {
    let truncated = raw.len() > settings.limits.scan_bytes;
    raw.truncate(settings.limits.scan_bytes);
    let Traced { client, mut envelope, .. } = Traced::new(&settings.networks, &raw);
    envelope.client = client.into();
    let message = if truncated { Message::truncated(raw) } else { Message::parse(raw) };
    Case { envelope: envelope.into(), message: message.into() }
}

/// A digest of what hits depend on apart from the rules: of the messages by name, label, size and
/// time of change, of the settings, and of this program.
///
/// # Errors
/// A message is not there.
pub(super) fn digest(settings: &Settings, index: &Index) -> io::Result<tune::Digest> {
    let mut digest = tune::Digest::default();
    digest.add(env!("CARGO_PKG_VERSION").as_bytes());
    digest.add(&serde_json::to_vec(&(&settings.networks, &settings.limits))?);
    add_file(&mut digest, &std::env::current_exe()?)?;
    for entry in &index.entries {
        digest.add(&[u8::from(entry.label == Label::Spam)]).add(&entry.corpus.to_le_bytes());
        add_file(&mut digest, &entry.path)?;
    }
    Ok(digest)
}

fn add_file(digest: &mut tune::Digest, path: &std::path::Path) -> io::Result<()> {
    let about = std::fs::metadata(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let changed = about.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    digest.add(path.as_os_str().as_encoded_bytes());
    digest.add(&about.len().to_le_bytes()).add(&changed.as_nanos().to_le_bytes());
    Ok(())
}
