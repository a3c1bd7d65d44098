//! Load through real servers: `tests/run.sh --bench smtp [rates|overload]`.
//!
//! - `rates`: Postfix with 1, 4 and 16 clients (`smtp-source`, a connection a message, delivery
//!   thrown away) without a milter, with gatepost on an inet socket and on a unix socket. The three
//!   take turns, and each figure is the median of the rounds, so that a busy machine is unfair to
//!   all alike.
//! - `overload`: for a minute three times as many messages a second as the machine can judge, over
//!   the milter socket: how long answers take, how much memory is used, whether a verdict ever
//!   differs from the one the same message gets in peace, and how many were told to come again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark is for the person watching, and fails by panicking"
)]
#![allow(dead_code, reason = "shared with tests/it, which uses the rest")]

#[path = "../tests/it/mail.rs"]
mod mail;
#[path = "../tests/it/servers/mod.rs"]
mod servers;

use std::{
    env, fs,
    process::{Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use servers::{
    DOMAIN, Mta,
    daemon::peak_memory,
    gatepost::{Config, Gatepost},
    milter_client::{MilterClient, Reply},
    postfix::{Options, Postfix},
};

fn main() {
    // cargo passes `--bench`; a name picks one.
    let names: Vec<String> = env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    if wanted("rates") {
        rates();
    }
    if wanted("overload") {
        overload();
    }
}

const ROUNDS: usize = 3;
/// Clients at once, and how many messages they send in all.
const LOADS: [(usize, usize); 3] = [(1, 400), (4, 1_600), (16, 3_200)];
/// The mean of the corpora is 5 KB.
const MESSAGE_BYTES: usize = 5_000;

fn rates() {
    let gatepost = Gatepost::start(&Config::new());
    let discarding =
        |milter: &str| Postfix::with(&Options { milter, discard: true, ..Options::default() });
    let (inet, unix) = (gatepost.inet(), gatepost.unix());
    let setups =
        [("no milter", discarding("")), ("inet", discarding(&inet)), ("unix", discarding(&unix))];
    println!("messages a second through Postfix, median of {ROUNDS} rounds");
    println!("| clients | no milter | gatepost, inet | gatepost, unix | inet/unix | inet/none |");
    println!("|---|---|---|---|---|---|");
    let (before, mut filtered) = (cpu_time(gatepost.pid()), 0);
    for (clients, messages) in LOADS {
        let mut rounds = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            for ((_, postfix), rates) in setups.iter().zip(&mut rounds) {
                rates.push(rate(postfix, clients, messages));
            }
            filtered += 2 * messages;
        }
        let [none, inet, unix] = rounds.map(median);
        println!(
            "| {clients} | {none:.0} | {inet:.0} | {unix:.0} | {:.2} | {:.2} |",
            inet / unix,
            inet / none
        );
    }
    let cpu = (cpu_time(gatepost.pid()) - before).as_secs_f64() * 1e6 / filtered as f64;
    println!("gatepost: {cpu:.0} us of CPU a message, {filtered} messages\n");
}

fn rate(postfix: &Postfix, clients: usize, messages: usize) -> f64 {
    let start = Instant::now();
    let status = Command::new("smtp-source")
        .args(["-s", &clients.to_string(), "-m", &messages.to_string()])
        .args(["-l", &MESSAGE_BYTES.to_string(), "-f", "sender@example.org"])
        .args(["-t", &format!("reader@{DOMAIN}"), &postfix.address().to_string()])
        .stdout(Stdio::null())
        .status()
        .expect("smtp-source (package postfix); run tests/run.sh");
    let took = start.elapsed();
    assert!(status.success(), "smtp-source: {status}");
    postfix.settle();
    messages as f64 / took.as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// The processor time a process has used so far, in the kernel and outside.
fn cpu_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // Behind the name in parentheses; utime and stime are the 14th and 15th field of all.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    // USER_HZ, 100 on every Linux.
    Duration::from_millis(ticks * 10)
}

/// How many times its capacity is offered to the filter.
const OVERLOAD: f64 = 3.0;
const MINUTE: Duration = Duration::from_secs(60);
/// As many connections as an MTA with many processes would hold.
const CONNECTIONS: usize = 400;

/// What is sent, with different work and different verdicts.
fn messages() -> Vec<Vec<u8>> {
    let words = |count: usize| "Dear reader, the minutes of the meeting are below. ".repeat(count);
    let lines = |count| words(count).replace(". ", ".\r\n");
    vec![
        mail::plain("Lunch", &lines(20)),
        mail::plain("Minutes", &lines(2_000)),
        mail::plain("spam-between-mark-and-reject", &lines(200)),
        mail::plain("spam-beyond-reject", &lines(200)),
        mail::plain("A test", &mail::gtube()),
        mail::with_attachment("A file", "minutes.bin", words(4_000).as_bytes()),
    ]
}

/// One answered message.
struct Answer {
    message: usize,
    verdict: Kind,
    took: Duration,
}

/// What the reply says; references differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Taken,
    Marked,
    Refused,
    Later,
}

