//! The file does not grow without bound, however often messages come and go.

use std::{ops::Range, time::Instant};

use gatepost::store::{Kind, Store};

use super::{assert_sound, lesson, memory, open, open_with};

/// Learns and forgets, sixteen messages at a time. The model is written down now and then.
fn cycle(store: &Store, cycles: Range<u64>, written_down: bool) {
    for start in cycles.step_by(16) {
        for kind in [Kind::Spam, Kind::Forgotten] {
            let lessons = (start..start + 16).map(|number| lesson(kind, number % 64, 3000));
            assert_eq!(store.teach(lessons.collect()).unwrap().changes.len(), 16);
        }
        if written_down && start % 1600 == 0 {
            store.checkpointed(store.number().unwrap()).unwrap();
        }
    }
}

#[test]
fn learning_and_forgetting_does_not_grow_the_file() {
    let folder = memory();
    let store = open(folder.path());
    cycle(&store, 0..1600, true);
    let once = store.size().unwrap().file_bytes;
    cycle(&store, 1600..6400, true);
    assert!(store.size().unwrap().file_bytes <= once * 2, "{once} then {:?}", store.size());
    assert_sound(&store);
}

#[test]
fn new_messages_take_the_room_of_expired_ones() {
    let folder = memory();
    let store = open_with(folder.path(), 500);
    let teach = |messages: Range<u64>| {
        for start in messages.step_by(20) {
            let lessons = (start..start + 20).map(|number| lesson(Kind::Ham, number, 3000));
            store.teach(lessons.collect()).unwrap();
            store.checkpointed(store.number().unwrap()).unwrap();
        }
        store.size().unwrap().file_bytes
    };
    let once = teach(0..1000);
    let later = teach(1000..5000);
    assert!(later <= once * 2, "{once} then {later}");
    assert_eq!(store.counts().unwrap().total(), 500);
    assert_sound(&store);
}

#[test]
#[ignore = "minutes: 100,000 cycles of learning and forgetting, twice"]
fn a_hundred_thousand_cycles() {
    for written_down in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let start = Instant::now();
        let mut sizes = Vec::new();
        for part in 0..10 {
            cycle(&store, part * 10_000..(part + 1) * 10_000, written_down);
            sizes.push(store.size().unwrap().file_bytes);
        }
        println!("model written down: {written_down}; {:.0?}; bytes {sizes:?}", start.elapsed());
        // Without a checkpoint the redo list is cut, and says so.
        assert_eq!(store.changes_since(0, drop).unwrap(), None);
        assert!(sizes[9] <= sizes[4], "it still grows: {sizes:?}");
        println!("{:?}", store.compact().unwrap());
        assert_sound(&store);
    }
}

#[test]
#[ignore = "minutes, and 2 GB of disk: a million lessons"]
fn a_million_lessons() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let start = Instant::now();
    for batch in (0..1_000_000).step_by(64) {
        let lessons = (batch..batch + 64).map(|number| lesson(Kind::Spam, number, 1000));
        store.teach(lessons.collect()).unwrap();
        if batch % 16_384 == 0 {
            store.checkpointed(store.number().unwrap()).unwrap();
        }
    }
    println!("taught in {:.1?}: {:?}", start.elapsed(), store.size().unwrap());
    let start = Instant::now();
    assert_sound(&store);
    println!("verified in {:.1?}", start.elapsed());
    let start = Instant::now();
    println!("{:?} in {:.1?}", store.compact().unwrap(), start.elapsed());
}
