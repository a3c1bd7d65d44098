//! gatepost is killed five times and clamd once while 2,000 messages come in: whatever a client
//! was told 250 for is delivered exactly once, everything else was told 4xx or 5xx.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    mail::{self, header},
    matrix::World,
    servers::{Mta, postfix::Postfix, rbldnsd::CLEAN, smtp::Delivery, wait_until},
};

const MESSAGES: usize = 2_000;
const CLIENTS: usize = 8;
const KILLS: usize = 5;

/// What the client was told for each message, by number: a reply code, or 0 for none at all.
fn send_all(postfix: &Postfix, answered: &AtomicUsize) -> Vec<(usize, u16)> {
    let next = AtomicUsize::new(0);
    let told = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= MESSAGES {
                        return;
                    }
                    let code = send(postfix, number);
                    told.lock().unwrap().push((number, code));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    told.into_inner().unwrap()
}

fn send(postfix: &Postfix, number: usize) -> u16 {
    let message = mail::plain(&format!("Number {number}"), "One of many.");
    let outcome = Delivery::new(CLEAN, "reader", message).attempt(postfix.address());
    outcome.map_or(0, |outcome| outcome.reply.code)
}

/// Kills at even distances over the run: gatepost five times, clamd in the middle.
fn make_trouble(world: &mut World, answered: &AtomicUsize) {
    for kill in 1..=KILLS {
        let at = kill * MESSAGES / (KILLS + 1);
        wait_until("progress", Duration::from_secs(300), || answered.load(Ordering::Relaxed) >= at);
        world.gatepost.kill();
        if kill == KILLS / 2 {
            world.clamd.kill();
        }
        // Long enough that some messages meet a closed door.
        thread::sleep(Duration::from_millis(300));
        world.gatepost.restart();
        if kill == KILLS / 2 {
            thread::sleep(Duration::from_millis(300));
            world.clamd.restart();
        }
    }
}

/// How often each numbered message is in the mailbox.
fn deliveries(postfix: &Postfix) -> HashMap<usize, usize> {
    let mut counts = HashMap::new();
    for message in postfix.all_delivered() {
        let subject = header(&message, "Subject").unwrap();
        let number = subject.strip_prefix("Number ").unwrap().parse().unwrap();
        *counts.entry(number).or_default() += 1;
    }
    counts
}

#[test]
fn every_message_told_250_arrives_once() {
    let mut world = World::with("antivirus.timeout_ms = 1000");
    let postfix = Postfix::start(&world.gatepost.inet());
    let answered = AtomicUsize::new(0);
    let told = thread::scope(|scope| {
        let sender = scope.spawn(|| send_all(&postfix, &answered));
        make_trouble(&mut world, &answered);
        sender.join().unwrap()
    });
    postfix.settle();
    let counts = deliveries(&postfix);
    let class = |class: u16| told.iter().filter(|(_, code)| code / 100 == class).count();
    let (taken, later, never) = (class(2), class(4), class(5));
    println!(
        "nothing lost: {MESSAGES} messages, {KILLS} kills of gatepost, 1 of clamd: told 250 \
         {taken}, 4xx {later}, 5xx {never}, nothing {}; delivered {}",
        class(0),
        counts.values().sum::<usize>()
    );
    let wrong: Vec<_> = told
        .iter()
        .filter(|(number, code)| {
            let times = counts.get(number).copied().unwrap_or(0);
            times != usize::from(*code == 250) || *code == 0
        })
        .collect();
    assert!(wrong.is_empty(), "told and not delivered once, or the reverse: {wrong:?}");
    assert_eq!(taken + later + never, MESSAGES);
    assert!(taken > MESSAGES / 2, "most of the time the filter was there: {taken}");
    assert!(later > 0, "the kills were in the middle of traffic");
}
