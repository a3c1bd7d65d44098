//! What is learned anywhere is known everywhere, soon, and once.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use gatepost::filter::learn::{Taught, Teach};
use rand::RngExt;

use super::node::{Farm, any_teach, fresh_message, seeded, until_known};

const NODES: u8 = 3;
const TEACHERS: u64 = 6;

#[test]
fn three_nodes_come_to_know_the_same() {
    teach_at_random(600);
}

/// Must show: ten thousand events, and what is taught twice makes none.
#[test]
#[ignore = "some minutes; tests/run.sh --test it farm::learning -- --ignored --nocapture"]
fn ten_thousand_events() {
    teach_at_random(15_000);
}

/// Events at random nodes by several teachers, with probes of how soon a lesson is known elsewhere.
fn teach_at_random(events: u64) {
    let farm = Farm::of(NODES);
    let acknowledged = Mutex::new(BTreeMap::<usize, u64>::new());
    let is_over = AtomicBool::new(false);
    let start = Instant::now();
    let (mut times, taught_in) = thread::scope(|scope| {
        let probe = scope.spawn(|| probe(&farm, &acknowledged, &is_over));
        let teachers: Vec<_> = (0..TEACHERS)
            .map(|seed| {
                scope.spawn({
                    let (farm, acknowledged) = (&farm, &acknowledged);
                    move || teach(farm, seed, events / TEACHERS, acknowledged)
                })
            })
            .collect();
        teachers.into_iter().for_each(|teacher| teacher.join().unwrap());
        let taught_in = start.elapsed();
        is_over.store(true, Ordering::Relaxed);
        (probe.join().unwrap(), taught_in)
    });
    let end = Instant::now();
    farm.wait_level();
    let level_after = end.elapsed();
    let export = farm.assert_the_same();
    let acknowledged = acknowledged.into_inner().unwrap();
    for (number, node) in farm.nodes.iter().enumerate() {
        let told = export.positions[&node.origin()];
        assert_eq!(told, acknowledged[&number], "node {}: once each", node.name);
    }
    times.sort();
    println!(
        "{} events in {:.1} s, level {:.2} s after the last; a lesson was known elsewhere after {:?} \
         (median), {:?} (worst) of {}; state {}, {} messages; bytes a lesson in the log: {}",
        acknowledged.values().sum::<u64>(),
        taught_in.as_secs_f64(),
        level_after.as_secs_f64(),
        times[times.len() / 2],
        times[times.len() - 1],
        times.len(),
        export.hash,
        export.entries.len(),
        bytes_a_lesson(&farm),
    );
    assert!(times[times.len() / 2] < Duration::from_secs(10));
}

fn bytes_a_lesson(farm: &Farm) -> u64 {
    let metric = |name: &str| -> f64 {
        let metrics = farm.nodes.iter().map(|node| node.metric(name));
        metrics.sum()
    };
    let told = "direction=\"told\"";
    let bytes = metric(&format!("gatepost_cluster_bytes_total{{{told}}}"));
    (bytes / metric(&format!("gatepost_cluster_events_total{{{told}}}"))) as u64
}

fn teach(farm: &Farm, seed: u64, events: u64, acknowledged: &Mutex<BTreeMap<usize, u64>>) {
    let mut random = seeded(seed);
    let teachers: Vec<_> = farm.nodes.iter().map(|node| node.teacher()).collect();
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for _ in 0..events {
        // Half of the time, one that was taught before.
        if messages.is_empty() || random.random_bool(0.5) {
            messages.push(fresh_message(&mut random));
        }
        let message = &messages[random.random_range(0..messages.len())];
        let node = random.random_range(0..teachers.len());
        let taught = teachers[node].teach(any_teach(&mut random), message).unwrap();
        note(acknowledged, node, taught);
    }
}

/// Counts what made an event.
fn note(acknowledged: &Mutex<BTreeMap<usize, u64>>, node: usize, taught: Taught) {
    if matches!(taught, Taught::Learned | Taught::Moved | Taught::Forgotten) {
        *acknowledged.lock().unwrap().entry(node).or_default() += 1;
    }
}

/// How long a lesson takes to the other nodes, while others teach.
fn probe(
    farm: &Farm,
    acknowledged: &Mutex<BTreeMap<usize, u64>>,
    is_over: &AtomicBool,
) -> Vec<Duration> {
    let mut random = seeded(99);
    let teachers: Vec<_> = farm.nodes.iter().map(|node| node.teacher()).collect();
    let mut times = Vec::new();
    while !is_over.load(Ordering::Relaxed) || times.len() < 20 {
        let message = fresh_message(&mut random);
        let at = random.random_range(0..teachers.len());
        let taught = teachers[at].teach(Teach::Spam, &message).unwrap();
        note(acknowledged, at, taught);
        let others: Vec<_> = (0..teachers.len())
            .filter(|&other| other != at)
            .map(|other| &teachers[other])
            .collect();
        times.extend(until_known(&others, Teach::Spam, &message));
    }
    times
}
