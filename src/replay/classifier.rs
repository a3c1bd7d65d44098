//! The classifier asked alone: no filter around it, its log-odds are the score.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{Learning, Letter, Record};
use crate::{
    checks::bayes::{Features, Knowledge},
    mail::Message,
    metrics::thread_cpu_time,
    verdict::Verdict,
};

/// A classifier, and what it took.
#[derive(Debug)]
pub struct Classifier {
    knowledge: Arc<Knowledge>,
    scan_bytes: usize,
    /// Nanoseconds of CPU time: extracting, judging, learning.
    spent: [AtomicU64; 3],
    messages: AtomicUsize,
    stored: AtomicUsize,
}

impl Classifier {
    /// Judges by what is known; reads so many bytes of a message.
    pub fn new(knowledge: Arc<Knowledge>, scan_bytes: usize) -> Self {
        let (spent, messages) = Default::default();
        Self { knowledge, scan_bytes, spent, messages, stored: AtomicUsize::new(0) }
    }

    /// Judges a message; learns it then, if asked to.
    pub fn judge(&self, mut letter: Letter, learn: bool) -> Record {
        letter.raw.truncate(self.scan_bytes);
        let message = Message::parse(letter.raw);
        // Rules read the texts too: they are no cost of the classifier.
        message.body();
        let start = thread_cpu_time();
        let features = Features::of(&message);
        let extracted = thread_cpu_time();
        let score = self.knowledge.read(|model| model.judge(&features).log_odds);
        let judged = thread_cpu_time();
        if learn {
            self.knowledge.change(|model| model.learn(letter.label, &features));
        }
        let learned = thread_cpu_time();
        let steps = [
            extracted.saturating_sub(start),
            judged.saturating_sub(extracted),
            learned.saturating_sub(judged),
        ];
        for (sum, took) in self.spent.iter().zip(steps) {
            sum.fetch_add(nanos(took), Ordering::Relaxed);
        }
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.stored.fetch_add(features.to_bytes().len(), Ordering::Relaxed);
        Record {
            label: letter.label,
            origin: letter.origin,
            profile: "bayes".into(),
            verdict: if score > 0.0 { Verdict::Mark } else { Verdict::Accept },
            reason: "score",
            score,
            findings: Box::default(),
            late: Box::default(),
            broken: Box::default(),
            unscanned: false,
            micros: u32::try_from(judged.saturating_sub(start).as_micros()).unwrap_or(u32::MAX),
        }
    }

    /// Only learns.
    pub fn learn(&self, mut letter: Letter) {
        letter.raw.truncate(self.scan_bytes);
        learn(&self.knowledge, letter);
    }

    /// What it took so far.
    pub fn learning(&self) -> Learning {
        let messages = self.messages.load(Ordering::Relaxed).max(1) as f64;
        let [features_micros, judge_micros, learn_micros] =
            self.spent.each_ref().map(|sum| sum.load(Ordering::Relaxed) as f64 / 1e3 / messages);
        let (tokens, model_bytes) = self.knowledge.read(|model| (model.tokens(), model.memory()));
        Learning {
            features_micros,
            judge_micros,
            learn_micros,
            tokens,
            model_bytes,
            stored_bytes_per_message: self.stored.load(Ordering::Relaxed) as f64 / messages,
        }
    }
}

/// Learns what a message is, as `train` would.
pub fn learn(knowledge: &Knowledge, letter: Letter) {
    let features = Features::of(&Message::parse(letter.raw));
    knowledge.change(|model| model.learn(letter.label, &features));
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
