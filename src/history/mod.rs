//! The history: short records with keys, kept on the disk for a while. It knows nothing of spam.
//!
//! [`History::open`] once in a process, then [`History::keep`] from anywhere: it never waits. One
//! thread writes. [`Archive::open`] reads, whether or not somebody writes at the time.
//!
//! # On the disk
//! A folder of segments, numbered, each with an index once it is full:
//! - `00000001.seg`: a head that holds the dictionary by which its records are compressed, then one
//!   frame a record: keys, length, checksum, the compressed record. Frames are only appended.
//! - `00000001.idx`: the keys in order, with where each frame stands. It can be lost: whoever needs
//!   it reads the segment instead, and the writer makes it anew when it starts.
//! - `lock`: held by the one process that writes.
//!
//! All of them are their owner's alone: records hold personal data.
//!
//! # Promises
//! - It is no promise: nothing is flushed, and what cannot be written is counted and let go. After a
//!   crash the torn end of a segment is passed over, and so is what is damaged: whatever frame is whole
//!   is found.
//! - Keeping never waits for the disk: the queue is bounded in number and bytes.
//! - All files together stay below `most_bytes`, and no record is kept longer than `days` and one day.

mod archive;
mod error;
mod frame;
mod index;
mod segment;
mod settings;
#[cfg(test)]
mod tests;
mod upkeep;
mod writer;

pub use self::{
    archive::{Archive, Damage, Place},
    error::HistoryError,
    settings::Settings,
    writer::History,
};

/// Beyond this a record is let go, in bytes before compression.
pub const MOST_RECORD: usize = 1 << 20;

/// A record and its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key that people have.
    pub reference: u64,
    /// The key of what the record is about, if it is about something that can be met again.
    pub digest: Option<[u8; 16]>,
    /// When, in seconds since 1970.
    pub seconds: u64,
    /// The record.
    pub bytes: Vec<u8>,
}
