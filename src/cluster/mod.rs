//! A farm: what one node learns, every node knows, by way of NATS JetStream.
//!
//! # The algorithm
//! Each node's store is a set of events, the last word on each message and each access entry; the state is a
//! function of that set ([`crate::store`]). So nodes need only come to hold the same set. Nothing of that is waited for:
//! a node judges by its own model, and a lesson is learned for good when its own disk has it.
//!
//! - **Telling.** A node appends its journal, in pieces of consecutive events, to the *log*: one stream
//!   for all, each piece on the subject of its node and origin. Before it does, its store notes up to
//!   which event it is going to tell (*announced*). The server takes a piece only after the one that the
//!   node believes to be its last there; the name of a piece (`ORIGIN:FIRST-LAST`) is its message id.
//! - **Reading.** Each node reads the whole log in order. In one transaction it applies what is new to
//!   it, moves its position of that origin, and notes how far it has read (*cursor*). What it knows
//!   already it passes over; a hole it does not jump.
//! - **Snapshots.** From time to time a node puts its whole state into the object store and offers it:
//!   which events it is of, and how far the log had been read. The offer takes the place of the last
//!   one only if that is the one its maker had included. Taking a snapshot in is a join: what is newer
//!   here stays. The log is trimmed to the offer before the last.
//! - **Reports.** Every node says every two seconds, and soon after each change: its positions, its
//!   cursor, the hash of its state. The report must be acknowledged by a majority of servers; what a
//!   server says of the log right afterwards is therefore no older view of one that was cut off.
//!
//! # The invariant
//! *What is in the newest snapshot and in the log behind it, together with what waits in the journals
//! of nodes, is everything that was ever acknowledged to a teacher.* Telling moves events from the last
//! part to the middle, trimming from the middle to the first. Where the servers break it, nodes restore
//! it from their stores, in this order ([`plan`](self) is the whole of it, pure and tested as such):
//!
//! 1. Somebody knows more of a node's events than it ever announced: it is an older copy, restored from
//!    a backup, and its numbers are taken. It gets a new origin; the rest comes to it as others' events.
//! 2. The log is another one, or ends before the cursor: it was lost or rolled back. It is read from its
//!    beginning. Each node tells again what neither the log nor the snapshot has.
//! 3. Something is missing before a piece, or was trimmed: the snapshot is taken in if it has that; else
//!    the log is read once more; else the piece is passed over, and counted.
//! 4. A node that has read as far as another knows something that the other does not: it is not in the
//!    log. It makes a snapshot, and whoever lacks something of it takes it in. So come what was imported,
//!    what a node knew before it joined, and what was lost with the log.
//! 5. The same positions, and another hash: the same.
//!
//! When nothing changes any more and all are connected, none of these applies to anybody; then 2 and 3
//! say that everybody has read the whole log and knows the snapshot, 4 that the positions are the same,
//! 5 that the states are. That each event counts once is the store's part, whatever comes twice.
//!
//! # Who may say what
//! The upper half of an origin is a number made of the node's name, and the servers let a node publish
//! under its own name only (`gatepost cluster init` writes such permissions). A piece of another's
//! origin, malformed, too large, of another tokenizer, or with a hole before it is refused, counted and
//! logged, never applied. Nodes trust each other's snapshots: whoever has a node's key can teach the
//! farm anything, as whoever may teach that node can.
//!
//! # Left for later
//! What else is said at run time and should be known everywhere (greylisting, rates, reputation) is to
//! be kinds of events in the same journal, not streams of their own.

pub mod init;
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
