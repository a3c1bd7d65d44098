//! The path of a message through checks that behave, break, hang and panic.

mod access;

use std::{
    future::pending,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;

use super::{
    Admission, Filter, Lane, LimitSettings, Profiles, Visit, networks,
    profile::{Profile, Settings, shipped},
    record::{self, Provenance, Record},
};
use crate::{
    checks::{
        Answered, Asked, Case, Check, Work,
        access::{Book, Gate},
        rules::RuleSet,
    },
    history::{Archive, History},
    mail::{Address, Client, Envelope},
    verdict::{
        Answer, Evidence, Finding, Judgement, Lookup, OnFailure, Reason, Response, Verdict, Witness,
    },
};

/// What the check `attachments` of these tests does with every message.
#[derive(Clone, Copy)]
enum Manner {
    Good,
    Panics,
    Hangs,
    Dawdles,
    Fails,
}

struct Examiner(Manner);

impl Check for Examiner {
    fn name(&self) -> &'static str {
        "attachments"
    }

    fn of_message(&self, _case: &Case, witness: &Witness) -> Option<Work> {
        let cpu = |job: fn() -> Answered| Some(Work::Cpu(Box::new(job)));
        match self.0 {
            Manner::Good => cpu(|| Ok(Answer::default())),
            Manner::Panics => cpu(|| panic!("on purpose")),
            Manner::Fails => cpu(|| Err("no such device".into())),
            Manner::Hangs => Some(Work::Io(pending().boxed())),
            Manner::Dawdles => Some(Work::Io(dawdle(witness.clone()).boxed())),
        }
    }
}

/// Asks twice, and is answered once.
async fn dawdle(witness: Witness) -> Answered {
    let found = Answer { refuse: None, ..listed() };
    let recorded = witness.then().map(|then| then.lookup("quick.example", 1).is_some());
    if recorded == Some(false) {
        witness.missed("quick.example A".to_owned());
        return Ok(Answer::default());
    }
    let response = Response::Nothing { code: 3 };
    let name = "quick.example".to_owned();
    witness.looked_up(Lookup { name, record_type: 1, response, ttl: 60, asked: 1, took: 2 });
    witness.found_so_far(found.findings.clone());
    if witness.then().is_none() {
        return pending().await;
    }
    witness.missed("slow.example A".to_owned());
    Ok(found)
}

/// Knows one client, and remembers whom it was asked about.
#[derive(Default)]
struct List {
    asked: Mutex<Vec<IpAddr>>,
    answered: Arc<AtomicUsize>,
}

const LISTED: &str = "203.0.113.66";

impl Check for List {
    fn name(&self) -> &'static str {
        "lists"
    }

    fn of_client(&self, client: &Arc<Client>, _: &Witness) -> Option<Asked> {
        let address = client.address?;
        self.asked.lock().unwrap().push(address);
        let answered = Arc::clone(&self.answered);
        let answer = if address.to_string() == LISTED { listed() } else { Answer::default() };
        let asked = async move {
            answered.fetch_add(1, Ordering::Relaxed);
            Ok(answer)
        };
        Some(asked.boxed())
    }
}

fn listed() -> Answer {
    let finding = Finding {
        name: "RCVD_IN_TEST".into(),
        weight: "2.5".parse().unwrap(),
        evidence: Evidence::Fact("listed".to_owned()),
    };
    let refuse = Some(Reason::ClientListed(vec!["bl.test".to_owned()]));
    Answer { findings: vec![finding], refuse, ..Answer::default() }
}

struct Setup {
    filter: Arc<Filter>,
    list: Arc<List>,
    book: Arc<Book>,
}

fn setup(manner: Manner, change: Settings) -> Setup {
    let (list, book) = (Arc::new(List::default()), Arc::new(Book::default()));
    let profile = |name: &str| -> Arc<Profile> {
        let base = shipped().into_iter().find(|(n, _)| *n == name).unwrap().1;
        Arc::new(change.over(&base).resolve(name))
    };
    let profiles = Profiles {
        external: profile("external"),
        authenticated: profile("authenticated"),
        local: profile("local"),
        additional: Vec::new(),
    };
    let relays = vec!["192.0.2.25/32".parse().unwrap()];
    let filter = Filter {
        networks: networks::Settings { relays, ..networks::Settings::default() },
        profiles,
        checks: vec![
            Arc::new(Examiner(manner)),
            Arc::clone(&list) as Arc<dyn Check>,
            Arc::new(Gate::new(Arc::clone(&book))),
        ],
        autolearn: None,
        readers: None,
        rules: Arc::new(RuleSet::parse::<&str, &str>(&[])),
        admission: Arc::new(Admission::new(&LimitSettings {
            parallel: 1,
            ..LimitSettings::default()
        })),
        scan_bytes: 1_000,
        provenance: Provenance::default(),
        history: None,
    };
    Setup { filter: Arc::new(filter), list, book }
}

