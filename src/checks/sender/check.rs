//! The check itself: what is asked at which stage.

use std::{fmt, net::IpAddr, sync::Arc};

use super::{
    Settings, domain, from,
    helo::Helo,
    own::Own,
    reverse::Reverse,
    sign::{
        HELO_LITERAL_OTHER, HELO_NO_DOMAIN, HELO_OURS, HELO_SYNTAX, HELO_UNRESOLVABLE,
        RDNS_DYNAMIC, RDNS_NONE, RDNS_UNCONFIRMED,
    },
    subscriber::is_subscriber,
};
use crate::{
    checks::{Answered, Asked, Case, Check, Work},
    dns::Resolver,
    mail::{Envelope, is_public},
    verdict::{Answer, Finding, Witness},
};

/// The check `sender`. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    own: Arc<Own>,
    resolver: Option<Resolver>,
}

impl Sender {
    /// Without a resolver only what needs no DNS is found.
    pub fn new(settings: &Settings, resolver: Option<Resolver>) -> Self {
        Self { own: Arc::new(Own::new(settings)), resolver }
    }

    /// Asks all at once: names of the client, address of the HELO name, domain of the sender.
    async fn ask(self, envelope: Arc<Envelope>, witness: Witness) -> Answered {
        let (client, helo, domain) = tokio::join!(
            self.of_reverse(&envelope, &witness),
            self.of_helo(&envelope, &witness),
            self.of_domain(&envelope, &witness),
        );
        let findings = client.into_iter().chain(helo).chain(domain).collect();
        Ok(Answer { findings, ..Answer::default() })
    }

    async fn of_reverse(&self, envelope: &Envelope, witness: &Witness) -> Vec<Finding> {
        let client = &envelope.client;
        let Some(address) = client.address.filter(|&address| is_public(address)) else {
            return Vec::new();
        };
        let reverse = Reverse::of(client, address, self.resolver.as_ref(), witness).await;
        let names = match &reverse {
            Reverse::Nameless => return vec![RDNS_NONE.asked(&address.to_string(), Vec::new())],
            Reverse::Unknown => return Vec::new(),
            Reverse::Confirmed(name) => std::slice::from_ref(name),
            Reverse::Unconfirmed(names) => names,
        };
        let unconfirmed = matches!(reverse, Reverse::Unconfirmed(_))
            .then(|| RDNS_UNCONFIRMED.asked(&address.to_string(), names.to_vec()));
        let dynamic = names.iter().find(|name| is_subscriber(name, address));
        unconfirmed.into_iter().chain(dynamic.map(|name| RDNS_DYNAMIC.seen(name))).collect()
    }

    async fn of_helo(&self, envelope: &Envelope, witness: &Witness) -> Option<Finding> {
        let text = envelope.helo.as_deref()?;
        let address = envelope.client.address.filter(|&address| is_public(address))?;
        if self.own.is_claimed(text, envelope) {
            return Some(HELO_OURS.read("HELO", text));
        }
        match Helo::read(text) {
            Helo::Wrong(why) => Some(HELO_SYNTAX.read("HELO", &format!("{text}: {why}"))),
            Helo::Local => Some(HELO_NO_DOMAIN.read("HELO", text)),
            // Of IPv4 addresses rules say it.
            Helo::Literal(literal @ IpAddr::V6(_))
                if literal.to_canonical() != address.to_canonical() =>
            {
                Some(HELO_LITERAL_OTHER.read("HELO", text))
            }
            Helo::Literal(_) | Helo::BareV4 => None,
            Helo::Name(name) => {
                let addresses = domain::addresses(name, self.resolver.as_ref()?, witness).await?;
                addresses.is_empty().then(|| HELO_UNRESOLVABLE.asked(name, Vec::new()))
            }
        }
    }

    async fn of_domain(&self, envelope: &Envelope, witness: &Witness) -> Option<Finding> {
        let domain = envelope.sender.domain().filter(|domain| !domain.starts_with('['))?;
        domain::examine(domain, self.resolver.as_ref()?, witness).await
    }

    fn examine(&self, case: &Case) -> Answer {
        let Case { envelope, message } = case;
        let mut findings = from::examine(message.headers(), &self.own.domains(envelope));
        findings.extend(from::direct(&envelope.client, &message.trace()));
        Answer { findings, ..Answer::default() }
    }
}

impl Check for Sender {
    fn name(&self) -> &'static str {
        "sender"
    }

    fn of_envelope(&self, envelope: &Arc<Envelope>, witness: &Witness) -> Option<Asked> {
        Some(Box::pin(self.clone().ask(Arc::clone(envelope), witness.clone())))
    }

    fn of_message(&self, case: &Case, _: &Witness) -> Option<Work> {
        let (sender, case) = (self.clone(), case.clone());
        Some(Work::Cpu(Box::new(move || Ok(sender.examine(&case)))))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("own", &self.own).finish_non_exhaustive()
    }
}
