//! How well the classifier learns, and what it costs: `cargo bench --bench bayes -- ROOT INDEX…`.
//!
//! Each INDEX has lines `spam|ham<TAB>path` in the order of the protocol, paths relative to ROOT.
//! The TREC protocol with immediate feedback (Cormack & Lynam, "TREC 2005 spam track overview"),
//! from an empty model: judge each message, then learn its true label. Prints
//! - 1-ROCA in % (lower is better), and how much spam is missed where 0.1, 0.5 and 1 % of ham may
//!   be misjudged, of the whole and of each member; beside it what peers reached on the same files;
//! - how far the probabilities can be trusted, once 200 messages of each label were learned;
//! - the same for mail that is taught in folders, one label behind the other;
//! - CPU time of features, judging and learning, with a million tokens in the model; bytes a
//!   message; memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a run that cannot go on ends by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "figures are for the person watching"
)]

mod cost;
#[path = "../samples/mod.rs"]
mod samples;

use std::{env, path::Path};

use gatepost::{
    checks::bayes::{Features, Model},
    mail::Message,
    replay::Curve,
    verdict::Label,
};
use samples::{Labelled, of_index};

/// What others reach, by the name of the index file: 1-ROCA in %, and spam missed at 0.1 % ham.
const PEERS: [(&str, &str); 3] = [
    (
        "spamassassin",
        "bogofilter 0.201 (30.8), SpamAssassin 0.351 (100), rspamd 0.859 (100), CRM114 0.171 (38.0)",
    ),
    (
        "spamassassin-shuf",
        "bogofilter 0.112 (15.0), SpamAssassin 0.120 (15.2), rspamd 0.761 (44.9), CRM114 0.307 (41.4)",
    ),
    (
        "sf",
        "bogofilter 0.0175 (5.6), SpamAssassin 0.0150 (2.4), rspamd 0.110 (17.0), CRM114 0.0709 (9.2)",
    ),
];

/// How much ham may be misjudged, in percent.
const LOSSES: [f64; 3] = [0.1, 0.5, 1.0];

/// Messages of each label that must be learned before probabilities are looked at.
const FEWEST: u64 = 200;

fn main() {
    // cargo adds `--bench` by itself.
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let [root, indexes @ ..] = &words[..] else {
        panic!("cargo bench --bench bayes -- ROOT INDEX…");
    };
    for index in indexes {
        let messages = of_index(Path::new(index), Some(Path::new(root)));
        let name = Path::new(index).file_stem().unwrap().to_string_lossy().into_owned();
        println!("{name}: {} messages", messages.len());
        if let Some((_, peers)) = PEERS.iter().find(|(peer, _)| *peer == name) {
            println!("  peers: {peers}");
        }
        accuracy(&messages);
        folders(&messages);
        cost::measure(&messages);
    }
}

fn accuracy(messages: &[Labelled]) {
    let mut model = Model::new();
    let mut whole = Vec::new();
    let mut members: Vec<(&str, Vec<_>)> = Vec::new();
    let mut probabilities = Vec::new();
    for Labelled { label, raw } in messages {
        let features = Features::of(&Message::parse(raw.clone()));
        let opinion = model.judge(&features);
        whole.push((*label, opinion.log_odds));
        for (at, (name, log_odds)) in model.members(&features).into_iter().enumerate() {
            if members.len() == at {
                members.push((name, Vec::new()));
            }
            members[at].1.push((*label, log_odds));
        }
        let (spam, ham) = model.learned();
        if spam.min(ham) >= FEWEST {
            probabilities.push((opinion.probability, *label));
        }
        model.learn(*label, &features);
    }
    println!("  {}  gatepost", figures(whole));
    for (name, scores) in members {
        println!("  {}    {name}", figures(scores));
    }
    trust(&probabilities);
}

/// Taught in folders, as people do: one label, then the other. Every other message is taught, the
/// rest is judged.
fn folders(messages: &[Labelled]) {
    let features: Vec<(Label, Features)> = messages
        .iter()
        .map(|Labelled { label, raw }| (*label, Features::of(&Message::parse(raw.clone()))))
        .collect();
    for first in [Label::Ham, Label::Spam] {
        let mut taught: Vec<_> = features.iter().step_by(2).collect();
        taught.sort_by_key(|(label, _)| *label != first);
        let mut model = Model::new();
        taught.iter().for_each(|(label, features)| model.learn(*label, features));
        let mut scores = Vec::new();
        let mut probabilities = Vec::new();
        for (label, features) in features.iter().skip(1).step_by(2) {
            let opinion = model.judge(features);
            scores.push((*label, opinion.log_odds));
            probabilities.push((opinion.probability, *label));
        }
        println!("  {}  taught in folders, {first} first", figures(scores));
        trust(&probabilities);
    }
}

/// 1-ROCA, then the spam missed at each of [`LOSSES`].
fn figures(scores: Vec<(Label, f64)>) -> String {
    let curve = Curve::new(scores);
    let missed = LOSSES.map(|loss| curve.missed_percent(loss).unwrap());
    let missed: String = missed.iter().map(|missed| format!(" {missed:5.1}")).collect();
    format!("1-ROCA {:.4} %, missed{missed} %", curve.roca_percent().unwrap())
}

fn trust(probabilities: &[(f64, Label)]) {
    let share = |wanted: Label, is_in: &dyn Fn(f64) -> bool| {
        let all = probabilities.iter().filter(|(_, label)| *label == wanted);
        let inside = all.clone().filter(|(probability, _)| is_in(*probability)).count();
        100.0 * inside as f64 / all.count().max(1) as f64
    };
    println!(
        "    ham at 0.99 {:.3} %, at 0.5 {:.3} %; spam at 0.999 {:.1} %, \
         at 0.99 {:.1} %, below 0.5 {:.2} %",
        share(Label::Ham, &|p| p >= 0.99),
        share(Label::Ham, &|p| p >= 0.5),
        share(Label::Spam, &|p| p >= 0.999),
        share(Label::Spam, &|p| p >= 0.99),
        share(Label::Spam, &|p| p < 0.5),
    );
}
