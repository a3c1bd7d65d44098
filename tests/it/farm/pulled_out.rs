//! Two MX hosts, each with Postfix and a node of the farm. One node is killed in the middle of the mail and
//! put back later: its Postfix says "later", the sender turns to the other MX, as every MTA does.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use gatepost::filter::learn::Teach;

use super::node::{Farm, fresh_message, seeded};
use crate::{
    mail::{self, header},
    servers::{Mta, netns::Host, postfix::Postfix, rbldnsd::CLEAN, smtp::Delivery, wait_until},
};

const MESSAGES: usize = 2_000;
const CLIENTS: usize = 6;
/// The node that is pulled out.
const OUT: usize = 0;
const PATIENCE: Duration = Duration::from_secs(600);

/// A mail exchanger.
struct Mx {
    host: Host,
    postfix: Postfix,
}

impl Mx {
    fn start(farm: &Farm, node: usize) -> Self {
        let host = farm.net.host(node).clone();
        let milter = farm.nodes[node].gatepost.inet();
        let postfix = host.inside(|| Postfix::start(&milter));
        Self { host, postfix }
    }

    /// The class of the reply; 0 if there was none.
    fn offer(&self, number: usize) -> u16 {
        let message = mail::plain(&format!("Number {number}"), "One of many.");
        let delivery = Delivery::new(CLEAN, "reader", message);
        let attempt = self.host.inside(|| delivery.attempt(self.postfix.address()));
        attempt.map_or(0, |outcome| outcome.reply.code / 100)
    }
}

/// What the sender was told.
#[derive(Default)]
struct Told {
    /// How often each message was taken.
    taken: HashMap<usize, usize>,
    /// Attempts by class of the reply.
    replies: BTreeMap<u16, usize>,
}

/// Offers each message to one MX, then the other, until it is taken.
fn send_all(exchangers: &[Mx], finished: &AtomicUsize) -> Told {
    let (next, told) = (AtomicUsize::new(0), Mutex::new(Told::default()));
    let send = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= MESSAGES {
                return;
            }
            let in_turns = exchangers.iter().cycle().skip(number);
            for (attempt, mx) in in_turns.enumerate() {
                let reply = mx.offer(number);
                let mut told = told.lock().unwrap();
                *told.replies.entry(reply).or_default() += 1;
                if reply == 2 {
                    *told.taken.entry(number).or_default() += 1;
                    break;
                }
                drop(told);
                thread::sleep(Duration::from_millis(if attempt == 0 { 0 } else { 50 }));
            }
            finished.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        (0..CLIENTS).for_each(|_| drop(scope.spawn(send)));
    });
    told.into_inner().unwrap()
}

/// Kills the node after a third and puts it back after two; teaches the other meanwhile, and both before
/// and after. Returns all that was taught.
fn pull_out(farm: &mut Farm, finished: &AtomicUsize) -> Vec<Vec<u8>> {
    let mut random = seeded(60);
    let mut taught = Vec::new();
    let mut teach = |farm: &Farm, nodes: &[usize]| {
        for &node in nodes.iter().cycle().take(40) {
            let message = fresh_message(&mut random);
            farm.nodes[node].teacher().teach(Teach::Spam, &message).unwrap();
            taught.push(message);
        }
    };
    let wait = |part: usize| {
        let at = part * MESSAGES / 3;
        wait_until("progress", PATIENCE, || finished.load(Ordering::Relaxed) >= at);
    };
    wait(1);
    teach(farm, &[0, 1]);
    farm.nodes[OUT].gatepost.kill();
    teach(farm, &[1, 2]);
    wait(2);
    farm.nodes[OUT].restart();
    teach(farm, &[0, 1]);
    taught
}

/// How often each numbered message was delivered.
fn deliveries(exchangers: &[Mx]) -> HashMap<usize, usize> {
    let mut counts = HashMap::new();
    for message in exchangers.iter().flat_map(|mx| mx.postfix.all_delivered()) {
        let subject = header(&message, "Subject").unwrap();
        let number = subject.strip_prefix("Number ").unwrap().parse().unwrap();
        *counts.entry(number).or_default() += 1;
    }
    counts
}

#[test]
fn no_mail_and_no_lesson_is_lost() {
    let mut farm = Farm::of(3);
    let exchangers = [Mx::start(&farm, 0), Mx::start(&farm, 1)];
    let finished = AtomicUsize::new(0);
    let (told, taught) = thread::scope(|scope| {
        let sender = scope.spawn(|| send_all(&exchangers, &finished));
        let taught = pull_out(&mut farm, &finished);
        (sender.join().unwrap(), taught)
    });
    exchangers.iter().for_each(|mx| mx.postfix.settle());
    let counts = deliveries(&exchangers);
    println!(
        "{MESSAGES} messages by two MX, one node away for a third of them: replies by class {:?}; taken {}, \
         delivered {}",
        told.replies,
        told.taken.values().sum::<usize>(),
        counts.values().sum::<usize>()
    );
    assert_eq!(counts, told.taken, "delivered as often as taken, and nothing else");
    assert!(counts.len() == MESSAGES && counts.values().all(|&times| times == 1));
    assert!(told.replies.get(&4).is_some_and(|&later| later > 0), "the node was missed");
    assert_eq!((told.replies.get(&5), told.replies.get(&0)), (None, None));

    let export = farm.wait_the_same();
    assert_eq!(export.entries.len(), taught.len());
    for node in &farm.nodes {
        let teacher = node.teacher();
        assert!(taught.iter().all(|message| teacher.knows(Teach::Spam, message).unwrap()));
    }
}
