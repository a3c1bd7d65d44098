//! Writing, reading, damage.

use std::{
    fs::{self, OpenOptions},
    num::NonZeroU32,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{
    frame,
    index::{Index, Key},
    segment::{self, Segment},
    *,
};

const DICTIONARY: &[u8] = b"what records look like: sender@example.org recipient@example.com";

fn entry(reference: u64, text: &str) -> Entry {
    let digest =
        (!reference.is_multiple_of(3)).then(|| [u8::try_from(reference % 200).unwrap() + 1; 16]);
    Entry { reference, digest, seconds: 1_700_000_000 + reference, bytes: text.into() }
}

fn open(folder: &Path) -> History {
    History::open(folder, &Settings::default(), DICTIONARY).unwrap()
}

/// Keeps these records, by a process of their own.
fn keep(folder: &Path, numbers: std::ops::Range<u64>) {
    let history = open(folder);
    numbers.for_each(|number| history.keep(entry(number, &format!("record {number}"))));
    history.close();
}

fn found(archive: &Archive, reference: u64) -> Option<String> {
    let bytes = archive.read(archive.find(reference)?).ok()?;
    Some(String::from_utf8(bytes).unwrap())
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        all.filter(|path| path.extension().is_some_and(|e| e == ending)).collect();
    files.sort();
    files
}

#[test]
fn what_was_kept_is_found_by_reference_and_by_digest() {
    let folder = TempDir::new().unwrap();
    keep(folder.path(), 0..100);
    keep(folder.path(), 100..150);
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!((archive.len(), archive.damages()), (150, &[][..]));
    for number in 0..150 {
        assert_eq!(found(&archive, number), Some(format!("record {number}")));
    }
    assert_eq!(archive.find(1_000), None);
    let by_digest = archive.by_digest();
    let digest = entry(7, "").digest.unwrap();
    assert_eq!(archive.read(by_digest[&digest]).unwrap(), b"record 7");
    assert_eq!(by_digest.len(), 100);
}

#[test]
fn of_two_records_with_one_key_the_newest_is_found() {
    let folder = TempDir::new().unwrap();
    for text in ["first", "second"] {
        let history = open(folder.path());
        for number in 0..3 {
            history.keep(entry(7, &format!("{text} {number}")));
        }
    }
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!(found(&archive, 7).as_deref(), Some("second 2"));
    let digest = entry(7, "").digest.unwrap();
    assert_eq!(archive.read(archive.by_digest()[&digest]).unwrap(), b"second 2");
}

#[test]
fn files_are_their_owners_alone() {
    let folder = TempDir::new().unwrap();
    let below = folder.path().join("history");
    keep(&below, 0..10);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&below), 0o700);
    for file in fs::read_dir(&below).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[test]
fn a_folder_has_one_writer() {
    let folder = TempDir::new().unwrap();
    let history = open(folder.path());
    let second = History::open(folder.path(), &Settings::default(), DICTIONARY);
    assert!(matches!(second, Err(HistoryError::Busy { .. })));
    drop(history);
    open(folder.path());
}

#[test]
fn a_lost_index_is_made_anew_and_is_the_same() {
    let folder = TempDir::new().unwrap();
    keep(folder.path(), 0..100);
    let [index] = &files(folder.path(), "idx")[..] else { panic!("one index") };
    let written = fs::read(index).unwrap();
    fs::remove_file(index).unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!((archive.len(), found(&archive, 50).as_deref()), (100, Some("record 50")));
    drop(open(folder.path()));
    assert_eq!(fs::read(index).unwrap(), written);
}

#[test]
fn a_torn_end_is_passed_over() {
    let folder = TempDir::new().unwrap();
    keep(folder.path(), 0..100);
    let [segment] = &files(folder.path(), "seg")[..] else { panic!("one segment") };
    let length = fs::metadata(segment).unwrap().len();
    OpenOptions::new().write(true).open(segment).unwrap().set_len(length - 5).unwrap();
    keep(folder.path(), 100..110);
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!((archive.len(), archive.damages().len()), (109, 1));
    assert_eq!((found(&archive, 99), found(&archive, 98).is_some()), (None, true));
    assert!(found(&archive, 109).is_some());
}

#[test]
fn a_segment_without_its_head_is_said_to_be_of_no_use() {
    let folder = TempDir::new().unwrap();
    keep(folder.path(), 0..10);
    keep(folder.path(), 10..20);
    let segment = files(folder.path(), "seg").remove(0);
    fs::write(&segment, b"gphist1\nnothing of it").unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!(archive.damages(), [Damage { path: segment, bytes: None }]);
    assert_eq!((found(&archive, 5), found(&archive, 15).is_some()), (None, true));
}

