//! The state hash: the sum, modulo 2^128, of a hash of each entry.
//!
//! A sum does not depend on order and can be kept up to date by adding and subtracting, so that
//! equal sets have equal hashes however they came about (incremental multiset hashing, Clarke et
//! al. 2003, MSet-Add-Hash). It finds differences; it does not withstand somebody who makes up
//! events to hide one. The hash of an entry is SipHash-1-3 with 128 bits and a zero key, a
//! published function, over the digest, the stamp (three numbers, big endian), the kind's code and
//! the features.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::event::{Change, Digest, Entry};

/// The hash of one entry.
pub(super) fn entry_hash(digest: Digest, entry: &Entry) -> u128 {
    let mut hasher = SipHasher13::new();
    hasher.write(&digest.0);
    for number in [entry.stamp.time, entry.stamp.origin, entry.stamp.sequence] {
        hasher.write(&number.to_be_bytes());
    }
    hasher.write(&[entry.kind.code()]);
    hasher.write(&entry.features);
    hasher.finish128().as_u128()
}

impl Change {
    /// What it adds to the state hash, modulo 2^128.
    pub fn to_state_hash(&self) -> u128 {
        let hash = |entry: &Option<Entry>| {
            entry.as_ref().map_or(0, |entry| entry_hash(self.digest, entry))
        };
        hash(&self.after).wrapping_sub(hash(&self.before))
    }
}
