//! The file: who owns it, and what else may be found in its place.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
};

use super::{Kind, assert_sound, folder, lesson, open, settings, teach};
use crate::store::{
    FILE_NAME, Fault, Outcome, Store,
    engine::{Done, Engine},
    tables::NUMBERS,
};

#[test]
fn a_new_store_lies_in_a_folder_for_its_owner_alone() {
    let folder = folder();
    let inner = folder.path().join("var").join("gatepost");
    let store = open(&inner, 10);
    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(store.file(), inner.join(FILE_NAME));
    assert_ne!(store.origin().unwrap(), 0);
    let origin = store.origin().unwrap();
    drop(store);
    assert_eq!(open(&inner, 10).origin().unwrap(), origin);
    assert_ne!(open(folder.path(), 10).origin().unwrap(), origin);
}

/// Killed while the store was made: what it left is not in the way.
#[test]
fn half_made_files_are_cleared_away() {
    let folder = folder();
    let draft = folder.path().join(format!("{FILE_NAME}.new-0123456789abcdef"));
    fs::write(&draft, [0; 5000]).unwrap();
    fs::write(folder.path().join("mine"), "").unwrap();
    drop(open(folder.path(), 10));
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["mine", FILE_NAME]);
}

#[test]
fn the_second_to_open_it_is_told() {
    let folder = folder();
    let store = open(folder.path(), 10);
    for opened in [Store::open(folder.path(), &settings(10)), Store::open_to_read(folder.path())] {
        let error = opened.unwrap_err();
        assert!(matches!(error.fault, Fault::Busy), "{error}");
        assert!(error.to_string().contains("tokens.redb: in use"), "{error}");
    }
    assert_eq!(teach(&store, Kind::Spam, 1), Outcome::Learned);
    drop(store);
    assert_sound(&open(folder.path(), 10));
}

#[test]
fn what_is_not_there_is_not_made_by_a_reader() {
    let folder = folder();
    let error = Store::open_to_read(folder.path()).unwrap_err();
    assert!(matches!(error.fault, Fault::Missing), "{error}");
    assert!(!folder.path().join(FILE_NAME).exists());
}

#[test]
fn another_format_is_refused_with_what_to_do() {
    let folder = folder();
    drop(open(folder.path(), 10));
    let engine = Engine::open(&folder.path().join(FILE_NAME)).unwrap();
    let later = engine.write(|transaction| {
        transaction.open_table(NUMBERS)?.insert("format", 2)?;
        Ok(Done::Commit(()))
    });
    later.unwrap();
    drop(engine);
    let error = Store::open(folder.path(), &settings(10)).unwrap_err();
    assert!(matches!(error.fault, Fault::Format { found: 2, ours: 1 }), "{error}");
    assert!(error.to_string().contains("gatepost store export"), "{error}");
}

#[test]
fn a_file_of_something_else_is_left_as_it_is() {
    let folder = folder();
    let file = folder.path().join(FILE_NAME);
    for text in ["", "red", "not a database at all", "redb, but not really\n"] {
        fs::write(&file, text).unwrap();
        let error = Store::open(folder.path(), &settings(10)).unwrap_err();
        assert!(matches!(error.fault, Fault::Damaged(_)), "{text}: {error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

/// Whatever a disk makes of the file: a named error or the right answer, never a panic, and
/// `verify` finds it.
#[test]
fn a_damaged_file_is_named() {
    let folder = folder();
    let store = open(folder.path(), 1000);
    let lessons = (0..200).map(|number| lesson(Kind::Spam, number)).collect();
    store.teach(lessons).unwrap();
    drop(store);
    let file = folder.path().join(FILE_NAME);
    let sound = fs::read(&file).unwrap();
    let used = sound.iter().rposition(|&byte| byte != 0).unwrap();
    let (mut refused, mut found, mut silent) = (0, 0, 0);
    for at in (0..used as u64).step_by(1024) {
        fs::write(&file, &sound).unwrap();
        let mut spoilt = OpenOptions::new().write(true).open(&file).unwrap();
        spoilt.seek(SeekFrom::Start(at)).unwrap();
        spoilt.write_all(&[0x5a; 512]).unwrap();
        match Store::open(folder.path(), &settings(1000)) {
            Err(error) => {
                assert!(matches!(error.fault, Fault::Damaged(_)), "at {at}: {error}");
                refused += 1;
            }
            Ok(store) => match store.verify() {
                Ok(verification) if verification.mistakes.is_empty() => silent += 1,
                Ok(_) => found += 1,
                Err(error) => {
                    assert!(matches!(error.fault, Fault::Damaged(_)), "at {at}: {error}");
                    found += 1;
                }
            },
        }
    }
    assert!(refused > 0 && found > 0, "{refused} refused, {found} found, {silent} silent");
    // Pages that nobody uses may hold anything.
    assert!(silent < (refused + found) * 20, "{refused} refused, {found} found, {silent} silent");
    for length in [1, 100, sound.len() / 2] {
        fs::write(&file, &sound[..length]).unwrap();
        let error = Store::open(folder.path(), &settings(1000)).unwrap_err();
        assert!(matches!(error.fault, Fault::Damaged(_)), "{length} bytes: {error}");
    }
}

#[test]
fn compacting_gives_room_back_and_changes_nothing() {
    let folder = folder();
    let store = open(folder.path(), 10);
    for round in 0..20u8 {
        let lessons = (0..100).map(|number| {
            let mut lesson = lesson(Kind::Spam, number);
            lesson.digest.0[0] = round;
            lesson.features = vec![round; 3000];
            lesson
        });
        store.teach(lessons.collect()).unwrap();
    }
    store.checkpointed(store.number().unwrap()).unwrap();
    let hash = store.state_hash().unwrap();
    let compacted = store.compact().unwrap();
    assert!(compacted.after < compacted.before / 2, "{compacted:?}");
    assert_eq!(store.size().unwrap().file_bytes, compacted.after);
    assert_eq!(store.size().unwrap().feature_bytes, 30_000);
    assert_eq!(store.state_hash().unwrap(), hash);
    assert_sound(&store);
    assert_eq!(teach(&store, Kind::Ham, 200), Outcome::Learned);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let error = Store::open(&file.join("store"), &settings(10)).unwrap_err();
    assert!(matches!(error.fault, Fault::Io(_)), "{error:?}");
    assert!(error.to_string().contains("file/store/tokens.redb"), "{error}");
}
