//! CPU time a message in this process, user and system, beside the bare parse of mail-parser.
//!
//! One message at a time, by the library: no socket, no log, no network. The rows take turns.

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::Duration,
};

use gatepost::{
    mail::{Message, mbox},
    service::Learned,
};

use crate::{
    figures::{Table, median, own_cpu, title},
    samples::{default_filter, judge},
};

const ROUNDS: usize = 3;

pub(crate) fn run(paths: &[PathBuf]) {
    let messages: Vec<Vec<u8>> = paths.iter().flat_map(|path| read(path)).collect();
    assert!(!messages.is_empty(), "cpu PATH…: mbox files or folders of messages");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let filter = runtime.block_on(default_filter(Learned::Nothing));
    let rounds: Vec<[f64; 4]> = (0..ROUNDS)
        .map(|_| {
            [
                micros(&messages, bare_parse),
                micros(&messages, |raw| drop(black_box(Message::parse(raw.to_vec())))),
                micros(&messages, read_texts),
                micros(&messages, |raw| {
                    black_box(runtime.block_on(judge(&filter, raw.to_vec())));
                }),
            ]
        })
        .collect();
    let [bare, parse, texts, whole] =
        [0, 1, 2, 3].map(|column| median(rounds.iter().map(|round| round[column]).collect()));
    let named: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let bytes: usize = messages.iter().map(Vec::len).sum();
    title(
        &format!(
            "CPU a message: {} messages, mean {:.1} kB, median of {ROUNDS} rounds",
            messages.len(),
            bytes as f64 / messages.len() as f64 / 1_000.0
        ),
        &format!("cpu {}", named.join(" ")),
    );
    let mut table = Table::new(&["", "µs", "× mail-parser"]);
    for (name, value) in [
        ("mail-parser, bare parse", bare),
        ("gatepost, Message::parse", parse),
        ("gatepost, parse and all texts: body, rawbody, URIs", texts),
        ("gatepost, visit to judgement, built-in rules", whole),
    ] {
        table.row([name.to_owned(), format!("{value:.0}"), format!("{:.1}", value / bare)]);
    }
    table.print();
}

fn bare_parse(raw: &[u8]) {
    black_box(mail_parser::MessageParser::default().parse(black_box(raw)));
}

/// Texts are rendered when they are first asked for; rules ask for all of them.
fn read_texts(raw: &[u8]) {
    let message = Message::parse(raw.to_vec());
    black_box((message.body(), message.rawbody(), message.uris()));
}

/// Mean CPU time of `work`, in microseconds.
fn micros(messages: &[Vec<u8>], mut work: impl FnMut(&[u8])) -> f64 {
    let before = own_cpu();
    for raw in messages {
        work(raw);
    }
    let took: Duration = own_cpu().saturating_sub(before);
    took.as_secs_f64() * 1e6 / messages.len() as f64
}

/// All messages below a folder, of an mbox file, or the one of a file.
fn read(path: &Path) -> Vec<Vec<u8>> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        return entries.iter().flat_map(|entry| read(entry)).collect();
    }
    let file = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if file.starts_with(b"From ") {
        mbox(&file[..]).map(Result::unwrap).collect()
    } else {
        vec![file]
    }
}
