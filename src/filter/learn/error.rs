//! Why something was not learned.

use std::sync::Arc;

use super::{CheckpointError, ForeignError};
use crate::{
    checks::access::EntryError,
    store::{Fault, Outcome, StoreError},
};

/// Why something was not learned. Nothing of it is in the store.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// The store could not be opened, read or written. Shared by all lessons of a transaction.
    #[error("{0}")]
    Store(Arc<StoreError>),
    /// The copy of the model could not be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// What another filter has written cannot be taken in.
    #[error("the import")]
    Foreign(#[from] ForeignError),
    /// An access entry that cannot be kept.
    #[error("the access entry")]
    Access(#[from] EntryError),
    /// It has no header field.
    #[error("not a message: it has no header fields")]
    NoMessage,
    /// The store has no place for it, as with a clock that is far behind.
    #[error("the store does not take it: {0:?}")]
    NotTaken(Outcome),
    /// Learning has ended, or broke.
    #[error("nothing is learned any more: learning has ended, and the log says why")]
    Stopped,
    /// The thread that learns could not be started.
    #[error("cannot start the thread that learns")]
    Thread(#[source] std::io::Error),
}

impl LearnError {
    /// Another process has the store, maybe for a moment only.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Store(error) if matches!(error.fault, Fault::Busy))
    }

    /// There is no store, and none was to be made.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Store(error) if matches!(error.fault, Fault::Missing))
    }

    /// This message or entry is not learned, others may be.
    pub fn is_about_message(&self) -> bool {
        matches!(self, Self::NotTaken(_) | Self::NoMessage | Self::Access(_))
    }
}

impl From<StoreError> for LearnError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
