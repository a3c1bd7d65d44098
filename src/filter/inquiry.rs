//! One connection ([`Visit`]) and one message on it ([`Inquiry`]).

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{
    Account, Filter, Full, Lane,
    access::{self, Early},
    authenticity::{awaits_early, refuses_early},
    contents,
    examine::{Examination, Order, Raw, Subject, examine},
    judge,
    origin::lane,
    pending::Pending,
    profile::Profile,
    record::{Record, Then},
    relay,
};
use crate::{
    checks::Check,
    mail::{Address, Client, Envelope, HeaderBlock, trace},
    metrics,
    verdict::{Answer, Forced, Judgement, Outcome, Reason, Ruling, Verdict},
};

/// A connection: what is asked about its client is shared by its messages.
pub struct Visit {
    filter: Arc<Filter>,
    client: Arc<Client>,
    asked: Vec<Pending>,
    /// By which profile it was asked.
    presumed: Arc<str>,
    then: Option<Arc<Then>>,
}

impl Visit {
    pub(super) fn open(filter: Arc<Filter>, client: Client, then: Option<Arc<Then>>) -> Self {
        let client = Arc::new(client);
        let profile = filter.profiles.presumed(&filter.networks, &client);
        let asked = ask_about(&filter, profile, &client, then.as_deref());
        let presumed = Arc::clone(&profile.name);
        Self { filter, client, asked, presumed, then }
    }

    /// The client that connected.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// A message begins: `envelope` holds what is known at MAIL.
    ///
    /// # Errors
    /// [`Full`]: as many messages as this machine can judge in time are waiting already.
    pub fn inquire(&self, mut envelope: Envelope) -> Result<Inquiry, Full> {
        let profile = Arc::clone(self.filter.profiles.classify(&self.filter.networks, &envelope));
        let lane = lane(&self.filter.networks, &envelope);
        if self.filter.admission.is_full(lane) {
            return Err(Full);
        }
        envelope.arrived.get_or_insert_with(now);
        let mut inquiry = Inquiry {
            filter: Arc::clone(&self.filter),
            profile,
            lane,
            envelope,
            asked: Vec::new(),
            waits_until: None,
            refusal: None,
            refused: None,
            refusal_kept: false,
            unanswered: false,
            may_pass: false,
            then: self.then.clone(),
        };
        inquiry.ask(self.shared_with(&inquiry.profile));
        Ok(inquiry)
    }

    /// What has been asked about the client; nothing, if this profile is served by other checks.
    fn shared_with(&self, profile: &Profile) -> &[Pending] {
        let (presumed, actual) = (&self.presumed, &profile.name);
        let same = |check: &Arc<dyn Check>| check.serves(presumed) == check.serves(actual);
        if self.filter.checks.iter().all(same) { &self.asked } else { &[] }
    }
}

/// A message on its way in.
pub struct Inquiry {
    filter: Arc<Filter>,
    profile: Arc<Profile>,
    lane: Lane,
    envelope: Envelope,
    asked: Vec<Pending>,
    /// Until when RCPT waits for the lists; all recipients together wait once.
    waits_until: Option<Instant>,
    /// What RCPT says to everybody but postmaster and abuse, once it is known.
    refusal: Option<Judgement>,
    /// What RCPT would have said, had this not been a dry run.
    refused: Option<Forced>,
    /// That refusal is recorded.
    refusal_kept: bool,
    /// RCPT went on before all lists had answered.
    unanswered: bool,
    /// The administrator lets somebody in who may have sent this: it is refused at the end or never.
    may_pass: bool,
    /// What came from outside when it was judged first, if it is judged once more.
    then: Option<Arc<Then>>,
}

impl Inquiry {
    /// The profile it is judged by.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// What SMTP told us so far.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Takes over what the MTA reports late (the queue id).
    pub fn set_queue_id(&mut self, queue_id: Option<String>) {
        self.envelope.queue_id = queue_id.or(self.envelope.queue_id.take());
    }