#[test]
fn size_is_bounded_and_the_oldest_go_first() {
    let folder = TempDir::new().unwrap();
    let settings = Settings { most_bytes: 1 << 20, ..Settings::default() };
    for part in 0..6u64 {
        let history = History::open(folder.path(), &settings, DICTIONARY).unwrap();
        for number in part * 1_000..(part + 1) * 1_000 {
            // Random enough not to be compressed away.
            let mut state = number;
            let text: String = (0..64)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    format!("{:08x}", state >> 32)
                })
                .collect();
            history.keep(entry(number, &text));
        }
        history.close();
        let size: u64 = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(size <= 1 << 20, "{size}");
    }
    let archive = Archive::open(folder.path()).unwrap();
    assert!(archive.find(0).is_none());
    assert!(archive.find(5_999).is_some());
    assert!(archive.len() > 1_000, "{}", archive.len());
}

#[test]
fn what_is_too_old_goes() {
    let folder = TempDir::new().unwrap();
    keep(folder.path(), 0..10);
    keep(folder.path(), 10..20);
    let old = files(folder.path(), "seg").remove(0);
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 86_400);
    OpenOptions::new().append(true).open(old).unwrap().set_modified(then).unwrap();
    let settings = Settings { days: NonZeroU32::new(2).unwrap(), ..Settings::default() };
    drop(History::open(folder.path(), &settings, DICTIONARY).unwrap());
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!((archive.find(5), archive.find(15).is_some()), (None, true));
}

#[test]
fn what_is_too_large_is_let_go_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let history = open(folder.path());
    history.keep(entry(1, &"x".repeat(MOST_RECORD + 1)));
    history.keep(entry(2, &"x".repeat(MOST_RECORD)));
    history.close();
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!(
        (archive.len(), archive.read(archive.find(2).unwrap()).unwrap().len()),
        (1, MOST_RECORD)
    );
}

#[test]
fn a_folder_that_is_not_there_holds_nothing() {
    let folder = TempDir::new().unwrap();
    let archive = Archive::open(&folder.path().join("none")).unwrap();
    assert!(archive.is_empty());
}

/// A segment with these records, as bytes.
fn segment_of(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = segment::head(DICTIONARY);
    let mut compressor = segment::compressor(DICTIONARY).unwrap();
    for (number, record) in (0..).zip(records) {
        let key = Key { reference: number, offset: 0, digest: Some([1; 16]), seconds: 5 };
        frame::write(&mut bytes, &key, &compressor.compress(record).unwrap());
    }
    bytes
}

fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..12)
}

/// The record of the frame with this key.
fn unpacked(segment: &[u8], key: &Key) -> Option<Vec<u8>> {
    segment::decompress(DICTIONARY, &segment[key.offset as usize..])
}

proptest! {
    #[test]
    fn records_and_keys_come_back(records in records()) {
        let bytes = segment_of(&records);
        let length = u64::try_from(bytes.len()).unwrap();
        let index = Segment::of(bytes.clone()).unwrap().scan();
        prop_assert_eq!(index.damaged, 0);
        prop_assert_eq!(index.keys.len(), records.len());
        for (key, record) in index.keys.iter().zip(&records) {
            let read = unpacked(&bytes, key);
            prop_assert_eq!(read.as_ref(), Some(record));
        }
        let written = index.to_bytes(length);
        prop_assert_eq!(Index::from_bytes(&written, length), Some(index));
        prop_assert_eq!(Index::from_bytes(&written, length + 1), None);
    }

    /// Whatever is changed, cut off or put in: nothing panics, and no record is a wrong one.
    #[test]
    fn damage_never_makes_a_wrong_record(
        records in records(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let mut bytes = segment_of(&records);
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at + 1),
                _ => bytes.insert(at, byte),
            }
        }
        let Some(segment) = Segment::of(bytes.clone()) else { return Ok(()) };
        for key in segment.scan().keys {
            let read = unpacked(&bytes, &key);
            prop_assert_eq!(read.as_ref(), records.get(key.reference as usize));
        }
    }

    #[test]
    fn no_bytes_at_all_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut behind_head = segment::head(DICTIONARY);
        behind_head.extend_from_slice(&bytes);
        let segment = Segment::of(behind_head.clone()).unwrap();
        for key in segment.scan().keys {
            unpacked(&behind_head, &key);
        }
        Index::from_bytes(&bytes, 0);
        Segment::of(bytes);
    }
}

#[test]
fn one_damaged_frame_takes_no_other_with_it() {
    let records: Vec<Vec<u8>> = (0..5).map(|n| format!("record {n}").into_bytes()).collect();
    let mut bytes = segment_of(&records);
    let third = Segment::of(bytes.clone()).unwrap().scan().keys[2].offset as usize;
    bytes[third + frame::HEAD] ^= 1;
    let index = Segment::of(bytes).unwrap().scan();
    let left: Vec<u64> = index.keys.iter().map(|key| key.reference).collect();
    assert_eq!(left, [0, 1, 3, 4]);
    assert!(index.damaged > 0);
}

#[test]
fn a_writer_that_is_gone_lets_records_go() {
    let folder = TempDir::new().unwrap();
    let history = open(folder.path());
    history.close();
    history.keep(entry(1, "late"));
    assert!(Archive::open(folder.path()).unwrap().is_empty());
}
