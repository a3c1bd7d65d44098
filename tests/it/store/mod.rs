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

/// A sequence of numbers without a pattern (SplitMix64), the same for the same seed.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Digests are as good as random.
pub(crate) fn digest(number: u64) -> Digest {
    let mut numbers = Numbers(number);
    let (high, low) = (numbers.next().to_be_bytes(), numbers.next().to_be_bytes());
    Digest(std::array::from_fn(|at| if at < 8 { high[at] } else { low[at - 8] }))
}

/// Features that do not compress; some shorter, some longer than `bytes`.
pub(crate) fn lesson(kind: Kind, number: u64, bytes: u64) -> Lesson {
    let mut numbers = Numbers(!number);
    let length = if bytes == 0 { 0 } else { bytes / 2 + numbers.below(bytes) };
    let features = (0..length.div_ceil(8)).flat_map(|_| numbers.next().to_be_bytes());
    let features = features.take(length as usize).collect();
    Lesson { kind, digest: digest(number), features }
}

pub(crate) fn assert_sound(store: &Store) {
    let verification = store.verify().unwrap();
    assert_eq!(verification.mistakes, Vec::<String>::new());
    assert_eq!(verification.state_hash, store.state_hash().unwrap());
    assert_eq!(verification.counts, store.counts().unwrap());
}