    /// An account for the bytes of this message.
    pub fn account(&self) -> Account {
        self.filter.admission.account(self.lane)
    }

    /// A recipient. `Some` is the refusal to answer; the recipient then does not count.
    pub async fn recipient(&mut self, recipient: Address) -> Option<Judgement> {
        if !recipient.is_role()
            && let Some(refusal) = self.refusal().await
        {
            self.keep_refusal(&refusal, recipient);
            return Some(refusal);
        }
        self.envelope.recipients.push(recipient);
        None
    }

    /// The refusal that any recipient but postmaster and abuse would get; the same for all of them.
    pub async fn refusal(&mut self) -> Option<Judgement> {
        let refuses =
            ["access", "lists", "auth"].iter().any(|check| awaits_early(&self.profile, check));
        let may = refuses && self.envelope.relay.is_none();
        if !may || self.refusal.is_some() || self.refused.is_some() {
            return self.refusal.clone();
        }
        let (forced, lists) = self.client_refused().await?;
        if self.profile.dry_run {
            self.refused = Some(forced);
            return None;
        }
        metrics::client_refused(&self.profile.name);
        let mut seen = Examination { outcomes: vec![lists], ..Examination::default() };
        self.asked.iter().for_each(|pending| seen.testimony.add(pending.testimony()));
        self.refusal = Some(self.judge(seen, Some(forced), Instant::now()));
        self.refusal.clone()
    }

    /// The headers are in, as raw bytes: mail from a relay gets its real client.
    pub fn headers(&mut self, head: &[u8]) {
        let Some(address) = self.envelope.client.address else { return };
        if !self.filter.networks.is_relay(address) || self.envelope.relay.is_some() {
            return;
        }
        let relay = Arc::clone(&self.envelope.client);
        self.envelope.relay = Some(Arc::clone(&relay));
        let recorded = self.then.as_ref().and_then(|then| then.relayed.clone());
        let real = recorded.or_else(|| {
            let hops = trace(&HeaderBlock::parse(head), head);
            let (client, helo) = relay::real_client(&self.filter.networks, &relay, &hops)?;
            Some((Arc::new(client), helo))
        });
        self.envelope.helo = None;
        if let Some((client, helo)) = real {
            self.envelope.client = client;
            self.envelope.helo = helo;
            self.ask(&[]);
        }
    }

    /// The message is complete: judges it by the profile's deadline, which runs from the moment
    /// it gets a slot. `truncated` says that `raw` is only its beginning. The envelope comes back for the log.
    pub async fn conclude(mut self, raw: Vec<u8>, truncated: bool) -> (Judgement, Envelope) {
        let started = Instant::now();
        let judgement = match self.filter.admission.enter(self.lane).await {
            Ok(permit) => self.examine(Raw { bytes: raw, truncated }, permit, started).await,
            Err(Full) => {
                metrics::turned_away("queue");
                let forced = Forced { verdict: Verdict::Defer, reason: Reason::Busy };
                self.judge(Examination::default(), Some(forced), started)
            }
        };
        self.keep(&judgement, &self.envelope);
        (judgement, self.envelope)
    }

    /// Records a judgement, if that is done.
    fn keep(&self, judgement: &Judgement, envelope: &Envelope) {
        if let Some(history) = &self.filter.history {
            Record::of(judgement, envelope, self.filter.provenance).keep(history);
        }
    }

    /// One message, one record, whomever it is refused for.
    fn keep_refusal(&mut self, refusal: &Judgement, recipient: Address) {
        if self.filter.history.is_none() || std::mem::replace(&mut self.refusal_kept, true) {
            return;
        }
        let envelope = Envelope { recipients: vec![recipient], ..self.envelope.clone() };
        self.keep(refusal, &envelope);
    }

