//! The two identities that SPF is asked about (RFC 7208, sections 2.3 and 2.4): HELO and MAIL FROM.

use std::net::IpAddr;

use futures_util::future::join;

use super::{
    domain::normal,
    spf::{self, Outcome, Question},
};
use crate::{
    dns::Resolver,
    mail::Envelope,
    verdict::{Authentication, SenderPolicy, Witness},
};

/// The questions that an envelope raises.
pub(super) struct Identities {
    helo: Option<Question>,
    mail_from: Option<Question>,
    sender: String,
}

impl Identities {
    /// `None` if the client is not known: there is nothing to compare with.
    pub(super) fn of(envelope: &Envelope) -> Option<Self> {
        let client = &envelope.client;
        let unknown = envelope.relay.as_ref().is_some_and(|relay| relay == client);
        let address = client.address.filter(|_| !unknown)?;
        let seconds = envelope.arrived.unwrap_or_default();
        let receiver = client.mta.clone().unwrap_or_else(|| "unknown".to_owned());
        let helo = envelope.helo.clone().unwrap_or_default();
        let question = |local_part: &str, domain: &str| Question {
            address,
            helo: helo.clone(),
            local_part: if local_part.is_empty() { "postmaster" } else { local_part }.to_owned(),
            domain: normal(domain),
            receiver: receiver.clone(),
            seconds,
        };
        let sender = &envelope.sender;
        let of_helo = is_asked_about(&helo).then(|| question("", &helo));
        let of_sender = sender.domain().map(|domain| question(sender.local_part(), domain));
        let sender = sender.as_str().to_owned();
        Some(Self { helo: of_helo, mail_from: of_sender, sender })
    }

    /// Asks about both at once.
    pub(super) async fn evaluate(self, resolver: &Resolver, witness: &Witness) -> Authentication {
        let ask = |question: Option<Question>| async move {
            let question = question?;
            let outcome = spf::check_host(&question, resolver, witness).await;
            Some((question, outcome))
        };
        let (helo, mail_from) = join(ask(self.helo), ask(self.mail_from)).await;
        Authentication {
            helo: helo.map(|(question, outcome)| {
                let identity = question.helo.clone();
                policy(question, outcome, identity)
            }),
            mail_from: mail_from.map(|(question, outcome)| policy(question, outcome, self.sender)),
            ..Authentication::default()
        }
    }
}

/// Whether a name in HELO is of several labels and not an address (RFC 7208, section 2.3); of others there is
/// nothing to ask, and nothing found.
fn is_asked_about(helo: &str) -> bool {
    let name = helo.strip_suffix('.').unwrap_or(helo);
    let is_address = name.starts_with('[') || name.parse::<IpAddr>().is_ok();
    name.contains('.') && !is_address
}

fn policy(question: Question, outcome: Outcome, identity: String) -> SenderPolicy {
    let Outcome { result, because, explanation } = outcome;
    SenderPolicy { result, domain: question.domain, identity, because, explanation }
}
