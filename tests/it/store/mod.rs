//! The store on real disks: killed, full, read-only, and used for long.
//!
//! The long ones and the figures: `tests/run.sh --test it store:: -- --ignored --nocapture
//! --test-threads 1`.

mod crash;
mod disk;
mod figures;
mod growth;

use std::{num::NonZeroU64, path::Path};

use gatepost::store::{Digest, Kind, Lesson, Settings, Store};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tempfile::TempDir;

pub(crate) fn open(folder: &Path) -> Store {
    open_with(folder, 10_000_000)
}

pub(crate) fn open_with(folder: &Path, most: u64) -> Store {
    let most_messages = NonZeroU64::new(most).unwrap();
    Store::open(folder, &Settings { most_messages, tokenizer: 1 }).unwrap()
}

/// A folder in memory, where there is a file system for it.
pub(crate) fn memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Digests are as good as random.
pub(crate) fn digest(number: u64) -> Digest {
    Digest(StdRng::seed_from_u64(number).random())
}

/// Features that do not compress; some shorter, some longer than `bytes`.
pub(crate) fn lesson(kind: Kind, number: u64, bytes: u64) -> Lesson {
    let mut numbers = StdRng::seed_from_u64(!number);
    let length = if bytes == 0 { 0 } else { bytes / 2 + numbers.random_range(..bytes) };
    let features = (0..length.div_ceil(8)).flat_map(|_| numbers.random::<[u8; 8]>());
    let features = features.take(length as usize).collect();
    Lesson { kind, digest: digest(number), features }
}

pub(crate) fn assert_sound(store: &Store) {
    let verification = store.verify().unwrap();
    assert_eq!(verification.mistakes, Vec::<String>::new());
    assert_eq!(verification.state_hash, store.state_hash().unwrap());
    assert_eq!(verification.counts, store.counts().unwrap());
}
