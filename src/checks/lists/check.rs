//! All lists together, as a check.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::{
    Definition, ListsError, Status,
    about::Stage,
    decide,
    list::{self, List},
    plan::{self, Plan, Question},
    tally::Tally,
    view::View,
    zone::Zone,
};
use crate::{
    checks::{Answered, Asked, Case, Check, Facts, Reader, Wanted, Work},
    dns::Resolver,
    mail::{Client, Envelope},
    verdict::{Answer, Witness},
};

/// How often the lists set aside are tried: twice a minute, so that one that recovers is back
/// within a minute.
const RETRY: Duration = Duration::from_secs(30);
/// Every how many rounds all lists are tested: every hour.
const ROUNDS: u32 = 120;

/// The DNS lists. Cheap to clone; clones share the lists' health.
#[derive(Clone)]
pub struct Lists {
    shared: Arc<Shared>,
    view: View,
}

/// What all clones share.
pub(super) struct Shared {
    pub(super) lists: Vec<List>,
    pub(super) zones: Vec<Zone>,
    pub(super) resolver: Resolver,
    reader: Arc<dyn Reader>,
    refuse_hits: usize,
    /// What has to be read of each message.
    wanted: Wanted,
}

impl Lists {
    /// Takes the lists as well until [`Lists::self_test`] says otherwise. The reader tells what is
    /// in messages. So many block lists that hit as `refuse_hits` says (0: any number of them never
    /// does) refuse a client, as one that has `refuse` does alone.
    ///
    /// # Errors
    /// A definition makes no sense, or two ask the same.
    pub fn new(
        definitions: &[Definition],
        refuse_hits: usize,
        resolver: Resolver,
        reader: Arc<dyn Reader>,
    ) -> Result<Self, ListsError> {
        for (place, definition) in definitions.iter().enumerate() {
            definition.validate()?;
            if definitions.iter().take(place).any(|other| other.asks_the_same(definition)) {
                return Err(ListsError::Twice { zone: definition.zone.clone() });
            }
        }
        let keys = definitions.iter().filter_map(|list| list.key.as_ref());
        let resolver = resolver.hiding(keys.map(|key| key.reveal().to_owned()));
        let (lists, zones) = list::lists(definitions);
        let mut wanted = Wanted::default();
        for list in lists.iter().filter(|list| list.definition.reads_message()) {
            list.definition.about.want(list.template.as_ref(), &mut wanted);
        }
        let shared = Shared { lists, zones, resolver, reader, refuse_hits, wanted };
        Ok(Self { shared: Arc::new(shared), view: View::default() })
    }

    /// The lists as checks: of each profile, the one that [serves](Check::serves) it.
    pub fn views(&self) -> Vec<Self> {
        let views = View::all(&self.shared.lists).into_iter();
        views.map(|view| Self { shared: Arc::clone(&self.shared), view }).collect()
    }

    /// Goes on with the health of the zones that were there `before`, and tests the others; takes
    /// about the time of one question. To be called before there are clones: then it does nothing.
    pub async fn succeed(&mut self, before: &Self) {
        let Some(shared) = Arc::get_mut(&mut self.shared) else { return };
        let mut fresh = Vec::new();
        for (number, zone) in shared.zones.iter_mut().enumerate() {
            let inherited = before.shared.zones.iter().any(|known| zone.inherit(known));
            if !inherited {
                fresh.push(number);
            }
        }
        let fresh = fresh.into_iter().filter_map(|number| shared.zones.get(number));
        join_all(fresh.map(|zone| zone.test(&shared.resolver))).await;
    }

    /// Tests all zones at once and sets aside those that fail; takes about the time of one
    /// question. Sessions may ask meanwhile.
    pub async fn self_test(&self) -> Vec<Status> {
        join_all(self.shared.zones.iter().map(|zone| zone.test(&self.shared.resolver))).await;
        self.status()
    }

    /// Watches the zones for as long as it is polled: all every hour, those aside twice a minute.
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

    /// How the zones are, in the order in which definitions first name them.
    pub fn status(&self) -> Vec<Status> {
        self.shared.zones.iter().filter(|zone| zone.is_list()).map(Zone::status).collect()
    }

    /// Tests the zones that are aside.
    pub(super) async fn retry(&self) {
        let aside = self.shared.zones.iter().filter(|zone| zone.is_aside());
        join_all(aside.map(|zone| zone.test(&self.shared.resolver))).await;
    }
}

impl Shared {
    /// The lists of a stage, with their numbers.
    fn at(&self, stage: Stage, view: &View) -> impl Iterator<Item = (usize, &List)> {
        let numbered = self.lists.iter().enumerate();
        numbered.filter(move |(_, list)| {
            list.definition.stage() == stage && view.shows(&list.definition)
        })
    }

