//! The service and its workers: killed at random, and offered more than can be read.
//!
//! `tests/run.sh --test it contents::service -- --ignored --nocapture`

use std::{
    fs,
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::{
    documents::{pdf_text, word_text},
    letter::{Attachment, CLEAN, Letter},
    pictures::text,
};
use crate::servers::{
    gatepost::{Config, Gatepost},
    milter_client::{MilterClient, Reply},
    rbldnsd::CLEAN as CLIENT,
};

/// No answer may take longer, whatever is offered.
const DEADLINE: Duration = Duration::from_secs(20);

/// Looks into what comes from outside.
pub(super) fn config() -> Config {
    let checks = r#"["contents", "attachments", "rules"]"#;
    Config::new().with(&format!("[profile.external]\nchecks = {checks}\nearly_reject = false"))
}

/// The workers that the service has now.
fn workers(service: u32) -> Vec<Pid> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{service}/task")) else { return Vec::new() };
    let children =
        tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<String> = children.collect();
    let numbers = children.iter().flat_map(|line| line.split_whitespace());
    numbers.map(|number| Pid::from_raw(number.parse().unwrap())).collect()
}

/// Kills one of the workers now and then, until it is over. Returns how many.
fn kill_at_random(service: u32, is_over: &AtomicBool) -> usize {
    let mut random = StdRng::seed_from_u64(8);
    let mut killed = 0;
    while !is_over.load(Ordering::Relaxed) {
        let workers = workers(service);
        if !workers.is_empty() {
            let victim = workers[random.random_range(0..workers.len())];
            killed += usize::from(kill(victim, Signal::SIGKILL).is_ok());
        }
        thread::sleep(Duration::from_millis(random.random_range(5..40)));
    }
    killed
}

/// Sends letters over one connection; how long the answer to each took.
pub(super) fn send(
    service: SocketAddr,
    login: Option<&str>,
    letters: impl Iterator<Item = Vec<u8>>,
) -> Vec<(Reply, Duration)> {
    let mut client = MilterClient::connect(service).unwrap();
    client.connection(CLIENT).unwrap();
    let answers = letters.map(|letter| {
        client.envelope_of(login, "sender@example.org", &["bob@example.com"]).unwrap();
        let start = Instant::now();
        let reply = client.message(&letter).unwrap();
        (reply, start.elapsed())
    });
    answers.collect()
}

fn killed_during(messages: usize) {
    const CLIENTS: usize = 4;
    let gatepost = Gatepost::start(&config());
    let letters = [word_text(&CLEAN).to_bytes(), pdf_text(&CLEAN, true).to_bytes()];
    let is_over = AtomicBool::new(false);
    let (answers, killed) = thread::scope(|scope| {
        let killer = scope.spawn(|| kill_at_random(gatepost.pid(), &is_over));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let letters = letters.iter().cycle().take(messages / CLIENTS).cloned();
                let address = gatepost.address();
                scope.spawn(move || send(address, None, letters))
            })
            .collect();
        let answers: Vec<_> =
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        is_over.store(true, Ordering::Relaxed);
        (answers, killer.join().unwrap())
    });
    let accepted =
        answers.iter().filter(|(reply, _)| *reply == Reply::Accept || *reply == Reply::Continue);
    let accepted = accepted.count();
    let judged = gatepost.wait_judged(messages);
    let is_broken = |line: &&Value| line.to_string().contains("contents");
    let broken = judged.iter().filter(|line| !line["broken"].is_null()).filter(is_broken).count();
    println!(
        "{messages} messages, {killed} workers killed: {accepted} accepted, {broken} without a look inside"
    );
    assert_eq!((answers.len(), accepted, judged.len()), (messages, messages, messages));
    assert!(killed > 0);
}

#[test]
fn workers_are_killed_and_no_session_notices() {
    killed_during(200);
}

