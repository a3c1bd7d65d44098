//! What rules cost a message: `cargo bench --bench rules -- INDEX [ROOT [RULES…]]`.
//!
//! INDEX has lines `spam|ham<TAB>path`, relative to ROOT (default: the folder of INDEX). RULES are
//! files or folders as in `[rules] include`, `builtin` if none are given. One thread, CPU time;
//! the rows take turns, so that their ratios hold on a machine that does other things meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a run that cannot go on ends by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "no runtime here to block; figures are for the person watching"
)]

#[path = "../samples/mod.rs"]
mod samples;

use std::{env, hint::black_box, path::Path, time::Duration};

use gatepost::{
    checks::{
        Case,
        rules::{RuleSet, ScoreSet, Settings},
    },
    mail::Message,
};
use nix::time::{ClockId, clock_gettime};
use samples::{case, of_index};

const ROUNDS: usize = 5;

fn main() {
    // cargo adds `--bench` by itself.
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let index =
        Path::new(words.first().expect("cargo bench --bench rules -- INDEX [ROOT [RULES…]]"));
    let root = words.get(1).map_or_else(|| index.parent().unwrap(), Path::new);
    let messages: Vec<Vec<u8>> =
        of_index(index, Some(root)).into_iter().map(|message| message.raw).collect();
    let mut include: Vec<String> = words.iter().skip(2).cloned().collect();
    if include.is_empty() {
        include.push("builtin".to_owned());
    }
    let before = cpu();
    let rules = RuleSet::load(
        &Settings { include, ..Settings::default() },
        ScoreSet { net: false, bayes: false },
    )
    .unwrap();
    let loading = cpu().saturating_sub(before);
    let counts = rules.counts();
    println!(
        "{} rules, {} unfiltered patterns, loaded in {:.2} s",
        counts.rules,
        counts.unfiltered,
        loading.as_secs_f64()
    );
    measure(&rules, &messages);
}

fn measure(rules: &RuleSet, messages: &[Vec<u8>]) {
    let mut rows = [const { Vec::new() }; 5];
    for _ in 0..ROUNDS {
        let mut at = cpu();
        let mut lap = |row: usize| {
            let took = cpu().saturating_sub(at);
            rows[row].push(took.as_secs_f64() * 1e6 / messages.len() as f64);
            at = cpu();
        };
        for raw in messages {
            black_box(mail_parser::MessageParser::default().parse(raw));
        }
        lap(0);
        let cases: Vec<Case> =
            messages.iter().map(|raw| case(Message::parse(raw.clone()))).collect();
        lap(1);
        for Case { message, .. } in &cases {
            black_box((message.body(), message.rawbody(), message.uris()));
        }
        lap(2);
        let hits: Vec<_> = cases.iter().map(|case| rules.examine(case)).collect();
        lap(3);
        for hits in hits {
            black_box(rules.conclude(hits, &[]));
        }
        lap(4);
    }
    let medians = rows.map(|mut row| {
        row.sort_by(f64::total_cmp);
        row[row.len() / 2]
    });
    let [bare, ..] = medians;
    let bytes: usize = messages.iter().map(Vec::len).sum();
    println!(
        "{} messages, mean {:.1} kB",
        messages.len(),
        bytes as f64 / messages.len() as f64 / 1e3
    );
    println!("{:<44} {:>8} {:>14}", "CPU a message", "µs", "× mail-parser");
    let names = [
        "mail-parser's parse",
        "gatepost: parse",
        "gatepost: texts",
        "gatepost: examine",
        "gatepost: conclude",
    ];
    for (name, micros) in names.iter().zip(medians) {
        println!("{name:<44} {micros:>8.1} {:>14.2}", micros / bare);
    }
    let whole: f64 = medians.iter().skip(1).sum();
    println!("{:<44} {whole:>8.1} {:>14.2}", "gatepost: all of it", whole / bare);
}

/// CPU time of this thread.
fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}
