//! Rounds of trouble while everybody teaches: nodes and servers killed, hosts cut off, clocks wrong, pieces
//! twice and in the wrong order, the log lost, a store restored from a backup. After each, all nodes
//! know the same: all that was acknowledged, once.
//!
//! `tests/run.sh --test it farm::chaos -- --ignored --nocapture`

use std::{
    sync::atomic::AtomicBool,
    thread,
    time::{Duration, Instant},
};

use gatepost::filter::learn::Teach;
use rand::{RngExt, rngs::StdRng};

use super::{
    lessons::{Account, Register, UntilDropped, change_teachers, settle_accounts},
    node::{Farm, fresh_message, seeded},
    trouble::Troublemaker,
};
use crate::servers::Folder;

const HOSTS: u8 = 3;

#[test]
fn two_rounds() {
    rounds(0, 2);
}

/// What it said by the wrong clock is not taken for another node of its name.
#[test]
fn a_clock_that_was_ahead() {
    let mut farm = Farm::of(HOSTS);
    for hours in [5, 0, -5] {
        farm.nodes[1].gatepost.kill();
        farm.nodes[1].gatepost.set_clock(hours);
        farm.nodes[1].restart();
        farm.wait_level();
        let message = fresh_message(&mut seeded(1));
        farm.nodes[1].teacher().teach(Teach::Spam, &message).unwrap();
        farm.wait_the_same();
        let warned = farm.nodes[1].gatepost.log();
        let is_twin =
            |line: &serde_json::Value| line["error"].to_string().contains("another process");
        assert!(!warned.iter().any(is_twin));
    }
}

/// Must show: twenty rounds.
#[test]
#[ignore = "half an hour; tests/run.sh --test it farm::chaos -- --ignored --nocapture"]
fn twenty_rounds() {
    rounds(100, 20);
}

fn rounds(seed: u64, count: u64) {
    let mut chaos = Chaos::new();
    let mut lost = 0;
    for number in 0..count {
        let account = chaos.round(number, seeded(seed + number));
        lost += account.lost + account.doubled;
    }
    assert_eq!(lost, 0, "lost or doubled");
}

struct Chaos {
    farm: Farm,
    registers: Vec<Register>,
    /// How all origins of a node begin.
    names: Vec<String>,
    /// A copy of a node's store from an earlier round, when all knew the same.
    backup: Option<(usize, Folder)>,
}

impl Chaos {
    fn new() -> Self {
        let farm = Farm::of(HOSTS);
        let names = farm.nodes.iter().map(|node| node.origin()[..8].to_owned()).collect();
        let registers = farm.nodes.iter().map(|_| Register::default()).collect();
        Self { farm, registers, names, backup: None }
    }

    /// Trouble, peace, and the reckoning.
    fn round(&mut self, number: u64, mut random: StdRng) -> Account {
        change_teachers(&mut self.registers, &mut random);
        let restored = self.old_stores(&mut random);
        let seeds = random.random();
        let done = self.lessons_in_trouble(number, restored, (seeds, random));
        let peace = Instant::now();
        let export = self.farm.wait_the_same();
        let level = peace.elapsed();
        let account = settle_accounts(&mut self.registers, &self.names, &export, restored);
        let Account { acknowledged, doubtful, lost, doubled } = account;
        let old = restored.map_or(String::new(), |node| format!("store of node {node} restored, "));
        println!(
            "round {number}: {old}{}\n    {acknowledged} events acknowledged, {doubtful} without an answer; \
             lost {lost}, doubled {doubled}; level after {:.1} s; {} messages",
            done.join(", "),
            level.as_secs_f64(),
            export.entries.len()
        );
        account
    }

    /// A copy of a store is made in one round, and put in its place in the next.
    fn old_stores(&mut self, random: &mut StdRng) -> Option<usize> {
        let backup = self.backup.take();
        let node =
            backup.as_ref().map_or_else(|| random.random_range(0..self.names.len()), |b| b.0);
        self.farm.nodes[node].gatepost.kill();
        match &backup {
            Some((_, backup)) => self.farm.nodes[node].restore(backup),
            None => self.backup = Some((node, self.farm.nodes[node].back_up())),
        }
        self.farm.nodes[node].restart();
        backup.map(|_| node)
    }

    /// What was done.
    fn lessons_in_trouble(
        &mut self,
        number: u64,
        restored: Option<usize>,
        (seed, random): (u64, StdRng),
    ) -> Vec<String> {
        let is_over = AtomicBool::new(false);
        let teachers: Vec<_> = self.farm.nodes.iter().map(|node| node.teacher()).collect();
        let pupils = self.registers.iter_mut().zip(teachers).enumerate();
        thread::scope(|scope| {
            for (node, (register, teacher)) in pupils {
                let mut random = seeded(seed ^ node as u64);
                let only_new = restored == Some(node);
                let is_over = &is_over;
                scope.spawn(move || register.fill(&teacher, &mut random, only_new, is_over));
            }
            let _lessons = UntilDropped(&is_over);
            trouble(&mut self.farm, number, random)
        })
    }
}

fn trouble(farm: &mut Farm, number: u64, mut random: StdRng) -> Vec<String> {
    let times = random.random_range(3..6);
    let mut trouble = Troublemaker::new(farm, random);
    thread::sleep(Duration::from_secs(1));
    trouble.clock_is_wrong();
    (0..times).for_each(|_| trouble.anything());
    match number % 4 {
        0 => trouble.everything_is_lost(),
        2 => trouble.log_is_deleted(),
        _ => {}
    }
    trouble.anything();
    trouble.heal();
    trouble.clock_is_right();
    thread::sleep(Duration::from_secs(1));
    std::mem::take(&mut trouble.done)
}
