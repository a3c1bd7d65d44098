//! The file and its one owner: opens it, keeps it open, opens it anew after a failure.
//!
//! After a failure of the disk the engine refuses everything, reading too, until it is opened
//! anew; that repairs the file to the last durable transaction. So whoever comes next opens it
//! before anything else. If that fails, they are told why, and the one after them tries again:
//! there is nothing to restart when the disk has room.
//!
//! A repair reads the whole file: about a second for each 300 MB. The engine's quick repair would
//! spare that, but makes every transaction take two to three times as long.

use std::{
    fmt::Display,
    fs::{self, DirBuilder, File, Permissions},
    io::{self, Read},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, PermissionsExt},
    },
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

/// What follows the name of a file that is being made.
const DRAFT: &str = ".new-";

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
    /// Opens the file.
    pub(super) fn open(file: &Path) -> Result<Self, Fault> {
        let database = open(file)?;
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
            *slot = Some(open(&self.file)?);
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

fn open(file: &Path) -> Result<Database, Fault> {
    refuse_strange_files(file)?;
    without_panic(|| Ok(builder().open(file)?))
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Makes the file, and its folder, with what `lay_out` writes, unless it is there.
///
/// The file gets its name when it is complete. The engine would not take its own half-made file,
/// and whoever is killed, or finds the disk full, would leave just that behind.
pub(super) fn create(
    file: &Path,
    lay_out: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if file.try_exists()? {
        return Ok(());
    }
    let folder = make_folder(file)?;
    remove_leftovers(file, folder)?;
    let draft = draft(file, format_args!("{:016x}", rand::random::<u64>()));
    let made = write_draft(&draft, lay_out).and_then(|()| name_draft(&draft, file));
    let removed = fs::remove_file(&draft).map_err(Fault::from);
    // Another process, beginning at the same moment, took the draft for a leftover.
    let taken = |fault| if matches!(fault, Fault::Missing) { Fault::Busy } else { fault };
    made.and(removed).map_err(taken)?;
    Ok(File::open(folder)?.sync_all()?)
}

fn write_draft(
    draft: &Path,
    lay_out: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
) -> Result<(), Fault> {
    without_panic(|| {
        let database = builder().create(draft)?;
        // Whatever folder it is in: features tell what people write about.
        fs::set_permissions(draft, Permissions::from_mode(0o600))?;
        let transaction = database.begin_write()?;
        lay_out(&transaction)?;
        transaction.commit()?;
        Ok(database.close()?)
    })
}

/// A link does not replace what another process may have made meanwhile.
fn name_draft(draft: &Path, file: &Path) -> Result<(), Fault> {
    match fs::hard_link(draft, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => Ok(linked?),
    }
}

/// `tokens.redb.new-…`
fn draft(file: &Path, suffix: impl Display) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!("{DRAFT}{suffix}"));
    PathBuf::from(name)
}

/// Drafts of processes that were killed.
fn remove_leftovers(file: &Path, folder: &Path) -> Result<(), Fault> {
    let start = draft(file, "");
    for entry in fs::read_dir(folder)? {
        let path = folder.join(entry?.file_name());
        if path.as_os_str().as_bytes().starts_with(start.as_os_str().as_bytes()) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// A folder that only its owner may enter: features tell what people write about.
fn make_folder(file: &Path) -> Result<&Path, Fault> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    Ok(folder)
}

/// What is not the engine's is not handed to it.
fn refuse_strange_files(file: &Path) -> Result<(), Fault> {
    let mut start = Vec::new();
    File::open(file)?.take(MAGIC.len() as u64).read_to_end(&mut start)?;
    if start == MAGIC {
        return Ok(());
    }
    Err(Fault::Damaged("not a token store".to_owned()))
}