impl Setup {
    fn visit(&self, address: &str) -> Visit {
        let address = Some(address.parse().unwrap());
        self.filter.visit(Client { address, over_smtp: true, ..Client::default() })
    }
}

fn envelope(visit: &Visit, login: Option<&str>) -> Envelope {
    Envelope {
        client: Arc::clone(visit.client()),
        login: login.map(str::to_owned),
        ..Envelope::default()
    }
}

async fn judged(setup: &Setup, address: &str, raw: &str) -> (Judgement, Envelope) {
    let visit = setup.visit(address);
    let mut inquiry = visit.inquire(envelope(&visit, None)).unwrap();
    assert!(inquiry.recipient(Address::from_path("<a@b.example>")).await.is_none());
    inquiry.headers(raw.as_bytes());
    inquiry.conclude(raw.as_bytes().to_vec(), false).await
}

#[tokio::test]
async fn a_check_that_does_not_answer_is_an_outcome_and_the_profile_decides() {
    for (manner, on_failure, verdict, late, broken) in [
        (Manner::Good, OnFailure::Defer, Verdict::Accept, 0, 0),
        (Manner::Panics, OnFailure::Accept, Verdict::Accept, 0, 1),
        (Manner::Panics, OnFailure::Defer, Verdict::Defer, 0, 1),
        (Manner::Fails, OnFailure::Reject, Verdict::Reject, 0, 1),
        (Manner::Hangs, OnFailure::Accept, Verdict::Accept, 1, 0),
        (Manner::Hangs, OnFailure::Defer, Verdict::Defer, 1, 0),
    ] {
        let on_failure = Some([("attachments".to_owned(), on_failure)].into());
        // Short only where it is meant to pass.
        let deadline_ms = Some(if matches!(manner, Manner::Hangs) { 200 } else { 60_000 });
        let change = Settings { on_failure, deadline_ms, ..Settings::default() };
        let (judgement, _) =
            judged(&setup(manner, change), "203.0.113.1", "Subject: x\r\n\r\n").await;
        let found = (judgement.verdict, judgement.late.len(), judgement.broken.len());
        assert_eq!(found, (verdict, late, broken));
        assert!(judgement.unscanned, "there is no scanner, and that must be said");
    }
}

#[tokio::test]
async fn waiting_for_a_slot_makes_no_check_late() {
    let deadline_ms = Some(1_500);
    let setup = setup(Manner::Good, Settings { deadline_ms, ..Settings::default() });
    let held = setup.filter.admission.enter(Lane::Outside).await.unwrap();
    let waiting = judged(&setup, "203.0.113.1", "Subject: x\r\n\r\n");
    let release = async {
        tokio::time::sleep(Duration::from_millis(2_000)).await;
        drop(held);
    };
    let ((judgement, _), ()) = tokio::join!(waiting, release);
    assert_eq!(judgement.late, Vec::<&str>::new());
}

#[tokio::test]
async fn a_listed_client_is_refused_at_rcpt_but_reaches_the_postmaster() {
    let setup = setup(Manner::Good, Settings::default());
    let visit = setup.visit(LISTED);
    let mut inquiry = visit.inquire(envelope(&visit, None)).unwrap();
    let refusal = inquiry.recipient(Address::from_path("<a@b.example>")).await.unwrap();
    assert_eq!(refusal.verdict, Verdict::Reject);
    assert_eq!(refusal.reason, Reason::ClientListed(vec!["bl.test".to_owned()]));
    assert!(inquiry.recipient(Address::from_path("<Postmaster@b.example>")).await.is_none());
    let again = inquiry.recipient(Address::from_path("<c@b.example>")).await.unwrap();
    assert_eq!(again.reference, refusal.reference, "one message, one reference");
    let (judgement, envelope) = inquiry.conclude(b"Subject: x\r\n\r\n".to_vec(), false).await;
    assert_eq!((judgement.verdict, judgement.score.to_string()), (Verdict::Accept, "2.5".into()));
    assert_eq!(envelope.recipients.len(), 1);
}

