//! Whether a list can be believed.
//!
//! Written by every session that asks the list, read by every session that is about to: hence
//! without locks. What is logged is the change, once.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use arc_swap::ArcSwapOption;
use tracing::{info, warn};

use crate::{dns::DnsError, metrics};

/// Different questions in a row that may fail before the list is set aside.
const FAILURES: u32 = 5;

/// Why a list is not believed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// It does not answer.
    #[error("it cannot be asked")]
    Fails(#[source] DnsError),
    /// It says that we may not ask: too many questions, a public resolver, no contract.
    #[error("it refuses to answer us ({0})")]
    Refuses(Ipv4Addr),
    /// Its answers are not those of a DNS list: the domain is parked, or answers are forged.
    #[error("it answers {0}, which no DNS list does")]
    Foreign(Ipv4Addr),
    /// What must be on it is not (RFC 5782, section 5): it is shut down or empty.
    #[error("{0} is not on it, so it is shut down")]
    ListsNothing(&'static str),
    /// What must not be on it is (RFC 5782, section 5): it lists the world.
    #[error("{0} is on it, so it lists the world")]
    ListsEverything(&'static str),
}

/// How a list is, for `config check`.
#[derive(Clone, Debug)]
pub struct Status {
    /// Its name for people.
    pub list: String,
    /// Its zone.
    pub zone: String,
    /// Why it is set aside; `None` while it is asked.
    pub aside: Option<Reason>,
}

/// The health of one list. A new one is taken to be well.
pub(super) struct Health {
    list: String,
    aside: ArcSwapOption<Reason>,
    failures: AtomicU32,
    last_failed: AtomicU64,
}

impl Health {
    pub(super) fn new(list: &str) -> Self {
        Self {
            list: list.to_owned(),
            aside: ArcSwapOption::empty(),
            failures: AtomicU32::new(0),
            last_failed: AtomicU64::new(0),
        }
    }

    /// Goes on with what was known before.
    pub(super) fn inherit(&self, before: &Self) {
        self.aside.store(before.aside.load_full());
        self.failures.store(before.failures.load(Relaxed), Relaxed);
    }

    pub(super) fn is_aside(&self) -> bool {
        self.aside.load().is_some()
    }

    pub(super) fn reason(&self) -> Option<Reason> {
        self.aside.load().as_deref().cloned()
    }

    /// Notes that the list gave a proper answer to a client's question.
    pub(super) fn answered(&self) {
        // Looked at before it is written: the usual case must not contend.
        if self.failures.load(Relaxed) != 0 {
            self.failures.store(0, Relaxed);
        }
    }

    /// Notes that a client's question failed. The same question again, remembered or shared, is
    /// no further failure.
    pub(super) fn failed(&self, question: &str, error: &DnsError) {
        let mut hasher = DefaultHasher::new();
        question.hash(&mut hasher);
        let this = hasher.finish();
        if self.last_failed.swap(this, Relaxed) == this {
            return;
        }
        metrics::dns_list_failed(&self.list);
        if self.failures.fetch_add(1, Relaxed) + 1 >= FAILURES {
            self.set_aside(Reason::Fails(error.clone()));
        }
    }

    pub(super) fn set_aside(&self, reason: Reason) {
        let (list, why) = (&self.list, crate::chain(&reason));
        if self.aside.swap(Some(Arc::new(reason))).is_none() {
            warn!(%list, why, "DNS list set aside");
            metrics::dns_list_aside(list, true);
        }
    }

    pub(super) fn take_back(&self) {
        self.failures.store(0, Relaxed);
        self.last_failed.store(0, Relaxed);
        if self.aside.swap(None).is_some() {
            info!(list = %self.list, "DNS list is back");
            metrics::dns_list_aside(&self.list, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> DnsError {
        DnsError::GivenUp { name: "a.example.".into() }
    }

    #[test]
    fn five_different_failures_in_a_row_set_a_list_aside() {
        let health = Health::new("a");
        for question in ["1", "2", "3", "4"] {
            health.failed(question, &failure());
        }
        health.answered();
        for question in ["1", "2", "3", "4"] {
            health.failed(question, &failure());
        }
        assert!(!health.is_aside());
        health.failed("5", &failure());
        assert!(health.is_aside());
        health.take_back();
        assert!(!health.is_aside());
        health.failed("6", &failure());
        assert!(!health.is_aside());
    }

    #[test]
    fn one_failure_met_often_is_one() {
        let health = Health::new("a");
        for _ in 0..100 {
            health.failed("1", &failure());
        }
        assert!(!health.is_aside());
    }
}
