//! Who is cut off goes on judging and learning, and says so; afterwards nothing is lost.

use std::{
    sync::atomic::AtomicBool,
    thread,
    time::{Duration, Instant},
};

use gatepost::filter::learn::{Taught, Teach};

use super::{
    lessons::{Account, Register, UntilDropped, settle_accounts},
    node::{Farm, Node, fresh_message, seeded},
};
use crate::servers::{
    gatepost::Config,
    milter_client::{MilterClient, Reply},
    nats::Nats,
    netns::Net,
    rbldnsd::CLEAN,
    wait_until,
};

/// Messages that are judged for one figure.
const JUDGED: usize = 200;
/// How many times longer judging may take without anybody: only a wait for the network takes that.
const GENEROUS: u32 = 20;
/// A dead connection is noticed within this.
const PATIENCE: Duration = Duration::from_secs(120);

/// The median time of a message from RCPT to its verdict.
fn judging(node: &Node, seed: u64) -> Duration {
    let mut random = seeded(seed);
    let mut client = node.host().inside(|| MilterClient::connect(node.gatepost.address())).unwrap();
    assert_eq!(client.connection(CLEAN).unwrap(), Reply::Continue);
    let mut times: Vec<_> = (0..JUDGED)
        .map(|_| {
            let message = fresh_message(&mut random);
            let start = Instant::now();
            let reply = client.envelope("sender@example.org", &["reader@example.test"]).unwrap();
            assert_eq!(reply, Reply::Continue);
            let verdict = client.message(&message).unwrap();
            assert!(!matches!(verdict, Reply::Tempfail), "{verdict:?}");
            start.elapsed()
        })
        .collect();
    times.sort();
    times[JUDGED / 2]
}

/// Teaches so many messages, each of which is durable and known at once.
fn learns(node: &Node, count: usize, seed: u64) -> Vec<Vec<u8>> {
    let (teacher, mut random) = (node.teacher(), seeded(seed));
    let messages: Vec<_> = (0..count).map(|_| fresh_message(&mut random)).collect();
    for message in &messages {
        assert_eq!(teacher.teach(Teach::Spam, message).unwrap(), Taught::Learned);
        assert!(teacher.knows(Teach::Spam, message).unwrap());
    }
    messages
}

/// What `cluster status` says when there is no connection: why, and exit status 1.
fn says_that_it_is_alone(node: &Node) {
    let mut said = String::new();
    wait_until("NOT CONNECTED", PATIENCE, || {
        let status = node.gatepost.shell().run(&["cluster", "status"]);
        said = status.out;
        status.status == 1 && said.contains("NOT CONNECTED: ")
    });
    let first = said.lines().next().unwrap();
    let (_, why) = first.split_once("NOT CONNECTED: ").unwrap();
    assert!(why.len() > 10, "{first}");
    println!("{first}");
}

#[test]
fn a_node_that_is_cut_off_judges_and_learns() {
    let mut farm = Farm::of(3);
    learns(&farm.nodes[0], 300, 1);
    farm.wait_level();
    let before = judging(&farm.nodes[2], 2);

    farm.net.isolate(2);
    farm.servers[2].kill();
    let at_once = judging(&farm.nodes[2], 3);
    let mut messages = learns(&farm.nodes[2], 50, 4);
    says_that_it_is_alone(&farm.nodes[2]);
    let alone = judging(&farm.nodes[2], 5);
    messages.extend(learns(&farm.nodes[0], 50, 6));

    farm.net.heal();
    farm.servers[2].restart();
    let healed = Instant::now();
    farm.wait_the_same();
    let level = healed.elapsed();
    let after = judging(&farm.nodes[2], 7);
    println!(
        "median of {JUDGED} messages: {before:.1?} before, {at_once:.1?} right after the cut, \
         {alone:.1?} alone, {after:.1?} after; level {level:.1?} after healing"
    );
    assert!(at_once.max(alone) < before.max(after) * GENEROUS);
    for node in &farm.nodes {
        let teacher = node.teacher();
        assert!(messages.iter().all(|message| teacher.knows(Teach::Spam, message).unwrap()));
    }
}

#[test]
fn servers_that_are_all_dead_at_the_start() {
    let net = Net::of(3);
    let mut servers = Nats::cluster(net.hosts());
    servers.iter_mut().for_each(Nats::kill);
    let urls: Vec<_> = servers.iter().map(Nats::url).collect();
    let config = Config::new();
    let nodes = (0..3).map(|number| Node::start(net.host(number), number, &urls, &config));
    let mut farm = Farm { nodes: nodes.collect(), servers, net };
    for (node, seed) in farm.nodes.iter().zip(10..) {
        learns(node, 30, seed);
        println!("node {}: median {:.1?} without any server", node.name, judging(node, seed));
        says_that_it_is_alone(node);
    }
    farm.servers.iter_mut().for_each(Nats::restart);
    let export = farm.wait_the_same();
    assert_eq!(export.entries.len(), 90);
}

/// Two sites, of two hosts and of one, without the line between them for a while.
#[test]
fn two_sites() {
    let farm = Farm::of(3);
    let names: Vec<_> = farm.nodes.iter().map(|node| node.origin()[..8].to_owned()).collect();
    let mut registers: Vec<_> = farm.nodes.iter().map(|_| Register::default()).collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for ((register, node), seed) in registers.iter_mut().zip(&farm.nodes).zip(20..) {
            let (teacher, is_over) = (node.teacher(), &is_over);
            scope.spawn(move || register.fill(&teacher, &mut seeded(seed), false, is_over));
        }
        let _lessons = UntilDropped(&is_over);
        thread::sleep(Duration::from_secs(2));
        farm.net.cut(&[0, 1], &[2]);
        says_that_it_is_alone(&farm.nodes[2]);
        thread::sleep(Duration::from_secs(10));
        let main_site = farm.nodes[0].teacher().status().unwrap();
        assert!(main_site.server.is_some(), "{main_site:?}");
        farm.net.heal();
        thread::sleep(Duration::from_secs(2));
    });
    let start = Instant::now();
    let export = farm.wait_the_same();
    let account = settle_accounts(&mut registers, &names, &export, None);
    println!("{account:?}, level after {:.1?}", start.elapsed());
    assert_eq!(account, Account { acknowledged: account.acknowledged, ..Account::default() });
}
