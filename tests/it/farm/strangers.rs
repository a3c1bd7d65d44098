//! What no node of the farm can have said: refused, counted, logged once, never learned; the farm goes on.

use std::{collections::BTreeMap, time::Duration};

use gatepost::filter::learn::{Taught, Teach};
use serde::Serialize;
use serde_json::Value;

use super::{
    client::Client,
    node::{Farm, Node, fresh_message, seeded},
};
use crate::servers::{nats::Nats, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);
const TOKENIZER: u32 = gatepost::checks::bayes::TOKENIZER;
/// A message that is in no honest piece.
const FORGED: [u8; 16] = [0xfa; 16];

/// A piece of a journal as it is on the wire.
#[derive(Clone, Serialize)]
struct Wire {
    format: u8,
    tokenizer: u32,
    origin: u64,
    first: u64,
    items: Vec<Item>,
}

#[derive(Clone, Serialize)]
enum Item {
    Void(u64),
    Spam(Lesson),
}

#[derive(Clone, Serialize)]
struct Lesson {
    time: u64,
    digest: [u8; 16],
    features: Vec<u8>,
}

/// One lesson, the `first` of that origin.
fn piece(origin: u64, first: u64) -> Wire {
    let lesson = Lesson { time: 1_700_000_000_000, digest: FORGED, features: Vec::new() };
    Wire { format: 1, tokenizer: TOKENIZER, origin, first, items: vec![Item::Spam(lesson)] }
}

fn bytes(wire: &Wire) -> Vec<u8> {
    postcard::to_stdvec(wire).unwrap()
}

fn origin_of(node: &Node) -> u64 {
    u64::from_str_radix(&node.origin(), 16).unwrap()
}

/// An origin of that node that it never had.
fn other_origin(origin: u64) -> u64 {
    origin ^ 0xffff
}

fn subject(node: &str, origin: u64) -> String {
    format!("gatepost.journal.{node}.{origin:016x}")
}

/// All that is wrong in a way of its own: subject, payload, why.
fn forgeries(a: u64, b: u64) -> Vec<(String, Vec<u8>, &'static str)> {
    let (of_a, of_b) = (other_origin(a), other_origin(b));
    let good = piece(of_a, 1);
    let mut large = bytes(&good);
    large.resize(600 * 1024, 0);
    let endless = Wire { first: u64::MAX - 1, items: vec![Item::Void(5)], ..good.clone() };
    vec![
        (subject("a", of_b), bytes(&piece(of_b, 1)), "stranger"),
        (subject("mallory", of_a), bytes(&good), "stranger"),
        (subject("a", of_a), bytes(&piece(of_a + 1, 1)), "stranger"),
        (subject("a", of_a + 2), b"\x01what is this?".to_vec(), "form"),
        (subject("a", of_a + 3), br#"{"type":"io.nats.jetstream.api.v1"}"#.to_vec(), "form"),
        (subject("a", of_a + 4), large, "form"),
        (subject("a", of_a + 5), bytes(&endless), "form"),
        (subject("a", of_a + 6), bytes(&Wire { first: 0, ..good.clone() }), "form"),
        (subject("a", of_a + 7), bytes(&Wire { tokenizer: 99, ..good }), "tokenizer"),
        ("gatepost.journal.a.xyz".to_owned(), bytes(&piece(of_a, 1)), "subject"),
        (subject("a", of_a + 8), bytes(&piece(of_a + 8, 7)), "gap"),
    ]
}

fn publish(farm: &Farm, subject: String, payload: Vec<u8>) {
    let urls = farm.servers.iter().map(Nats::url).collect();
    let client = Client::connect(farm.net.host(0), urls);
    let sent = client
        .jetstream(|js| async move { js.publish(subject, payload.into()).await.unwrap().await });
    sent.unwrap();
}

/// What a node has said of each refused subject, and how often.
fn complaints(node: &Node) -> BTreeMap<String, usize> {
    let mut complaints = BTreeMap::new();
    let log = node.gatepost.log();
    let is_complaint = |line: &&Value| {
        line["level"] == "WARN" && line["message"].to_string().contains("is refused")
    };
    for line in log.iter().filter(is_complaint) {
        *complaints.entry(line["subject"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    complaints
}

fn refused(node: &Node, why: &str) -> f64 {
    node.metric(&format!("gatepost_cluster_refused_total{{why=\"{why}\"}}"))
}

/// A lesson at each node is known at all.
fn goes_on(farm: &Farm, seed: u64) {
    let mut random = seeded(seed);
    for node in &farm.nodes {
        let taught = node.teacher().teach(Teach::Ham, &fresh_message(&mut random)).unwrap();
        assert_eq!(taught, Taught::Learned);
    }
    let export = farm.wait_the_same();
    assert!(!export.entries.contains_key(&"fa".repeat(16)), "a forged lesson was learned");
}

#[test]
fn forged_pieces_are_refused() {
    let farm = Farm::of(3);
    goes_on(&farm, 1);
    let forgeries = forgeries(origin_of(&farm.nodes[0]), origin_of(&farm.nodes[1]));
    let mut expected = BTreeMap::new();
    for (subject, payload, why) in &forgeries {
        publish(&farm, subject.clone(), payload.clone());
        *expected.entry(*why).or_insert(0.0) += 1.0;
    }
    for node in &farm.nodes {
        for (why, count) in &expected {
            wait_until(&format!("{why} at {}", node.name), PATIENCE, || {
                refused(node, why) >= *count
            });
        }
    }
    goes_on(&farm, 2);
    for node in &farm.nodes {
        let complaints = complaints(node);
        for (subject, _, why) in &forgeries {
            assert_eq!(complaints.get(subject), Some(&1), "{why}: {subject} at {}", node.name);
        }
        assert_eq!(complaints.len(), forgeries.len(), "{complaints:?}");
    }
    let export = farm.assert_the_same();
    assert_eq!((export.entries.len(), export.positions.len()), (6, 3), "{export:?}");
    println!("{} forgeries refused, each told once at each node", forgeries.len());
}

/// Whoever has a node's key can say that it has told more than it has. Then it is taken for an older copy
/// of itself; nothing is lost.
#[test]
fn events_that_a_node_never_gave() {
    let farm = Farm::of(3);
    goes_on(&farm, 3);
    let origin = origin_of(&farm.nodes[1]);
    let forged = piece(origin, 1_000);
    publish(&farm, subject("b", origin), bytes(&forged));
    wait_until("another origin", PATIENCE, || origin_of(&farm.nodes[1]) != origin);
    goes_on(&farm, 4);
    let export = farm.assert_the_same();
    assert_eq!(export.entries.len(), 6);
    assert_eq!(export.positions[&format!("{origin:016x}")], 1);
    for node in [&farm.nodes[0], &farm.nodes[2]] {
        assert!(refused(node, "gap") >= 1.0);
    }
}
