//! A disk that is full, or may not be written. Needs root, to mount a small one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use gatepost::store::{Fault, Kind, Outcome, Settings, Store};
use tempfile::TempDir;

use super::{assert_sound, digest, lesson, open};

/// A file system of a few MiB.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn mount(mebibytes: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={mebibytes}m");
        run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs"], folder.path());
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["--lazy"], self.folder.path());
    }
}

fn run(program: &str, arguments: &[&str], path: &Path) {
    let status = Command::new(program).args(arguments).arg(path).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}: {status} (root is needed)");
}

/// Teaches until there is no room. Returns how many lessons were acknowledged.
fn teach_until_full(store: &Store, mut number: u64) -> u64 {
    loop {
        match store.teach((number..number + 4).map(|n| lesson(Kind::Spam, n, 3000)).collect()) {
            Ok(batch) => assert_eq!(batch.outcomes, [Outcome::Learned; 4]),
            Err(error) => {
                assert!(matches!(error.fault, Fault::Full(_)), "{error:?}");
                return number;
            }
        }
        number += 4;
        assert!(number < 100_000, "the disk is never full");
    }
}

#[test]
fn a_full_disk_refuses_lessons_and_works_again_when_there_is_room() {
    let disk = Disk::mount(8);
    fs::write(disk.ballast(), vec![1; 4 << 20]).unwrap();
    let store = open(&disk.path());
    let acknowledged = teach_until_full(&store, 0);
    assert!(acknowledged > 100, "{acknowledged}");
    for _ in 0..5 {
        let error = store.teach(vec![lesson(Kind::Ham, 1 << 40, 40_000)]).unwrap_err();
        assert!(matches!(error.fault, Fault::Full(_)), "{error:?}");
        assert!(error.to_string().contains("no room is left"), "{error}");
        // What is known can be read all the time.
        assert_eq!(store.counts().unwrap().spam, acknowledged);
        assert!(store.entry(digest(acknowledged - 1)).unwrap().is_some());
    }
    fs::remove_file(disk.ballast()).unwrap();
    let more = teach_until_full(&store, acknowledged);
    assert!(more > acknowledged + 100, "{more}");
    drop(store);
    let store = open(&disk.path());
    assert_eq!(store.counts().unwrap().spam, more);
    for number in 0..more {
        let entry = store.entry(digest(number)).unwrap().unwrap();
        assert_eq!(entry.features, lesson(Kind::Spam, number, 3000).features);
    }
    assert_sound(&store);
}

#[test]
fn no_room_for_a_new_store_is_said_and_leaves_nothing_in_the_way() {
    let disk = Disk::mount(1);
    fs::write(disk.ballast(), vec![1; 1 << 20]).unwrap_or_default();
    let most_messages = std::num::NonZeroU64::MAX;
    let error = Store::open(&disk.path(), &Settings { most_messages, tokenizer: 1 }).unwrap_err();
    assert!(matches!(error.fault, Fault::Full(_)), "{error:?}");
    fs::remove_file(disk.ballast()).unwrap();
    run("mount", &["-o", "remount,size=8m"], disk.folder.path());
    assert_sound(&open(&disk.path()));
}

#[test]
fn a_read_only_disk_is_named() {
    let disk = Disk::mount(8);
    drop(open(&disk.path()));
    run("mount", &["-o", "remount,ro"], disk.folder.path());
    let most_messages = std::num::NonZeroU64::MAX;
    let error = Store::open(&disk.path(), &Settings { most_messages, tokenizer: 1 }).unwrap_err();
    assert!(matches!(error.fault, Fault::Denied(_)), "{error:?}");
    assert!(error.to_string().contains("may not be written"), "{error}");
}
