//! What records take on the disk, and what they cost.
//!
//! `cargo bench --bench history -- INDEX ROOT`: judges labelled mail offline by the shipped rules and a
//! classifier that has learned the first thousand messages; answers of six DNS lists are made up. Prints
//! bytes a record by compression level and dictionary, and the time to make and compress one.
//!
//! `cargo bench --bench history -- --dictionary FILE PATH…`: makes the shipped dictionary,
//! `src/filter/record/dictionary.bin`, from messages that were written by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark ends by panicking, and prints"
)]

use std::{
    env, fs,
    hint::black_box,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use gatepost::{
    checks::bayes::{Features, Knowledge},
    config::Config,
    corpus::items,
    filter::{
        Filter,
        record::{DICTIONARY, Record, identity},
    },
    mail::{Address, Envelope, Message},
    replay::{Traced, judge},
    service::{Learned, Offline, build},
    verdict::{Evidence, Finding, Label, Lookup, Points, Response},
};
use tokio::runtime::Runtime;

/// Messages that the classifier has learned.
const LEARNED: usize = 1_000;
/// Messages that are judged.
const JUDGED: usize = 2_000;
/// Lists that were asked.
const ZONES: [&str; 6] = [
    "zen.lists.example",
    "bl.lists.example.org",
    "combined.dnsbl.example.net",
    "spam.dnsbl.example",
    "white.lists.example.com",
    "b.barrier.example.org",
];

fn main() {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    arguments.retain(|argument| argument != "--bench");
    match &arguments[..] {
        [option, file, paths @ ..] if option == "--dictionary" => make_dictionary(file, paths),
        [index, root] => measure(index, root),
        _ => println!("history: needs INDEX ROOT, or --dictionary FILE PATH…"),
    }
}

fn measure(index: &str, root: &str) {
    let runtime = Runtime::new().unwrap();
    let mail = labelled(index, root);
    let (taught, judged) = mail.split_at(mail.len().min(LEARNED));
    let filter = filter(&runtime, taught);
    let judged: Vec<&[u8]> = judged.iter().map(|(_, raw)| raw.as_slice()).take(JUDGED).collect();
    let records = records(&runtime, &filter, judged.iter().map(|raw| raw.to_vec()));
    let started = Instant::now();
    let bytes: Vec<Vec<u8>> =
        records.iter().map(|record| black_box(record.clone()).to_bytes().unwrap()).collect();
    let making = micros(started, bytes.len());
    let raw: usize = bytes.iter().map(Vec::len).sum();
    println!("{} records, {} bytes each, made in {making:.1} µs", bytes.len(), raw / bytes.len());
    for (name, dictionary) in [("no dictionary", &b""[..]), ("dictionary", DICTIONARY)] {
        for level in [1, 3, 6, 9, 15] {
            let mut compressor =
                zstd::bulk::Compressor::with_dictionary(level, dictionary).unwrap();
            let started = Instant::now();
            let all: usize =
                bytes.iter().map(|bytes| compressor.compress(bytes).unwrap().len()).sum();
            let took = micros(started, bytes.len());
            println!("{name}, level {level}: {} bytes a record, {took:.1} µs", all / bytes.len());
        }
    }
    println!("on disk: 40 bytes more for the frame, 32 for the index");
}

fn micros(started: Instant, records: usize) -> f64 {
    started.elapsed().as_secs_f64() * 1e6 / records as f64
}

fn labelled(index: &str, root: &str) -> Vec<(Label, Vec<u8>)> {
    let text = fs::read_to_string(index).unwrap();
    let line = |line: &str| {
        let (label, path) = line.split_once('\t').unwrap();
        let label = if label == "spam" { Label::Spam } else { Label::Ham };
        (label, fs::read(Path::new(root).join(path)).unwrap())
    };
    let mut lines: Vec<&str> = text.lines().collect();
    // In an order that has nothing to do with anything.
    lines.sort_by_key(|line| line.bytes().fold(7u64, |n, b| n.wrapping_mul(31) ^ u64::from(b)));
    lines.into_iter().take(LEARNED + JUDGED).map(line).collect()
}

fn filter(runtime: &Runtime, taught: &[(Label, Vec<u8>)]) -> Arc<Filter> {
    let knowledge = Knowledge::default();
    for (label, raw) in taught {
        let features = Features::of(&Message::parse(raw.clone()));
        knowledge.change(|model| model.learn(*label, &features));
    }
    knowledge.set_state(0x0123_4567_89ab_cdef_u128.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c));
    let config = Config::read("bayes.minimum_messages = 10", None).unwrap();
    let learned = Learned::Copy(Arc::new(knowledge));
    runtime.block_on(build(&config, Offline::Yes, learned, None)).unwrap().filter
}

