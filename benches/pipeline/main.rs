//! What each stage of a message costs: `cargo bench --bench pipeline [NAME]`.
//!
//! Groups: parse (beside mail-parser's bare parse, the unit), rendering, rules (prefilter alone, all
//! of it), classifier (features, judge), whole (visit to judgement, offline, Bayes trained). One
//! iteration is one message; they come in an order that looks random, again and again. Messages are
//! the golden ones, or those of an index; stock rules are measured if their folder is given:
//!
//! ```text
//! GATEPOST_INDEX=mail.tsv GATEPOST_RULES=/usr/share/spamassassin cargo bench --bench pipeline
//! ```
//! Of an index every fifth message is measured, and the classifier has learned the others. `benches/classifier` has a
//! model of full size; `benches/profile` weighs the stages against each other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a run that cannot go on ends by panicking"
)]

mod auth;
#[path = "../samples/mod.rs"]
mod samples;

use std::{env, path::Path, sync::Arc};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gatepost::{
    checks::{
        Case,
        bayes::{Features, Knowledge},
        rules::{RuleSet, ScoreSet, Settings},
    },
    mail::Message,
    service::Learned,
};
use samples::{Labelled, case, default_filter, golden, judge, learned, of_index, split};

/// What is measured, and what is learned.
fn samples() -> (Vec<Vec<u8>>, Vec<Labelled>) {
    match env::var_os("GATEPOST_INDEX") {
        Some(index) => split(of_index(Path::new(&index), None), 5),
        None => (split(golden(), 1).0, golden()),
    }
}

fn parse(criterion: &mut Criterion) {
    let (measured, _) = samples();
    let mut group = criterion.benchmark_group("parse");
    let mut raws = measured.iter().cycle();
    group.bench_function("mail-parser, bare", |bencher| {
        bencher.iter(|| {
            let raw = raws.next().unwrap();
            mail_parser::MessageParser::default().parse(raw).map(|message| message.parts.len())
        });
    });
    let mut raws = measured.iter().cycle();
    group.bench_function("gatepost", |bencher| {
        let next = || raws.next().unwrap().clone();
        bencher.iter_batched(next, Message::parse, BatchSize::SmallInput);
    });
    group.finish();
}

fn rendering(criterion: &mut Criterion) {
    type Stage = (&'static str, fn(&Message) -> usize, fn(&Message));
    // What each rests on is done before the clock runs.
    let stages: [Stage; 4] = [
        ("entities", |message| message.entities().iter().count(), |_| ()),
        (
            "body, with HTML to text",
            |message| message.body().len(),
            |message| {
                message.entities();
            },
        ),
        (
            "rawbody",
            |message| message.rawbody().len(),
            |message| {
                message.entities();
            },
        ),
        (
            "URIs",
            |message| message.uris().list.len(),
            |message| {
                message.body();
            },
        ),
    ];
    let (measured, _) = samples();
    let mut group = criterion.benchmark_group("rendering");
    for (name, stage, before) in stages {
        let mut raws = measured.iter().cycle();
        let mut next = || {
            let message = Message::parse(raws.next().unwrap().clone());
            before(&message);
            message
        };
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(&mut next, |message| stage(message), BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn rules(criterion: &mut Criterion) {
    let (measured, _) = samples();
    let cases: Vec<Case> = measured.into_iter().map(|raw| case(Message::parse(raw))).collect();
    // The texts are the business of another group.
    for Case { message, .. } in &cases {
        let _ = (message.body().len(), message.rawbody().len(), message.uris().list.len());
    }
    let mut sets = vec!["builtin".to_owned()];
    sets.extend(env::var("GATEPOST_RULES"));
    for include in sets {
        let settings = Settings { include: vec![include.clone()], ..Settings::default() };
        let score_set = ScoreSet { net: false, bayes: true };
        let rules = RuleSet::load(&settings, score_set).expect("rules");
        let mut group = criterion.benchmark_group(format!("rules, {include}"));
        let mut all = cases.iter().cycle();
        group.bench_function("prefilter", |bencher| {
            bencher.iter(|| rules.candidates(all.next().unwrap()));
        });
        let mut all = cases.iter().cycle();
        group.bench_function("examine", |bencher| {
            bencher.iter(|| rules.examine(all.next().unwrap()));
        });
        let mut all = cases.iter().cycle();
        group.bench_function("conclude", |bencher| {
            let next = || rules.examine(all.next().unwrap());
            bencher.iter_batched(next, |hits| rules.conclude(hits, &[]), BatchSize::SmallInput);
        });
        group.finish();
    }
}

fn classifier(criterion: &mut Criterion) {
    let (measured, others) = samples();
    let cases: Vec<Case> = measured.into_iter().map(|raw| case(Message::parse(raw))).collect();
    let model = learned(others);
    let features = |Case { message, envelope }: &Case| Features::arriving(message, envelope);
    let read: Vec<Features> = cases.iter().map(features).collect();
    let mut group = criterion.benchmark_group("classifier");
    let mut all = cases.iter().cycle();
    group.bench_function("features", |bencher| bencher.iter(|| all.next().map(features)));
    let mut all = read.iter().cycle();
    group.bench_function("judge", |bencher| {
        bencher.iter(|| all.next().map(|features| model.judge(features)));
    });
    group.finish();
}

fn authentication(criterion: &mut Criterion) {
    auth::auth(criterion, samples().0);
}

fn whole(criterion: &mut Criterion) {
    let (measured, others) = samples();
    let knowledge = Learned::Copy(Arc::new(Knowledge::new(learned(others))));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let filter = runtime.block_on(default_filter(knowledge));
    let mut group = criterion.benchmark_group("whole");
    let mut raws = measured.iter().cycle();
    group.bench_function("visit to judgement", |bencher| {
        let next = || raws.next().unwrap().clone();
        bencher.iter_batched(
            next,
            |raw| runtime.block_on(judge(&filter, raw)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, parse, rendering, rules, classifier, authentication, whole);
criterion_main!(benches);
