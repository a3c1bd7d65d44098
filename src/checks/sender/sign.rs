//! What the check finds, and what it weighs.

use crate::verdict::{Evidence, Finding, Name, Points};

/// A finding's name and its weight where no rule gives it another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) name: &'static str,
    weight: Points,
}

impl Sign {
    /// Weights are in thousandths of a point.
    const fn new(name: &'static str, thousandths: i64) -> Self {
        Self { name, weight: Points::from_micros(thousandths * 1_000) }
    }

    /// The finding, with what was seen.
    pub(super) fn seen(self, what: impl Into<String>) -> Finding {
        self.with(Evidence::Fact(what.into()))
    }

    /// The finding, with a question to DNS and its answer.
    pub(super) fn asked(self, question: &str, answer: Vec<String>) -> Finding {
        self.with(Evidence::Dns { question: question.to_owned(), answer })
    }

    /// The finding, with the text that shows it.
    pub(super) fn read(self, place: &str, text: &str) -> Finding {
        self.with(Evidence::matched(place, text.as_bytes()))
    }

    fn with(self, evidence: Evidence) -> Finding {
        Finding { name: Name::from(self.name), weight: self.weight, evidence }
    }
}

pub(super) const HELO_SYNTAX: Sign = Sign::new("HELO_SYNTAX", 500);
pub(super) const HELO_NO_DOMAIN: Sign = Sign::new("HELO_NO_DOMAIN", 300);
pub(super) const HELO_OURS: Sign = Sign::new("HELO_OURS", 2_000);
pub(super) const HELO_LITERAL_OTHER: Sign = Sign::new("HELO_LITERAL_OTHER", 1_000);
pub(super) const HELO_UNRESOLVABLE: Sign = Sign::new("HELO_UNRESOLVABLE", 500);
pub(super) const RDNS_NONE: Sign = Sign::new("RDNS_NONE", 800);
pub(super) const RDNS_UNCONFIRMED: Sign = Sign::new("RDNS_UNCONFIRMED", 400);
pub(super) const RDNS_DYNAMIC: Sign = Sign::new("RDNS_DYNAMIC", 400);
pub(super) const DIRECT_TO_MX_DYNAMIC: Sign = Sign::new("DIRECT_TO_MX_DYNAMIC", 800);
pub(super) const NO_DNS_FOR_FROM: Sign = Sign::new("NO_DNS_FOR_FROM", 1_500);
pub(super) const SENDER_NULL_MX: Sign = Sign::new("SENDER_NULL_MX", 2_000);
pub(super) const SENDER_MX_BOGUS: Sign = Sign::new("SENDER_MX_BOGUS", 1_000);
pub(super) const FROM_LOOKALIKE: Sign = Sign::new("FROM_LOOKALIKE", 2_000);
pub(super) const FROM_LOOKALIKE_OWN: Sign = Sign::new("FROM_LOOKALIKE_OWN", 2_500);
pub(super) const FROM_DOMAIN_MIXED: Sign = Sign::new("FROM_DOMAIN_MIXED", 1_500);
pub(super) const REPLYTO_LOOKALIKE: Sign = Sign::new("REPLYTO_LOOKALIKE", 2_000);
pub(super) const FROM_NAME_OWN_DOMAIN: Sign = Sign::new("FROM_NAME_OWN_DOMAIN", 1_000);
