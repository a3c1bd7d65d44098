//! CPU time, bytes and memory.

use std::{hint::black_box, time::Duration};

use gatepost::{
    checks::bayes::{Features, MOST_IMPORTED, Model, digest},
    mail::Message,
    metrics::thread_cpu_time,
    verdict::Label,
};

use crate::samples::Labelled;

/// Tokens in the model while it is measured.
const TOKENS: usize = 1_000_000;

/// Prints what messages cost on one thread with a model that has learned them and much else.
pub(crate) fn measure(messages: &[Labelled]) {
    let parsed: Vec<Message> =
        messages.iter().map(|message| Message::parse(message.raw.clone())).collect();
    for message in &parsed {
        // Rules read these as well.
        black_box((message.body(), message.uris(), message.trace()));
    }
    let count = messages.len() as u32;
    let mut model = Model::new();
    let (digests, _) = timed(|| black_box(parsed.iter().map(digest).collect::<Vec<_>>()));
    let (extract, features) = timed(|| parsed.iter().map(Features::of).collect::<Vec<_>>());
    let mut bytes: Vec<usize> = features.iter().map(|f| f.to_bytes().len()).collect();
    bytes.sort_unstable();
    for (message, features) in messages.iter().zip(&features) {
        model.learn(message.label, features);
    }
    let own = model.tokens();
    let fillers: Vec<String> = (own..TOKENS).map(|number| format!("filler{number}")).collect();
    for fillers in fillers.chunks(MOST_IMPORTED) {
        let fillers = fillers.iter().map(|filler| (filler.as_str(), 1));
        model.learn(Label::Spam, &Features::imported(0, fillers));
    }
    let judge = || features.iter().map(|features| model.judge(features)).collect::<Vec<_>>();
    let (judge, _) = timed(|| black_box(judge()));
    let (learn, ()) = timed(|| {
        for (message, features) in messages.iter().zip(&features) {
            model.learn(message.label, features);
        }
    });
    println!(
        "  CPU a message: digest {:?}, features {:?}, judge {:?}, learn {:?}",
        digests / count,
        extract / count,
        judge / count,
        learn / count
    );
    println!(
        "  stored bytes a message: median {}, 90 % {}, most {}; {own} tokens, with {}: {} MiB",
        bytes[bytes.len() / 2],
        bytes[bytes.len() * 9 / 10],
        bytes[bytes.len() - 1],
        model.tokens(),
        model.memory() >> 20
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = thread_cpu_time();
    let done = work();
    (thread_cpu_time().saturating_sub(before), done)
}
