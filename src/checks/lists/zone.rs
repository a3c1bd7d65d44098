//! One zone: asking it, and testing whether it can be believed. All lists in a zone share its health.

use std::net::{IpAddr, Ipv4Addr};

use super::{Definition, Reason, Status, code::Answered, health::Health, labels};
use crate::{
    dns::{Datum, DnsError, HIDDEN, Kind, Records, Resolver},
    verdict::Witness,
};

/// On every list of addresses (RFC 5782, section 5).
const LISTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// On none.
const UNLISTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
/// On every list of names.
const LISTED_NAME: &str = "test";
/// On none.
const UNLISTED_NAME: &str = "invalid";

/// What a zone said.
#[derive(Debug)]
pub(super) enum Said {
    /// An answer, which may mean nothing.
    Answer(Records<Datum>),
    /// Nothing: it is set aside, or was when the message was judged first.
    Aside,
    /// It failed, or the answer shows that it cannot be believed.
    Failure(Reason),
}

/// A zone. One without a name is no list: whatever it answers is believed, and nothing is concluded
/// about others from it.
pub(super) struct Zone {
    /// With its key, without the final dot.
    asked: String,
    /// As written.
    shown: String,
    label: String,
    health: Health,
    proof: Proof,
    /// 127.0.0.1 means something here.
    knows_refusal: bool,
}

/// How a zone proves its health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Proof {
    /// Its entries are names; else addresses.
    names: bool,
    ipv6: bool,
    /// It must list the test entry.
    listed: bool,
}

impl Zone {
    /// The zone of a list; others may be [added](Zone::add).
    pub(super) fn of(list: &Definition) -> Self {
        let shown = zone_of(list);
        let asked = match &list.key {
            Some(key) => shown.replace(HIDDEN, key.reveal()),
            None => shown.clone(),
        };
        let label = list.name.clone().unwrap_or_else(|| shown.clone());
        let health = Health::new(&label);
        let mut zone =
            Self { asked, shown, label, health, proof: Proof::default(), knows_refusal: false };
        zone.add(list);
        zone
    }

    /// Notes that this list is in the zone, too.
    pub(super) fn add(&mut self, list: &Definition) {
        self.proof.names |= !list.about.is_address();
        self.proof.listed |= list.has_test_entry();
        self.proof.ipv6 |= list.ipv6;
        self.knows_refusal |= list.findings.iter().any(|found| found.code.means_refusal());
    }

    /// Whether this list is in it.
    pub(super) fn holds(&self, list: &Definition) -> bool {
        self.shown == zone_of(list)
    }

    /// Goes on with what was known of the health of the same zone.
    pub(super) fn inherit(&mut self, before: &Self) -> bool {
        let same = self.asked == before.asked && self.proof == before.proof;
        if same {
            self.health.inherit(&before.health);
        }
        same
    }

    pub(super) fn is_aside(&self) -> bool {
        self.health.is_aside()
    }

    pub(super) fn status(&self) -> Status {
        Status { list: self.label.clone(), zone: self.shown.clone(), aside: self.health.reason() }
    }

    /// Whether it is a list at all.
    pub(super) fn is_list(&self) -> bool {
        !self.asked.is_empty()
    }

    /// The name to ask for.
    pub(super) fn name(&self, label: &str) -> String {
        joined(label, &self.asked)
    }

    /// That name as people may see it.
    pub(super) fn shown(&self, label: &str) -> String {
        joined(label, &self.shown)
    }

    /// Asks, and watches the zone's manners while at it.
    pub(super) async fn ask(
        &self,
        resolver: &Resolver,
        label: &str,
        kind: Kind,
        witness: &Witness,
    ) -> Said {
        let name = self.name(label);
        let live = witness.then().is_none();
        if live && let Some(reason) = self.health.reason() {
            resolver.not_asked(&name, kind, &crate::chain(&reason), witness);
            return Said::Aside;
        }
        let said = match resolver.data(&name, kind, witness).await {
            Err(DnsError::SetAside { .. }) => Said::Aside,
            Err(error) => Said::Failure(Reason::Fails(error)),
            Ok(records) => match self.proper(&records.answers) {
                Ok(()) => Said::Answer(records),
                Err(reason) => Said::Failure(reason),
            },
        };
        if live && self.is_list() {
            self.watch(&said, &name, kind, resolver).await;
        }
        said
    }

