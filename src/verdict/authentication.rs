//! Who is responsible for a message, as far as SPF, DKIM, ARC and DMARC tell. Facts alone: what they
//! lead to is the profile's.

use std::fmt;

use serde::{Serialize, Serializer};

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

impl Serialize for AuthResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// All results for one message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Authentication {
    /// SPF of the name in HELO; `None` if the client gave none, or nobody knows the client.
    pub helo: Option<SenderPolicy>,
    /// SPF of the sender in MAIL; `None` for the null sender as well.
    pub mail_from: Option<SenderPolicy>,
    /// DKIM: one a signature, at most those that are looked at.
    pub signatures: Vec<Signature>,
    /// ARC; `None` without a chain.
    pub arc: Option<Chain>,
    /// DMARC; `None` if it was not evaluated.
    pub dmarc: Option<DomainPolicy>,
}

/// SPF (RFC 7208) of one identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SenderPolicy {
    /// How it ended.
    pub result: AuthResult,
    /// The domain, as A-labels in lower case.
    pub domain: String,
    /// The whole address in MAIL; the domain for HELO. As the client wrote it.
    pub identity: String,
    /// The term that matched, or what is wrong.
    pub because: String,
    /// What the domain says about a failure: printable ASCII, written by strangers.
    pub explanation: Option<String>,
}

/// A DKIM signature (RFC 6376).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// How it ended.
    pub result: AuthResult,
    /// `d=`, as A-labels in lower case; empty if the field makes no sense.
    pub domain: String,
    /// `s=`
    pub selector: String,
    /// `i=`; empty if it is not there.
    pub identity: String,
    /// `a=`: `rsa-sha256`, `ed25519-sha256`.
    pub algorithm: &'static str,
    /// The beginning of `b=`, which tells several signatures apart (RFC 6008).
    pub beginning: String,
    /// Only the beginning of the body is signed (`l=`).
    pub is_partial: bool,
    /// What is wrong; empty for a pass.
    pub because: String,
}

impl Signature {
    /// Who takes responsibility: the domain of `i=` if it is there, else `d=`.
    pub fn signer(&self) -> &str {
        self.identity.rsplit_once('@').map_or(&self.domain, |(_, domain)| domain)
    }
}

/// A chain of ARC sets (RFC 8617).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// How it ended.
    pub result: AuthResult,
    /// Who sealed, oldest first.
    pub sealers: Vec<String>,
    /// A sealer that this site trusts found, when it got the message, that DMARC passes: which one.
    pub vouched_by: Option<String>,
    /// What is wrong; empty for a pass.
    pub because: String,
}

/// What a domain asks receivers to do with mail that fails DMARC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// Nothing.
    #[default]
    None,
    /// Treat it with suspicion.
    Quarantine,
    /// Refuse it.
    Reject,
}

impl Disposition {
    /// The word in records and Authentication-Results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// What this site does about one domain's mail that fails DMARC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Handling {
    /// As the profile says.
    #[default]
    Profile,
    /// It is scored, never refused.
    Score,
    /// It is refused, whatever the domain asks for.
    Reject,
    /// Nothing: not even scored.
    Ignore,
}

/// DMARC (RFC 9989).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DomainPolicy {
    /// How it ended; none if the domain has no policy.
    pub result: AuthResult,
    /// The domain of From, as A-labels in lower case; empty if there is no single one.
    pub domain: String,
    /// What the domain asks for, `t=` considered.
    pub disposition: Disposition,
    /// Why it may not be refused in spite of that: a forwarder is known, or a sealer trusted.
    pub excused: Option<String>,
    /// What this site does about the domain.
    pub handling: Handling,
    /// What passed, or what is wrong.
    pub because: String,
}

impl Authentication {
    /// Takes in what was found at another stage.
    pub fn add(&mut self, other: Self) {
        self.helo = self.helo.take().or(other.helo);
        self.mail_from = self.mail_from.take().or(other.mail_from);
        if self.signatures.is_empty() {
            self.signatures = other.signatures;
        }
        self.arc = self.arc.take().or(other.arc);
        self.dmarc = self.dmarc.take().or(other.dmarc);
    }

    /// Each method and how it ended, DKIM once a signature.
    pub fn results(&self) -> impl Iterator<Item = (&'static str, AuthResult)> {
        let one = |method, result: Option<AuthResult>| result.map(|result| (method, result));
        let spf = one("spf", self.mail_from.as_ref().map(|policy| policy.result));
        let helo = one("helo", self.helo.as_ref().map(|policy| policy.result));
        let arc = one("arc", self.arc.as_ref().map(|chain| chain.result));
        let dmarc = one("dmarc", self.dmarc.as_ref().map(|policy| policy.result));
        let dkim = self.signatures.iter().map(|signature| ("dkim", signature.result));
        spf.into_iter().chain(helo).chain(dkim).chain(arc).chain(dmarc)
    }

    /// The signatures that fit the message.
    pub fn valid(&self) -> impl Iterator<Item = &Signature> {
        self.signatures.iter().filter(|signature| signature.result == AuthResult::Pass)
    }
}

/// `spf=pass helo=none dkim=pass dmarc=pass`, for logs.
impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (method, result)) in self.results().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(f, "{blank}{method}={result}")?;
        }
        Ok(())
    }
}
