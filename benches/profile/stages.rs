//! The stages of a message, in the order in which the filter runs them, on one thread.

use std::{hint::black_box, sync::Arc, time::Duration};

use gatepost::{
    checks::{
        Work,
        bayes::{Features, Knowledge},
    },
    filter::Filter,
    mail::Message,
    metrics::thread_cpu_time,
    verdict::{Finding, Witness},
};

use crate::samples::case;

/// Their names. What comes first pays for what later stages share: the texts are what rules and the
/// classifier both read.
pub(crate) const STAGES: [&str; 13] = [
    "parse (MIME tree)",
    "entities (SpamAssassin's)",
    "rendering: body",
    "rawbody",
    "URIs",
    "test strings",
    "attachments",
    "sender: headers",
    "links",
    "Bayes: features",
    "Bayes: judge, explain",
    "rules: examine",
    "rules: conclude",
];

/// How many tokens the classifier shows.
const SHOWN: usize = 12;

/// CPU time in microseconds a message.
pub(crate) struct Stages {
    /// mail-parser's bare parse.
    pub(crate) bare: f64,
    /// As [`STAGES`].
    pub(crate) micros: [f64; STAGES.len()],
}

/// Adds the time since the last lap to one stage after the other.
struct Laps {
    at: Duration,
    sums: [Duration; STAGES.len()],
    next: usize,
}

impl Laps {
    fn lap<T>(&mut self, done: T) -> T {
        let now = thread_cpu_time();
        self.sums[self.next] += now.saturating_sub(self.at);
        self.next += 1;
        // Asking for the time is nobody's cost.
        self.at = thread_cpu_time();
        black_box(done)
    }
}

impl Stages {
    pub(crate) fn measure(
        filter: &Arc<Filter>,
        knowledge: &Knowledge,
        messages: &[Vec<u8>],
    ) -> Self {
        let before = thread_cpu_time();
        for raw in messages {
            black_box(mail_parser::MessageParser::default().parse(black_box(raw)));
        }
        let per_message = |time: Duration| time.as_secs_f64() * 1e6 / messages.len() as f64;
        let bare = per_message(thread_cpu_time().saturating_sub(before));
        let mut laps = Laps { at: Duration::ZERO, sums: [Duration::ZERO; STAGES.len()], next: 0 };
        for raw in messages {
            run(filter, knowledge, raw.clone(), &mut laps);
        }
        Self { bare, micros: laps.sums.map(per_message) }
    }
}

fn run(filter: &Filter, knowledge: &Knowledge, raw: Vec<u8>, laps: &mut Laps) {
    (laps.next, laps.at) = (0, thread_cpu_time());
    let message = laps.lap(Message::parse(raw));
    laps.lap(message.entities());
    laps.lap(message.body());
    laps.lap(message.rawbody());
    laps.lap(message.uris());
    let case = case(message);
    let mut findings: Vec<Finding> = Vec::new();
    laps.at = thread_cpu_time();
    for name in ["test_strings", "attachments", "sender", "links"] {
        let check = filter.checks.iter().find(|check| check.name() == name).expect("always there");
        let Some(Work::Cpu(work)) = check.of_message(&case, &Witness::live()) else {
            panic!("{name} computes")
        };
        findings.extend(laps.lap(work()).expect("an answer").findings);
    }
    let features = laps.lap(Features::arriving(&case.message, &case.envelope));
    laps.lap(knowledge.read(|model| model.explain(&features, SHOWN)));
    let hits = laps.lap(filter.rules.examine(&case));
    laps.lap(filter.rules.conclude(hits, &findings));
}
