//! What is done about old segments, and about those that a crash has left.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    index::Index,
    segment::{self, Segment},
};

/// Deletes segments whose last record is older than so many seconds, and the oldest until all take no
/// more than so many bytes. The active one stays.
pub(super) fn forget(folder: &Path, active: Option<&Path>, most_bytes: u64, most_age: u64) {
    let Ok(numbers) = segment::numbers(folder) else { return };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let too_old = since.as_secs().saturating_sub(most_age);
    let sizes: Vec<(PathBuf, u64)> = numbers
        .iter()
        .map(|&number| segment::path(folder, number))
        .filter(|path| Some(path.as_path()) != active)
        .map(|path| (path.clone(), size(&path) + size(&segment::index_path(&path))))
        .collect();
    let mut all: u64 = sizes.iter().map(|(_, size)| size).sum();
    for (path, size) in sizes {
        if all <= most_bytes && modified(&path).is_none_or(|at| at >= too_old) {
            break;
        }
        all = all.saturating_sub(size);
        // What cannot be deleted now is tried again.
        let _ = fs::remove_file(segment::index_path(&path));
        let _ = fs::remove_file(&path);
    }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |data| data.len())
}

/// When its last record was written, in seconds since 1970.
fn modified(path: &Path) -> Option<u64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    Some(modified.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// Makes the index of a segment anew that has none, as after a crash, and says what is lost.
pub(super) fn mend(path: &Path) {
    let written = fs::read(segment::index_path(path)).ok();
    if written.and_then(|bytes| Index::from_bytes(&bytes, size(path))).is_some() {
        return;
    }
    let shown = path.display();
    match Segment::read(path) {
        Ok(read) => {
            let index = read.scan();
            let (records, damaged) = (index.keys.len(), index.damaged);
            if damaged > 0 {
                tracing::warn!(path = %shown, records, damaged, "the history was cut off or damaged; \
                    so many bytes of it are passed over");
            }
            if let Err(error) = index.write(&segment::index_path(path), read.length()) {
                tracing::warn!(
                    error = crate::chain(&error),
                    "a segment of the history has no index"
                );
            }
        }
        Err(error) => {
            tracing::warn!(error = crate::chain(&error), "a segment of the history is of no use");
        }
    }
}
