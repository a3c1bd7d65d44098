//! A learner on a store of its own: what is taught is known, at once and after any end.

use std::{fs, path::Path, thread, time::Duration};

use super::*;
use crate::{
    checks::{access::Entry, bayes::Model},
    verdict::Word,
};

const SCAN_BYTES: usize = 1 << 20;

fn settings(folder: &Path) -> Settings {
    Settings { path: folder.to_owned(), ..Settings::default() }
}

fn open(folder: &Path) -> Learner {
    Learner::open(&settings(folder), SCAN_BYTES).unwrap()
}

/// Message `number` of a kind that `words` tell.
fn message(number: usize, words: &str) -> Vec<u8> {
    format!(
        "From: a{number}@example.org\r\nSubject: {words} {number}\r\nMessage-ID: <{number}@x>\r\n\
         Date: Tue, 4 Mar 2025 10:12:00 +0100\r\n\r\nHello, {words} number {number}.\r\n"
    )
    .into_bytes()
}

fn spam(number: usize) -> Vec<u8> {
    message(number, "cheap watches")
}

fn ham(number: usize) -> Vec<u8> {
    message(1000 + number, "minutes of the meeting")
}

/// What the model makes of one that is none of those.
fn log_odds(learner: &Learner) -> f64 {
    let features = Features::of(&Message::parse(message(5000, "cheap meeting")));
    learner.knowledge().read(|model| model.judge(&features).log_odds)
}

fn teach_some(learner: &Learner) {
    for number in 0..20 {
        assert_eq!(learner.teach(Teach::Spam, spam(number)).unwrap(), Taught::Learned);
        assert_eq!(learner.teach(Teach::Ham, ham(number)).unwrap(), Taught::Learned);
    }
}

#[test]
fn a_message_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path());
    for (teach, taught, learned) in [
        (Teach::Forget, Taught::NotKnown, (0, 0)),
        (Teach::Spam, Taught::Learned, (1, 0)),
        (Teach::Spam, Taught::Known, (1, 0)),
        (Teach::Ham, Taught::Moved, (0, 1)),
        (Teach::Forget, Taught::Forgotten, (0, 0)),
        (Teach::Forget, Taught::NotKnown, (0, 0)),
        (Teach::Ham, Taught::Learned, (0, 1)),
    ] {
        let foreseen = learner.foresee(teach, spam(1)).unwrap();
        assert_eq!(learner.teach(teach, spam(1)).unwrap(), taught, "{teach:?}");
        assert_eq!(foreseen, taught, "{teach:?}");
        assert_eq!(learner.knowledge().read(Model::learned), learned, "{teach:?}");
    }
}

#[test]
fn many_may_teach_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path());
    thread::scope(|scope| {
        for teacher in 0..4 {
            let learner = &learner;
            scope.spawn(move || {
                // Half of what each teaches another teaches as well.
                for number in teacher * 10..teacher * 10 + 20 {
                    learner.teach(Teach::Spam, spam(number)).unwrap();
                }
            });
        }
    });
    assert_eq!(learner.status().unwrap().spam, 50);
    assert_eq!(learner.knowledge().read(Model::learned), (50, 0));
    assert!(learner.verify().unwrap().mistakes.is_empty());
}

#[test]
fn the_model_is_there_again_with_and_without_its_copy() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path());
    teach_some(&learner);
    let before = log_odds(&learner);
    learner.close();
    assert!(matches!(learner.teach(Teach::Spam, spam(99)), Err(LearnError::Stopped)));
    drop(learner);
    assert!(read_checkpoint(folder.path()).unwrap().is_some());
    assert_eq!(log_odds(&open(folder.path())), before);
    fs::remove_file(folder.path().join("model")).unwrap();
    assert_eq!(log_odds(&open(folder.path())), before);
    fs::write(folder.path().join("model"), b"no model at all").unwrap();
    assert!(read_checkpoint(folder.path()).is_err());
    assert_eq!(log_odds(&open(folder.path())), before);
}

/// An old copy and the changes since lead to the same as all from the beginning.
#[test]
fn an_old_copy_catches_up() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path());
    teach_some(&learner);
    drop(learner);
    let learner = open(folder.path());
    let old = fs::read(folder.path().join("model")).unwrap();
    for number in 20..30 {
        learner.teach(Teach::Spam, spam(number)).unwrap();
    }
    let before = log_odds(&learner);
    assert_eq!(fs::read(folder.path().join("model")).unwrap(), old, "not copied yet");
    let (mark, mut model) = read_checkpoint(folder.path()).unwrap().unwrap();
    let follow = |change| step::Step::of(&change).apply(&mut model);
    learner.store.changes_since(mark.change, follow).unwrap().unwrap();
    let features = Features::of(&Message::parse(message(5000, "cheap meeting")));
    assert_eq!(model.judge(&features).log_odds, before);
}

/// As many changes as the copy knows, but others.
#[test]
fn the_copy_of_another_store_is_not_used() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let learner = open(one.path());
    teach_some(&learner);
    let expected = log_odds(&learner);
    drop(learner);
    let learner = open(other.path());
    for number in 100..140 {
        learner.teach(Teach::Ham, spam(number)).unwrap();
    }
    drop(learner);
    fs::copy(other.path().join("model"), one.path().join("model")).unwrap();
    assert_eq!(log_odds(&open(one.path())), expected);
}

/// Waits until the model has been made anew; panics after half a minute.
fn wait_settled(learner: &Learner) {
    for _ in 0..600 {
        if learner.status().unwrap().settled {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "no runtime here")]
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the model does not settle");
}

