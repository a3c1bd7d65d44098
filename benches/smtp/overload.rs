//! Three times what gatepost can do.
//!
//! First a few clients send one message after the other: what is answered then is the capacity.
//! Then messages are started on schedule, on whatever of some hundred connections is free, whether
//! or not earlier ones are answered. Latency counts from the moment a message is due, so that a
//! client that falls behind cannot hide it; how far it fell behind is shown beside it.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    figures::{Table, cpu_of, mebibytes, millis, own_cpu, percentile, title},
    load::{self, Kind, Told},
    servers::{
        daemon::peak_memory,
        gatepost::{Config, Gatepost},
        milter_client::MilterClient,
    },
};

const CONNECTIONS: usize = 800;
const TIMES: f64 = 3.0;
/// Clients that measure the capacity: more than processors, fewer than may wait.
const CLOSED_LOOP: usize = 16;

/// One message under load.
struct Sample {
    kind: usize,
    /// `None`: the connection broke.
    told: Option<Told>,
    /// From the moment it was due to the answer.
    took: Duration,
    /// From the moment it was due to its MAIL.
    behind: Duration,
}

/// When messages are due.
struct Schedule {
    next: AtomicU32,
    start: Instant,
    interval: Duration,
    count: u32,
}

pub(crate) fn run(length: Duration) {
    let gatepost = Gatepost::start(&Config::new());
    let filter = gatepost.address();
    let kinds = load::heavy();
    let expected = unloaded(filter, &kinds);
    let capacity = capacity(filter, &kinds, (length / 4).min(Duration::from_secs(10)));
    let calm = peak_memory(gatepost.pid());
    let schedule = Schedule {
        next: AtomicU32::new(0),
        start: Instant::now() + Duration::from_secs(2),
        interval: Duration::from_secs_f64(1.0 / (capacity * TIMES)),
        count: (length.as_secs_f64() * capacity * TIMES) as u32,
    };
    let (own_before, before) = (own_cpu(), cpu_of(gatepost.pid()));
    let samples = offer(filter, &kinds, &schedule);
    let elapsed = schedule.start.elapsed();
    let cpu = (cpu_of(gatepost.pid()).saturating_sub(before), own_cpu().saturating_sub(own_before));

    title(
        &format!("{TIMES} times the capacity for {} s", length.as_secs()),
        &format!("overload {}", length.as_secs()),
    );
    println!(
        "  messages of {} kB on up to {CONNECTIONS} connections; CPU seconds: gatepost {:.1}, \
         this client {:.1}",
        kinds[0].message.len() / 1_000,
        cpu.0.as_secs_f64(),
        cpu.1.as_secs_f64()
    );
    println!("  capacity, {CLOSED_LOOP} clients that wait for each answer: {capacity:.0} a second");
    report_rates(&samples, length, elapsed);
    report_kinds(&samples, &kinds, &expected);
    println!(
        "  peak resident: {} at capacity, {} at the end",
        mebibytes(calm),
        mebibytes(peak_memory(gatepost.pid()))
    );
    report_counters(&gatepost);
    calm_again(filter, &kinds, &expected);
}

/// What each kind is told when nothing else goes on.
fn unloaded(filter: SocketAddr, kinds: &[Kind]) -> Vec<Told> {
    let mut milter = open(filter, 0);
    let told: Vec<Told> =
        kinds.iter().map(|kind| load::send(&mut milter, &kind.message).unwrap()).collect();
    let verdicts: Vec<_> = told.iter().map(|told| told.verdict).collect();
    assert_eq!(verdicts, ["accept", "mark", "reject", "reject"]);
    told
}

