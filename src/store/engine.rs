//! The file and its one owner: opens it, keeps it open, opens it anew after a failure.
//!
//! After a failure of the disk the engine refuses everything, reading too, until it is opened
//! anew; that repairs the file to the last durable transaction. So whoever comes next opens it
//! before anything else. If that fails, they are told why, and the one after them tries again:
//! there is nothing to restart when the disk has room.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read},
    os::unix::fs::DirBuilderExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{Builder, Database, Durability, ReadTransaction, ReadableDatabase, WriteTransaction};

use super::error::Fault;

/// Pages kept in memory, in bytes. The classifier has its model in memory and does not read here
/// for each message; the upper levels of the trees fit.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// How every file of the engine begins.
const MAGIC: &[u8] = b"redb";

/// Whether the work of a write transaction is to stay.
pub(super) enum Done<R> {
    /// Make it durable.
    Commit(R),
    /// Nothing was changed.
    Nothing(R),
}

/// The open file.
#[derive(Debug)]
pub(super) struct Engine {
    file: PathBuf,
    /// None: it was given up after a failure and could not be opened again yet.
    database: RwLock<Option<Database>>,
    /// To be opened anew.
    broken: AtomicBool,
}

impl Engine {
    /// Opens the file; makes it, and its folder, if there is none and `create` says so.
    pub(super) fn open(file: &Path, create: bool) -> Result<Self, Fault> {
        if create {
            make_folder(file)?;
        }
        let database = open(file, create)?;
        Ok(Self {
            file: file.to_owned(),
            database: RwLock::new(Some(database)),
            broken: AtomicBool::new(false),
        })
    }

    /// Which file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Reads from one state of the store; writers neither wait nor disturb.
    pub(super) fn read<R>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        self.shared(|database| work(&database.begin_read()?))
    }

    /// Writes all or nothing, durable on return. Writers take turns.
    pub(super) fn write<R>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<Done<R>, Fault>,
    ) -> Result<R, Fault> {
        self.shared(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            match work(&transaction)? {
                Done::Commit(result) => {
                    transaction.commit()?;
                    Ok(result)
                }
                Done::Nothing(result) => {
                    transaction.abort()?;
                    Ok(result)
                }
            }
        })
    }

    /// Work that nobody may be beside.
    pub(super) fn alone<R>(
        &self,
        work: impl FnOnce(&mut Database) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        self.mend()?;
        let mut slot = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let database = slot.as_mut().ok_or_else(given_up)?;
        self.noting_failure(|| work(database))
    }

    fn shared<R>(&self, work: impl FnOnce(&Database) -> Result<R, Fault>) -> Result<R, Fault> {
        self.mend()?;
        let slot = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = slot.as_ref().ok_or_else(given_up)?;
        self.noting_failure(|| work(database))
    }

    /// Opens the file anew if the last one here found it broken.
    fn mend(&self) -> Result<(), Fault> {
        if !self.broken.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut slot = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if self.broken.load(Ordering::Acquire) {
            // Closed first: the lock is on the file.
            drop(slot.take());
            *slot = Some(open(&self.file, false)?);
            self.broken.store(false, Ordering::Release);
            tracing::info!(file = %self.file.display(), "token store opened anew after a failure");
        }
        Ok(())
    }

    fn noting_failure<R>(&self, work: impl FnOnce() -> Result<R, Fault>) -> Result<R, Fault> {
        let result = without_panic(work);
        if result.as_ref().is_err_and(Fault::breaks_the_engine) {
            self.broken.store(true, Ordering::Release);
        }
        result
    }
}

/// Between two attempts to open it anew.
fn given_up() -> Fault {
    Fault::Io(io::Error::other("closed after a failure"))
}

/// The engine trusts what it once wrote, and may panic if somebody else wrote into the file.
fn without_panic<R>(work: impl FnOnce() -> Result<R, Fault>) -> Result<R, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_panic| {
        Err(Fault::Damaged("the engine does not understand its own file".to_owned()))
    })
}

fn open(file: &Path, create: bool) -> Result<Database, Fault> {
    refuse_strange_files(file)?;
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    without_panic(|| {
        let database = if create { builder.create(file) } else { builder.open(file) };
        Ok(database?)
    })
}

/// A folder that only its owner may enter: features tell what people write about.
fn make_folder(file: &Path) -> Result<(), Fault> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    if folder.is_dir() {
        return Ok(());
    }
    Ok(DirBuilder::new().recursive(true).mode(0o700).create(folder)?)
}

/// What is not the engine's is not handed to it.
fn refuse_strange_files(file: &Path) -> Result<(), Fault> {
    let length = match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?.len(),
    };
    if length == 0 {
        return Ok(());
    }
    let mut start = Vec::new();
    File::open(file)?.take(MAGIC.len() as u64).read_to_end(&mut start)?;
    if start == MAGIC {
        return Ok(());
    }
    Err(Fault::Damaged("not a token store".to_owned()))
}
