//! Who is responsible for a message, as far as SPF, DKIM, ARC and DMARC tell.

use std::fmt;

/// How one method of authentication ended, in the words of RFC 8601, section 2.7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AuthResult {
    /// Nothing to evaluate: no record, no signature.
    #[default]
    None,
    /// The domain takes responsibility.
    Pass,
    /// It does not: the client is not its, or the signature does not fit the message.
    Fail,
    /// The client is probably not the domain's (SPF alone).
    Softfail,
    /// The domain says nothing either way, or the signature makes no sense.
    Neutral,
    /// Right, but not acceptable here: too weak a key or hash (RFC 8301).
    Policy,
    /// DNS did not answer; it may later.
    Temperror,
    /// What is published or signed cannot be understood.
    Permerror,
}

impl AuthResult {
    /// The word in Authentication-Results, logs, JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Softfail => "softfail",
            Self::Neutral => "neutral",
            Self::Policy => "policy",
            Self::Temperror => "temperror",
            Self::Permerror => "permerror",
        }
    }
}

impl fmt::Display for AuthResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
