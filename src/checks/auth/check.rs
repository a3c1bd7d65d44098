//! SPF, DKIM, ARC and DMARC together, as a check.

use std::sync::Arc;

use futures_util::future::join;

use super::{
    arc, body_hash::BodyHashes, dkim, dmarc, domain::normal, findings, identities::Identities,
    key::Keys, settings::Settings, source::Source,
};
use crate::{
    checks::{Answered, Asked, Case, Check, Computation, Earlier, Failure, Work},
    dns::Resolver,
    mail::{Envelope, Message},
    verdict::{
        Answer, AuthResult, Authentication, DomainPolicy, Outcome, Reason, SenderPolicy, Witness,
    },
};

/// The check. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authenticator {
    resolver: Resolver,
    settings: Arc<Settings>,
}

/// What is read of a message before anybody is asked.
struct Reading {
    source: Source,
    author: Result<String, &'static str>,
    signatures: Vec<dkim::Read>,
    arc: Option<arc::Read>,
    envelope: Arc<Envelope>,
}

/// What was asked for.
struct Heard {
    keys: Keys,
    dmarc: Option<dmarc::Discovered>,
    /// What SPF found at MAIL.
    spf: Authentication,
}

impl Authenticator {
    /// Asks by this resolver.
    pub fn new(settings: &Settings, resolver: Resolver) -> Self {
        Self { resolver, settings: Arc::new(settings.clone()) }
    }

    async fn spf(
        self,
        identities: Identities,
        envelope: Arc<Envelope>,
        witness: Witness,
    ) -> Answered {
        let found = identities.evaluate(&self.resolver, &witness).await;
        let failed = found.mail_from.as_ref().filter(|sender| sender.result == AuthResult::Fail);
        let known = self.settings.forwarder(&envelope.client).is_some();
        let refuse = failed.filter(|_| !known).map(refusal);
        Ok(Answer {
            findings: findings::of_envelope(&found),
            refuse,
            authentication: Some(Box::new(found)),
            ..Answer::default()
        })
    }

    /// Asks for all keys and records at once; what is left then is to be computed.
    async fn ask(
        self,
        reading: Reading,
        earlier: Option<Earlier>,
        witness: Witness,
    ) -> Result<Computation, Failure> {
        let keys = Keys::ask(reading.key_names(), &self.resolver, &witness);
        let others = reading.domains();
        let dmarc = async {
            let author = reading.author.as_deref().ok()?;
            Some(dmarc::discover(author, others, &self.resolver, &witness).await)
        };
        let (keys, dmarc) = join(keys, dmarc).await;
        let spf = match earlier {
            Some(earlier) => sender_policy(earlier.await),
            None => Authentication::default(),
        };
        let heard = Heard { keys, dmarc, spf };
        Ok(Box::new(move || Ok(reading.conclude(heard, &self.settings))))
    }
}

/// What SPF found, if it could be asked.
fn sender_policy(outcome: Outcome) -> Authentication {
    match outcome {
        Outcome::Answered(Answer { authentication: Some(found), .. }) => *found,
        _ => Authentication::default(),
    }
}

fn refusal(sender: &SenderPolicy) -> Reason {
    let explanation = sender.explanation.clone();
    Reason::SpfFail { domain: sender.domain.clone(), explanation: explanation.unwrap_or_default() }
}

impl Reading {
    fn new(message: &Arc<Message>, envelope: &Arc<Envelope>) -> Self {
        let source = Source::new(Arc::clone(message));
        let author = dmarc::author(&source);
        let signatures = dkim::read(&source, author.as_deref().ok());
        let arc = arc::read(&source);
        Self { source, author, signatures, arc, envelope: Arc::clone(envelope) }
    }

    fn key_names(&self) -> Vec<String> {
        let of_arc = self.arc.iter().flat_map(arc::Read::key_names);
        self.signatures.iter().filter_map(dkim::Read::key_name).chain(of_arc).collect()
    }

