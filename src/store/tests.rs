//! What the store promises, on real files.

mod access;
mod exchange;
mod format;
mod order;
mod owner;

use std::{collections::BTreeMap, num::NonZeroU64, path::Path};

use tempfile::TempDir;

use proptest::prelude::*;

use super::{Change, Digest, Entry, Kind, Lesson, Outcome, Settings, Store, Topic};

const TOKENIZER: u32 = 7;

/// Memory, where there is a file system for it: these tests are about states, not about disks.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn settings(most: u64) -> Settings {
    Settings { most_messages: NonZeroU64::new(most).unwrap(), tokenizer: TOKENIZER }
}

fn open(folder: &Path, most: u64) -> Store {
    Store::open(folder, &settings(most)).unwrap()
}

fn digest(number: u8) -> Digest {
    Digest([number; 16])
}

fn lesson(kind: Kind, number: u8) -> Lesson {
    Lesson { kind, digest: digest(number), features: vec![number; 3] }
}

/// All that can be said, of both topics. What is said of one does not touch the same digest in the other.
fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        2 => Just(Kind::Spam),
        2 => Just(Kind::Ham),
        2 => Just(Kind::Forgotten),
        1 => Just(Kind::Allowed),
        1 => Just(Kind::Blocked),
        1 => Just(Kind::Unlisted),
    ]
}

/// What is known of a digest in a topic.
fn entry_of(store: &Store, topic: Topic, digest: Digest) -> Option<Entry> {
    match topic {
        Topic::Message => store.entry(digest).unwrap(),
        Topic::Access => store.access_entry(digest).unwrap(),
    }
}

fn teach(store: &Store, kind: Kind, number: u8) -> Outcome {
    store.teach_at(vec![lesson(kind, number)], 1000).unwrap().outcomes[0]
}

/// What a model would have, if it were the set itself.
type Mirror = BTreeMap<Digest, Entry>;

fn reflect(mirror: &mut Mirror, change: Change) {
    assert_eq!(mirror.get(&change.digest), change.before.as_ref(), "before");
    match change.after {
        Some(entry) => mirror.insert(change.digest, entry),
        None => mirror.remove(&change.digest),
    };
}

/// All entries; they must come in canonical order.
fn entries(store: &Store) -> Mirror {
    let (mut mirror, mut last) = (Mirror::new(), None);
    store
        .entries(|digest, entry| {
            let rank = Some((entry.stamp, digest));
            assert!(last < rank, "not in canonical order");
            last = rank;
            mirror.insert(digest, entry);
        })
        .unwrap();
    mirror
}

/// All access entries.
fn access_entries(store: &Store) -> Mirror {
    let mut mirror = Mirror::new();
    store.access(|digest, entry| drop(mirror.insert(digest, entry))).unwrap();
    mirror
}

fn assert_sound(store: &Store) {
    let verification = store.verify().unwrap();
    assert_eq!(verification.access, access_entries(store).len() as u64);
    assert_eq!(verification.mistakes, Vec::<String>::new());
    assert!(!verification.repaired);
    assert_eq!(verification.state_hash, store.state_hash().unwrap());
    assert_eq!(verification.counts, store.counts().unwrap());
}

#[test]
fn a_message_counts_once_and_can_be_moved_and_forgotten() {
    let folder = folder();
    let store = open(folder.path(), 100);
    assert_eq!(teach(&store, Kind::Forgotten, 1), Outcome::NotKnown);
    assert_eq!(teach(&store, Kind::Spam, 1), Outcome::Learned);
    assert_eq!(teach(&store, Kind::Spam, 1), Outcome::Known);
    assert_eq!(teach(&store, Kind::Ham, 1), Outcome::Moved);
    assert_eq!(teach(&store, Kind::Forgotten, 1), Outcome::Forgotten);
    assert_eq!(teach(&store, Kind::Forgotten, 1), Outcome::NotKnown);
    assert_eq!(teach(&store, Kind::Ham, 1), Outcome::Learned);
    assert_eq!(store.counts().unwrap().total(), 1);
    assert_eq!(store.position(store.origin().unwrap()).unwrap(), 4, "events were made for four");
    assert_sound(&store);
}

