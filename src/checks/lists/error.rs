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
         127.0.0.4-127.0.0.7, 127.0.1.0/24, &2, /regex/, [NXDOMAIN] or *; 127.0.0.1 and \
         127.255.255.0/24 never count)"
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
    /// Two definitions that ask one zone the same.
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
    /// Not hosts of a trace.
    #[error(
        "`{text}` names no hosts of the trace (expected last_external, first_untrusted, untrusted, \
         not_first_hop, all or numbers like 2-4)"
    )]
    Hops {
        /// As written.
        text: String,
    },
    /// A name with a tag that nobody knows.
    #[error("DNS list `{zone}`: there is a tag in it that is not known (such as _AUTHORDOMAIN_)")]
    Tag {
        /// The name.
        zone: String,
    },
    /// A paid list without what it is paid for.
    #[error("DNS list `{zone}` needs a `key`, which its operator gives to those who subscribe")]
    NoKey {
        /// The zone.
        zone: String,
    },
    /// A key that would be asked nowhere.
    #[error("DNS list `{zone}` has a `key`, but no {{key}} in its zone")]
    NeedlessKey {
        /// The zone.
        zone: String,
    },
    /// A key that cannot stand in a name. It is not shown.
    #[error("the key is none (1 to 63 letters, digits, - and _)")]
    Key,
    /// Anybody could take the good name of others.
    #[error("DNS list `{zone}`: `allow` is not for domains of signatures that nobody has proved")]
    Claim {
        /// The zone.
        zone: String,
    },
    /// Only clients can be refused before they send a message.
    #[error("DNS list `{zone}`: `refuse` is only for lists that are about the client")]
    RefuseClient {
        /// The zone.
        zone: String,
    },
    /// It may never be asked.
    #[error("DNS list `{zone}`: `most` must be at least 1")]
    Most {
        /// The zone.
        zone: String,
    },
    /// No shipped list has this name.
    #[error("there is no shipped DNS list `{name}` (known: {known})")]
    NotShipped {
        /// As written.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A paid one whose key is not there.
    #[error("DNS list `{name}` needs a key: write `{subscription} = \"…\"` under [dns.keys]")]
    KeyOf {
        /// The list.
        name: String,
        /// What the key is called.
        subscription: String,
    },
    /// The shipped lists cannot be read: a mistake of ours.
    #[error("the shipped DNS lists cannot be read: {0}")]
    Shipped(String),
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
    /// All questions failed.
    #[error("none of {asked} questions to DNS lists was answered")]
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
