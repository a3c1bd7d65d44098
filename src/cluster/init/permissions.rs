//! What a node may publish and hear, by the names of [`crate::cluster`]: exactly the calls that
//! replication makes, and nothing under another node's name.
//!
//! `DIRECT.GET` is not among them, so the bucket must be a stream without `allow_direct`. A server sends
//! what was asked for to whatever reply subject the question names, and does not ask whether the asker
//! may publish there. By that call a node could have bytes of its choice stored under another's name.
//! What consumers deliver is stored under the subject that it had, so it can only be repeated. The JSON
//! of other answers can get there, so nothing that begins with `{` may ever be an event.
//!
//! What cannot be told apart by subjects is open to every node: it may purge the log (trimming is one
//! call, whatever it removes), overwrite snapshots, and create a stream that is not there. None of
//! that changes what another node has learned.

use crate::cluster::{
    JOURNAL, Node, SNAPSHOT, SNAPSHOTS_STREAM, SNAPSHOTS_SUBJECTS, STATUS, inbox_prefix,
    journals_of, status,
};

/// What a node may publish.
pub(super) fn publish(node: &Node) -> Vec<String> {
    let own = [journals_of(node), status(node), SNAPSHOT.to_owned(), SNAPSHOTS_SUBJECTS.to_owned()];
    let calls = [JOURNAL, STATUS, SNAPSHOTS_STREAM].into_iter().flat_map(calls);
    // Old log, old snapshots; the state of nodes replaces itself.
    let purges = [JOURNAL, SNAPSHOTS_STREAM].map(|stream| api(&format!("STREAM.PURGE.{stream}")));
    // The object store is read by a consumer that the server paces.
    let pace = format!("$JS.FC.{SNAPSHOTS_STREAM}.>");
    own.into_iter().chain(calls).chain(purges).chain([pace]).collect()
}

/// What a node may subscribe to: the answers to its own calls. Messages of streams come as such.
pub(super) fn subscribe(node: &Node) -> Vec<String> {
    vec![format!("{}.>", inbox_prefix(node))]
}

/// What is asked of every stream.
fn calls(stream: &str) -> Vec<String> {
    [
        "STREAM.CREATE.{}",
        "STREAM.INFO.{}",
        "STREAM.MSG.GET.{}",
        "CONSUMER.CREATE.{}",
        "CONSUMER.CREATE.{}.>",
        "CONSUMER.INFO.{}.*",
        "CONSUMER.DELETE.{}.*",
        "CONSUMER.MSG.NEXT.{}.*",
    ]
    .map(|call| api(&call.replace("{}", stream)))
    .to_vec()
}

fn api(call: &str) -> String {
    format!("$JS.API.{call}")
}
