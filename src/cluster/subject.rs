//! What everything of a farm is called in NATS: streams, subjects, the bucket, inboxes.
//!
//! | what | name | kept |
//! |---|---|---|
//! | the log | stream [`JOURNAL`], subjects `gatepost.journal.NODE.ORIGIN` | in files, until trimmed |
//! | the state of nodes | stream [`STATUS`], subjects `gatepost.status.NODE`, [`SNAPSHOT`] | the last message a subject |
//! | snapshots | bucket [`SNAPSHOTS`], which is stream [`SNAPSHOTS_STREAM`] | the newest |
//! | replies | `_INBOX_gatepost_NODE.…` | no |
//!
//! NODE is a [`Node`]; ORIGIN is the origin of the events, 16 hexadecimal digits. The permissions that
//! `cluster init` writes are made of these names: a node publishes under its own name alone, so who
//! said a thing is what the server has checked, not what a message claims.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// The stream of the log: file storage, limits retention, discard new, no maximum age.
pub const JOURNAL: &str = "GATEPOST_JOURNAL";
/// All subjects of the log.
pub const JOURNALS: &str = "gatepost.journal.*.*";
/// The stream of what is known of nodes and snapshots: at most one message a subject.
pub const STATUS: &str = "GATEPOST_STATUS";
/// The states of all nodes.
pub const STATUSES: &str = "gatepost.status.*";
/// Which snapshot is the newest.
pub const SNAPSHOT: &str = "gatepost.snapshot";
/// The object store's bucket of snapshots.
pub const SNAPSHOTS: &str = "GATEPOST_SNAPSHOTS";
/// The stream under that bucket.
pub const SNAPSHOTS_STREAM: &str = "OBJ_GATEPOST_SNAPSHOTS";
/// All subjects of that stream.
pub const SNAPSHOTS_SUBJECTS: &str = "$O.GATEPOST_SNAPSHOTS.>";

/// Before NODE and ORIGIN.
const JOURNAL_PREFIX: &str = "gatepost.journal.";
/// The longest name of a node, in bytes.
const LONGEST: usize = 32;

/// The name of a node: 1 to 32 of `a-z 0-9 -`, beginning with a letter or digit. It is one token of a
/// subject, so it has no dots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(String);

/// Text that is no name of a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a node (1 to 32 of a-z, 0-9 and -, beginning with a letter or digit)")]
pub struct NodeError(String);

impl Node {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Node {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let may_begin = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let begins = text.bytes().next().is_some_and(may_begin);
        let good = begins
            && text.len() <= LONGEST
            && text.bytes().all(|byte| may_begin(byte) || byte == b'-');
        if good { Ok(Self(text.to_owned())) } else { Err(NodeError(text.to_owned())) }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The upper half of all origins of a node: whose events these are can be told without asking anybody.
pub(super) fn name_number(node: &Node) -> u32 {
    let digest: [u8; 32] = Sha256::digest(node.as_str()).into();
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d])
}

/// Where a node publishes the events of one origin.
pub fn journal(node: &Node, origin: u64) -> String {
    format!("{JOURNAL_PREFIX}{node}.{origin:016x}")
}

/// All journals of a node: a restored node has more than one origin in its life.
pub fn journals_of(node: &Node) -> String {
    format!("{JOURNAL_PREFIX}{node}.*")
}

/// Whose journal a subject is, and of which origin; nothing if it is no such subject, written exactly
/// as [`journal`] writes it.
pub fn read_journal(subject: &str) -> Option<(Node, u64)> {
    let (node, digits) = subject.strip_prefix(JOURNAL_PREFIX)?.split_once('.')?;
    let found = (node.parse().ok()?, u64::from_str_radix(digits, 16).ok()?);
    (journal(&found.0, found.1) == subject).then_some(found)
}

/// Where a node says how it is.
pub fn status(node: &Node) -> String {
    format!("gatepost.status.{node}")
}

/// The prefix of a node's inboxes. The usual `_INBOX` is everybody's: nodes could read each other's
/// replies.
pub fn inbox_prefix(node: &Node) -> String {
    format!("_INBOX_gatepost_{node}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nodes() {
        let long = "a".repeat(LONGEST);
        for good in ["a", "7", "mx-1", "0-", &long] {
            assert_eq!(good.parse::<Node>().map(|node| node.to_string()), Ok(good.to_owned()));
        }
        let longer = "a".repeat(LONGEST + 1);
        for bad in ["", "-a", "A", "mx.1", "a b", "*", ">", "ä", "a_b", "a\n", &longer] {
            assert_eq!(bad.parse::<Node>(), Err(NodeError(bad.to_owned())));
        }
    }

    #[test]
    fn journals_are_read_as_they_are_written() {
        let node: Node = "mx-1".parse().unwrap();
        let subject = journal(&node, 0x2a);
        assert_eq!(subject, "gatepost.journal.mx-1.000000000000002a");
        assert_eq!(read_journal(&subject), Some((node, 0x2a)));
        for other in [
            "gatepost.journal.mx-1.2a",
            "gatepost.journal.mx-1.000000000000002A",
            "gatepost.journal.mx-1.+00000000000002a",
            "gatepost.journal.mx-1.000000000000002a.x",
            "gatepost.journal.MX.000000000000002a",
            "gatepost.journal.000000000000002a",
            "gatepost.status.mx-1",
            "gatepost.snapshot",
        ] {
            assert_eq!(read_journal(other), None, "{other}");
        }
    }
}
