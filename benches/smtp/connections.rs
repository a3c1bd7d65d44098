//! 1,000 open connections of which 50 work.

use std::{thread, time::Instant};

use crate::{
    figures::{Table, mebibytes, millis, percentile, title},
    load, mail,
    servers::{
        daemon::peak_memory,
        gatepost::{Config, Gatepost},
        milter_client::MilterClient,
    },
};

const OPEN: usize = 1_000;
const WORKING: usize = 50;

pub(crate) fn run(messages_each: usize) {
    let gatepost = Gatepost::start(&Config::new());
    let empty = peak_memory(gatepost.pid());
    let mut connections: Vec<_> = (0..OPEN).map(|number| connect(&gatepost, number)).collect();
    let open = peak_memory(gatepost.pid());
    let start = Instant::now();
    let (mut taken, mut refused) = (Vec::new(), 0);
    thread::scope(|scope| {
        let working = connections[..WORKING].iter_mut();
        let running: Vec<_> =
            working.map(|milter| scope.spawn(move || work(milter, messages_each))).collect();
        for one in running {
            let (times, others) = one.join().unwrap();
            taken.extend(times);
            refused += others;
        }
    });
    let elapsed = start.elapsed();
    let idle = connections[WORKING..].iter_mut();
    let asleep = idle.filter_map(|milter| load::send(milter, &letter(0)).ok());
    let awake = asleep.filter(|told| told.verdict == "accept").count();
    taken.sort();

    title(
        &format!("{OPEN} open milter connections of which {WORKING} work"),
        &format!("connections {messages_each}"),
    );
    let mut table = Table::new(&["", "figure"]);
    let rate = taken.len() as f64 / elapsed.as_secs_f64();
    for (what, value) in [
        ("messages accepted", taken.len().to_string()),
        ("anything else", refused.to_string()),
        ("messages a second", format!("{rate:.0}")),
        ("p50 from MAIL to answer", millis(percentile(&taken, 50))),
        ("p99", millis(percentile(&taken, 99))),
        ("idle connections that still work", format!("{awake} of {}", OPEN - WORKING)),
        ("peak resident after start", mebibytes(empty)),
        ("peak resident, all open", mebibytes(open)),
        ("peak resident at the end", mebibytes(peak_memory(gatepost.pid()))),
    ] {
        table.row([what.to_owned(), value]);
    }
    table.print();
}

fn connect(gatepost: &Gatepost, number: usize) -> MilterClient {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.connection(&format!("203.0.113.{}", number % 250 + 1)).unwrap();
    milter
}

fn letter(number: usize) -> Vec<u8> {
    mail::plain(&format!("Lunch {number}"), &"See you at noon, at the usual place.\r\n".repeat(100))
}

/// How long each accepted message took, and how many were not.
fn work(milter: &mut MilterClient, count: usize) -> (Vec<std::time::Duration>, usize) {
    let mut times = Vec::with_capacity(count);
    for number in 0..count {
        let start = Instant::now();
        if load::send(milter, &letter(number)).is_ok_and(|told| told.verdict == "accept") {
            times.push(start.elapsed());
        }
    }
    let refused = count - times.len();
    (times, refused)
}
