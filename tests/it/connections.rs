//! Many connections: 1,000 open of which 50 work; and what happens when there is no place left.

use std::thread;

use crate::{
    mail,
    servers::{
        daemon::peak_memory,
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
    },
};

const OPEN: usize = 1_000;
const WORKING: usize = 50;
const MESSAGES_EACH: usize = 20;

fn connect(gatepost: &Gatepost, number: usize) -> MilterClient {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    let reply = milter.connection(&format!("203.0.113.{}", number % 250 + 1)).unwrap();
    assert_eq!(reply, Reply::Continue);
    milter
}

/// One message; whether it was taken.
fn is_taken(milter: &mut MilterClient, subject: &str) -> bool {
    let reply = milter.envelope("sender@example.org", &["reader@example.test"]).unwrap();
    reply == Reply::Continue
        && matches!(
            milter.message(&mail::plain(subject, "At noon?")).unwrap(),
            Reply::Continue | Reply::Accept
        )
}

#[test]
fn a_thousand_open_fifty_working() {
    let gatepost = Gatepost::start(&Config::new());
    let mut connections: Vec<_> = (0..OPEN).map(|number| connect(&gatepost, number)).collect();
    let (working, idle) = connections.split_at_mut(WORKING);
    let taken: usize = thread::scope(|scope| {
        let running: Vec<_> = working
            .iter_mut()
            .map(|milter| {
                scope.spawn(|| {
                    (0..MESSAGES_EACH).filter(|n| is_taken(milter, &format!("Lunch {n}"))).count()
                })
            })
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).sum()
    });
    println!(
        "connections: {OPEN} open, {WORKING} working, {} messages, {taken} taken; peak resident \
         {} MiB",
        WORKING * MESSAGES_EACH,
        peak_memory(gatepost.pid()) >> 20
    );
    assert_eq!(taken, WORKING * MESSAGES_EACH, "nothing refused");
    assert!(idle.iter_mut().all(|milter| is_taken(milter, "After a rest")));
}

#[test]
fn beyond_the_limit_told_451_or_closed() {
    const LIMIT: usize = 20;
    let config = Config::new().with(&format!("milter.max_connections = {LIMIT}"));
    let gatepost = Gatepost::start(&config);
    let mut served: Vec<_> = (0..LIMIT).map(|number| connect(&gatepost, number)).collect();
    for _ in 0..LIMIT * 3 {
        if let Some(reply) = answer_beyond(&gatepost) {
            assert!(reply.starts_with("451 4.3."), "{reply}");
        }
    }
    assert!(served.iter_mut().all(|milter| is_taken(milter, "Undisturbed")));
    served.pop();
    // The place is free as soon as gatepost has seen the connection go.
    crate::servers::wait_until("a free place", std::time::Duration::from_secs(30), || {
        answer_beyond(&gatepost).is_some_and(|reply| reply.is_empty())
    });
}

/// The reply to MAIL or before on one more connection: text if refused, empty if it goes on;
/// `None` if the connection is closed instead.
fn answer_beyond(gatepost: &Gatepost) -> Option<String> {
    let mut milter = MilterClient::connect(gatepost.address()).ok()?;
    match milter.open("203.0.113.251", "reader@example.test").ok()? {
        Reply::Text(text) => Some(text),
        Reply::Tempfail => Some("451 4.3.0 (the MTA's text)".into()),
        Reply::Continue => Some(String::new()),
        other => panic!("{other:?}"),
    }
}
