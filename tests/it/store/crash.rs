//! SIGKILL while four threads teach: what was acknowledged is there, exactly once, nothing half.
//!
//! Each thread has a script of batches that parent and child both know. After the kill, what the
//! store knows of a thread's messages must be its script up to the last acknowledged batch, or up
//! to the one after it, which was under way.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use gatepost::store::{Digest, Kind, Lesson, Outcome, Store};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{assert_sound, digest, lesson, memory, open};

const THREADS: u64 = 4;
const FOLDER: &str = "GATEPOST_TEST_STORE";
const SEED: &str = "GATEPOST_TEST_SEED";
const MESSAGES: &str = "GATEPOST_TEST_MESSAGES";

/// The batches of one thread: new messages, and in each second batch a word on an earlier one.
fn script(seed: u64, thread: u64, messages: u64) -> Vec<Vec<Lesson>> {
    let mut numbers = StdRng::seed_from_u64(seed ^ (thread << 56));
    let (mut batches, mut taught) = (Vec::new(), 0);
    while taught < messages / THREADS {
        let mut batch = Vec::new();
        for _ in 0..=numbers.random_range(..12_u32) {
            let kind = if numbers.random() { Kind::Spam } else { Kind::Ham };
            batch.push(lesson(kind, thread << 32 | taught, 1000));
            taught += 1;
        }
        if numbers.random() {
            let kinds = [Kind::Spam, Kind::Ham, Kind::Forgotten];
            let kind = kinds[numbers.random_range(..3_usize)];
            batch.push(lesson(kind, thread << 32 | numbers.random_range(..taught), 1000));
        }
        batches.push(batch);
    }
    batches
}

/// What a store knows after these batches.
fn outcome<'b>(batches: impl Iterator<Item = &'b Vec<Lesson>>) -> BTreeMap<Digest, (Kind, usize)> {
    let mut known = BTreeMap::new();
    for lesson in batches.flatten() {
        let features = if lesson.kind == Kind::Forgotten { 0 } else { lesson.features.len() };
        known.insert(lesson.digest, (lesson.kind, features));
    }
    known
}

