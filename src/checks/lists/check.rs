//! All client lists together, as a check.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::{
    Definition, ListsError, Status, decide,
    list::{List, Said},
    question,
};
use crate::{
    checks::{Answered, Asked, Check},
    dns::Resolver,
    mail::Client,
    verdict::Witness,
};

/// How often the lists set aside are tried: twice a minute, so that one that recovers is back
/// within a minute.
const RETRY: Duration = Duration::from_secs(30);
/// Every how many rounds all lists are tested: every hour.
const ROUNDS: u32 = 120;

/// The DNS lists that know clients. Cheap to clone; clones share the lists' health.
#[derive(Clone)]
pub struct ClientLists {
    lists: Arc<[List]>,
    resolver: Resolver,
    refuse_hits: usize,
}

impl ClientLists {
    /// Takes the lists as well until [`ClientLists::self_test`] says otherwise. So many block lists
    /// that hit as `refuse_hits` says (0: any number of them never does) refuse a client, as one
    /// that has `refuse` does alone.
    ///
    /// # Errors
    /// A definition makes no sense, is of a kind that is not supported, or repeats a zone.
    pub fn new(
        definitions: &[Definition],
        refuse_hits: usize,
        resolver: Resolver,
    ) -> Result<Self, ListsError> {
        for (place, definition) in definitions.iter().enumerate() {
            definition.validate()?;
            let same = |other: &Definition| other.zone.eq_ignore_ascii_case(&definition.zone);
            if definitions.iter().take(place).any(same) {
                return Err(ListsError::Twice { zone: definition.zone.clone() });
            }
        }
        let lists = definitions.iter().cloned().map(List::new).collect();
        Ok(Self { lists, resolver, refuse_hits })
    }

    /// Tests all lists at once and sets aside those that fail; takes about the time of one
    /// question. Sessions may ask meanwhile.
    pub async fn self_test(&self) -> Vec<Status> {
        join_all(self.lists.iter().map(|list| list.test(&self.resolver))).await;
        self.status()
    }

    /// Watches the lists for as long as it is polled: all every hour, those aside twice a minute.
    pub async fn monitor(&self) {
        for round in (1..=ROUNDS).cycle() {
            tokio::time::sleep(RETRY).await;
            if round == ROUNDS {
                self.self_test().await;
            } else {
                self.retry().await;
            }
        }
    }

    /// How the lists are, in the order of their definitions.
    pub fn status(&self) -> Vec<Status> {
        self.lists.iter().map(List::status).collect()
    }

    /// Tests the lists that are aside.
    pub(super) async fn retry(&self) {
        let aside = self.lists.iter().filter(|list| list.is_aside());
        join_all(aside.map(|list| list.test(&self.resolver))).await;
    }

    /// Asks every list that is in use and could know the address. Lists that fail are counted and
    /// logged as such by their health; what the others know is the answer.
    async fn ask(self, address: IpAddr, witness: Witness) -> Answered {
        let able = self.lists.iter().filter(|list| list.knows(address));
        let said = join_all(able.map(|list| list.ask(&self.resolver, address, &witness))).await;
        let aside = said.iter().filter(|said| matches!(said, Said::Aside)).count();
        let asked = said.len() - aside;
        if asked == 0 && aside > 0 {
            return Err(ListsError::NoneInUse.into());
        }
        let mut hits = Vec::new();
        let (mut failed, mut last) = (0, None);
        for said in said {
            match said {
                Said::Answer(hit) => hits.extend(hit),
                Said::Aside => {}
                Said::Failure(reason) => (failed, last) = (failed + 1, Some(reason)),
            }
        }
        match last {
            Some(last) if failed == asked => Err(ListsError::NoneAnswered { asked, last }.into()),
            _ => Ok(decide::decide(&hits, self.refuse_hits)),
        }
    }
}

impl Check for ClientLists {
    fn name(&self) -> &'static str {
        "lists"
    }

    fn of_client(&self, client: &Arc<Client>, witness: &Witness) -> Option<Asked> {
        let address = question::listable(client.address?)?;
        if self.lists.is_empty() {
            return None;
        }
        Some(Box::pin(self.clone().ask(address, witness.clone())))
    }
}

impl fmt::Debug for ClientLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.status()).finish()
    }
}