    /// What a question tells of the zone's health.
    async fn watch(&self, said: &Said, name: &str, kind: Kind, resolver: &Resolver) {
        match said {
            Said::Answer(_) | Said::Aside => self.health.answered(),
            // What cannot be asked for is no fault of the list.
            Said::Failure(Reason::Fails(DnsError::Name { .. })) => {}
            Said::Failure(Reason::Fails(error)) => self.health.failed(name, error),
            Said::Failure(reason) => {
                // Remembered, it would set the list aside again after its recovery.
                resolver.forget(name, kind).await;
                self.health.set_aside(reason.clone());
            }
        }
    }

    /// Whether a list may answer so.
    fn proper(&self, answers: &[Datum]) -> Result<(), Reason> {
        if !self.is_list() {
            return Ok(());
        }
        let addresses = answers.iter().filter_map(|answer| match answer {
            Datum::Address(address) => Some(*address),
            Datum::Text(_) => None,
        });
        for answer in addresses {
            match Answered::of(answer, self.knows_refusal) {
                Answered::Proper => {}
                Answered::Refusal => return Err(Reason::Refuses(answer)),
                Answered::Foreign => return Err(Reason::Foreign(answer)),
            }
        }
        Ok(())
    }

    /// Puts the zone to the test of RFC 5782, section 5, past the cache, and notes the result.
    pub(super) async fn test(&self, resolver: &Resolver) {
        let tested = match (self.is_list(), self.proof.names) {
            (false, _) => Ok(()),
            (_, true) => self.try_names(resolver).await,
            (_, false) => self.try_addresses(resolver).await,
        };
        match tested {
            Ok(()) => self.health.take_back(),
            Err(reason) => self.health.set_aside(reason),
        }
    }

    async fn try_addresses(&self, resolver: &Resolver) -> Result<(), Reason> {
        let reversed = |address: IpAddr| labels::reversed(address);
        let (listed, unlisted, unlisted_v6) = (
            reversed(LISTED.into()),
            reversed(UNLISTED.into()),
            reversed(UNLISTED.to_ipv6_mapped().into()),
        );
        let (listed, unlisted, unlisted_v6) = tokio::join!(
            self.lists_now(resolver, &listed, self.proof.listed),
            self.lists_now(resolver, &unlisted, true),
            self.lists_now(resolver, &unlisted_v6, self.proof.ipv6),
        );
        if self.proof.listed && !listed? {
            return Err(Reason::ListsNothing("127.0.0.2"));
        }
        // Many have no IPv6 test entries, and the IPv4 ones tell whether it is alive.
        if unlisted? || (self.proof.ipv6 && unlisted_v6.unwrap_or_default()) {
            return Err(Reason::ListsEverything("127.0.0.1"));
        }
        Ok(())
    }

    async fn try_names(&self, resolver: &Resolver) -> Result<(), Reason> {
        let address = labels::reversed(LISTED.into());
        let (name, address, unlisted) = tokio::join!(
            self.lists_now(resolver, LISTED_NAME, self.proof.listed),
            self.lists_now(resolver, &address, self.proof.listed),
            self.lists_now(resolver, UNLISTED_NAME, true),
        );
        // Older lists of names have the test entry of those of addresses.
        if self.proof.listed && !name? && !address? {
            return Err(Reason::ListsNothing("TEST"));
        }
        match unlisted? {
            true => Err(Reason::ListsEverything("INVALID")),
            false => Ok(()),
        }
    }

    /// Whether something is on it, as it says now; not asked if nobody wants to know.
    async fn lists_now(
        &self,
        resolver: &Resolver,
        label: &str,
        wanted: bool,
    ) -> Result<bool, Reason> {
        if !wanted {
            return Ok(false);
        }
        let records = resolver.addresses_now(&self.name(label)).await.map_err(Reason::Fails)?;
        let answers: Vec<Datum> = records.answers.into_iter().map(Datum::Address).collect();
        self.proper(&answers)?;
        Ok(!answers.is_empty())
    }
}

/// The zone of a list, in lower case, without the final dot; empty for a template without one.
fn zone_of(list: &Definition) -> String {
    match list.template() {
        Some(template) => template.zone().unwrap_or_default().to_owned(),
        None => list.zone.trim_end_matches('.').to_ascii_lowercase(),
    }
}

fn joined(label: &str, zone: &str) -> String {
    let mut name = String::with_capacity(label.len() + zone.len() + 2);
    name.push_str(label);
    if !zone.is_empty() {
        name.push('.');
        name.push_str(zone);
    }
    name.push('.');
    name
}
