//! What was answered, remembered for a while.
//!
//! How long, and why:
//! - an answer: its TTL, at least 5 s (the stages of one message share it), at most an hour;
//! - a denial: what the zone's SOA says (RFC 2308), 10 s to 5 min;
//! - a failure: 10 s, so that a dead zone costs one question in 10 s per name.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_resolver::proto::rr::{RData, RecordType};
use moka::{Expiry, future::Cache};

use super::DnsError;

const ANSWER_LEAST: Duration = Duration::from_secs(5);
const ANSWER_MOST: Duration = Duration::from_secs(3_600);
const DENIAL_LEAST: Duration = Duration::from_secs(10);
const DENIAL_MOST: Duration = Duration::from_secs(300);
const FAILURE: Duration = Duration::from_secs(10);
/// Bytes of answer that count as one entry.
const ENTRY_BYTES: usize = 512;

/// The response code of a name that is there.
pub(super) const NO_ERROR: u16 = 0;

/// A question: a name in lower case without its final dot, which is cheaper to compare than labels are.
pub(super) type Key = (String, RecordType);

/// Questions and what came of them.
pub(super) type Answers = Cache<Key, Known>;

/// What the servers say a name has: nothing, for a denial.
#[derive(Debug)]
pub(super) struct Found {
    /// The records of the type asked for.
    pub(super) data: Vec<RData>,
    /// The response code (RFC 1035, section 4.1.1): 3, no such name, only where there are no records.
    pub(super) code: u16,
    /// How long that holds.
    pub(super) ttl: Duration,
}

/// What came of a question.
pub(super) type Known = Result<Arc<Found>, DnsError>;

impl Found {
    /// Records with their smallest TTL.
    pub(super) fn answer(data: Vec<RData>, ttl: Duration) -> Self {
        Self { data, code: NO_ERROR, ttl: ttl.clamp(ANSWER_LEAST, ANSWER_MOST) }
    }

    /// No such name or record; `ttl` from the SOA where there is one.
    pub(super) fn denial(code: u16, ttl: Option<Duration>) -> Self {
        let ttl = ttl.unwrap_or(DENIAL_LEAST).clamp(DENIAL_LEAST, DENIAL_MOST);
        Self { data: Vec::new(), code, ttl }
    }
}

/// A cache of so many entries of ordinary size.
pub(super) fn build(entries: u64) -> Answers {
    Cache::builder().max_capacity(entries).weigher(weight).expire_after(ByTtl).build()
}

/// Entries of ordinary size that this one takes the room of.
fn weight(_key: &Key, known: &Known) -> u32 {
    let bytes = known.as_ref().map_or(0, |found| bytes(found));
    u32::try_from(1 + bytes / ENTRY_BYTES).unwrap_or(u32::MAX)
}

/// The bytes of all records.
pub(super) fn bytes(found: &Found) -> usize {
    found.data.iter().map(size).sum()
}

/// The bytes of a record's data; only texts can be large.
fn size(data: &RData) -> usize {
    match data {
        RData::TXT(text) => text.txt_data.iter().map(|piece| piece.len()).sum(),
        _ => 32,
    }
}

struct ByTtl;

impl Expiry<Key, Known> for ByTtl {
    fn expire_after_create(&self, _: &Key, known: &Known, _: Instant) -> Option<Duration> {
        Some(known.as_ref().map_or(FAILURE, |found| found.ttl))
    }

    fn expire_after_update(
        &self,
        key: &Key,
        known: &Known,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, known, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::rr::rdata::TXT;

    #[test]
    fn times_are_bounded_both_ways() {
        let seconds = Duration::from_secs;
        for (found, ttl) in [
            (Found::answer(vec![], seconds(0)), 5),
            (Found::answer(vec![], seconds(60)), 60),
            (Found::answer(vec![], seconds(86_400)), 3_600),
            (Found::denial(NO_ERROR, None), 10),
            (Found::denial(NO_ERROR, Some(seconds(1))), 10),
            (Found::denial(NO_ERROR, Some(seconds(86_400))), 300),
        ] {
            assert_eq!(found.ttl, seconds(ttl));
        }
    }

    #[test]
    fn large_answers_take_more_room() {
        let key = (String::new(), RecordType::TXT);
        let large = RData::TXT(TXT::new(vec!["x".repeat(200); 300]));
        let known = Ok(Arc::new(Found::answer(vec![large], FAILURE)));
        assert!(weight(&key, &known) > 100);
        assert_eq!(weight(&key, &Ok(Arc::new(Found::denial(NO_ERROR, None)))), 1);
    }
}
