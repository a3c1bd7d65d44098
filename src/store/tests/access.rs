//! The other topic: what only holds of access entries.

use redb::Database;

use super::{
    Kind, Outcome, access_entries, assert_sound, digest, entries, folder, lesson, open, teach,
};
use crate::store::{FILE_NAME, Lesson, MOST_ACCESS_BYTES, Record, tables::ACCESS};

fn said(kind: Kind, text: &str) -> Lesson {
    Lesson { kind, digest: digest(1), features: text.as_bytes().to_vec() }
}

#[test]
fn the_last_word_stands_and_can_be_taken_back() {
    let folder = folder();
    let store = open(folder.path(), 100);
    let large = "x".repeat(MOST_ACCESS_BYTES + 1);
    for (lesson, outcome) in [
        (said(Kind::Unlisted, "a"), Outcome::NotKnown),
        (said(Kind::Blocked, "a"), Outcome::Learned),
        (said(Kind::Blocked, "a"), Outcome::Known),
        (said(Kind::Blocked, "a, for a reason"), Outcome::Moved),
        (said(Kind::Allowed, "a"), Outcome::Moved),
        (said(Kind::Allowed, &large), Outcome::TooLarge),
        (said(Kind::Unlisted, "a"), Outcome::Forgotten),
        (said(Kind::Unlisted, "a"), Outcome::NotKnown),
        (said(Kind::Blocked, "a"), Outcome::Learned),
    ] {
        let shown = format!("{lesson:?}");
        let batch = store.teach_at(vec![lesson], 1000).unwrap();
        assert_eq!(batch.outcomes, [outcome], "{shown}");
        let is_event = !matches!(outcome, Outcome::NotKnown | Outcome::Known | Outcome::TooLarge);
        assert_eq!(batch.access, is_event, "{shown}");
        assert_eq!((batch.changes.len(), batch.number), (0, 0), "no change for a model");
        assert_sound(&store);
    }
    assert_eq!(store.journal_from(1, 10).unwrap().len(), 2, "a hole and the last word");
}

#[test]
fn they_are_no_messages_and_do_not_expire() {
    let folder = folder();
    let store = open(folder.path(), 2);
    let empty = store.messages_hash().unwrap();
    for number in 1..=9 {
        teach(&store, Kind::Blocked, number);
    }
    assert_eq!(store.counts().unwrap().total(), 0);
    assert_eq!(store.messages_hash().unwrap(), empty);
    assert_ne!(store.state_hash().unwrap(), empty);
    for number in 1..=9 {
        teach(&store, Kind::Spam, number);
    }
    assert_eq!((entries(&store).len(), access_entries(&store).len()), (2, 9));
    let journal = store.journal_from(1, 100).unwrap();
    let events = journal.iter().filter(|record| matches!(record, Record::Event(_)));
    assert_eq!(events.count(), 11, "the same digest in both topics");
    assert_sound(&store);
}

/// Older versions made stores without that table.
#[test]
fn a_store_from_before_gets_its_table() {
    let folder = folder();
    let store = open(folder.path(), 10);
    teach(&store, Kind::Spam, 1);
    drop(store);
    let database = Database::open(folder.path().join(FILE_NAME)).unwrap();
    let transaction = database.begin_write().unwrap();
    assert!(transaction.delete_table(ACCESS).unwrap());
    transaction.commit().unwrap();
    drop(database);
    let store = open(folder.path(), 10);
    assert_eq!(access_entries(&store).len(), 0);
    assert_eq!(store.journal_from(1, 10).unwrap().len(), 1);
    assert_sound(&store);
    store.export(&mut Vec::new()).unwrap();
    store.teach(vec![lesson(Kind::Allowed, 2)]).unwrap();
    assert_eq!(access_entries(&store).len(), 1);
    assert_sound(&store);
}