    async fn examine(
        &mut self,
        raw: Raw,
        permit: OwnedSemaphorePermit,
        started: Instant,
    ) -> Judgement {
        // From here on, not from the message's end: waiting for a slot must not make checks late,
        // or load would change verdicts.
        let deadline = Instant::now() + self.profile.deadline;
        let envelope = Arc::new(self.envelope.clone());
        let order = Arc::new(Order {
            filter: Arc::clone(&self.filter),
            profile: Arc::clone(&self.profile),
            then: self.then.clone(),
            earlier: self.asked.clone(),
            lane: self.lane,
        });
        let subject = Subject::New(raw);
        let first = examine(Arc::clone(&order), Arc::clone(&envelope), subject, permit, deadline);
        let Ok(mut examination) = first.await else {
            let forced = Forced { verdict: Verdict::Defer, reason: Reason::Internal };
            return self.judge(Examination::default(), Some(forced), started);
        };
        let early = self.early(deadline).await;
        self.read_pictures(&order, &envelope, &mut examination, &early, deadline).await;
        examination.outcomes.extend(early.outcomes);
        examination.testimony.add(early.testimony);
        examination.rcpt_unanswered = self.unanswered;
        examination.only_for_roles = early.only_for_roles;
        let refused = self.refused.take().or_else(|| self.late_refusal(&examination));
        let case = examination.case.take().filter(|_| !examination.truncated);
        let judgement = self.judge(examination, refused, started);
        if let (Some(autolearn), Some(case), Lane::Outside) =
            (&self.filter.autolearn, &case, self.lane)
        {
            autolearn.consider(&self.filter.rules, &judgement, case);
        }
        judgement
    }

    /// What came of the questions about client and envelope.
    async fn early(&self, deadline: Instant) -> Examination {
        let mut early = Examination::default();
        for pending in &self.asked {
            let (outcome, heard) = pending.at_last(deadline).await;
            early.outcomes.push((pending.check, outcome));
            early.testimony.add(heard);
        }
        let recipients = &self.envelope.recipients;
        early.only_for_roles = !recipients.is_empty() && recipients.iter().all(Address::is_role);
        early
    }

    /// Reads the pictures, where that can change anything, and asks once more what reads texts.
    async fn read_pictures(
        &self,
        order: &Arc<Order>,
        envelope: &Arc<Envelope>,
        seen: &mut Examination,
        early: &Examination,
        deadline: Instant,
    ) {
        let read = contents::read_pictures(order, seen, early, deadline).await;
        let Some(contents::Read { message, outcome, testimony }) = read else { return };
        seen.outcomes.push((contents::NAME, outcome));
        seen.testimony.add(testimony);
        let Some(message) = message else { return };
        let Ok(permit) = self.filter.admission.enter(self.lane).await else {
            // What was read cannot be judged in time: as if the pictures had not been read.
            seen.outcomes.push((contents::NAME, Outcome::Late));
            return;
        };
        let subject = Subject::Known(Arc::new(message));
        let again = examine(Arc::clone(order), Arc::clone(envelope), subject, permit, deadline);
        match again.await {
            Ok(again) => contents::replace(seen, again),
            Err(_) => seen.outcomes.push((contents::NAME, Outcome::Late)),
        }
    }

    /// A listed client that came through a relay could not be refused at RCPT, where it was not
    /// known yet, and one that may be let in has not been: it is refused here, unless postmaster or abuse
    /// is among the recipients.
    fn late_refusal(&self, seen: &Examination) -> Option<Forced> {
        let spared = self.envelope.recipients.iter().any(Address::is_role);
        let is_late = self.envelope.relay.is_some() || self.may_pass;
        if !is_late || spared {
            return None;
        }
        seen.outcomes.iter().find_map(|(_, outcome)| refusal_in(&self.profile, outcome))
    }

    fn judge(&self, seen: Examination, forced: Option<Forced>, started: Instant) -> Judgement {
        judge::count_checks(&seen);
        let judgement = judge::judge(&self.profile, &self.filter.rules, seen, forced, started);
        judge::count(&judgement);
        judgement
    }

