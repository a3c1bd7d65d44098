//! A copy of the model on the disk, and of which state of the store it is.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::checks::bayes::{Knowledge, Model, ModelError};

/// The file's name in the store's folder.
const NAME: &str = "model";

/// Why a copy cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is damaged, or of another version.
    #[error("{} cannot be used; it may be deleted, it is made anew", path.display())]
    Model {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ModelError,
    },
}

/// Which state of the store a model is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The number of the last change.
    pub change: u64,
    /// The hash of the messages' entries: numbers come again in a store that was restored from a backup.
    pub state_hash: u128,
}

impl Mark {
    /// Its length in the file, in bytes.
    const LENGTH: usize = 8 + 16;

    fn to_bytes(self) -> Vec<u8> {
        [&self.change.to_le_bytes()[..], &self.state_hash.to_le_bytes()].concat()
    }

    fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        let (change, state_hash) = bytes.split_at(8);
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |n, &byte| n << 8 | u128::from(byte));
        Self { change: number(change) as u64, state_hash: number(state_hash) }
    }
}

/// Writes the copy: beside the old one, then in its place.
pub(super) fn write(
    folder: &Path,
    mark: Mark,
    knowledge: &Knowledge,
) -> Result<(), CheckpointError> {
    let path = folder.join(NAME);
    let beside = path.with_extension("new");
    let write = || {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let mut output = BufWriter::new(file);
        output.write_all(&mark.to_bytes())?;
        knowledge.read(|model| model.write_to(&mut output))?;
        output.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|source| {
        // Half a file is of no use, and the disk may be full.
        let _ = fs::remove_file(&beside);
        CheckpointError::Write { path: path.clone(), source }
    })
}

/// Reads the copy: the model, and what it is of. `None` if there is none.
///
/// # Errors
/// It cannot be read, or is damaged.
pub fn read(folder: &Path) -> Result<Option<(Mark, Model)>, CheckpointError> {
    let path = folder.join(NAME);
    let unreadable = |source| CheckpointError::Read { path: path.clone(), source };
    let mut input = match File::open(&path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut mark = [0; Mark::LENGTH];
    input.read_exact(&mut mark).map_err(unreadable)?;
    let model = Model::read_from(&mut input)
        .map_err(|source| CheckpointError::Model { path: path.clone(), source })?;
    Ok(Some((Mark::from_bytes(mark), model)))
}