/// Must show: two thousand messages.
#[test]
#[ignore = "a minute; tests/run.sh --test it contents::service -- --ignored --nocapture"]
fn workers_are_killed_during_two_thousand_messages() {
    killed_during(2_000);
}

/// Pictures of other words each, so that none is known.
fn pictures(count: usize) -> Vec<Vec<u8>> {
    let mut random = StdRng::seed_from_u64(4);
    let mut word =
        || -> String { (0..7).map(|_| char::from(b'a' + random.random_range(0..26_u8))).collect() };
    let letters = (0..count).map(|_| {
        let words = format!("{} {} {}", word(), word(), word());
        Letter::with([Attachment::new("a.png", text(&words)).of_type("image/png")]).to_bytes()
    });
    letters.collect()
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort();
    times[((times.len() - 1) as f64 * share) as usize]
}

/// Mail of an own user, some forty a second, for so long.
fn own_mail(service: SocketAddr, count: usize) -> Vec<Duration> {
    let letter = Letter::with([]).saying("Are you coming tomorrow?").to_bytes();
    let letters = (0..count).map(|_| {
        thread::sleep(Duration::from_millis(25));
        letter.clone()
    });
    let answers = send(service, Some("bob"), letters);
    assert!(answers.iter().all(|(reply, _)| matches!(reply, Reply::Accept | Reply::Continue)));
    answers.into_iter().map(|(_, took)| took).collect()
}

/// Must show: own users do not notice a flood of pictures from outside, and what is skipped is counted.
#[test]
#[ignore = "two minutes; tests/run.sh --test it contents::service -- --ignored --nocapture"]
fn a_flood_of_pictures() {
    // Three times as many as two processors read, each when it is due.
    const FLOODERS: usize = 96;
    const EVERY: Duration = Duration::from_millis(14);
    let brief = config().with("[contents.pictures]\nread_ms = 3000");
    let gatepost = Gatepost::start(&brief);
    let letters = pictures(900);
    // A first one of each, so that workers have started.
    send(gatepost.address(), None, letters[..2].iter().cloned());
    let mut calm = own_mail(gatepost.address(), 800);
    let (next, outside) = (AtomicUsize::new(2), Mutex::new(Vec::new()));
    let start = Instant::now();
    let mut flooded = thread::scope(|scope| {
        for _ in 0..FLOODERS {
            scope.spawn(|| {
                let take = || {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let due = start + EVERY * number as u32;
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    letters.get(number).cloned()
                };
                let answers = send(gatepost.address(), None, std::iter::from_fn(take));
                outside.lock().unwrap().extend(answers);
            });
        }
        own_mail(gatepost.address(), 800)
    });
    let took = start.elapsed();
    let outside = outside.into_inner().unwrap();
    let mut times: Vec<_> = outside.iter().map(|(_, took)| *took).collect();
    let skipped = gatepost.metric("gatepost_pictures_total", "skipped");
    let read = gatepost.metric("gatepost_pictures_total", "read");
    let told =
        gatepost.judged().iter().filter(|line| line.to_string().contains("HEAVY_SKIPPED")).count();
    println!(
        "own mail: p50 {:.1?}, p99 {:.1?} without, p50 {:.1?}, p99 {:.1?} beside {} letters from outside in {took:.1?} \
         (p50 {:.1?}, worst {:.1?}); pictures read {read}, skipped {skipped}, told by {told} letters",
        percentile(&mut calm, 0.5),
        percentile(&mut calm, 0.99),
        percentile(&mut flooded, 0.5),
        percentile(&mut flooded, 0.99),
        outside.len(),
        percentile(&mut times, 0.5),
        percentile(&mut times, 1.0),
    );
    assert_eq!(outside.len(), letters.len() - 2);
    assert!(times.iter().all(|took| *took < DEADLINE));
    assert!(skipped > 0.0, "no flood");
    assert_eq!(told, skipped as usize);
    assert_eq!((read + skipped) as usize, letters.len());
}
