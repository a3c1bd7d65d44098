//! The one path from an envelope and a message to a judgement.
//!
//! Milter, `check` and replay call, in this order:
//!
//! 1. [`Filter::visit`] when a client connects: questions about the client start.
//! 2. [`Visit::inquire`] when the sender is known: the origin gives the profile.
//! 3. [`Inquiry::recipient`] for each recipient: a listed client is refused here, before it sends
//!    the message, if the profile says so.
//! 4. [`Inquiry::headers`] when the headers are in: for relayed mail they name the real client.
//! 5. [`Inquiry::conclude`] with the whole message: the remaining checks run, answers are joined
//!    until the profile's deadline, metas and score follow, then the verdict.
//!
//! What an administrator says of client, sender or author at run time comes before what others say of them, but
//! not before what is in the message (`access`).
//!
//! Each judgement is recorded, with what came from outside ([`record`]), if there is a history. With
//! such a record [`Filter::revisit`] begins the same path again, and nobody is asked.
//!
//! A `Filter` never changes. Reload builds a new one for the connections to come; a connection
//! keeps the one it began with. Dropping a `Visit` or `Inquiry` at any point is an abort; nothing
//! needs to be undone.

mod access;
mod admission;
mod attachments;
mod authenticity;
mod computing;
mod contents;
mod examine;
mod inquiry;
mod judge;
pub mod learn;
pub mod networks;
mod oddities;
mod origin;
mod pending;
pub mod profile;
pub mod record;
mod relay;
mod rule_lists;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use admission::{Account, Admission, Full, Lane, Settings as LimitSettings};
pub use inquiry::{Inquiry, Visit};
pub use origin::Profiles;
pub use relay::real_client;
pub use rule_lists::rule_lists;

use crate::{
    checks::{Check, rules::RuleSet},
    contents::Readers,
    history::History,
    mail::Client,
};

/// The names that a profile's `checks` may hold. `test_strings` is asked always and everywhere.
pub const CHECKS: [&str; 10] = [
    "access",
    "lists",
    "auth",
    "sender",
    "contents",
    "links",
    "antivirus",
    "attachments",
    "bayes",
    "rules",
];

/// Everything a judgement needs, built from one configuration.
pub struct Filter {
    /// Who is local, who relays.
    pub networks: networks::Settings,
    /// How each origin is treated.
    pub profiles: Profiles,
    /// The checks that are configured, `rules` apart.
    pub checks: Vec<Arc<dyn Check>>,
    /// Who looks into attachments, if anybody does.
    pub readers: Option<Arc<Readers>>,
    /// The rules: matched like a check, concluded after all checks.
    pub rules: Arc<RuleSet>,
    /// Learns what is sure, if it is to.
    pub autolearn: Option<learn::autolearn::Autolearn>,
    /// How much is judged at once.
    pub admission: Arc<Admission>,
    /// How much of a message is read, in bytes.
    pub scan_bytes: usize,
    /// Of what configuration it is.
    pub provenance: record::Provenance,
    /// Keeps the judgements, if anybody does.
    pub history: Option<Arc<History>>,
}

impl Filter {
    /// A client has connected: starts the questions about it.
    pub fn visit(self: &Arc<Self>, client: Client) -> Visit {
        Visit::open(Arc::clone(self), client, None)
    }

    /// A client has connected once more that brought a message which was judged before: whatever the
    /// checks ask of the outside world, they are told what came `then`. Nobody else is asked.
    pub fn revisit(self: &Arc<Self>, client: Client, then: Arc<record::Then>) -> Visit {
        Visit::open(Arc::clone(self), client, Some(then))
    }
}