    /// The domains that may stand for the author.
    fn domains(&self) -> impl Iterator<Item = String> + use<> {
        let signers = self.signatures.iter().map(|read| read.domain().to_owned());
        signers.chain(self.sender()).collect::<Vec<_>>().into_iter()
    }

    /// The domain of MAIL, or of HELO for the null sender (RFC 9989, section 4.4.2).
    fn sender(&self) -> Option<String> {
        let Envelope { sender, helo, .. } = &*self.envelope;
        let helo = helo.as_deref().filter(|_| sender.is_null());
        sender.domain().or(helo).map(normal)
    }

    /// Hashes and verifies.
    fn conclude(mut self, heard: Heard, settings: &Settings) -> Answer {
        let now = self.envelope.arrived.unwrap_or_default();
        let signatures = std::mem::take(&mut self.signatures).into_iter();
        let mut bodies = BodyHashes::of(self.source.body());
        let arc = self.arc.as_ref().map(|arc| {
            let trusted = &settings.trusted_sealers;
            arc.verify(&self.source, &heard.keys, &mut bodies, now, trusted)
        });
        let signatures =
            signatures.map(|read| read.verify(&self.source, &heard.keys, &mut bodies, now));
        let mut found = Authentication { signatures: signatures.collect(), arc, ..heard.spf };
        found.dmarc = Some(self.policy(heard.dmarc.as_ref(), &found, settings));
        let sender = self.envelope.sender.domain().map(normal);
        let author = self.author.as_deref().ok();
        Answer {
            findings: findings::of_message(&found, author, sender.as_deref()),
            authentication: Some(Box::new(found)),
            ..Answer::default()
        }
    }

    /// DMARC, and what this site makes of it.
    fn policy(
        &self,
        discovered: Option<&dmarc::Discovered>,
        found: &Authentication,
        settings: &Settings,
    ) -> DomainPolicy {
        let helo = found.helo.as_ref().filter(|_| self.envelope.sender.is_null());
        let spf = found.mail_from.as_ref().or(helo);
        let mut policy = match (&self.author, discovered) {
            (Ok(_), Some(discovered)) => dmarc::evaluate(discovered, spf, &found.signatures),
            (Ok(_), None) => DomainPolicy::default(),
            (Err(why), _) => DomainPolicy {
                result: AuthResult::Permerror,
                because: (*why).to_owned(),
                ..DomainPolicy::default()
            },
        };
        policy.handling = settings.handling(&policy.domain);
        if policy.result == AuthResult::Fail {
            policy.excused = self.excuse(found, settings);
        }
        policy
    }

    /// Why a message that fails is not to be refused.
    fn excuse(&self, found: &Authentication, settings: &Settings) -> Option<String> {
        if let Some(forwarder) = settings.forwarder(&self.envelope.client) {
            return Some(format!("{forwarder} forwards"));
        }
        if self.envelope.relay.as_ref() == Some(&self.envelope.client) {
            return Some("it was written on a relay of ours".to_owned());
        }
        let sealer = found.arc.as_ref()?.vouched_by.as_ref()?;
        Some(format!("{sealer} sealed a pass"))
    }
}

impl Check for Authenticator {
    fn name(&self) -> &'static str {
        "auth"
    }

    fn of_envelope(&self, envelope: &Arc<Envelope>, witness: &Witness) -> Option<Asked> {
        let identities = Identities::of(envelope)?;
        Some(Box::pin(self.clone().spf(identities, Arc::clone(envelope), witness.clone())))
    }

    fn of_message_after(
        &self,
        case: &Case,
        earlier: Option<Earlier>,
        witness: &Witness,
    ) -> Option<Work> {
        let reading = Reading::new(&case.message, &case.envelope);
        let asked = self.clone().ask(reading, earlier, witness.clone());
        Some(Work::IoThenCpu(Box::pin(asked)))
    }
}
