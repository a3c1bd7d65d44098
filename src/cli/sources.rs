//! Messages from paths: files, directories, mbox files, standard input. Read one at a time.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::mail::mbox;

/// One message and where it came from.
pub(super) struct Item {
    /// The path; for a message of an mbox with its number behind a colon.
    pub(super) label: String,
    /// The message.
    pub(super) raw: Vec<u8>,
}

/// What could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub(super) struct SourceError {
    path: String,
    #[source]
    source: io::Error,
}

/// All messages under the paths, in the order given; directories in the order of their names.
pub(super) fn items(paths: &[PathBuf]) -> impl Iterator<Item = Result<Item, SourceError>> {
    paths.iter().flat_map(|path| files_under(path)).flat_map(messages)
}

/// All files under the paths, in the order given; directories in the order of their names.
pub(super) fn files(paths: &[PathBuf]) -> Vec<Result<PathBuf, SourceError>> {
    paths.iter().flat_map(|path| files_under(path)).collect()
}

/// The files under a path. Of a Maildir those of `cur` and `new`. Hidden ones are left out of
/// directories, other folders of the same mailbox among them, and so are links to directories: they
/// may lead in circles.
fn files_under(path: &Path) -> Vec<Result<PathBuf, SourceError>> {
    if !path.is_dir() {
        return vec![Ok(path.to_owned())];
    }
    let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut entries: Vec<PathBuf> = match entries {
        Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
        Err(source) => return vec![Err(unreadable(path, source))],
    };
    let maildir = ["cur", "new"].map(|name| path.join(name));
    if maildir.iter().all(|folder| folder.is_dir()) {
        entries = maildir.to_vec();
    }
    entries.retain(|entry| !(is_hidden(entry) || is_linked_folder(entry)));
    entries.sort();
    entries.iter().flat_map(|entry| files_under(entry)).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_linked_folder(path: &Path) -> bool {
    path.is_symlink() && path.is_dir()
}

/// The messages of a file: one, or those of an mbox.
pub(super) fn messages(file: Result<PathBuf, SourceError>) -> Vec<Result<Item, SourceError>> {
    match file {
        Ok(path) => messages_of(&path),
        Err(error) => vec![Err(error)],
    }
}

fn messages_of(path: &Path) -> Vec<Result<Item, SourceError>> {
    let label = path.display().to_string();
    let raw = match read(path) {
        Ok(raw) => raw,
        Err(source) => return vec![Err(unreadable(path, source))],
    };
    if !raw.starts_with(b"From ") {
        return vec![Ok(Item { label, raw })];
    }
    let mut items: Vec<Item> = mbox(&raw)
        .enumerate()
        .map(|(index, raw)| Item { label: format!("{label}:{}", index + 1), raw })
        .collect();
    if let [only] = items.as_mut_slice() {
        only.label = label;
    }
    items.into_iter().map(Ok).collect()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return fs::read(path);
    }
    let mut raw = Vec::new();
    io::stdin().lock().read_to_end(&mut raw)?;
    Ok(raw)
}

fn unreadable(path: &Path, source: io::Error) -> SourceError {
    SourceError { path: path.display().to_string(), source }
}
