//! Mailboxes: one folder a user with one file a message in `new/`, whoever writes it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The messages of one user below `base`.
pub(crate) fn read(base: &Path, user: &str) -> Vec<Vec<u8>> {
    files(&base.join(user).join("new")).iter().map(|path| fs::read(path).unwrap()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Counts the plain files below `folder`, whatever goes away meanwhile.
pub(crate) fn count_files(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => count_files(&entry.path()),
            Ok(kind) if kind.is_file() => 1,
            _ => 0,
        })
        .sum()
}
