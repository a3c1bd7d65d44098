//! New files in a new folder, for its owner alone.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::InitError;

/// A folder that is being filled.
pub(super) struct Files {
    folder: PathBuf,
    /// What was written so far.
    pub(super) written: Vec<PathBuf>,
}

impl Files {
    /// In a folder that is made now, or is empty.
    pub(super) fn new(folder: PathBuf) -> Result<Self, InitError> {
        make_folder(&folder).map_err(|source| InitError::Write { path: folder.clone(), source })?;
        let mut entries = fs::read_dir(&folder)
            .map_err(|source| InitError::Write { path: folder.clone(), source })?;
        if entries.next().is_some() {
            return Err(InitError::Exists(folder));
        }
        Ok(Self { folder, written: Vec::new() })
    }

    /// Writes a file that is not there yet, with the folders on the way to it.
    pub(super) fn write(&mut self, name: &str, text: &str) -> Result<(), InitError> {
        let path = self.folder.join(name);
        match write_new(&path, text) {
            Ok(()) => {
                self.written.push(path);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(InitError::Exists(path))
            }
            Err(source) => Err(InitError::Write { path, source }),
        }
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // It may have been there.
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