/// Not a test of its own: what the killed process does.
#[test]
#[ignore = "the other tests start it in a process of its own"]
fn teaches_until_it_is_killed() {
    let (Ok(folder), Ok(seed), Ok(messages)) =
        (env::var(FOLDER), env::var(SEED), env::var(MESSAGES))
    else {
        return;
    };
    let (seed, messages) = (seed.parse().unwrap(), messages.parse().unwrap());
    let store = &open(Path::new(&folder));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for (at, batch) in script(seed, thread, messages).into_iter().enumerate() {
                    store.teach(batch).unwrap();
                    let line = format!("acknowledged {thread} {at}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

fn start(folder: &Path, seed: u64, messages: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "store::crash::teaches_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(SEED, seed.to_string())
        .env(MESSAGES, messages.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills it when so many batches are acknowledged, and a little later. Returns the number of
/// acknowledged batches for each thread.
fn run_and_kill(child: &mut Child, after: u64, delay: u64) -> [usize; THREADS as usize] {
    let mut acknowledged = [0; THREADS as usize];
    let mut lines = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if lines == after {
            let start = Instant::now();
            while start.elapsed().as_micros() < u128::from(delay) {
                std::hint::spin_loop();
            }
            child.kill().unwrap();
        }
        // The word may stand after the harness's own, on one line.
        let Some((_, numbers)) = line.split_once("acknowledged ") else { continue };
        let (thread, at) = numbers.split_once(' ').unwrap();
        acknowledged[thread.parse::<usize>().unwrap()] = at.parse::<usize>().unwrap() + 1;
        lines += 1;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged
}

/// What the store knows of each thread's messages. The visitor sees each digest once or fails.
fn known(store: &Store, owners: &BTreeMap<Digest, usize>) -> Vec<BTreeMap<Digest, (Kind, usize)>> {
    let mut known = vec![BTreeMap::new(); THREADS as usize];
    store
        .entries(|digest, entry| {
            let value = (entry.kind, entry.features.len());
            let twice = known[owners[&digest]].insert(digest, value);
            assert_eq!(twice, None, "{digest} is there twice");
        })
        .unwrap();
    known
}

fn round(seed: u64, messages: u64) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = StdRng::seed_from_u64(seed);
    let scripts: Vec<_> = (0..THREADS).map(|thread| script(seed, thread, messages)).collect();
    let batches: usize = scripts.iter().map(Vec::len).sum();
    let mut child = start(folder.path(), seed, messages);
    let acknowledged = run_and_kill(
        &mut child,
        numbers.random_range(..batches as u64),
        numbers.random_range(..8000),
    );

    let store = open(folder.path());
    assert_sound(&store);
    let owners: BTreeMap<_, _> = scripts
        .iter()
        .enumerate()
        .flat_map(|(thread, script)| script.iter().flatten().map(move |l| (l.digest, thread)))
        .collect();
    let mut under_way = 0;
    for (thread, known) in known(&store, &owners).into_iter().enumerate() {
        let done = acknowledged[thread];
        let without = outcome(scripts[thread].iter().take(done));
        let with = outcome(scripts[thread].iter().take(done + 1));
        assert!(known == without || known == with, "seed {seed}, thread {thread}, batch {done}");
        under_way += usize::from(known != without);
    }
    assert_same_undisturbed(&store, seed);
    finish(&store, &scripts);
    (acknowledged.iter().sum(), under_way)
}

/// A store that was told the same events in peace has the same state.
fn assert_same_undisturbed(store: &Store, seed: u64) {
    let folder = memory();
    let undisturbed = open(folder.path());
    let origin = store.origin().unwrap();
    loop {
        let next = undisturbed.position(origin).unwrap() + 1;
        let records = store.journal_from(next, 1000).unwrap();
        if records.is_empty() {
            break;
        }
        undisturbed.apply(records, None).unwrap();
    }
    assert_eq!(undisturbed.state_hash().unwrap(), store.state_hash().unwrap(), "seed {seed}");
    assert_eq!(undisturbed.position(origin).unwrap(), store.position(origin).unwrap());
}

/// The training is taken up again: all of it is there at the end, and again changes nothing.
fn finish(store: &Store, scripts: &[Vec<Vec<Lesson>>]) {
    for script in scripts {
        store.teach(script.iter().flatten().cloned().collect()).unwrap();
    }
    let owners = BTreeMap::from_iter(
        scripts.iter().flatten().flatten().map(|lesson| (lesson.digest, 0usize)),
    );
    let expected = outcome(scripts.iter().flatten());
    let kinds = |map: &BTreeMap<Digest, (Kind, usize)>| {
        map.iter().map(|(digest, (kind, _))| (*digest, *kind)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&known(store, &owners)[0]), kinds(&expected));
    let last: Vec<_> = expected
        .iter()
        .map(|(digest, (kind, _))| Lesson { kind: *kind, digest: *digest, features: Vec::new() })
        .collect();
    let again = store.teach(last).unwrap();
    let nothing = |outcome| matches!(outcome, Outcome::Known | Outcome::NotKnown);
    assert!(again.outcomes.into_iter().all(nothing) && again.changes.is_empty());
    assert_sound(store);
}

fn rounds(count: u64, messages: u64) {
    let (mut batches, mut under_way) = (0, 0);
    for seed in 1..=count {
        let (acknowledged, kept) = round(seed, messages);
        batches += acknowledged;
        under_way += kept;
    }
    println!(
        "{count} kills: {batches} batches acknowledged, all there once; {under_way} more were \
         durable and not yet acknowledged; none half"
    );
    assert!(batches > 0);
}

#[test]
fn killed_while_teaching_it_has_what_it_acknowledged() {
    assert_ne!(digest(1), digest(2));
    rounds(20, 600);
}

#[test]
#[ignore = "minutes: 200 kills of a training with 5,000 messages"]
fn killed_two_hundred_times_while_teaching() {
    rounds(200, 5000);
}
