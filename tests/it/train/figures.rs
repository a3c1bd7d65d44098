//! What two million tokens take: time to start, memory, disk; and what forgetting and learning again
//! and again does to the file.
//!
//! `cargo test --release --test it train::figures -- --ignored --nocapture`

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use gatepost::filter::learn::{Learner, Settings, Teach};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::servers::daemon::peak_memory;

const TOKENS: usize = 2_000_000;
const CYCLES: usize = 100_000;
const SCAN_BYTES: usize = 25 << 20;
const TEACHERS: usize = 16;

/// Three hundred words, half of them of millions, half of a thousand.
fn message(number: usize) -> Vec<u8> {
    let mut numbers = StdRng::seed_from_u64(number as u64);
    let mut text = format!(
        "From: a{number}@example.org\r\nSubject: letter {number}\r\nMessage-ID: <{number}@x>\r\n\r\n"
    );
    for word in 0..300 {
        let range = if u32::is_multiple_of(word, 2) { 1_000_u32 } else { 8_000_000 };
        text.push_str(&format!("w{:x} ", numbers.random_range(..range)));
    }
    text.into_bytes()
}

fn open(folder: &Path) -> Learner {
    let settings = Settings { path: folder.to_owned(), ..Settings::default() };
    Learner::open(&settings, SCAN_BYTES).unwrap()
}

/// Teaches messages of both classes by turns, several at once.
fn teach(learner: &Learner, numbers: std::ops::Range<usize>, what: impl Fn(usize) -> Teach + Sync) {
    thread::scope(|scope| {
        for teacher in 0..TEACHERS {
            let (numbers, what) = (numbers.clone(), &what);
            scope.spawn(move || {
                for number in numbers.skip(teacher).step_by(TEACHERS) {
                    learner.teach(what(number), message(number)).unwrap();
                }
            });
        }
    });
}

fn class(number: usize) -> Teach {
    if number.is_multiple_of(2) { Teach::Spam } else { Teach::Ham }
}

fn size(folder: &Path, name: &str) -> u64 {
    fs::metadata(folder.join(name)).unwrap().len() >> 20
}

#[test]
#[ignore = "minutes; prints figures"]
fn two_million_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path());
    let mut taught = 0;
    let started = Instant::now();
    while learner.status().unwrap().tokens < TOKENS {
        teach(&learner, taught..taught + 500, class);
        taught += 500;
    }
    let took = started.elapsed();
    let status = learner.status().unwrap();
    println!(
        "{taught} messages, {} tokens in {took:.0?}: model {} MiB, peak of the process {} MiB",
        status.tokens,
        status.model_bytes >> 20,
        peak_memory(std::process::id()) >> 20
    );
    drop(learner);
    println!(
        "tokens.redb {} MiB, model {} MiB",
        size(folder.path(), "tokens.redb"),
        size(folder.path(), "model")
    );
    let (opened, learner) = timed(|| open(folder.path()));
    drop(learner);
    fs::remove_file(folder.path().join("model")).unwrap();
    let (rebuilt, learner) = timed(|| open(folder.path()));
    println!("opened in {opened:.2?}; without the copy of the model in {rebuilt:.2?}");
    let before = size(folder.path(), "tokens.redb");
    let (took, ()) = timed(|| {
        for _ in 0..CYCLES / 1_000 {
            teach(&learner, 0..1_000, |_| Teach::Forget);
            teach(&learner, 0..1_000, class);
        }
    });
    let after = size(folder.path(), "tokens.redb");
    println!(
        "{CYCLES} times forgotten and learned in {took:.0?}: {before} MiB before, {after} MiB after"
    );
    assert!(learner.verify().unwrap().mistakes.is_empty());
    assert!(after < 2 * before + 200, "the file grows");
    assert_eq!(learner.status().unwrap().spam + learner.status().unwrap().ham, taught as u64);
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let done = work();
    (started.elapsed(), done)
}
