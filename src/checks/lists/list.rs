//! One list, in use: asking it and testing it.

use std::net::{IpAddr, Ipv4Addr};

use super::{Definition, Reason, Status, code::Kind, decide::Hit, health::Health, question};
use crate::{
    dns::{DnsError, Resolver},
    verdict::Witness,
};

/// On every list (RFC 5782, section 5).
const LISTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// On no list.
const UNLISTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);

/// What a list said of a client.
pub(super) enum Said<'l> {
    /// An answer, which may mean that it does not know the client.
    Answer(Option<Hit<'l>>),
    /// Nothing: it is set aside, or was when the message was judged first.
    Aside,
    /// It failed, or the answer shows that it cannot be believed.
    Failure(Reason),
}

/// A definition with the health of its list.
pub(super) struct List {
    definition: Definition,
    health: Health,
}

impl List {
    pub(super) fn new(definition: Definition) -> Self {
        let health = Health::new(definition.label());
        Self { definition, health }
    }

    pub(super) fn is_aside(&self) -> bool {
        self.health.is_aside()
    }

    /// Whether it could know such an address.
    pub(super) fn knows(&self, address: IpAddr) -> bool {
        address.is_ipv4() || self.definition.ipv6
    }

    pub(super) fn status(&self) -> Status {
        Status {
            list: self.definition.label().to_owned(),
            zone: self.definition.zone.clone(),
            aside: self.health.reason(),
        }
    }

    /// Asks about a client, and watches the list's manners while at it.
    pub(super) async fn ask(
        &self,
        resolver: &Resolver,
        address: IpAddr,
        witness: &Witness,
    ) -> Said<'_> {
        let question = question::about(address, &self.definition.zone);
        if witness.then().is_some() {
            return match resolver.addresses(&question, witness).await {
                Err(DnsError::SetAside { .. }) => Said::Aside,
                Err(error) => Said::Failure(Reason::Fails(error)),
                Ok(records) => self.said(question, records.answers),
            };
        }
        if let Some(reason) = self.health.reason() {
            resolver.not_asked_for_addresses(&question, &crate::chain(&reason), witness);
            return Said::Aside;
        }
        let said = match resolver.addresses(&question, witness).await {
            Ok(records) => self.said(question.clone(), records.answers),
            Err(error) => Said::Failure(Reason::Fails(error)),
        };
        self.watch(&said, &question, resolver).await;
        said
    }

    fn said(&self, question: String, answers: Vec<Ipv4Addr>) -> Said<'_> {
        match proper(&answers) {
            Ok(()) => Said::Answer(Hit::of(&self.definition, question, answers)),
            Err(reason) => Said::Failure(reason),
        }
    }

    /// What a client's question tells of the list's health.
    async fn watch(&self, said: &Said<'_>, question: &str, resolver: &Resolver) {
        match said {
            Said::Answer(_) | Said::Aside => self.health.answered(),
            Said::Failure(Reason::Fails(error)) => self.health.failed(question, error),
            Said::Failure(reason) => {
                // Remembered, it would set the list aside again after its recovery.
                resolver.forget_addresses(question).await;
                self.health.set_aside(reason.clone());
            }
        }
    }

    /// Puts the list to the test of RFC 5782, section 5, past the cache, and notes the result.
    pub(super) async fn test(&self, resolver: &Resolver) {
        match self.try_test(resolver).await {
            Ok(()) => self.health.take_back(),
            Err(reason) => self.health.set_aside(reason),
        }
    }

    async fn try_test(&self, resolver: &Resolver) -> Result<(), Reason> {
        let (listed, unlisted, unlisted_v6) = tokio::join!(
            self.answers_now(resolver, LISTED.into()),
            self.answers_now(resolver, UNLISTED.into()),
            self.unlisted_v6(resolver),
        );
        if listed?.is_empty() {
            return Err(Reason::ListsNothing);
        }
        if !unlisted?.is_empty() || !unlisted_v6.is_empty() {
            return Err(Reason::ListsEverything);
        }
        Ok(())
    }

    /// What it says about `::FFFF:7F00:1`, which must be nothing. A failure here is no verdict:
    /// many lists have no IPv6 test entries, and the IPv4 ones tell whether it is alive.
    async fn unlisted_v6(&self, resolver: &Resolver) -> Vec<Ipv4Addr> {
        if !self.definition.ipv6 {
            return Vec::new();
        }
        let mapped = UNLISTED.to_ipv6_mapped();
        self.answers_now(resolver, mapped.into()).await.unwrap_or_default()
    }

    async fn answers_now(
        &self,
        resolver: &Resolver,
        address: IpAddr,
    ) -> Result<Vec<Ipv4Addr>, Reason> {
        let question = question::about(address, &self.definition.zone);
        let records = resolver.addresses_now(&question).await.map_err(Reason::Fails)?;
        proper(&records.answers)?;
        Ok(records.answers)
    }
}

/// Whether a list may answer so.
fn proper(answers: &[Ipv4Addr]) -> Result<(), Reason> {
    answers.iter().try_for_each(|&answer| match Kind::of(answer) {
        Kind::Proper => Ok(()),
        Kind::Refusal => Err(Reason::Refuses(answer)),
        Kind::Foreign => Err(Reason::Foreign(answer)),
    })
}
