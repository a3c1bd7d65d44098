//! The one thread that writes, and the handle to it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    Entry, HistoryError, MOST_RECORD, Settings, frame,
    index::{Index, Key},
    segment, upkeep,
};
use crate::metrics;

/// Records that wait for the disk before new ones are let go.
const QUEUE: usize = 4_096;
/// Their bytes.
const QUEUE_BYTES: usize = 32 << 20;
/// Records written at once.
const BATCH: usize = 256;
/// How often it is looked what has become too old.
const LOOK: Duration = Duration::from_secs(600);
/// A segment takes records for so long, in seconds: so much longer than `days` may one be kept.
const MOST_AGE: u64 = 86_400;
/// Bounds of a segment's length.
const SEGMENT: std::ops::RangeInclusive<u64> = 32 << 10..=16 << 20;

/// Keeps records. Never waits, and is no promise.
#[derive(Debug)]
pub struct History {
    queue: SyncSender<Task>,
    load: Arc<Load>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What waits, and what was let go because too much did.
#[derive(Debug, Default)]
struct Load {
    bytes: AtomicUsize,
    let_go: AtomicU64,
}

#[derive(Debug)]
enum Task {
    Keep(Entry),
    Stop,
}

impl History {
    /// Opens the folder, which then belongs to this process, and starts the thread that writes.
    /// `dictionary` is what records look like. Blocks while it reads what has no index.
    ///
    /// # Errors
    /// The folder cannot be had, or another process writes there.
    pub fn open(
        folder: &Path,
        settings: &Settings,
        dictionary: &'static [u8],
    ) -> Result<Self, HistoryError> {
        let writer = Writer::open(folder, settings, dictionary)?;
        let (queue, tasks) = sync_channel(QUEUE);
        let load = Arc::<Load>::default();
        let shared = Arc::clone(&load);
        let thread = thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || writer.run(&tasks, &shared))
            .map_err(HistoryError::Thread)?;
        Ok(Self { queue, load, thread: Mutex::new(Some(thread)) })
    }

    /// Keeps a record, unless there are too many at once.
    pub fn keep(&self, entry: Entry) {
        let bytes = entry.bytes.len();
        if bytes > MOST_RECORD {
            return metrics::history_dropped("size");
        }
        let waiting = self.load.bytes.fetch_add(bytes, Relaxed);
        let fits = waiting.saturating_add(bytes) <= QUEUE_BYTES;
        if !fits || self.queue.try_send(Task::Keep(entry)).is_err() {
            self.load.bytes.fetch_sub(bytes, Relaxed);
            self.load.let_go.fetch_add(1, Relaxed);
            metrics::history_dropped("queue");
        }
    }

    /// Ends when all that waits is written. What comes later is let go.
    pub fn close(&self) {
        // A thread that is gone needs no word; a poisoned lock still holds the handle.
        let _ = self.queue.send(Task::Stop);
        let handle = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if handle.is_some_and(|handle| handle.join().is_err()) {
            tracing::error!("the thread that writes the history broke");
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.close();
    }
}

/// The thread's state.
struct Writer {
    folder: PathBuf,
    most_bytes: u64,
    most_age: u64,
    segment_bytes: u64,
    dictionary: &'static [u8],
    compressor: zstd::bulk::Compressor<'static>,
    next: u64,
    active: Option<Active>,
    /// The last write did not go well; whoever writes the next line says so.
    is_failing: bool,
    /// Held as long as the folder belongs to this process.
    _lock: File,
}

/// The segment that is being written.
struct Active {
    file: File,
    path: PathBuf,
    length: u64,
    began: Instant,
    keys: Vec<Key>,
}

impl Writer {
    fn open(
        folder: &Path,
        settings: &Settings,
        dictionary: &'static [u8],
    ) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Folder { path: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let lock = own(&folder.join("lock")).map_err(failed)?;
        if lock.try_lock().is_err() {
            return Err(HistoryError::Busy { path: folder.to_owned() });
        }
        let numbers = segment::numbers(folder)?;
        for &number in &numbers {
            upkeep::mend(&segment::path(folder, number));
        }
        let mut writer = Self {
            folder: folder.to_owned(),
            most_bytes: settings.most_bytes,
            most_age: u64::from(settings.days.get()).saturating_mul(86_400),
            segment_bytes: (settings.most_bytes / 16).clamp(*SEGMENT.start(), *SEGMENT.end()),
            dictionary,
            compressor: segment::compressor(dictionary).map_err(failed)?,
            next: numbers.last().map_or(1, |last| last.saturating_add(1)),
            active: None,
            is_failing: false,
            _lock: lock,
        };
        writer.forget_old();
        Ok(writer)
    }

