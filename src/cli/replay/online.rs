//! Judge, then learn the truth: immediate feedback, as in the spam track of TREC.

use std::time::{Duration, Instant};

use crate::{
    checks::bayes::{Features, Model},
    cli::progress::Progress,
    config::Settings,
    corpus::{Entry, Index, SourceError, items},
    mail::Message,
    metrics::thread_cpu_time,
    verdict::Label,
};

/// One message's score.
#[derive(Debug)]
pub(super) struct Scored {
    /// What it is.
    pub(super) label: Label,
    /// Higher means more like spam; 0 is even.
    pub(super) score: f64,
    /// Where it came from.
    pub(super) path: String,
}

/// What a replay brought.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    /// In the order in which they were judged.
    pub(super) scored: Vec<Scored>,
    /// By the clock.
    pub(super) seconds: f64,
    /// CPU time of this thread, in microseconds, with reading and parsing.
    pub(super) cpu_micros: f64,
    /// CPU time of extracting, in microseconds.
    pub(super) features_micros: f64,
    /// CPU time of judging, in microseconds.
    pub(super) judge_micros: f64,
    /// CPU time of learning, in microseconds.
    pub(super) learn_micros: f64,
    /// Distinct tokens at the end.
    pub(super) tokens: usize,
    /// The classifier's memory, in bytes.
    pub(super) model_bytes: usize,
    /// What a store would hold of the messages, in bytes.
    pub(super) stored_bytes: usize,
}

/// Replays one message behind the other, from nothing learned. Shows a bar on a terminal.
///
/// # Errors
/// A message cannot be read.
pub(super) fn replay(settings: &Settings, index: &Index) -> Result<Replayed, SourceError> {
    let progress = Progress::new("replaying", index.entries.len());
    let mut model = Model::new();
    let mut replayed = Replayed::default();
    let (started, cpu) = (Instant::now(), thread_cpu_time());
    for Entry { label, path, .. } in &index.entries {
        progress.step();
        for item in items(std::slice::from_ref(path)) {
            let mut item = item?;
            item.raw.truncate(settings.limits.scan_bytes);
            replayed.take(&mut model, *label, item.label, Message::parse(item.raw));
        }
    }
    replayed.seconds = started.elapsed().as_secs_f64();
    replayed.cpu_micros = micros(thread_cpu_time().saturating_sub(cpu));
    replayed.tokens = model.tokens();
    replayed.model_bytes = model.memory();
    Ok(replayed)
}

impl Replayed {
    fn take(&mut self, model: &mut Model, label: Label, path: String, message: Message) {
        // Rules read the texts too: they are no cost of the classifier.
        message.body();
        let start = thread_cpu_time();
        let features = Features::of(&message);
        let extracted = thread_cpu_time();
        let score = model.judge(&features).log_odds;
        let judged = thread_cpu_time();
        model.learn(label, &features);
        let learned = thread_cpu_time();
        self.features_micros += micros(extracted.saturating_sub(start));
        self.judge_micros += micros(judged.saturating_sub(extracted));
        self.learn_micros += micros(learned.saturating_sub(judged));
        self.stored_bytes += features.to_bytes().len();
        self.scored.push(Scored { label, score, path });
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