/// Answers a second with a few clients that wait for each.
fn capacity(filter: SocketAddr, kinds: &[Kind], length: Duration) -> f64 {
    let answered = AtomicUsize::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        for client in 0..CLOSED_LOOP {
            let answered = &answered;
            scope.spawn(move || {
                let mut milter = open(filter, client);
                let mut kinds = kinds.iter().cycle().skip(client);
                while start.elapsed() < length {
                    let told = load::send(&mut milter, &kinds.next().unwrap().message).unwrap();
                    assert!(!told.is_deferred(), "nobody is turned away at capacity");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    answered.into_inner() as f64 / start.elapsed().as_secs_f64()
}

/// Keeps to the schedule.
fn offer(filter: SocketAddr, kinds: &[Kind], schedule: &Schedule) -> Vec<Sample> {
    thread::scope(|scope| {
        let running: Vec<_> = (0..CONNECTIONS)
            .map(|client| {
                let small = thread::Builder::new().stack_size(256 << 10);
                small.spawn_scoped(scope, move || work(filter, kinds, schedule, client)).unwrap()
            })
            .collect();
        running.into_iter().flat_map(|one| one.join().unwrap()).collect()
    })
}

/// One connection: takes the next message that is due until there is none.
fn work(filter: SocketAddr, kinds: &[Kind], schedule: &Schedule, client: usize) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut milter = open(filter, client);
    loop {
        let number = schedule.next.fetch_add(1, Ordering::Relaxed);
        if number >= schedule.count {
            return samples;
        }
        let due = schedule.start + schedule.interval * number;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let behind = due.elapsed();
        let kind = number as usize % kinds.len();
        let told = load::send(&mut milter, &kinds[kind].message).ok();
        if told.is_none() {
            milter = open(filter, client);
        }
        samples.push(Sample { kind, told, took: due.elapsed(), behind });
    }
}

fn open(filter: SocketAddr, client: usize) -> MilterClient {
    let mut milter = MilterClient::connect(filter).unwrap();
    milter.connection(&format!("203.0.113.{}", client % 250 + 1)).unwrap();
    milter
}

fn report_rates(samples: &[Sample], length: Duration, elapsed: Duration) {
    let sorted = |keep: &dyn Fn(&Sample) -> bool, time: fn(&Sample) -> Duration| {
        let mut times: Vec<_> = samples.iter().filter(|s| keep(s)).map(time).collect();
        times.sort();
        times
    };
    let deferred = |sample: &Sample| sample.told.as_ref().is_some_and(Told::is_deferred);
    let judged = |sample: &Sample| sample.told.as_ref().is_some_and(|told| !told.is_deferred());
    let mut table = Table::new(&["", "messages", "a second", "p50", "p99", "max"]);
    let mut row = |name: &str, times: &[Duration], over: Duration| {
        let rate = times.len() as f64 / over.as_secs_f64();
        let figures = [times.len().to_string(), format!("{rate:.0}")];
        let times = [50, 99, 100].map(|percent| millis(percentile(times, percent)));
        table.row([name.to_owned()].into_iter().chain(figures).chain(times));
    };
    row("offered, late by", &sorted(&|_| true, |sample| sample.behind), length);
    row("judged, after", &sorted(&judged, |sample| sample.took), elapsed);
    row("told 4xx, after", &sorted(&deferred, |sample| sample.took), elapsed);
    row("cut off, after", &sorted(&|sample| sample.told.is_none(), |sample| sample.took), elapsed);
    table.print();
}

fn report_kinds(samples: &[Sample], kinds: &[Kind], expected: &[Told]) {
    let mut table = Table::new(&["kind", "unloaded", "same answer", "4xx", "another answer"]);
    for (number, (kind, expected)) in kinds.iter().zip(expected).enumerate() {
        let of_kind = samples.iter().filter(|sample| sample.kind == number);
        let told: Vec<&Told> = of_kind.filter_map(|sample| sample.told.as_ref()).collect();
        let same = told.iter().filter(|told| **told == expected).count();
        let deferred = told.iter().filter(|told| told.is_deferred()).count();
        table.row([
            kind.name.to_owned(),
            expected.verdict.to_owned(),
            same.to_string(),
            deferred.to_string(),
            (told.len() - same - deferred).to_string(),
        ]);
    }
    table.print();
}

fn report_counters(gatepost: &Gatepost) {
    println!("  gatepost's own counters (capacity and overload together):");
    let page = gatepost.metrics();
    let wanted = ["gatepost_messages_total", "gatepost_turned_away", "gatepost_transactions_abort"];
    for line in page.lines().filter(|line| wanted.iter().any(|name| line.starts_with(name))) {
        println!("    {line}");
    }
}

/// Once the flood is over, everything is as before.
fn calm_again(filter: SocketAddr, kinds: &[Kind], expected: &[Told]) {
    let start = Instant::now();
    let mut milter = open(filter, 0);
    let told: Vec<_> = kinds.iter().map(|kind| load::send(&mut milter, &kind.message)).collect();
    assert!(told.iter().flatten().eq(expected), "as before the flood");
    println!("  afterwards, {} messages in {}", kinds.len(), millis(start.elapsed()));
}
