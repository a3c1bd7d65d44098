//! A farm: what one node learns, every node knows, by way of NATS JetStream.

pub mod init;
mod subject;

pub use subject::{
    JOURNAL, JOURNALS, Node, NodeError, SNAPSHOT, SNAPSHOTS, SNAPSHOTS_STREAM, SNAPSHOTS_SUBJECTS,
    STATUS, STATUSES, inbox_prefix, journal, journals_of, read_journal, status,
};
