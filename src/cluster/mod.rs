//! A farm: what one node learns, every node knows, by way of NATS JetStream.

mod link;
mod member;
mod piece;
mod plan;
mod report;
mod session;
mod settings;
mod snapshots;
mod status;
mod subject;

pub use member::Member;
pub use settings::Settings;
pub use status::{LogStatus, NodeStatus, SnapshotStatus, Status};
pub use subject::{
    JOURNAL, JOURNALS, Node, NodeError, SNAPSHOT, SNAPSHOTS, SNAPSHOTS_STREAM, SNAPSHOTS_SUBJECTS,
    STATUS, STATUSES, inbox_prefix, journal, journals_of, read_journal, status,
};
