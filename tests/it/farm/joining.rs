//! A node that comes later, or has been away for long, comes to know what all know.
//!
//! `tests/run.sh --test it farm::joining -- --ignored --nocapture`

use std::{
    sync::atomic::AtomicBool,
    thread,
    time::{Duration, Instant},
};

use gatepost::filter::learn::Teach;
use rand::{Rng, RngExt};

use super::{
    lessons::{Register, UntilDropped},
    node::{Farm, Node, fresh_message, seeded},
};
use crate::servers::{
    gatepost::Config, milter_client::MilterClient, nats::Nats, netns::Net, rbldnsd::CLEAN,
    wait_until,
};

const PATIENCE: Duration = Duration::from_secs(1_200);
const TEACHERS_A_NODE: usize = 4;

/// Three hosts with a server and a node each, and one with neither.
fn three_and_one() -> Farm {
    let net = Net::of(4);
    let servers = Nats::cluster(&net.hosts()[..3]);
    let urls: Vec<_> = servers.iter().map(Nats::url).collect();
    let config = Config::new();
    let nodes = (0..3).map(|number| Node::start(net.host(number), number, &urls, &config));
    let farm = Farm { nodes: nodes.collect(), servers, net };
    farm.wait_level();
    farm
}

/// The fourth, which begins with nothing.
fn start_fourth(farm: &Farm) -> Node {
    let urls: Vec<_> = farm.servers.iter().map(Nats::url).collect();
    Node::start(farm.net.host(3), 3, &urls, &Config::new())
}

/// Three hundred words, half of them of millions, half of a thousand.
fn long_message(number: usize) -> Vec<u8> {
    let mut random = seeded(number as u64);
    let words: Vec<_> = (0..300_u32)
        .map(|word| {
            let range = if word.is_multiple_of(2) { 1_000_u32 } else { 8_000_000 };
            format!("w{:x}", random.random_range(..range))
        })
        .collect();
    format!(
        "From: a{number}@example.org\r\nSubject: letter {number}\r\nMessage-ID: <{number}@x>\r\n\r\n{}\r\n",
        words.join(" ")
    )
    .into_bytes()
}

/// Teaches messages of both classes by turns, at the first three nodes, several at once.
fn teach(farm: &Farm, count: usize, message: impl Fn(usize) -> Vec<u8> + Sync) {
    let teachers = 3 * TEACHERS_A_NODE;
    thread::scope(|scope| {
        for number in 0..teachers {
            let (teacher, message) = (farm.nodes[number % 3].teacher(), &message);
            scope.spawn(move || {
                for number in (number..count).step_by(teachers) {
                    let class = if number.is_multiple_of(2) { Teach::Spam } else { Teach::Ham };
                    teacher.teach(class, &message(number)).unwrap();
                }
            });
        }
    });
}

fn messages(node: &Node) -> u64 {
    let status = node.teacher().status();
    let own =
        status.ok().and_then(|status| status.nodes.into_iter().find(|said| said.name == node.name));
    own.map_or(0, |own| own.spam + own.ham)
}

/// The joining node's bytes: pieces of the log, snapshots.
fn received(node: &Node) -> (u64, u64) {
    let pieces = node.metric("gatepost_cluster_bytes_total{direction=\"learned\"}");
    let snapshots = node.metric("gatepost_cluster_snapshot_bytes_total{what=\"taken\"}");
    (pieces as u64, snapshots as u64)
}

/// What a node finds in a message, once its model is made of all it knows.
fn findings(node: &Node, message: &[u8]) -> String {
    let verify = || node.gatepost.shell().verify();
    wait_until("a settled model", PATIENCE, || verify()["settled"] == true);
    let before = node.gatepost.judged().len();
    let mut client = node.host().inside(|| MilterClient::connect(node.gatepost.address())).unwrap();
    client.open(CLEAN, "reader@example.test").unwrap();
    client.message(message).unwrap();
    let judged = node.gatepost.wait_judged(before + 1);
    format!("{} {}", judged[before]["score"], judged[before]["findings"])
}