#[tokio::test]
async fn a_login_is_never_refused_for_its_address() {
    let setup = setup(Manner::Good, Settings::default());
    let visit = setup.visit(LISTED);
    let mut inquiry = visit.inquire(envelope(&visit, Some("alice"))).unwrap();
    assert_eq!(&*inquiry.profile().name, "authenticated");
    assert!(inquiry.recipient(Address::from_path("<a@b.example>")).await.is_none());
    let (judgement, _) = inquiry.conclude(b"Subject: x\r\n\r\n".to_vec(), false).await;
    assert!(judgement.findings.is_empty(), "{:?}", judgement.findings);
}

#[tokio::test]
async fn a_dry_run_refuses_nobody_but_says_what_it_would_have_done() {
    let change = Settings { dry_run: Some(true), ..Settings::default() };
    let (judgement, _) = judged(&setup(Manner::Good, change), LISTED, "Subject: x\r\n\r\n").await;
    assert_eq!((judgement.verdict, judgement.effective()), (Verdict::Reject, Verdict::Accept));
}

#[tokio::test]
async fn messages_of_a_connection_share_the_questions_about_its_client() {
    let setup = setup(Manner::Good, Settings::default());
    let visit = setup.visit("203.0.113.1");
    for _ in 0..3 {
        let mut inquiry = visit.inquire(envelope(&visit, None)).unwrap();
        assert!(inquiry.recipient(Address::from_path("<a@b.example>")).await.is_none());
    }
    assert_eq!(setup.list.asked.lock().unwrap().len(), 1);
    assert_eq!(setup.list.answered.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_relay_is_judged_by_the_client_it_took_the_mail_from() {
    let setup = setup(Manner::Good, Settings::default());
    let raw = "Received: from spam.example (unknown [203.0.113.66])\r\n\
               \tby relay.example (Postfix) with ESMTP id 1; Thu, 1 Jan 2026 00:00:00 +0000\r\n\
               Received: from nice.example (nice.example [198.51.100.1])\r\n\
               \tby relay.example (Postfix) with ESMTP id 2; Thu, 1 Jan 2026 00:00:00 +0000\r\n\
               Subject: x\r\n\r\n";
    let (judgement, envelope) = judged(&setup, "192.0.2.25", raw).await;
    assert_eq!(&*judgement.profile, "external");
    assert_eq!(envelope.client.address.unwrap().to_string(), LISTED);
    assert_eq!(envelope.helo.as_deref(), Some("spam.example"));
    assert_eq!(envelope.relay.unwrap().address.unwrap().to_string(), "192.0.2.25");
    assert_eq!(judgement.score.to_string(), "2.5");
    assert_eq!(
        judgement.verdict,
        Verdict::Reject,
        "it would have been refused, had it come itself"
    );
    let asked: Vec<String> =
        setup.list.asked.lock().unwrap().iter().map(IpAddr::to_string).collect();
    assert_eq!(asked, [LISTED], "neither the relay nor the forged line is asked about");
}

/// Judges again what was judged.
async fn judged_again(setup: &Setup, record: &Record, raw: &str) -> (Judgement, Envelope) {
    let visit = setup.filter.revisit(Client::clone(record.client()), Arc::new(record.then()));
    let client = Arc::clone(visit.client());
    let before =
        Envelope { client, relay: None, recipients: Vec::new(), ..record.envelope.clone() };
    let mut inquiry = visit.inquire(before).unwrap();
    for recipient in &record.envelope.recipients {
        if let Some(refusal) = inquiry.recipient(recipient.clone()).await {
            return (refusal, inquiry.envelope().clone());
        }
    }
    inquiry.headers(raw.as_bytes());
    inquiry.conclude(raw.as_bytes().to_vec(), false).await
}

fn recorded(judged: &(Judgement, Envelope)) -> Record {
    let record = Record::of(&judged.0, &judged.1, Provenance::default());
    Record::from_bytes(&record.to_bytes().unwrap()).unwrap()
}

#[tokio::test]
async fn what_was_late_then_is_late_again_and_nobody_waits_for_it() {
    let change = |deadline_ms| Settings { deadline_ms: Some(deadline_ms), ..Settings::default() };
    let raw = "Subject: x\r\n\r\n";
    let first = judged(&setup(Manner::Hangs, change(200)), "203.0.113.1", raw).await;
    assert_eq!(first.0.late, ["attachments"]);
    // By this deadline it would be waited for five minutes.
    let patient = setup(Manner::Hangs, change(300_000));
    let (again, _) = judged_again(&patient, &recorded(&first), raw).await;
    assert_eq!((again.verdict, again.late), (first.0.verdict, first.0.late));
}

#[tokio::test]
async fn what_a_late_check_had_found_counts_and_does_again() {
    let change = |deadline_ms| Settings { deadline_ms: Some(deadline_ms), ..Settings::default() };
    let raw = "Subject: x\r\n\r\n";
    let first = judged(&setup(Manner::Dawdles, change(2_000)), "203.0.113.1", raw).await;
    assert_eq!(first.0.late, ["attachments"]);
    assert_eq!(first.0.testimony.lookups.len(), 1);
    let found = |judgement: &Judgement| {
        judgement.findings.iter().any(|finding| finding.name.as_str() == "RCVD_IN_TEST")
    };
    assert!(found(&first.0));
    let patient = setup(Manner::Dawdles, change(300_000));
    let (again, _) = judged_again(&patient, &recorded(&first), raw).await;
    assert!(found(&again) && again.testimony.missing.is_empty());
    assert_eq!((again.score, again.late), (first.0.score, first.0.late));
}

#[tokio::test]
async fn lists_that_answered_after_rcpt_refuse_nobody_at_rcpt_again() {
    let setup = setup(Manner::Good, Settings::default());
    let raw = "Subject: x\r\n\r\n";
    let visit = setup.visit(LISTED);
    let mut inquiry = visit.inquire(envelope(&visit, None)).unwrap();
    assert!(inquiry.recipient(Address::from_path("<postmaster@b.example>")).await.is_none());
    let mut first = inquiry.conclude(raw.into(), false).await;
    first.1.recipients = vec![Address::from_path("<a@b.example>")];
    first.0.rcpt_unanswered = true;
    let (again, again_envelope) = judged_again(&setup, &recorded(&first), raw).await;
    assert_eq!((again.verdict, again.score), (first.0.verdict, first.0.score));
    assert!(again.rcpt_unanswered);
    assert_eq!(again_envelope.recipients, first.1.recipients);
    first.0.rcpt_unanswered = false;
    let (refused, _) = judged_again(&setup, &recorded(&first), raw).await;
    assert_eq!(refused.verdict, Verdict::Reject);
}

#[tokio::test]
async fn a_relayed_message_has_the_client_that_it_had_then() {
    let setup = setup(Manner::Good, Settings::default());
    let raw = "Received: from spam.example (unknown [203.0.113.66])\r\n\
               \tby relay.example (Postfix) with ESMTP id 1; Thu, 1 Jan 2026 00:00:00 +0000\r\n\
               Subject: x\r\n\r\n";
    let first = judged(&setup, "192.0.2.25", raw).await;
    // The trace of the kept message begins with another server.
    let kept = format!("Received: from elsewhere (unknown [198.51.100.1])\r\n{raw}");
    let (again, again_envelope) = judged_again(&setup, &recorded(&first), &kept).await;
    assert_eq!((again.verdict, again.score), (first.0.verdict, first.0.score));
    assert_eq!(again_envelope, first.1);
}

#[tokio::test]
async fn judgements_are_kept_with_what_they_are_about() {
    let folder = tempfile::TempDir::new().unwrap();
    let keep = |setup: Setup| -> Setup {
        let history = History::open(folder.path(), &Default::default(), record::DICTIONARY);
        let mut filter = Arc::into_inner(setup.filter).unwrap();
        filter.history = Some(Arc::new(history.unwrap()));
        Setup { filter: Arc::new(filter), ..setup }
    };
    let setup = keep(setup(Manner::Good, Settings::default()));
    let raw = "Message-ID: <1@x>\r\nSubject: x\r\n\r\nHello\r\n";
    let (judgement, _) = judged(&setup, "203.0.113.1", raw).await;
    let visit = setup.visit(LISTED);
    let mut inquiry = visit.inquire(envelope(&visit, None)).unwrap();
    let refusal = inquiry.recipient(Address::from_path("<a@b.example>")).await.unwrap();
    inquiry.recipient(Address::from_path("<c@b.example>")).await.unwrap();
    drop((inquiry, visit, setup));

    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!(archive.len(), 2, "one message, one record");
    let record = |reference: crate::verdict::Reference| {
        let place = archive.find(reference.bits()).unwrap();
        Record::from_bytes(&archive.read(place).unwrap()).unwrap()
    };
    let digest = crate::checks::bayes::digest(&crate::mail::Message::parse(raw.into()));
    assert_eq!(record(judgement.reference).identity.unwrap().digest, digest);
    assert_eq!(archive.by_digest().keys().collect::<Vec<_>>(), [&digest]);
    let refused = record(refusal.reference);
    assert_eq!((refused.identity, refused.verdict), (None, Verdict::Reject));
    assert_eq!(refused.envelope.recipients[0].as_str(), "a@b.example");
}
