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

/// What clients were told, attempt by attempt.
#[derive(Default)]
struct Told {
    /// How often each numbered message was told 250.
    taken: HashMap<usize, usize>,
    /// Attempts told 4xx.
    later: usize,
    /// Attempts told 5xx.
    never: usize,
    /// Attempts without any answer.
    nothing: usize,
}

/// Every message is offered until it is taken, as a sending MTA does.
fn send_all(postfix: &Postfix, finished: &AtomicUsize) -> Told {
    let next = AtomicUsize::new(0);
    let told = Mutex::new(Told::default());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= MESSAGES {
                        return;
                    }
                    while !offer(postfix, number, &told) {
                        thread::sleep(Duration::from_millis(50));
                    }
                    finished.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    told.into_inner().unwrap()
}

/// One attempt; whether there need not be another.
fn offer(postfix: &Postfix, number: usize, told: &Mutex<Told>) -> bool {
    let message = mail::plain(&format!("Number {number}"), "One of many.");
    let outcome = Delivery::new(CLEAN, "reader", message).attempt(postfix.address());
    let code = outcome.map_or(0, |outcome| outcome.reply.code);
    let mut told = told.lock().unwrap();
    match code / 100 {
        2 => *told.taken.entry(number).or_default() += 1,
        4 => told.later += 1,
        5 => told.never += 1,
        _ => told.nothing += 1,
    }
    matches!(code / 100, 2 | 5)
}

/// Kills at even distances over the run: gatepost five times, clamd in the middle.
fn make_trouble(world: &mut World, finished: &AtomicUsize) {
    for kill in 1..=KILLS {
        let at = kill * MESSAGES / (KILLS + 1);
        wait_until("progress", Duration::from_secs(300), || finished.load(Ordering::Relaxed) >= at);
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
    let finished = AtomicUsize::new(0);
    let told = thread::scope(|scope| {
        let sender = scope.spawn(|| send_all(&postfix, &finished));
        make_trouble(&mut world, &finished);
        sender.join().unwrap()
    });
    postfix.settle();
    let counts = deliveries(&postfix);
    println!(
        "nothing lost: {MESSAGES} messages, {KILLS} kills of gatepost, 1 of clamd: told 250 {}, \
         4xx {} (and offered again), 5xx {}, nothing {}; delivered {}",
        told.taken.values().sum::<usize>(),
        told.later,
        told.never,
        told.nothing,
        counts.values().sum::<usize>()
    );
    assert_eq!(counts, told.taken, "delivered as often as told 250, and nothing else");
    assert!(counts.values().all(|&times| times == 1));
    assert_eq!((told.never, told.nothing), (0, 0));
    assert_eq!(counts.len(), MESSAGES);
    assert!(told.later > 0, "the kills were in the middle of traffic");
}
