//! Messages a second through Postfix: without a milter, and with gatepost behind either socket.
//!
//! `smtp-source` opens a connection a message. Three Postfixes throw away what they accept; they
//! take turns, so that what else the machine does hits all of them.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    figures::{Table, cpu_of, median, title},
    servers::{
        DOMAIN, Mta,
        gatepost::{Config, Gatepost},
        postfix::{Options, Postfix},
    },
};

const CLIENTS: [usize; 3] = [1, 4, 16];
const ROUNDS: usize = 3;
const WARM_UP: usize = 100;
const LENGTH: usize = 4_096;

/// What stands behind Postfix.
struct Setup {
    name: &'static str,
    postfix: Postfix,
}

pub(crate) fn run(count: usize) {
    // The defaults, but nobody is local: the client has to come from 127.0.0.1.
    let gatepost = Gatepost::start(&Config::new().with("rules.include = [\"builtin\"]"));
    let setups = [
        ("no milter", String::new()),
        ("gatepost, unix", gatepost.unix()),
        ("gatepost, inet", gatepost.inet()),
    ]
    .map(|(name, milter)| {
        let options = Options { milter: &milter, discard: true, ..Options::default() };
        Setup { name, postfix: Postfix::with(&options) }
    });
    for setup in &setups {
        setup.send(WARM_UP, 4);
    }
    require_external(&gatepost);
    title(
        &format!("messages a second through Postfix, median of {ROUNDS} rounds"),
        &format!("postfix {count}"),
    );
    println!("  smtp-source -s CLIENTS -m COUNT -l {LENGTH} …, COUNT a quarter for one client");
    let before = cpu_of(gatepost.pid());
    let rates = CLIENTS.map(|clients| (clients, measure(&setups, clients, count)));
    let cpu = cpu_of(gatepost.pid()).saturating_sub(before);
    report(&rates);
    let judged = gatepost.judged().len() - 2 * WARM_UP;
    println!("  gatepost's CPU time: {:.0} µs a message", cpu.as_micros() as f64 / judged as f64);
}

/// For each setup its median rate.
fn measure(setups: &[Setup; 3], clients: usize, count: usize) -> [f64; 3] {
    let count = if clients == 1 { count / 4 } else { count };
    let rounds: Vec<[f64; 3]> = (0..ROUNDS)
        .map(|_| setups.each_ref().map(|s| count as f64 / s.send(count, clients).as_secs_f64()))
        .collect();
    [0, 1, 2].map(|setup| median(rounds.iter().map(|round| round[setup]).collect()))
}

fn report(rates: &[(usize, [f64; 3])]) {
    let mut table = Table::new(&[
        "clients",
        "no milter",
        "gatepost, unix",
        "gatepost, inet",
        "inet/unix",
        "unix/none",
        "inet/none",
    ]);
    for (clients, [none, unix, inet]) in rates {
        let rate = |rate: &f64| format!("{rate:.0}");
        let ratio = |a: &f64, b: &f64| format!("{:.2}", a / b);
        table.row([
            clients.to_string(),
            rate(none),
            rate(unix),
            rate(inet),
            ratio(inet, unix),
            ratio(unix, none),
            ratio(inet, none),
        ]);
    }
    table.print();
}

impl Setup {
    /// How long that takes; every message must be accepted.
    fn send(&self, count: usize, clients: usize) -> Duration {
        let start = Instant::now();
        let output = Command::new("smtp-source")
            .args(["-s", &clients.to_string()])
            .args(["-m", &count.to_string()])
            .args(["-l", &LENGTH.to_string()])
            .args(["-f", "sender@example.org"])
            .args(["-t", &format!("reader@{DOMAIN}")])
            .arg(format!("inet:{}", self.postfix.address()))
            .output()
            .expect("smtp-source; run tests/run.sh");
        let took = start.elapsed();
        assert!(
            output.status.success(),
            "{}: {}",
            self.name,
            String::from_utf8_lossy(&output.stderr)
        );
        self.postfix.settle();
        took
    }
}

/// Another origin would be judged by fewer checks.
fn require_external(gatepost: &Gatepost) {
    let judged = gatepost.wait_judged(2 * WARM_UP);
    let external = |line: &Value| line["profile"] == "external" && line["verdict"] == "accept";
    assert!(judged.iter().all(external), "{}", judged[0]);
}
