//! How fast, how large. Figures for a person; nothing is asserted about time.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use gatepost::store::Kind;

use super::{assert_sound, lesson, open};

const FOLDER: &str = "GATEPOST_TEST_FIGURES";

/// Memory of this process, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
#[ignore = "figures"]
fn how_fast_it_learns() {
    for (batch, batches) in [(1, 1000), (16, 400), (64, 200)] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let mut best = f64::INFINITY;
        for round in 0..4 {
            let start = Instant::now();
            for at in 0..batches / 4 {
                let first = (round * batches + at) * batch;
                let lessons = (first..first + batch).map(|n| lesson(Kind::Spam, n, 3000));
                store.teach(lessons.collect()).unwrap();
            }
            best = best.min(start.elapsed().as_secs_f64() / (batches / 4) as f64);
        }
        println!(
            "batch of {batch}: {:.2} ms a call, {:.0} lessons/s (best of 4 parts), {:?}",
            best * 1e3,
            batch as f64 / best,
            store.size().unwrap()
        );
    }
}

/// Not a test of its own: teaches and dies, closed or not.
#[test]
#[ignore = "how_it_opens starts it in a process of its own"]
fn dies_with_the_store_open() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let store = open(Path::new(&folder));
    store.teach(vec![lesson(Kind::Spam, 1 << 50, 3000)]).unwrap();
    // Neither is the store dropped nor the file closed in order.
    nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[test]
#[ignore = "figures: 100,000 messages, half a GB"]
fn how_it_opens() {
    let folder = tempfile::tempdir().unwrap();
    println!("resident at first: {} KiB", resident());
    let store = open(folder.path());
    for batch in (0..100_000).step_by(64) {
        let lessons = (batch..batch + 64).map(|number| lesson(Kind::Spam, number, 3000));
        store.teach(lessons.collect()).unwrap();
    }
    store.checkpointed(store.number().unwrap()).unwrap();
    let size = store.size().unwrap();
    println!("{size:?}: {} bytes of file a message", size.file_bytes / size.entries);
    println!("resident after teaching: {} KiB", resident());
    drop(store);
    let start = Instant::now();
    let store = open(folder.path());
    println!("opened, closed in order: {:.1?}; resident {} KiB", start.elapsed(), resident());
    let (start, mut bytes) = (Instant::now(), 0);
    store.entries(|_, entry| bytes += entry.features.len()).unwrap();
    println!("all entries, {bytes} bytes: {:.1?}; resident {} KiB", start.elapsed(), resident());
    let start = Instant::now();
    (0..10_000).for_each(|n| assert!(store.entry(lesson(Kind::Spam, n * 7, 0).digest).is_ok()));
    println!("one entry: {:.1?}; resident {} KiB", start.elapsed() / 10_000, resident());
    let start = Instant::now();
    let mut export = std::io::BufWriter::new(fs::File::create(folder.path().join("x")).unwrap());
    store.export(&mut export).unwrap();
    let bytes = fs::metadata(folder.path().join("x")).unwrap().len();
    println!("export of {bytes} bytes: {:.1?}", start.elapsed());
    let other = tempfile::tempdir().unwrap();
    let importer = open(other.path());
    let start = Instant::now();
    let mut export = std::io::BufReader::new(fs::File::open(folder.path().join("x")).unwrap());
    importer.import(&mut export).unwrap();
    println!(
        "import: {:.1?}; {:?}; resident {} KiB",
        start.elapsed(),
        importer.size().unwrap(),
        resident()
    );
    drop((importer, store));
    for _ in 0..3 {
        let status = Command::new(env::current_exe().unwrap())
            .args(["--exact", "store::figures::dies_with_the_store_open", "--ignored"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success());
        let start = Instant::now();
        let store = open(folder.path());
        println!("opened after SIGKILL: {:.1?}", start.elapsed());
        drop(store);
    }
    let store = open(folder.path());
    let start = Instant::now();
    assert_sound(&store);
    println!("verify: {:.1?}", start.elapsed());
    let start = Instant::now();
    println!("{:?}: {:.1?}", store.compact().unwrap(), start.elapsed());
}