/// A node with an empty store joins while all others teach.
fn a_fourth_joins(count: usize) {
    let mut farm = three_and_one();
    let start = Instant::now();
    teach(&farm, count, long_message);
    println!("{count} messages taught in {:.1?}", start.elapsed());
    farm.wait_level();
    println!("{} tokens", farm.nodes[0].gatepost.shell().verify()["tokens"]);
    let mut registers: Vec<_> = (0..3).map(|_| Register::default()).collect();
    let is_over = AtomicBool::new(false);
    let (fourth, took) = thread::scope(|scope| {
        for ((register, node), seed) in registers.iter_mut().zip(&farm.nodes).zip(30..) {
            let (teacher, is_over) = (node.teacher(), &is_over);
            scope.spawn(move || register.fill(&teacher, &mut seeded(seed), false, is_over));
        }
        let _lessons = UntilDropped(&is_over);
        let fourth = start_fourth(&farm);
        let start = Instant::now();
        wait_until("all that was known", PATIENCE, || messages(&fourth) >= count as u64);
        (fourth, start.elapsed())
    });
    let (pieces, snapshots) = received(&fourth);
    farm.nodes.push(fourth);
    let start = Instant::now();
    let export = farm.wait_the_same();
    println!(
        "joined in {took:.1?}, {pieces} bytes of pieces, {snapshots} of snapshots; the same {:.1?} after \
         the load: {} messages, state {}",
        start.elapsed(),
        export.entries.len(),
        export.hash
    );
    assert_eq!(export.entries.len() as u64, count as u64 + lessons(&registers));
    let message = long_message(1);
    // Scores with the classifier count from some seconds after it has learned enough.
    wait_until("the same findings", PATIENCE, || {
        findings(&farm.nodes[0], &message) == findings(&farm.nodes[3], &message)
    });
}

/// Messages with any event; all were answered.
fn lessons(registers: &[Register]) -> u64 {
    assert!(registers.iter().all(|register| register.doubtful == 0));
    registers.iter().map(Register::messages).sum()
}

#[test]
fn an_empty_node_joins_under_load() {
    a_fourth_joins(500);
}

/// Must show: two million tokens.
#[test]
#[ignore = "minutes; tests/run.sh --test it farm::joining -- --ignored --nocapture"]
fn an_empty_node_joins_two_million_tokens() {
    a_fourth_joins(15_000);
}

/// It learned alone before it ever saw a server.
#[test]
fn a_node_with_a_past_joins() {
    let mut farm = three_and_one();
    teach(&farm, 60, long_message);
    farm.net.isolate(3);
    let fourth = start_fourth(&farm);
    let teacher = fourth.teacher();
    let mut random = seeded(40);
    for _ in 0..40 {
        teacher.teach(Teach::Ham, &fresh_message(&mut random)).unwrap();
    }
    farm.net.heal();
    farm.nodes.push(fourth);
    let export = farm.wait_the_same();
    assert_eq!(export.entries.len(), 100);
}

/// As long as a message is read, of words that nobody knows: the largest lesson there is.
fn huge_message(random: &mut impl Rng) -> Vec<u8> {
    let mut message = fresh_message(random);
    for _ in 0..6_000 {
        message.extend_from_slice(format!("w{:x} ", random.random::<u32>()).as_bytes());
    }
    message
}

/// A node with lessons of its own that nobody knows is away, until the log has forgotten where it was.
#[test]
#[ignore = "minutes; tests/run.sh --test it farm::joining -- --ignored --nocapture"]
fn away_while_the_log_is_trimmed() {
    let mut farm = three_and_one();
    let fourth = start_fourth(&farm);
    farm.nodes.push(fourth);
    farm.wait_level();
    farm.net.isolate(3);
    let (teacher, mut random) = (farm.nodes[3].teacher(), seeded(50));
    for _ in 0..30 {
        teacher.teach(Teach::Ham, &fresh_message(&mut random)).unwrap();
    }
    let mut taught = 0;
    while first_in_log(&farm) < 2 {
        teach(&farm, 300, |number| huge_message(&mut seeded((taught + number) as u64)));
        taught += 300;
        let status = farm.nodes[0].teacher().status().unwrap();
        println!("{taught} taught: {:?}, {:?}", status.log, status.snapshot);
        assert!(taught < 20_000, "never trimmed");
    }
    farm.net.heal();
    let start = Instant::now();
    let export = farm.wait_the_same();
    let (pieces, snapshots) = received(&farm.nodes[3]);
    println!(
        "back after {:.1?}: {pieces} bytes of pieces, {snapshots} of snapshots",
        start.elapsed()
    );
    assert_eq!(export.entries.len(), taught + 30);
    assert!(snapshots > 0);
}

fn first_in_log(farm: &Farm) -> u64 {
    let log = farm.nodes[0].teacher().status().unwrap().log.unwrap();
    log.last + 1 - log.pieces
}