#[test]
fn the_model_settles_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path());
    teach_some(&learner);
    learner.teach(Teach::Forget, spam(0)).unwrap();
    assert!(!learner.status().unwrap().settled);
    wait_settled(&learner);
    let settled = log_odds(&learner);
    drop(learner);
    fs::remove_file(folder.path().join("model")).unwrap();
    assert_eq!(log_odds(&open(folder.path())), settled, "as from the beginning");
}

/// Two nodes are taught other messages in other orders, then tell each other.
#[test]
fn who_knows_the_same_judges_the_same() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = folders.each_ref().map(|folder| open(folder.path()));
    for number in 0..30 {
        one.teach(Teach::Spam, spam(number)).unwrap();
        other.teach(Teach::Ham, ham(30 - number)).unwrap();
    }
    other.teach(Teach::Forget, ham(7)).unwrap();
    one.teach(Teach::Ham, ham(3)).unwrap();
    for (from, to) in [(&one, &other), (&other, &one)] {
        let mut lines = Vec::new();
        from.export(&mut lines).unwrap();
        to.import(&mut lines.as_slice()).unwrap();
    }
    let [known, known_too] = [&one, &other].map(|node| node.status().unwrap());
    assert_eq!(known.state_hash, known_too.state_hash);
    assert_eq!((known.spam, known.ham, known.forgotten), (30, 29, 1));
    let _ = [&one, &other].map(wait_settled);
    assert_eq!(log_odds(&one), log_odds(&other));
}

#[test]
fn a_store_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let _learner = open(folder.path());
    let error = Learner::open(&settings(folder.path()), SCAN_BYTES).unwrap_err();
    assert!(error.to_string().contains("in use by another process"), "{error}");
}

/// What the book says, as `allow|block PATTERN`, parted by commas.
fn booked(learner: &Learner) -> String {
    let list = learner.book().list();
    let shown = list.entries().into_iter().map(|e| format!("{} {}", e.word.as_str(), e.pattern));
    shown.collect::<Vec<_>>().join(", ")
}

fn set(word: Word, pattern: &str) -> Order {
    let (pattern, note) = (pattern.parse().unwrap(), "a note".to_owned());
    Order::Set(Entry { pattern, word, unverified: false, note, since: 0 })
}

fn remove(pattern: &str) -> Order {
    Order::Remove(pattern.parse().unwrap())
}

#[test]
fn orders_are_in_the_book_at_once_and_after_any_end() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path());
    teach_some(&learner);
    let before = log_odds(&learner);
    for (order, taught, book) in [
        (remove("example.org"), Taught::NotKnown, ""),
        (set(Word::Block, "example.org"), Taught::Learned, "block example.org"),
        (set(Word::Block, "example.org"), Taught::Known, "block example.org"),
        (set(Word::Allow, "example.org"), Taught::Moved, "allow example.org"),
        (set(Word::Block, "192.0.2.7"), Taught::Learned, "block 192.0.2.7, allow example.org"),
        (remove("example.org"), Taught::Forgotten, "block 192.0.2.7"),
        (remove("example.org"), Taught::NotKnown, "block 192.0.2.7"),
    ] {
        assert_eq!(learner.order(&[order]).unwrap(), [taught], "{book}");
        assert_eq!(booked(&learner), book);
    }
    let status = learner.status().unwrap();
    assert_eq!((status.spam, status.ham, status.access), (20, 20, 1));
    assert!(learner.verify().unwrap().mistakes.is_empty());
    let copied =
        || read_access(folder.path()).unwrap().unwrap().entries().into_iter().cloned().collect();
    let copy: Vec<Entry> = copied();
    assert_eq!(copy, learner.book().list().entries().into_iter().cloned().collect::<Vec<_>>());
    drop(learner);
    fs::remove_file(folder.path().join("access")).unwrap();
    let learner = open(folder.path());
    assert_eq!(copied(), copy);
    assert_eq!(booked(&learner), "block 192.0.2.7");
    assert!(learner.book().list().entries()[0].since > 0);
    assert_eq!(log_odds(&learner), before, "the copy of the model is used");
    assert!(learner.store.changes_since(0, |_| ()).unwrap().is_none(), "and was not made anew");
}

#[test]
fn a_note_that_cannot_be_kept_spoils_the_orders_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path());
    let Order::Set(entry) = set(Word::Block, "example.org") else { panic!() };
    let wordy = Order::Set(Entry { note: "x".repeat(1_000), ..entry });
    let error = learner.order(&[set(Word::Block, "example.net"), wordy]).unwrap_err();
    assert!(error.is_about_message(), "{error}");
    assert_eq!(booked(&learner), "");
}

/// By journal and by snapshot; the later word wins.
#[test]
fn what_is_ordered_at_one_node_is_in_the_book_of_the_other() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = folders.each_ref().map(|folder| open(folder.path()));
    one.order(&[set(Word::Block, "example.org"), set(Word::Block, "example.net")]).unwrap();
    let journal = one.journal_from(1, 100).unwrap();
    other.apply(journal, store::Cursor { log: 1, sequence: 1 }).unwrap();
    assert_eq!(booked(&other), "block example.net, block example.org");
    other.order(&[remove("example.org"), set(Word::Allow, "192.0.2.0/24")]).unwrap();
    let mut lines = Vec::new();
    other.export(&mut lines).unwrap();
    one.import(&mut lines.as_slice()).unwrap();
    assert_eq!(booked(&one), "allow 192.0.2.0/24, block example.net");
    let [known, known_too] = [&one, &other].map(|node| node.status().unwrap().state_hash);
    assert_eq!(known, known_too);
}
