//! What a node may publish and hear, by the names of [`crate::cluster`]: exactly the calls that
//! replication makes, and nothing under another node's name.
//!
//! `DIRECT.GET` is not among them, so the bucket must be a stream without `allow_direct`. A server sends
//! what was asked for to whatever reply subject the question names, and does not ask whether the asker
//! may publish there. By that call a node could have bytes of its choice stored under another's name.
//! What consumers deliver is stored under the subject that it had, so it could only be repeated. The JSON
//! of other answers can get there, so nothing that begins with `{` may ever be an event.
//!
//! What cannot be told apart by subjects is open to every node: it may purge the log (trimming is one
//! call, whatever it removes), overwrite snapshots, and create a stream that is not there. None of
//! that changes what another node has learned.

use crate::cluster::{
    JOURNAL, JOURNALS, Node, SNAPSHOT, SNAPSHOTS_STREAM, SNAPSHOTS_SUBJECTS, STATUS, STATUSES,
    inbox_prefix, journals_of, status,
};

/// What a node may publish.
pub(super) fn publish(node: &Node) -> Vec<String> {
    let own = [journals_of(node), status(node), SNAPSHOT.to_owned(), SNAPSHOTS_SUBJECTS.to_owned()];
    let calls = [JOURNAL, STATUS, SNAPSHOTS_STREAM].into_iter().flat_map(calls);
    let calls = calls.chain(consumer_calls());
    // Old log, old snapshots; the state of nodes replaces itself.
    let purges = [JOURNAL, SNAPSHOTS_STREAM].map(|stream| api(&format!("STREAM.PURGE.{stream}")));
    // The object store is read by a consumer that the server paces.
    let pace = format!("$JS.FC.{SNAPSHOTS_STREAM}.>");
    own.into_iter().chain(calls).chain(purges).chain([pace]).collect()
}

/// What a node may subscribe to: the answers to its own calls, and what tells it that there is news.
pub(super) fn subscribe(node: &Node) -> Vec<String> {
    let news = [JOURNALS, STATUSES, SNAPSHOT].map(str::to_owned);
    [format!("{}.>", inbox_prefix(node))].into_iter().chain(news).collect()
}

/// What is asked of every stream.
fn calls(stream: &str) -> Vec<String> {
    ["CREATE", "INFO", "MSG.GET"].map(|call| api(&format!("STREAM.{call}.{stream}"))).to_vec()
}

/// What the object store asks to read a snapshot. Log and states are read without consumers.
fn consumer_calls() -> Vec<String> {
    ["CREATE.{}", "CREATE.{}.>", "INFO.{}.*", "DELETE.{}.*", "MSG.NEXT.{}.*"]
        .map(|call| api(&format!("CONSUMER.{}", call.replace("{}", SNAPSHOTS_STREAM))))
        .to_vec()
}

fn api(call: &str) -> String {
    format!("$JS.API.{call}")
}