    fn run(mut self, tasks: &Receiver<Task>, load: &Load) {
        let mut looked = Instant::now();
        loop {
            match tasks.recv_timeout(LOOK) {
                Ok(Task::Keep(entry)) => {
                    if !self.batch(entry, tasks, load) {
                        break;
                    }
                }
                Ok(Task::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                self.roll_if(|active| active.began.elapsed().as_secs() >= MOST_AGE);
                self.forget_old();
            }
            let let_go = load.let_go.swap(0, Relaxed);
            if let_go > 0 {
                tracing::warn!(
                    let_go,
                    "judgements were not recorded: more came than can be written"
                );
            }
        }
        self.seal();
    }

    /// Writes this record and what waits with it. `false`: it is time to stop.
    fn batch(&mut self, first: Entry, tasks: &Receiver<Task>, load: &Load) -> bool {
        let mut entries = vec![first];
        let mut goes_on = true;
        while entries.len() < BATCH {
            match tasks.try_recv() {
                Ok(Task::Keep(entry)) => entries.push(entry),
                Ok(Task::Stop) => {
                    goes_on = false;
                    break;
                }
                Err(_) => break,
            }
        }
        let bytes = entries.iter().map(|entry| entry.bytes.len()).sum();
        load.bytes.fetch_sub(bytes, Relaxed);
        let segment_bytes = self.segment_bytes;
        self.roll_if(|active| {
            active.length >= segment_bytes || active.began.elapsed().as_secs() >= MOST_AGE
        });
        self.write(&entries);
        goes_on
    }

    fn write(&mut self, entries: &[Entry]) {
        match self.append(entries) {
            Ok(()) => {
                entries.iter().for_each(|_| metrics::history_kept());
                if std::mem::replace(&mut self.is_failing, false) {
                    tracing::info!("judgements are recorded again");
                }
            }
            Err(error) => {
                entries.iter().for_each(|_| metrics::history_dropped("disk"));
                if !std::mem::replace(&mut self.is_failing, true) {
                    let error = crate::chain(&error);
                    tracing::error!(error, "judgements are not recorded, until this is over");
                }
            }
        }
    }

    /// All of them, or none.
    fn append(&mut self, entries: &[Entry]) -> Result<(), HistoryError> {
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.begin()?,
        };
        let mut frames = Vec::new();
        let kept = active.keys.len();
        for entry in entries {
            let end = active.length.saturating_add(u64::try_from(frames.len()).unwrap_or(0));
            // Compressing in memory does not fail; a record that does is left out.
            let Ok(compressed) = self.compressor.compress(&entry.bytes) else { continue };
            let key = Key {
                reference: entry.reference,
                digest: entry.digest,
                seconds: u32::try_from(entry.seconds).unwrap_or(u32::MAX),
                offset: u32::try_from(end).unwrap_or(u32::MAX),
            };
            frame::write(&mut frames, &key, &compressed);
            active.keys.push(key);
        }
        if let Err(source) = active.file.write_all(&frames) {
            active.keys.truncate(kept);
            let path = active.path.clone();
            // What was written in part is taken back; if even that fails, the segment ends here.
            if active.file.set_len(active.length).is_ok() {
                self.active = Some(active);
            }
            return Err(HistoryError::Write { path, source });
        }
        active.length += u64::try_from(frames.len()).unwrap_or(0);
        self.active = Some(active);
        Ok(())
    }

    /// A new segment.
    fn begin(&mut self) -> Result<Active, HistoryError> {
        self.forget_old();
        let path = segment::path(&self.folder, self.next);
        let head = segment::head(self.dictionary);
        let made = own(&path).and_then(|mut file| file.write_all(&head).map(|()| file));
        let file = made.map_err(|source| {
            // A head in part is of no use, and the disk may be full.
            let _ = fs::remove_file(&path);
            HistoryError::Write { path: path.clone(), source }
        })?;
        self.next = self.next.saturating_add(1);
        let length = u64::try_from(head.len()).unwrap_or(0);
        Ok(Active { file, path, length, began: Instant::now(), keys: Vec::new() })
    }

    fn roll_if(&mut self, is_full: impl FnOnce(&Active) -> bool) {
        if self.active.as_ref().is_some_and(is_full) {
            self.seal();
        }
    }

    /// The segment is full: its index is written.
    fn seal(&mut self) {
        let Some(active) = self.active.take() else { return };
        let index = Index::new(active.keys, 0);
        if let Err(error) = index.write(&segment::index_path(&active.path), active.length) {
            // Whoever needs it reads the segment.
            tracing::warn!(error = crate::chain(&error), "a segment of the history has no index");
        }
    }

    /// Deletes what is too old, and the oldest until a new segment has room.
    fn forget_old(&mut self) {
        // Records in one batch may go beyond a segment's length.
        let room = self.segment_bytes.saturating_add(self.segment_bytes / 2);
        let active = self.active.as_ref().map(|active| (active.path.as_path(), active.length));
        let most_bytes =
            self.most_bytes.saturating_sub(active.map_or(0, |(_, length)| length).max(room));
        upkeep::forget(&self.folder, active.map(|(path, _)| path), most_bytes, self.most_age);
    }
}

/// Opens a file that is its owner's alone, to be appended to.
fn own(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}