    /// A question as people may see it.
    pub(super) fn shown(&self, question: &Question) -> String {
        self.zones.get(question.zone).map(|zone| zone.shown(&question.label)).unwrap_or_default()
    }

    fn may_ask(&self, question: &Question) -> bool {
        let zone = self.zones.get(question.zone);
        !self.reader.is_restricted()
            || zone.is_some_and(|zone| self.reader.may_ask(&zone.shown(&question.label)))
    }

    /// What a message makes the lists be asked.
    fn plan(&self, case: &Case, view: &View) -> Plan {
        let mut plan = Plan::default();
        if self.at(Stage::Message, view).next().is_none() {
            return plan;
        }
        let facts = match self.wanted == Wanted::default() {
            true => Facts::default(),
            false => self.reader.facts(case, self.wanted),
        };
        for (number, list) in self.at(Stage::Message, view) {
            if list.definition.about.follows() {
                plan.follow(number, &list.definition, &facts);
            } else {
                let labels = plan::of_message(list, case, &facts, &*self.reader);
                plan.add(number, list, labels);
            }
        }
        plan.questions.retain(|question| self.may_ask(question));
        plan
    }

    /// Has asked early what the lists will want to know of the message, by what is known of its
    /// envelope: by the time the message is there, the answers are.
    fn expect(&self, envelope: &Envelope, facts: &Facts, view: &View) {
        for (_, list) in self.at(Stage::Message, view) {
            let Some(zone) = self.zones.get(list.zone).filter(|zone| !zone.is_aside()) else {
                continue;
            };
            for label in plan::of_envelope(list, envelope, facts, &*self.reader) {
                let name = zone.name(&label);
                if !self.reader.is_restricted() || self.reader.may_ask(&name) {
                    self.resolver.expect(&name, list.definition.records);
                }
            }
        }
    }

    /// Asks one question.
    pub(super) async fn ask(&self, question: &Question, tally: &Tally<'_>, witness: &Witness) {
        let Some(zone) = self.zones.get(question.zone) else { return };
        let said = zone.ask(&self.resolver, &question.label, question.kind, witness).await;
        tally.add(question, said);
    }

    pub(super) fn registered(&self, name: &str) -> String {
        self.reader.registered(name).to_owned()
    }

    /// Asks all questions, and says what the answers come to.
    async fn run(&self, plan: Plan, stage: Stage, witness: &Witness) -> Answered {
        let tally = Tally::new(self, &plan.following, witness);
        let direct = plan.questions.iter().map(|question| self.ask(question, &tally, witness));
        let hosts = plan.hosts.iter().map(|host| self.follow_host(host, &tally, witness));
        let domains = plan.domains.iter().map(|domain| self.follow_domain(domain, &tally, witness));
        tokio::join!(join_all(direct), join_all(hosts), join_all(domains));
        let hits = tally.finish()?;
        Ok(match stage {
            Stage::Connect => decide::decide(&hits, self.refuse_hits),
            _ => Answer { findings: decide::findings(&hits), ..Answer::default() },
        })
    }

    fn asked(self: &Arc<Self>, plan: Plan, stage: Stage, witness: &Witness) -> Option<Asked> {
        if plan.is_empty() {
            return None;
        }
        let (shared, witness) = (Arc::clone(self), witness.clone());
        Some(Box::pin(async move { shared.run(plan, stage, &witness).await }))
    }
}

impl Check for Lists {
    fn name(&self) -> &'static str {
        "lists"
    }

    fn serves(&self, profile: &str) -> bool {
        self.view.serves(profile)
    }

    fn of_client(&self, client: &Arc<Client>, witness: &Witness) -> Option<Asked> {
        let shared = &self.shared;
        let mut plan = Plan::default();
        for (number, list) in shared.at(Stage::Connect, &self.view) {
            plan.add(number, list, plan::of_client(&list.definition, client));
        }
        if witness.then().is_none() {
            let known = Envelope { client: Arc::clone(client), ..Envelope::default() };
            shared.expect(&known, &Facts::of_client(client), &self.view);
        }
        shared.asked(plan, Stage::Connect, witness)
    }

    /// Nobody waits for these answers before the message is there, RCPT least of all.
    fn of_envelope(&self, envelope: &Arc<Envelope>, witness: &Witness) -> Option<Asked> {
        if witness.then().is_none() {
            let mut facts = Facts::of_envelope(envelope);
            // The client's are on their way since it connected.
            (facts.way.external, facts.way.untrusted) = (Vec::new(), Vec::new());
            self.shared.expect(envelope, &facts, &self.view);
        }
        None
    }

    fn of_message(&self, case: &Case, witness: &Witness) -> Option<Work> {
        let plan = self.shared.plan(case, &self.view);
        self.shared.asked(plan, Stage::Message, witness).map(Work::Io)
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.status()).finish()
    }
}