#[test]
fn a_batch_tells_net_changes() {
    let folder = folder();
    let store = open(folder.path(), 100);
    let kinds = [Kind::Spam, Kind::Ham, Kind::Ham, Kind::Forgotten, Kind::Spam];
    let batch = store.teach(kinds.map(|kind| lesson(kind, 1)).to_vec()).unwrap();
    let expected =
        [Outcome::Learned, Outcome::Moved, Outcome::Known, Outcome::Forgotten, Outcome::Learned];
    assert_eq!(batch.outcomes, expected);
    let [change] = &batch.changes[..] else { panic!("{:?}", batch.changes) };
    assert_eq!(change.before, None);
    assert_eq!(change.after.as_ref().map(|entry| entry.kind), Some(Kind::Spam));
    assert_eq!((batch.since, batch.number), (0, 4));
}

#[test]
fn too_many_features_spoil_nothing_but_their_lesson() {
    let folder = folder();
    let store = open(folder.path(), 100);
    let mut large = lesson(Kind::Spam, 1);
    large.features = vec![0; super::MOST_FEATURE_BYTES + 1];
    let mut largest = lesson(Kind::Ham, 3);
    largest.features = vec![0; super::MOST_FEATURE_BYTES];
    let batch = store.teach(vec![large, lesson(Kind::Spam, 2), largest]).unwrap();
    assert_eq!(batch.outcomes, [Outcome::TooLarge, Outcome::Learned, Outcome::Learned]);
    assert_eq!(store.counts().unwrap().total(), 2);
}

#[test]
fn what_is_said_now_wins_whatever_the_clock_says() {
    let folder = folder();
    let store = open(folder.path(), 2);
    for (number, time) in [(1, 9_000), (2, 8_000), (3, 10)] {
        let batch = store.teach_at(vec![lesson(Kind::Spam, number)], time).unwrap();
        assert_eq!(batch.outcomes, [Outcome::Learned], "message {number}");
    }
    let batch = store.teach_at(vec![lesson(Kind::Ham, 3)], 1).unwrap();
    assert_eq!(batch.outcomes, [Outcome::Moved]);
    assert_eq!(entries(&store).keys().copied().collect::<Vec<_>>(), [digest(2), digest(3)]);
}

#[test]
fn fewer_messages_are_kept_when_the_settings_say_so_and_the_expired_stay_away() {
    let folder = folder();
    let store = open(folder.path(), 10);
    for number in 1..=9 {
        teach(&store, Kind::Spam, number);
    }
    let mut export = Vec::new();
    store.export(&mut export).unwrap();
    let since = store.number().unwrap();
    drop(store);
    let store = open(folder.path(), 4);
    assert_eq!(store.counts().unwrap().total(), 4);
    let mut expired = 0;
    store.changes_since(since, |change| expired += usize::from(change.after.is_none())).unwrap();
    assert_eq!(expired, 5);
    drop(store);
    let store = open(folder.path(), 10);
    let imported = store.import(&mut &export[..]).unwrap();
    assert_eq!((imported.taken, imported.known, imported.expired), (0, 4, 5));
    assert_sound(&store);
}

#[test]
fn a_model_that_was_written_down_is_brought_up_to_date() {
    let folder = folder();
    let store = open(folder.path(), 100);
    let mut mirror = Mirror::new();
    for number in 1..=5 {
        for change in store.teach(vec![lesson(Kind::Spam, number)]).unwrap().changes {
            reflect(&mut mirror, change);
        }
    }
    let written = store.number().unwrap();
    store.checkpointed(written).unwrap();
    for (kind, number) in [(Kind::Ham, 1), (Kind::Spam, 6), (Kind::Forgotten, 1), (Kind::Ham, 2)] {
        teach(&store, kind, number);
    }
    // Twice changed, told once.
    let mut told = 0;
    let now = store.changes_since(written, |change| {
        told += 1;
        reflect(&mut mirror, change);
    });
    assert_eq!(now.unwrap(), Some(store.number().unwrap()));
    assert_eq!(told, 3);
    assert_eq!(mirror, entries(&store));
    // Before the checkpoint, and after the end: build anew.
    assert_eq!(store.changes_since(written - 1, |_| panic!()).unwrap(), None);
    assert_eq!(store.changes_since(now_plus_one(&store), |_| panic!()).unwrap(), None);
}

fn now_plus_one(store: &Store) -> u64 {
    store.number().unwrap() + 1
}
