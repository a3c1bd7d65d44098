//! Why there is no history, or not all of it.

use std::{io, path::PathBuf};

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The folder cannot be made or listed.
    #[error("the folder {}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process writes there.
    #[error("{} belongs to another process", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A segment's head is damaged, or of another version.
    #[error("{} is no segment of this version", path.display())]
    Head {
        /// Which.
        path: PathBuf,
    },
    /// A frame cannot be read where the index says that it stands.
    #[error("{} is damaged at byte {offset}", path.display())]
    Frame {
        /// Which file.
        path: PathBuf,
        /// Where.
        offset: u64,
    },
    /// The thread that writes could not be started.
    #[error("cannot start the thread that writes the history")]
    Thread(#[source] io::Error),
}
