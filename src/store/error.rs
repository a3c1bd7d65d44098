//! Why the store could not do it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::event::LATEST;

/// What went wrong, and with which file.
#[derive(Debug, thiserror::Error)]
#[error("token store {}: {fault}", path.display())]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// What happened to it; its source is the source of this error.
    pub fault: Fault,
}

impl StoreError {
    pub(super) fn new(path: &Path, fault: Fault) -> Self {
        Self { path: path.to_owned(), fault }
    }
}

/// What went wrong. After each of these the store holds what it held before, and the next call
/// may succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Another process, or another [`super::Store`] of this one, has it open.
    #[error("in use by another process, most likely the running service")]
    Busy,
    /// There is none, and none was to be made.
    #[error("there is no store")]
    Missing,
    /// No room on the disk, in the quota, or below the limit of file sizes.
    #[error("no room is left: {0}")]
    Full(io::Error),
    /// It may not be written.
    #[error("may not be written: {0}")]
    Denied(io::Error),
    /// The operating system failed.
    #[error("cannot be read or written: {0}")]
    Io(io::Error),
    /// What is in the file is not what the store wrote.
    #[error("damaged: {0}; restore it from a backup or an export, or move it away and relearn")]
    Damaged(String),
    /// Written by a version of gatepost with another layout.
    #[error(
        "has format {found}, this version reads {ours}: export it with the version that wrote it \
         (`gatepost store export`), move it away, then import that"
    )]
    Format {
        /// The file's.
        found: u128,
        /// The one this version writes.
        ours: u128,
    },
    /// Its features come from another tokenizer.
    #[error(
        "was learned with tokenizer {found}, this version has {ours}: its features mean nothing \
         here. Keep a copy with `gatepost store export`, move it away, and relearn from mail"
    )]
    Tokenizer {
        /// The file's.
        found: u32,
        /// The one asked for.
        ours: u32,
    },
    /// Opened for reading only.
    #[error("open for reading only")]
    Reading,
    /// Events are missing between what was applied and what came.
    #[error("origin {origin:016x}: event {found} came when {expected} was due")]
    Gap {
        /// Whose events.
        origin: u64,
        /// The sequence that would follow.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// An event that no store can have made.
    #[error("origin {origin:016x}, event {sequence}: {mistake}")]
    Malformed {
        /// Whose event.
        origin: u64,
        /// Which one.
        sequence: u64,
        /// Why not.
        mistake: Mistake,
    },
    /// An export that cannot be taken in. Nothing of it was.
    #[error("import, line {line}: {cause}")]
    Import {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        cause: LineFault,
    },
    /// The export could not be written.
    #[error("export: {0}")]
    Export(io::Error),
    /// The engine says something unexpected.
    #[error("engine: {0}")]
    Engine(Box<redb::Error>),
}

/// Why no store can have made an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// Zero is no origin.
    #[error("the origin is zero")]
    Origin,
    /// They count from 1.
    #[error("the sequence is zero, or a range runs backwards")]
    Sequence,
    /// See [`LATEST`].
    #[error("the time is later than {LATEST}")]
    Time,
    /// See [`super::Kind::most_features`].
    #[error("too many features")]
    Features,
    /// What is taken back has none.
    #[error("forgotten, with features")]
    Forgotten,
}

/// What is wrong with one line of an export.
#[derive(Debug, thiserror::Error)]
pub enum LineFault {
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Read(io::Error),
    /// More bytes than any line can have.
    #[error("too long")]
    Long,
    /// The first line says what it is.
    #[error("this is not an export of a token store")]
    Header,
    /// Of another layout.
    #[error("format {found}, this version reads {ours}")]
    Format {
        /// The file's.
        found: u64,
        /// The one this version writes.
        ours: u64,
    },
    /// Of another tokenizer.
    #[error("learned with tokenizer {found}, this version has {ours}; relearn from mail instead")]
    Tokenizer {
        /// The file's.
        found: u32,
        /// The store's.
        ours: u32,
    },
    /// No line begins so.
    #[error("a line of no known kind")]
    Kind,
    /// Too few or too many.
    #[error("wrong number of fields")]
    Fields,
    /// Not what stands there in an export.
    #[error("the {0} cannot be read")]
    Field(&'static str),
    /// An event no store can have made.
    #[error("{0}")]
    Event(Mistake),
    /// It ends without its last line.
    #[error("the end is missing: the export is incomplete")]
    Truncated,
    /// After the last line.
    #[error("something follows the end")]
    Trailing,
    /// The last line counts others than came.
    #[error("{found} events came, the last line counts {counted}")]
    Count {
        /// How many came.
        found: u64,
        /// How many there should be.
        counted: u64,
    },
    /// Something was altered on the way.
    #[error("the state hash of the last line is not that of the events")]
    Hash,
}

impl Fault {
    /// The engine has to be opened anew before it works again.
    pub(super) fn breaks_the_engine(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Denied(_) | Self::Io(_) | Self::Damaged(_))
            || matches!(self, Self::Engine(error) if matches!(**error, redb::Error::PreviousIo
                | redb::Error::DatabaseClosed | redb::Error::LockPoisoned(_)))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::Full(error),
            Kind::ReadOnlyFilesystem | Kind::PermissionDenied => Self::Denied(error),
            Kind::NotFound => Self::Missing,
            Kind::InvalidData | Kind::UnexpectedEof => Self::Damaged(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        use redb::Error as Engine;
        match error {
            Engine::DatabaseAlreadyOpen | Engine::LockProtocolMismatch => Self::Busy,
            Engine::Io(error) => error.into(),
            Engine::Corrupted(what) => Self::Damaged(what),
            error @ (Engine::TableTypeMismatch { .. }
            | Engine::TableDoesNotExist(_)
            | Engine::TableIsMultimap(_)
            | Engine::TypeDefinitionChanged { .. }
            | Engine::UpgradeRequired(_)) => Self::Damaged(error.to_string()),
            error => Self::Engine(Box::new(error)),
        }
    }
}

/// The engine has an error type for each step; all become one.
macro_rules! from_engine {
    ($($error:ident)*) => {
        $(impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        })*
    };
}

from_engine! {
    StorageError TableError TransactionError CommitError DatabaseError CompactionError
    SetDurabilityError
}
