//! A copy of the model on the disk, with the number of the store's last change that is in it.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
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

/// Writes the copy: beside the old one, then in its place.
pub(super) fn write(
    folder: &Path,
    change: u64,
    knowledge: &Knowledge,
) -> Result<(), CheckpointError> {
    let path = folder.join(NAME);
    let beside = path.with_extension("new");
    let write = || {
        let file = File::create(&beside)?;
        let mut output = BufWriter::new(file);
        output.write_all(&change.to_le_bytes())?;
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

/// Reads the copy: the model, and the store's last change that is in it. `None` if there is none.
///
/// # Errors
/// It cannot be read, or is damaged.
pub fn read(folder: &Path) -> Result<Option<(u64, Model)>, CheckpointError> {
    let path = folder.join(NAME);
    let unreadable = |source| CheckpointError::Read { path: path.clone(), source };
    let mut input = match File::open(&path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut change = [0; 8];
    input.read_exact(&mut change).map_err(unreadable)?;
    let model = Model::read_from(&mut input)
        .map_err(|source| CheckpointError::Model { path: path.clone(), source })?;
    Ok(Some((u64::from_le_bytes(change), model)))
}
