//! What DNS answers that come 300 ms late add at the end of a message.
//!
//! The client keeps to a timetable: RCPT after a quarter of the session, the message after three
//! quarters. RCPT waits for the lists (`early_wait_ms`), which is where a listed client would be
//! refused; a client with nothing to do meanwhile is held up there, and not at the end.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use crate::{
    figures::{Table, millis, percentile, title},
    servers::{
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
        zone::Zone,
    },
};

const DELAY: Duration = Duration::from_millis(300);
const CLIENTS: usize = 200;
const PARALLEL: usize = 8;

/// A list whose hits are a finding and no refusal.
const LIST: &str = "[[dns.list]]\nzone = \"slow.test\"\nabout = \"client\"\n\
    findings = { \"127.0.0.2\" = \"RCVD_IN_SLOW_TEST\" }\n";

/// What one client saw.
struct Visit {
    /// RCPT to its answer.
    rcpt: Duration,
    /// End of message to the verdict.
    end: Duration,
    /// How much later than on the timetable the verdict came.
    added: Duration,
}

pub(crate) fn run() {
    title(
        &format!("what gatepost adds, {CLIENTS} new clients, DNS answers after {}", millis(DELAY)),
        "early",
    );
    let mut table = Table::new(&[
        "CONNECT to end of message",
        "at RCPT p50",
        "at end p50",
        "at end p99",
        "behind timetable p50",
        "p99",
    ]);
    // Each row has a network of its own, so that no answer comes from the cache.
    for (net, session) in [("203.0.113", 400), ("198.51.100", 0)] {
        let session = Duration::from_millis(session);
        let visits = visits(net, session);
        let sorted = |of: fn(&Visit) -> Duration| {
            let mut times: Vec<_> = visits.iter().map(of).collect();
            times.sort();
            times
        };
        let (rcpt, end, added) =
            (sorted(|visit| visit.rcpt), sorted(|visit| visit.end), sorted(|visit| visit.added));
        table.row([
            millis(session),
            millis(percentile(&rcpt, 50)),
            millis(percentile(&end, 50)),
            millis(percentile(&end, 99)),
            millis(percentile(&added, 50)),
            millis(percentile(&added, 99)),
        ]);
    }
    table.print();
}

/// One message from each client of a network.
fn visits(net: &str, session: Duration) -> Vec<Visit> {
    let zone = Zone::start(&["slow.test"]);
    let clients: Vec<String> = (0..CLIENTS).map(|n| format!("{net}.{}", n + 1)).collect();
    for client in &clients {
        zone.list(client, "slow.test");
    }
    let gatepost = Gatepost::start(&Config::new().with(LIST).dns(zone.address()));
    zone.delay(DELAY);
    let filter = gatepost.address();
    let mut visits = Vec::new();
    for some in clients.chunks(PARALLEL) {
        thread::scope(|scope| {
            let running: Vec<_> = some
                .iter()
                .map(|client| scope.spawn(move || visit(filter, client, session)))
                .collect();
            visits.extend(running.into_iter().map(|one| one.join().unwrap()));
        });
    }
    let found = gatepost.wait_judged(CLIENTS);
    let waited_for = found.iter().filter(|line| line["findings"].to_string().contains("SLOW_TEST"));
    assert_eq!(waited_for.count(), CLIENTS, "every answer was waited for");
    visits
}

/// One message, drawn out over `session`.
fn visit(filter: SocketAddr, client: &str, session: Duration) -> Visit {
    let mut milter = MilterClient::connect(filter).unwrap();
    let start = Instant::now();
    let until = |share: u32| {
        thread::sleep((start + session * share / 4).saturating_duration_since(Instant::now()));
    };
    milter.connection(client).unwrap();
    until(1);
    let asked = Instant::now();
    let reply = milter.envelope("sender@example.org", &["reader@example.test"]).unwrap();
    let rcpt = asked.elapsed();
    assert_eq!(reply, Reply::Continue);
    until(3);
    milter.header(b"From", b" Sender <sender@example.org>").unwrap();
    milter.header(b"Subject", b" Lunch").unwrap();
    milter.command(b'N', b"").unwrap();
    milter.body(b"At noon?\r\n").unwrap();
    until(4);
    let asked = Instant::now();
    milter.end().unwrap();
    let (end, all) = (asked.elapsed(), start.elapsed());
    Visit { rcpt, end, added: all.saturating_sub(session) }
}
