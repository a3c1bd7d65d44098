//! What the classifier costs with a million tokens learned.
//!
//! `cargo bench --bench classifier`. Messages are made here: words of a vocabulary in which some are
//! common and most are rare, as in language (G. K. Zipf). What a message costs besides, reading
//! and rendering it, is what rules pay too; it is measured for comparison.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gatepost::{
    checks::bayes::{Features, Model},
    mail::Message,
    verdict::Label,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Distinct tokens before anything is measured.
const TOKENS: usize = 1_000_000;

/// Words of a message.
const WORDS: u64 = 300;

/// A word: every other is one of a thousand, the rest of some millions.
fn word(numbers: &mut StdRng) -> String {
    let most = if numbers.random() { 1_000_u32 } else { 4_000_000 };
    format!("w{:x}", numbers.random_range(..most))
}

/// Message `number`, of some three kilobytes.
fn message(number: u64) -> Message {
    let mut numbers = StdRng::seed_from_u64(number);
    let mut raw = format!(
        "Received: from mx{0}.example.org (mx{0}.example.org [192.0.2.{1}]) by mx.example.com\r\n\
         \tfor <b@example.com>; Tue, 4 Mar 2025 10:12:00 +0100\r\n\
         From: Alice Martin <a{number}@example.org>\r\nTo: Bob Smith <bob@example.com>\r\n\
         Date: Tue, 4 Mar 2025 10:12:00 +0100\r\nMessage-ID: <{number}.4711@example.org>\r\n\
         Subject: {2} {3}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
        number % 97,
        number % 200,
        word(&mut numbers),
        word(&mut numbers),
    );
    for number in 1..=WORDS {
        raw.push_str(&word(&mut numbers));
        raw.push_str(if number % 10 == 0 { "\r\n" } else { " " });
    }
    Message::parse(raw.into_bytes())
}

fn label(number: u64) -> Label {
    if number.is_multiple_of(2) { Label::Spam } else { Label::Ham }
}

/// A model with so many tokens, and the number of the next message.
fn learned() -> (Model, u64) {
    let mut model = Model::new();
    let mut number = 0;
    while model.tokens() < TOKENS {
        model.learn(label(number), &Features::of(&message(number)));
        number += 1;
    }
    (model, number)
}

fn classifier(criterion: &mut Criterion) {
    let (mut model, next) = learned();
    let messages: Vec<Message> = (next..next + 500).map(message).collect();
    let features: Vec<Features> = messages.iter().map(Features::of).collect();
    let raw = messages.first().map(|message| message.raw().to_vec()).unwrap_or_default();
    let (mut messages, mut features) = (messages.iter().cycle(), features.iter().cycle());
    let mut next_message = move || messages.next().map(Features::of).unwrap_or_default();

    let mut group = criterion.benchmark_group("classifier, a million tokens");
    group.bench_function("parse and render", |bencher| {
        bencher.iter_batched(
            || raw.clone(),
            |raw| Message::parse(raw).body().len(),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("read features", |bencher| {
        bencher.iter(&mut next_message);
    });
    group.bench_function("judge", |bencher| {
        bencher.iter(|| features.next().map(|features| model.judge(features)));
    });
    group.bench_function("read features and judge", |bencher| {
        bencher.iter(|| model.judge(&next_message()));
    });
    group.bench_function("read features, judge and learn", |bencher| {
        let mut classes = [Label::Spam, Label::Ham].into_iter().cycle();
        bencher.iter(|| {
            let features = next_message();
            let opinion = model.judge(&features);
            classes.next().into_iter().for_each(|label| model.learn(label, &features));
            opinion
        });
    });
    group.finish();
}

criterion_group!(benches, classifier);
criterion_main!(benches);
