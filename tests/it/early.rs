//! Questions about the client are asked at CONNECT: their answers are in before the body is.

use std::{
    net::SocketAddr,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use crate::{
    mail,
    servers::{
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
        zone::Zone,
    },
};

const DELAY: Duration = Duration::from_millis(300);
/// From CONNECT to the end of the message, as a client far away needs.
const SESSION: Duration = Duration::from_millis(400);
const CLIENTS: usize = 40;
const PARALLEL: usize = 8;

/// A list whose hits are a finding and no refusal.
const LIST: &str = "[[dns.list]]\nzone = \"slow.test\"\nabout = \"client\"\n\
    findings = { \"127.0.0.2\" = \"RCVD_IN_SLOW_TEST\" }\n";

fn gatepost_asking(zone: &Zone) -> Gatepost {
    Gatepost::start(&Config::new().with(LIST).dns(zone.address()))
}

/// What one client saw.
struct Visit {
    /// When it said DATA.
    data: Instant,
    /// Between the end of the message and its verdict.
    waited: Duration,
}

/// One message, drawn out over [`SESSION`].
fn visit(filter: SocketAddr, client: &str) -> Visit {
    let start = Instant::now();
    let until = |share: u32| {
        thread::sleep((start + SESSION * share / 4).saturating_duration_since(Instant::now()));
    };
    let mut milter = MilterClient::connect(filter).unwrap();
    milter.connection(client).unwrap();
    until(1);
    let data_reply = milter.envelope("sender@example.org", &["reader@example.test"]).unwrap();
    assert_eq!(data_reply, Reply::Continue);
    let data = Instant::now();
    until(3);
    milter.header(b"From", b" Sender <sender@example.org>").unwrap();
    milter.header(b"Subject", b" Lunch").unwrap();
    milter.command(b'N', b"").unwrap();
    milter.body(b"At noon?\r\n").unwrap();
    until(4);
    let end = Instant::now();
    milter.end().unwrap();
    Visit { data, waited: end.elapsed() }
}

#[test]
fn answers_are_in_before_the_end_of_the_message() {
    let zone = Zone::start(&["slow.test"]);
    let clients: Vec<String> = (0..CLIENTS).map(|n| format!("203.0.113.{}", n + 1)).collect();
    for client in &clients {
        zone.list(client, "slow.test");
    }
    let gatepost = gatepost_asking(&zone);
    zone.delay(DELAY);
    let visits: Vec<Visit> = clients
        .chunks(PARALLEL)
        .flat_map(|some| {
            thread::scope(|scope| {
                let filter = gatepost.address();
                let running: Vec<_> =
                    some.iter().map(|client| scope.spawn(move || visit(filter, client))).collect();
                running.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut waited: Vec<_> = visits.iter().map(|visit| visit.waited).collect();
    waited.sort();
    println!(
        "early asking: DNS answers after {DELAY:?}, {SESSION:?} from CONNECT to end of message: \
         added at end of message: median {:?}, worst {:?}",
        waited[CLIENTS / 2],
        waited[CLIENTS - 1]
    );
    for (client, visit) in clients.iter().zip(&visits) {
        let asked = zone.asked_about(client, "slow.test");
        assert_eq!(asked.len(), 1, "{client} was asked about once");
        assert!(asked[0].at < visit.data, "{client} was asked about before DATA");
    }
    let judged = gatepost.wait_judged(CLIENTS);
    for line in &judged {
        let findings = line["findings"].as_str().unwrap();
        assert!(findings.contains("RCVD_IN_SLOW_TEST"), "the answer was waited for: {line}");
    }
}

#[test]
fn identical_questions_of_parallel_sessions_are_asked_once() {
    const SESSIONS: usize = 50;
    let zone = Zone::start(&["slow.test"]);
    zone.list("203.0.113.7", "slow.test");
    let gatepost = gatepost_asking(&zone);
    zone.delay(DELAY);
    let together = Barrier::new(SESSIONS);
    thread::scope(|scope| {
        for _ in 0..SESSIONS {
            scope.spawn(|| {
                let mut milter = MilterClient::connect(gatepost.address()).unwrap();
                together.wait();
                milter.open("203.0.113.7", "reader@example.test").unwrap();
                milter.message(&mail::plain("Lunch", "At noon?")).unwrap();
            });
        }
    });
    assert_eq!(zone.asked_about("203.0.113.7", "slow.test").len(), 1);
    let judged = gatepost.wait_judged(SESSIONS);
    let found =
        |line: &serde_json::Value| line["findings"].as_str().unwrap().contains("RCVD_IN_SLOW_TEST");
    assert!(judged.iter().all(found), "everybody got the one answer");
}