fn records(
    runtime: &Runtime,
    filter: &Arc<Filter>,
    messages: impl Iterator<Item = Vec<u8>>,
) -> Vec<Record> {
    messages.enumerate().map(|(n, raw)| record(runtime, filter, n, raw)).collect()
}

fn record(runtime: &Runtime, filter: &Arc<Filter>, number: usize, raw: Vec<u8>) -> Record {
    let identity = identity(&Message::parse(raw.clone()));
    let envelope = |raw: &[u8]| {
        let mut traced = Traced::new(&filter.networks, raw);
        if traced.recipients.is_empty() {
            let to = format!("reader{}@example.com", number % 90);
            traced.recipients.push(Address::from_path(&to));
        }
        traced.client.name = traced.envelope.helo.clone();
        traced.client.mta = Some("mx.example.com".to_owned());
        traced.client.daemon = Some("smtpd".to_owned());
        traced.envelope = Envelope {
            sender_parameters: vec![format!("SIZE={}", raw.len())],
            queue_id: Some(format!("4XQ{:08X}", number.wrapping_mul(2_654_435_761))),
            ..traced.envelope
        };
        traced
    };
    let (judgement, envelope) = runtime.block_on(judge(filter, raw, envelope));
    let mut record = Record::of(&judgement, &envelope, filter.provenance);
    record.identity = Some(identity);
    ask_lists(&mut record, number);
    record
}

/// What lists would have said.
fn ask_lists(record: &mut Record, number: usize) {
    let octets = match record.envelope.client.address {
        Some(std::net::IpAddr::V4(address)) => address.octets(),
        _ => [203, 0, 113, (number % 250) as u8],
    };
    let [a, b, c, d] = octets;
    for (place, zone) in ZONES.iter().enumerate() {
        let name = format!("{d}.{c}.{b}.{a}.{zone}");
        let listed = (number + place).is_multiple_of(9);
        let response = if listed {
            let finding = Finding {
                name: format!("RCVD_IN_LIST_{place}").as_str().into(),
                weight: Points::from_micros(2_500_000),
                evidence: Evidence::Dns {
                    question: format!("{name}."),
                    answer: vec!["127.0.0.2".to_owned()],
                },
            };
            record.findings.insert(0, finding);
            Response::Records(vec![vec![127, 0, 0, 2]])
        } else {
            Response::Nothing { code: 3 }
        };
        record.testimony.lookups.push(Lookup {
            name,
            record_type: 1,
            response,
            ttl: 300,
            asked: record.at - 900,
            took: (number * 7 + place * 13) as u32 % 80,
        });
    }
}

/// Bytes of the dictionary: more gain little.
const SIZE: usize = 12 << 10;

fn make_dictionary(file: &str, paths: &[String]) {
    let runtime = Runtime::new().unwrap();
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let (cases, mail): (Vec<_>, Vec<_>) =
        paths.into_iter().partition(|path| path.extension().is_some_and(|e| e == "cases"));
    let mut messages: Vec<Vec<u8>> = items(&mail).map(|item| item.unwrap().raw).collect();
    for path in cases {
        messages.extend(case_messages(&fs::read_to_string(path).unwrap()));
    }
    let label = |n: usize| if n.is_multiple_of(2) { Label::Spam } else { Label::Ham };
    let taught: Vec<_> =
        messages.iter().enumerate().map(|(n, raw)| (label(n), raw.clone())).collect();
    let filter = filter(&runtime, &taught);
    let records = records(&runtime, &filter, messages.into_iter());
    let samples: Vec<Vec<u8>> = records.iter().map(|record| record.to_bytes().unwrap()).collect();
    let dictionary = zstd::dict::from_samples(&samples, SIZE).unwrap();
    fs::write(file, &dictionary).unwrap();
    println!("{file}: {} bytes, from {} records", dictionary.len(), samples.len());
}

/// The messages of a file of cases beside the rules.
fn case_messages(text: &str) -> Vec<Vec<u8>> {
    let sections = text.split("### ").skip(1).filter_map(|section| section.split_once('\n'));
    let messages = sections.map(|(_, message)| message.trim_start().replace('\n', "\r\n"));
    messages.filter(|message| !message.is_empty()).map(String::into_bytes).collect()
}
