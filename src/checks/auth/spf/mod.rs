//! SPF (RFC 7208): may this client send for that domain?
//!
//! [`check_host`] is the whole of it; it asks by our resolver, so that answers are shared, bounded and
//! recorded. [`record`] reads records, [`macros`] expands what they hold, [`evaluate`] asks,
//! [`names`] for the client's.
//!
//! Limits (RFC 7208, section 4.6.4): 10 terms that ask DNS, 2 of their questions without an answer,
//! 10 mail exchangers a term, 10 names of the client. Beyond them the record is an error. The whole
//! evaluation ends within [`MOST_TIME`], as a temporary error. Questions of second order (the
//! addresses of mail exchangers, and of the client's names) do not count as unanswered: a host
//! without IPv6 is no mistake of the domain's.

mod evaluate;
mod macros;
mod names;
mod record;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, time::Duration};

use tokio::time::timeout;

use crate::{
    dns::Resolver,
    verdict::{AuthResult, Witness},
};

/// How long one evaluation may take, whatever it asks.
const MOST_TIME: Duration = Duration::from_secs(10);

/// Who sends, and for whom.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The client.
    pub(super) address: IpAddr,
    /// What it said in HELO.
    pub(super) helo: String,
    /// The local part, `postmaster` where there is none.
    pub(super) local_part: String,
    /// The domain whose record is asked for, as A-labels.
    pub(super) domain: String,
    /// The host that checks.
    pub(super) receiver: String,
    /// When, in seconds since 1970.
    pub(super) seconds: u64,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) result: AuthResult,
    /// The term that matched, or what is wrong, in a few words.
    pub(super) because: String,
    /// What the domain has to say about a failure: printable ASCII, written by strangers.
    pub(super) explanation: Option<String>,
}

/// Evaluates the record of the question's domain. Never fails: errors are results.
pub(super) async fn check_host(
    question: &Question,
    resolver: &Resolver,
    witness: &Witness,
) -> Outcome {
    let evaluation = evaluate::evaluate(question, resolver, witness);
    timeout(MOST_TIME, evaluation).await.unwrap_or_else(|_| Outcome {
        result: AuthResult::Temperror,
        because: format!("not done within {} s", MOST_TIME.as_secs()),
        explanation: None,
    })
}
