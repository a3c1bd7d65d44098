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
    paths.iter().flat_map(|path| files(path)).flat_map(|file| match file {
        Ok(file) => messages(&file),
        Err(error) => vec![Err(error)],
    })
}

/// The files under a path. Hidden ones are left out of directories, as Maildir asks, and so are
/// links to directories: they may lead in circles.
fn files(path: &Path) -> Vec<Result<PathBuf, SourceError>> {
    if !path.is_dir() {
        return vec![Ok(path.to_owned())];
    }
    let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut entries: Vec<PathBuf> = match entries {
        Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
        Err(source) => return vec![Err(unreadable(path, source))],
    };
    entries.retain(|entry| !(is_hidden(entry) || is_linked_folder(entry)));
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_linked_folder(path: &Path) -> bool {
    path.is_symlink() && path.is_dir()
}

fn messages(path: &Path) -> Vec<Result<Item, SourceError>> {
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
