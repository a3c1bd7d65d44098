//! Reading, whether or not somebody writes at the time.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    HistoryError,
    index::Index,
    segment::{self, Opened, Segment},
};

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    segment: u64,
    offset: u32,
}

/// Part of a segment that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Which file.
    pub path: PathBuf,
    /// How much of it, in bytes; `None`: all of it.
    pub bytes: Option<u64>,
}

/// The records of a folder as they are when it is opened.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    /// By number, newest first.
    segments: Vec<(u64, Index)>,
    damages: Vec<Damage>,
    opened: Mutex<HashMap<u64, Arc<Opened>>>,
}

impl Archive {
    /// Reads the keys of all records. A folder that is not there holds none.
    ///
    /// # Errors
    /// The folder or a file cannot be read. A damaged segment is no error: see
    /// [`Archive::damages`].
    pub fn open(folder: &Path) -> Result<Self, HistoryError> {
        let mut archive = Self {
            folder: folder.to_owned(),
            segments: Vec::new(),
            damages: Vec::new(),
            opened: Mutex::default(),
        };
        if !folder.exists() {
            return Ok(archive);
        }
        let numbers = segment::numbers(folder)?;
        let newest = numbers.last().copied();
        for number in numbers.into_iter().rev() {
            archive.add(number, Some(number) == newest)?;
        }
        Ok(archive)
    }

    fn add(&mut self, number: u64, is_newest: bool) -> Result<(), HistoryError> {
        let path = segment::path(&self.folder, number);
        match index_of(&path) {
            Ok(index) => {
                // The newest may be in the middle of being written.
                if index.damaged > 0 && !is_newest {
                    let bytes = Some(index.damaged);
                    self.damages.push(Damage { path, bytes });
                }
                self.segments.push((number, index));
            }
            Err(HistoryError::Head { path }) => self.damages.push(Damage { path, bytes: None }),
            // Too old since the folder was listed.
            Err(HistoryError::Read { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.segments.iter().map(|(_, index)| index.keys.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What could not be read.
    pub fn damages(&self) -> &[Damage] {
        &self.damages
    }

    /// The newest record with this reference.
    pub fn find(&self, reference: u64) -> Option<Place> {
        self.segments.iter().find_map(|(number, index)| {
            let key = index.find(reference)?;
            Some(Place { segment: *number, offset: key.offset })
        })
    }

    /// By digest, the newest record about each.
    pub fn by_digest(&self) -> HashMap<[u8; 16], Place> {
        let mut newest: HashMap<_, Place> = HashMap::with_capacity(self.len());
        // Oldest first: what comes later replaces what was.
        for (number, index) in self.segments.iter().rev() {
            for key in &index.keys {
                let Some(digest) = key.digest else { continue };
                let place = Place { segment: *number, offset: key.offset };
                let kept = newest.entry(digest).or_insert(place);
                if (kept.segment, kept.offset) < (place.segment, place.offset) {
                    *kept = place;
                }
            }
        }
        newest
    }

    /// A record.
    ///
    /// # Errors
    /// It cannot be read, or has been damaged or deleted since.
    pub fn read(&self, place: Place) -> Result<Vec<u8>, HistoryError> {
        let path = segment::path(&self.folder, place.segment);
        let opened = self.opened(place.segment, &path)?;
        let offset = u64::from(place.offset);
        opened.record(offset).ok_or(HistoryError::Frame { path, offset })
    }

    /// Opened once: many records of many segments may be wanted in any order.
    fn opened(&self, number: u64, path: &Path) -> Result<Arc<Opened>, HistoryError> {
        let mut all = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = all.get(&number) {
            return Ok(Arc::clone(opened));
        }
        let opened = Arc::new(Opened::open(path)?);
        all.insert(number, Arc::clone(&opened));
        Ok(opened)
    }
}

/// From its file, or else by reading the segment.
fn index_of(path: &Path) -> Result<Index, HistoryError> {
    let length = fs::metadata(path)
        .map_err(|source| HistoryError::Read { path: path.to_owned(), source })?
        .len();
    let written = fs::read(segment::index_path(path)).ok();
    match written.and_then(|bytes| Index::from_bytes(&bytes, length)) {
        Some(index) => Ok(index),
        None => Ok(Segment::read(path)?.scan()),
    }
}
