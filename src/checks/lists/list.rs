//! One list, in use: asking it and testing it.

use std::net::{IpAddr, Ipv4Addr};

use super::{Definition, Reason, Status, code::Kind, decide::Hit, health::Health, question};
use crate::dns::Resolver;

/// On every list (RFC 5782, section 5).
const LISTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// On no list.
const UNLISTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);

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
    ///
    /// # Errors
    /// It failed, or the answer shows that it cannot be believed.
    pub(super) async fn ask(
        &self,
        resolver: &Resolver,
        address: IpAddr,
    ) -> Result<Option<Hit<'_>>, Reason> {
        let question = question::about(address, &self.definition.zone);
        let answers = match resolver.addresses(&question).await {
            Ok(records) => records.answers,
            Err(error) => {
                self.health.failed(&question, &error);
                return Err(Reason::Fails(error));
            }
        };
        if let Err(reason) = proper(&answers) {
            // Remembered, it would set the list aside again after its recovery.
            resolver.forget_addresses(&question).await;
            self.health.set_aside(reason.clone());
            return Err(reason);
        }
        self.health.answered();
        Ok(Hit::of(&self.definition, question, answers))
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
