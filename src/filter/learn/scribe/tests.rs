//! The scribe by itself, on this thread.

use std::sync::mpsc::sync_channel;

use super::*;
use crate::{
    checks::bayes::{Features, TOKENIZER},
    mail::Message,
    store::{Digest, Kind},
};

/// A scribe whose store holds so many messages that its model does not know.
fn scribe(folder: &Path, messages: u8) -> (Scribe, Receiver<Task>) {
    let most_messages = super::super::Settings::default().most_messages;
    let settings = crate::store::Settings { most_messages, tokenizer: TOKENIZER };
    let store = Arc::new(Store::open(folder, &settings).unwrap());
    let (queue, tasks) = sync_channel(4);
    let scribe = Scribe::new(folder, Arc::clone(&store), Arc::default(), queue).unwrap();
    let lesson = |number: u8| {
        let message = Message::parse(format!("Subject: {number}\n\n{number}\n").into_bytes());
        let features = Features::of(&message).to_bytes();
        Lesson { kind: Kind::Spam, digest: Digest([number; 16]), features }
    };
    store.teach((0..messages).map(lesson).collect()).unwrap();
    (scribe, tasks)
}

#[test]
fn nobody_has_the_store_after_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scribe, tasks) = scribe(folder.path(), 200);
    let (store, queue) = (Arc::clone(&scribe.store), scribe.queue.clone());
    scribe.settle();
    queue.send(Task::Chore(Chore::Stop)).unwrap();
    scribe.run(tasks);
    assert_eq!(Arc::strong_count(&store), 1);
    assert!(queue.send(Task::Chore(Chore::Stop)).is_err());
}

#[test]
fn what_was_said_a_moment_ago_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scribe, tasks) = scribe(folder.path(), 0);
    let lesson = |kind| Lesson { kind, digest: Digest([1; 16]), features: Vec::new() };
    let mut outcomes = Vec::new();
    for unless in [Unless::Never, Unless::Known] {
        let (reply, outcome) = sync_channel(1);
        let kind = if outcomes.is_empty() { Kind::Ham } else { Kind::Spam };
        scribe.queue.send(Task::Lesson(lesson(kind), unless, reply)).unwrap();
        outcomes.push(outcome);
    }
    assert!(scribe.work(tasks.try_recv().unwrap(), &tasks));
    let outcomes: Vec<_> = outcomes.iter().map(|o| o.try_recv().unwrap().unwrap()).collect();
    assert_eq!(outcomes, [Outcome::Learned, Outcome::Known]);
    assert_eq!(scribe.store.counts().unwrap().ham, 1);
    let (reply, outcome) = sync_channel(1);
    assert!(scribe.work(Task::Lesson(lesson(Kind::Spam), Unless::Known, reply), &tasks));
    assert_eq!(outcome.try_recv().unwrap().unwrap(), Outcome::Known);
}

#[test]
fn the_model_follows_what_failed_and_is_durable_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scribe, _tasks) = scribe(folder.path(), 3);
    scribe.follow_failure();
    assert_eq!(scribe.knowledge.read(Model::learned), (3, 0));
    assert_eq!(scribe.mark.change, scribe.store.number().unwrap());
}

#[test]
fn a_copy_that_failed_is_not_tried_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scribe, _tasks) = scribe(folder.path(), 3);
    scribe.follow_failure();
    // Something stands in its way.
    let obstacle = folder.path().join("model.new");
    std::fs::create_dir(&obstacle).unwrap();
    scribe.tidy();
    std::fs::remove_dir(&obstacle).unwrap();
    scribe.tidy();
    assert!(scribe.copy_failed && checkpoint::read(folder.path()).unwrap().is_none());
    scribe.end();
    assert!(!scribe.copy_failed && checkpoint::read(folder.path()).unwrap().is_some());
}
