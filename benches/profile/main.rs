//! Where the CPU time of a message goes: `cargo bench --bench profile -- INDEX… [--root ROOT]`.
//!
//! Per index file two figures and a table: the whole default pipeline from visit to judgement,
//! offline and with Bayes trained, in process; how many times mail-parser's bare parse of the same
//! messages that is; and the stages, each as it runs for one message after the other. Measured are
//! every fifth message in an order that looks random; the classifier has learned all others. The
//! rows take turns and the median of the rounds counts, so that ratios hold on a busy machine.
//! `README.md` beside this file keeps a table, and says where the time goes inside the rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a run that cannot go on ends by panicking"
)]
#![allow(clippy::print_stdout, reason = "figures are for the person watching")]

#[path = "../samples/mod.rs"]
mod samples;
mod stages;

use std::{hint::black_box, path::PathBuf, sync::Arc, time::Duration};

use clap::Parser as _;
use gatepost::{
    checks::bayes::{Knowledge, Model},
    filter::Filter,
    service::Learned,
};
use nix::time::{ClockId, clock_gettime};
use samples::{default_filter, judge, learned, of_index, split};
use stages::{STAGES, Stages};
use tokio::runtime::Runtime;

/// Where the CPU time of a message goes.
#[derive(clap::Parser)]
struct Arguments {
    /// Index files of labelled messages
    #[arg(required = true)]
    index: Vec<PathBuf>,
    /// What paths in index files are relative to; else the folder of the index file
    #[arg(long)]
    root: Option<PathBuf>,
    /// Measure one message of so many, and learn the others
    #[arg(long, default_value_t = 5)]
    every: usize,
    /// How often all is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Judge the messages so often and print nothing, for a profiler
    #[arg(long)]
    spin: Option<usize>,
    /// What cargo adds by itself
    #[arg(long, hide = true)]
    bench: bool,
}

/// An index file: what is measured of it.
struct Corpus {
    name: String,
    raw: Vec<Vec<u8>>,
}

fn main() {
    let arguments = Arguments::parse();
    let (corpora, model) = read(&arguments);
    let (spam, ham) = model.learned();
    let knowledge = Arc::new(Knowledge::new(model));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let filter = runtime.block_on(default_filter(Learned::Copy(Arc::clone(&knowledge))));
    if let Some(times) = arguments.spin {
        let raw: Vec<_> = corpora.into_iter().flat_map(|corpus| corpus.raw).collect();
        return (0..times).for_each(|_| {
            black_box(whole(&runtime, &filter, &raw));
        });
    }
    println!("learned {spam} spam, {ham} ham");
    for corpus in &corpora {
        let rounds: Vec<_> = (0..arguments.rounds)
            .map(|_| {
                let stages = Stages::measure(&filter, &knowledge, &corpus.raw);
                (stages, whole(&runtime, &filter, &corpus.raw))
            })
            .collect();
        print(corpus, &rounds);
    }
}

/// What is measured of each index, and a model that has learned the others.
fn read(arguments: &Arguments) -> (Vec<Corpus>, Model) {
    let (mut corpora, mut all_others) = (Vec::new(), Vec::new());
    for index in &arguments.index {
        let (raw, others) = split(of_index(index, arguments.root.as_deref()), arguments.every);
        let name = index.file_stem().unwrap().to_string_lossy().into_owned();
        corpora.push(Corpus { name, raw });
        all_others.extend(others);
    }
    (corpora, learned(all_others))
}

/// CPU time of this process from visit to judgement, in microseconds a message.
fn whole(runtime: &Runtime, filter: &Arc<Filter>, messages: &[Vec<u8>]) -> f64 {
    let before = process_cpu();
    for raw in messages {
        black_box(runtime.block_on(judge(filter, raw.clone())));
    }
    process_cpu().saturating_sub(before).as_secs_f64() * 1e6 / messages.len() as f64
}

fn process_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
}

fn print(corpus: &Corpus, rounds: &[(Stages, f64)]) {
    let bytes: usize = corpus.raw.iter().map(Vec::len).sum();
    let kilobytes = bytes as f64 / corpus.raw.len() as f64 / 1e3;
    let bare = median(rounds.iter().map(|(stages, _)| stages.bare));
    let whole = median(rounds.iter().map(|(_, whole)| *whole));
    let ratio = median(rounds.iter().map(|(stages, whole)| whole / stages.bare));
    println!("\n{}: {} messages, mean {kilobytes:.1} kB", corpus.name, corpus.raw.len());
    println!("{:<28} {:>8} {:>14}  {:>6}", "", "µs", "× bare parse", "share");
    println!("{:<28} {bare:>8.1} {:>14.2}", "mail-parser's bare parse", 1.0);
    println!("{:<28} {whole:>8.1} {ratio:>14.2}  {:>5.1} %", "whole pipeline", 100.0);
    let mut rest = whole;
    let row = |name: &str, micros: f64| {
        let (times, share) = (micros / bare, micros / whole * 100.0);
        println!("  {name:<26} {micros:>8.1} {times:>14.2}  {share:>5.1} %");
    };
    for (at, name) in STAGES.iter().enumerate() {
        let micros = median(rounds.iter().map(|(stages, _)| stages.micros[at]));
        rest -= micros;
        row(name, micros);
    }
    row("rest", rest);
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
