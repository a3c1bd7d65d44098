//! Why lists cannot be used, or could not be asked.

use super::Reason;
use crate::verdict::Points;

/// What is wrong with a definition, or with all lists.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListsError {
    /// A key of `findings` that no answer can match.
    #[error(
        "`{text}` is not an answer of a DNS list (expected something like 127.0.0.2, \
         127.0.0.4-127.0.0.7, 127.0.1.0/24, &2 or *; 127.0.0.1 and 127.255.255.0/24 never count)"
    )]
    Code {
        /// As written.
        text: String,
    },
    /// The zone cannot be asked.
    #[error("DNS list `{zone}`: the zone is not a domain name of at most 189 characters")]
    Zone {
        /// As written.
        zone: String,
    },
    /// Two definitions of one zone.
    #[error("DNS list `{zone}` is defined twice")]
    Twice {
        /// The zone.
        zone: String,
    },
    /// Its name for people is of no use in a reply.
    #[error("DNS list `{zone}`: {name:?} is not a name for people (1 to 64 printable characters)")]
    Label {
        /// The zone.
        zone: String,
        /// As written.
        name: String,
    },
    /// A kind of list that is understood, but not asked.
    #[error("DNS list `{zone}`: lists about = \"{about}\" are not yet supported, only \"client\"")]
    NotYet {
        /// The zone.
        zone: String,
        /// The kind.
        about: &'static str,
    },
    /// Nothing it says would mean anything.
    #[error("DNS list `{zone}`: `findings` is empty, so no answer would mean anything")]
    NoFindings {
        /// The zone.
        zone: String,
    },
    /// The name of a finding is none.
    #[error("DNS list `{zone}`: `{name}` is not the name of a finding (letters, digits and _)")]
    Finding {
        /// The zone.
        zone: String,
        /// As written.
        name: String,
    },
    /// Good and bad at once.
    #[error("DNS list `{zone}`: `allow` and `refuse` contradict each other")]
    AllowAndRefuse {
        /// The zone.
        zone: String,
    },
    /// The weight pulls the wrong way.
    #[error("DNS list `{zone}`: weight {weight} contradicts what the list is for (`allow`)")]
    Weight {
        /// The zone.
        zone: String,
        /// As written.
        weight: Points,
    },
    /// All lists that were asked about this client failed.
    #[error("none of {asked} DNS lists answered")]
    NoneAnswered {
        /// How many were asked.
        asked: usize,
        /// Why the last one failed.
        #[source]
        last: Reason,
    },
    /// All lists are set aside.
    #[error("all DNS lists are set aside")]
    NoneInUse,
}