    /// Asks what the connection has not asked already and what needs the sender. For relayed mail
    /// both wait until the headers have named the client.
    fn ask(&mut self, shared: &[Pending]) {
        let client = &self.envelope.client;
        if client.address.is_some_and(|address| self.filter.networks.is_relay(address)) {
            return;
        }
        let wanted = |pending: &&Pending| self.profile.asks(pending.check);
        self.asked = shared.iter().filter(wanted).cloned().collect();
        if shared.is_empty() {
            self.asked = ask_about(&self.filter, &self.profile, client, self.then.as_deref());
        }
        let envelope = Arc::new(self.envelope.clone());
        for check in self.filter.checks.iter().filter(|check| self.profile.wants(&***check)) {
            let witness = Then::witness(self.then.as_deref(), check.name());
            let asked = check.of_envelope(&envelope, &witness);
            let then = self.then.as_deref();
            self.asked.extend(asked.map(|asked| Pending::of(check.name(), asked, witness, then)));
        }
    }

    /// What the administrator has said of client and sender: it comes before what others say.
    async fn ruled_out(&mut self, until: Instant) -> Option<(Forced, (&'static str, Outcome))> {
        let pending = self.asked.iter().find(|pending| pending.check == "access");
        let pending = pending.filter(|pending| awaits_early(&self.profile, pending.check))?;
        let outcome = pending.by(until).await;
        match access::early(rulings_in(&outcome)) {
            Early::Refused(reason) => {
                let forced = Forced { verdict: Verdict::Reject, reason };
                return Some((forced, (pending.check, outcome)));
            }
            Early::MayPass => self.may_pass = true,
            Early::Silent => {}
        }
        None
    }

    /// The first answer that refuses the client, if it comes while RCPT may wait.
    async fn client_refused(&mut self) -> Option<(Forced, (&'static str, Outcome))> {
        if self.then.as_ref().is_some_and(|then| then.rcpt_unanswered) {
            self.unanswered = true;
            return None;
        }
        let until = *self.waits_until.get_or_insert(Instant::now() + self.profile.early_wait);
        if let Some(refused) = self.ruled_out(until).await {
            return Some(refused);
        }
        if self.may_pass {
            return None;
        }
        for pending in self.asked.iter().filter(|p| awaits_early(&self.profile, p.check)) {
            let outcome = pending.by(until).await;
            if let Some(forced) = refusal_in(&self.profile, &outcome) {
                return Some((forced, (pending.check, outcome)));
            }
            self.unanswered |= outcome == Outcome::Late;
        }
        None
    }
}

/// The rulings in what a check answered.
fn rulings_in(outcome: &Outcome) -> &[Ruling] {
    match outcome {
        Outcome::Answered(answer) => &answer.rulings,
        _ => &[],
    }
}

fn refusal_in(profile: &Profile, outcome: &Outcome) -> Option<Forced> {
    let Outcome::Answered(Answer { refuse: Some(reason), .. }) = outcome else {
        return None;
    };
    let reason = Some(reason).filter(|reason| refuses_early(profile, reason))?.clone();
    Some(Forced { verdict: Verdict::Reject, reason })
}

/// Asks the profile's checks about a client, unless it is a relay, whose own address says nothing.
fn ask_about(
    filter: &Filter,
    profile: &Profile,
    client: &Arc<Client>,
    then: Option<&Then>,
) -> Vec<Pending> {
    if client.address.is_some_and(|address| filter.networks.is_relay(address)) {
        return Vec::new();
    }
    let checks = filter.checks.iter().filter(|check| profile.wants(&***check));
    let asked = checks.filter_map(|check| {
        let witness = Then::witness(then, check.name());
        let asked = check.of_client(client, &witness)?;
        Some(Pending::of(check.name(), asked, witness, then))
    });
    asked.collect()
}

/// In seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