fn overload() {
    let gatepost = Gatepost::start(&Config::new());
    let messages = messages();
    let calm: Vec<Kind> = {
        let mut milter = connect(&gatepost, 0);
        messages.iter().map(|message| send(&mut milter, message)).collect()
    };
    let capacity = capacity(&gatepost, &messages);
    let offered = capacity * OVERLOAD;
    let answers = offer(&gatepost, &messages, offered, MINUTE);
    report(&gatepost, &calm, capacity, offered, &answers);
}

fn connect(gatepost: &Gatepost, number: usize) -> MilterClient {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.connection(&format!("203.0.113.{}", number % 250 + 1)).unwrap();
    milter
}

fn send(milter: &mut MilterClient, message: &[u8]) -> Kind {
    milter.changes.clear();
    let begun = milter.envelope("sender@example.org", &["reader@example.test"]).unwrap();
    let reply = if begun == Reply::Continue { milter.message(message).unwrap() } else { begun };
    match reply {
        Reply::Text(text) if text.starts_with('4') => Kind::Later,
        Reply::Text(_) => Kind::Refused,
        Reply::Tempfail => Kind::Later,
        _ if milter.changes.iter().any(|(_, data)| contains(data, b"X-Spam-Flag")) => Kind::Marked,
        _ => Kind::Taken,
    }
}

fn contains(data: &[u8], text: &[u8]) -> bool {
    data.windows(text.len()).any(|window| window == text)
}

/// Messages a second when eight clients send one after the other.
fn capacity(gatepost: &Gatepost, messages: &[Vec<u8>]) -> f64 {
    const CLIENTS: usize = 8;
    const TIME: Duration = Duration::from_secs(10);
    let start = Instant::now();
    let sent: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                scope.spawn(move || {
                    let mut milter = connect(gatepost, number);
                    let turn = messages.iter().cycle().skip(number);
                    let in_time = turn.take_while(|_| start.elapsed() < TIME);
                    in_time.map(|message| send(&mut milter, message)).count()
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    sent as f64 / start.elapsed().as_secs_f64()
}

/// Sends at a fixed rate, however long answers take: each connection has its own timetable and
/// catches up when it is behind.
fn offer(gatepost: &Gatepost, messages: &[Vec<u8>], rate: f64, time: Duration) -> Vec<Answer> {
    let every = Duration::from_secs_f64(CONNECTIONS as f64 / rate);
    let answers = Mutex::new(Vec::new());
    let start = Instant::now();
    thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let answers = &answers;
            scope.spawn(move || {
                let mut milter = connect(gatepost, number);
                let mut own = Vec::new();
                let mut due = start + every * u32::try_from(number).unwrap() / CONNECTIONS as u32;
                for message in (0..messages.len()).cycle().skip(number) {
                    if due > start + time || start.elapsed() > time {
                        break;
                    }
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let sent = Instant::now();
                    let verdict = send(&mut milter, &messages[message]);
                    own.push(Answer { message, verdict, took: sent.elapsed() });
                    due += every;
                }
                answers.lock().unwrap().extend(own);
            });
        }
    });
    answers.into_inner().unwrap()
}

fn report(gatepost: &Gatepost, calm: &[Kind], capacity: f64, offered: f64, answers: &[Answer]) {
    let (later, judged): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.verdict == Kind::Later);
    let changed = judged.iter().filter(|a| a.verdict != calm[a.message]).count();
    let of = |kind| judged.iter().filter(|answer| answer.verdict == kind).count();
    println!("overload: {OVERLOAD} times the capacity for {MINUTE:?}, {CONNECTIONS} connections");
    println!("capacity {capacity:.0} messages a second, offered {offered:.0}");
    println!(
        "sent {} ({:.0} a second): judged {} ({} taken, {} marked, {} refused), told 4xx {}",
        answers.len(),
        answers.len() as f64 / MINUTE.as_secs_f64(),
        judged.len(),
        of(Kind::Taken),
        of(Kind::Marked),
        of(Kind::Refused),
        later.len()
    );
    println!("verdicts other than in peace: {changed}");
    println!("| | p50 | p99 | worst |");
    println!("|---|---|---|---|");
    for (name, some) in [("judged", judged), ("told 4xx", later)] {
        let mut times: Vec<_> = some.iter().map(|answer| answer.took).collect();
        times.sort();
        let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied();
        println!(
            "| {name} | {:.1?} | {:.1?} | {:.1?} |",
            at(0.5).unwrap_or_default(),
            at(0.99).unwrap_or_default(),
            times.last().copied().unwrap_or_default()
        );
    }
    println!("gatepost: peak resident {} MiB", peak_memory(gatepost.pid()) >> 20);
}
