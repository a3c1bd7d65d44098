//! What became of all messages that were played: counts and latencies.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{Outcome, Played, Stages, WireError};
use crate::{
    replay::{Confusion, Curve},
    verdict::{Label, Verdict},
};

/// Latencies are told apart by a thousandth of themselves.
const DIGITS: u8 = 3;
/// No latency is longer, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// Adds up messages.
#[derive(Debug, Default)]
pub struct Tally {
    confusion: Confusion,
    /// Of those that have a label.
    ranks: Vec<(Label, f64)>,
    per_verdict: PerVerdict,
    by_label: BTreeMap<Label, PerVerdict>,
    replies: BTreeMap<String, usize>,
    unanswered: Unanswered,
    connect: Clock,
    mail: Clock,
    rcpt: Clock,
    content: Clock,
    end: Clock,
    whole: Clock,
}

/// How many of each.
type PerVerdict = BTreeMap<Verdict, usize>;

/// Messages without an answer: an MTA would keep them with the sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unanswered {
    /// The milter took no connection.
    pub refused: usize,
    /// The connection was lost.
    pub lost: usize,
    /// No answer came in time.
    pub late: usize,
    /// An answer was not understood.
    pub garbled: usize,
}

impl Unanswered {
    fn count(&mut self, error: &WireError) {
        *match error {
            WireError::Connect(_) => &mut self.refused,
            WireError::Lost(_) => &mut self.lost,
            WireError::Late(_) => &mut self.late,
            WireError::Garbled(_) | WireError::Misplaced(_) => &mut self.garbled,
        } += 1;
    }

    fn total(self) -> usize {
        self.refused + self.lost + self.late + self.garbled
    }
}

/// Percentiles in milliseconds, exact to three digits; nothing where nothing was timed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half of all are not longer.
    pub p50_ms: Option<f64>,
    /// 90 % are not longer.
    pub p90_ms: Option<f64>,
    /// 99 % are not longer.
    pub p99_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
}

/// A histogram of microseconds.
#[derive(Debug)]
struct Clock(Option<Histogram<u64>>);

impl Default for Clock {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, DIGITS).ok())
    }
}

impl Clock {
    fn add(&mut self, took: Option<Duration>) {
        if let (Some(histogram), Some(took)) = (&mut self.0, took) {
            histogram.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        }
    }

    fn latency(&self) -> Latency {
        let Some(histogram) = self.0.as_ref().filter(|histogram| !histogram.is_empty()) else {
            return Latency::default();
        };
        let at = |share: f64| Some(histogram.value_at_quantile(share) as f64 / 1e3);
        let max_ms = Some(histogram.max() as f64 / 1e3);
        Latency { p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99), max_ms }
    }
}

/// Everything that is known at the end. The names are a contract.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Played, answered or not.
    pub messages: usize,
    /// Of those that were answered, spam by their labels.
    pub spam: usize,
    /// And ham.
    pub ham: usize,
    /// Ham that was marked, kept back or refused for good.
    pub false_positives: usize,
    /// Spam that was not.
    pub false_negatives: usize,
    /// 1-ROC area in percent, by the scores in header fields; what was refused stands above all
    /// others. `None` unless every answered message with a label has a place in that order.
    pub roca_percent: Option<f64>,
    /// The logistic average of both rates of mistakes, in percent.
    pub lam_percent: Option<f64>,
    /// Answered messages a second, by the clock.
    pub messages_per_second: f64,
    /// From the first to the last, by the clock.
    pub seconds: f64,
    /// Messages without an answer.
    pub unanswered: usize,
    /// Why.
    pub unanswered_by: Unanswered,
    /// From the beginning of a message, or when it was due, to its verdict.
    #[serde(flatten)]
    pub whole: Latency,
    /// By stage.
    pub stages: BTreeMap<&'static str, Latency>,
    /// What the milter decided.
    pub per_verdict: PerVerdict,
    /// About which.
    pub per_label: BTreeMap<Label, PerVerdict>,
    /// Codes of the SMTP replies that it asked for.
    pub replies: BTreeMap<String, usize>,
}

impl Tally {
    /// Adds one.
    pub fn add(&mut self, played: &Played) {
        match &played.outcome {
            Ok(outcome) => {
                self.judged(played.label, outcome);
                self.timed(played.stages, played.whole);
            }
            Err(error) => self.unanswered.count(error),
        }
    }

    fn judged(&mut self, label: Option<Label>, outcome: &Outcome) {
        *self.per_verdict.entry(outcome.verdict).or_default() += 1;
        if let Some(reply) = &outcome.reply {
            *self.replies.entry(reply.clone()).or_default() += 1;
        }
        let Some(label) = label else { return };
        *self.by_label.entry(label).or_default().entry(outcome.verdict).or_default() += 1;
        self.confusion.count(label, outcome.is_taken_for_spam());
        self.ranks.extend(outcome.rank().map(|rank| (label, rank)));
    }

    fn timed(&mut self, stages: Stages, whole: Duration) {
        self.connect.add(stages.connect);
        self.mail.add(stages.mail);
        self.rcpt.add(stages.rcpt);
        self.content.add(stages.content);
        self.end.add(stages.end);
        self.whole.add(Some(whole));
    }

    /// The figures of a run that took so long.
    pub fn figures(&self, took: Duration) -> Figures {
        let Confusion { ham, false_positives, spam, false_negatives } = self.confusion;
        let answered: usize = self.per_verdict.values().sum();
        let curve = Curve::new(self.ranks.iter().copied());
        let stages = [
            ("connect", &self.connect),
            ("mail", &self.mail),
            ("rcpt", &self.rcpt),
            ("content", &self.content),
            ("end_of_message", &self.end),
        ];
        Figures {
            messages: answered + self.unanswered.total(),
            spam,
            ham,
            false_positives,
            false_negatives,
            roca_percent: curve.roca_percent().filter(|_| self.ranks.len() == spam + ham),
            lam_percent: self.confusion.lam_percent(),
            messages_per_second: answered as f64 / took.as_secs_f64().max(1e-9),
            seconds: took.as_secs_f64(),
            unanswered: self.unanswered.total(),
            unanswered_by: self.unanswered,
            whole: self.whole.latency(),
            stages: stages.map(|(name, clock)| (name, clock.latency())).into(),
            per_verdict: self.per_verdict.clone(),
            per_label: self.by_label.clone(),
            replies: self.replies.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn played(label: Label, verdict: Verdict, score: Option<f64>, millis: u64) -> Played {
        let reply = (verdict == Verdict::Reject).then(|| "550 5.7.1".to_owned());
        let end = Some(Duration::from_millis(millis));
        Played {
            label: Some(label),
            outcome: Ok(Outcome { verdict, reply, score }),
            stages: Stages { end, ..Stages::default() },
            whole: Duration::from_millis(millis + 1),
        }
    }

    #[test]
    fn everything_is_counted_once() {
        let mut tally = Tally::default();
        for message in [
            played(Label::Ham, Verdict::Accept, Some(1.0), 1),
            played(Label::Ham, Verdict::Mark, Some(6.0), 2),
            played(Label::Spam, Verdict::Mark, Some(7.0), 3),
            played(Label::Spam, Verdict::Reject, None, 4),
            played(Label::Spam, Verdict::Accept, Some(0.5), 100),
        ] {
            tally.add(&message);
        }
        let lost = WireError::Lost(io::ErrorKind::ConnectionReset.into());
        let whole = Duration::from_mins(5);
        tally.add(&Played {
            outcome: Err(lost),
            whole,
            ..played(Label::Ham, Verdict::Accept, None, 0)
        });
        let figures = tally.figures(Duration::from_millis(500));
        assert_eq!((figures.messages, figures.unanswered), (6, 1));
        assert_eq!(figures.unanswered_by, Unanswered { lost: 1, ..Unanswered::default() });
        assert_eq!((figures.spam, figures.ham), (3, 2));
        assert_eq!((figures.false_positives, figures.false_negatives), (1, 1));
        assert_eq!(figures.roca_percent, Some(100.0 * 2.0 / 6.0));
        assert!((figures.messages_per_second - 10.0).abs() < 1e-9);
        assert_eq!(figures.replies, BTreeMap::from([("550 5.7.1".to_owned(), 1)]));
        assert_eq!(figures.per_label[&Label::Ham][&Verdict::Mark], 1);
        let end = figures.stages["end_of_message"];
        let near = |found: Option<f64>, ms: f64| (found.unwrap() - ms).abs() <= ms / 1e3;
        assert!(near(end.p50_ms, 3.0) && near(end.max_ms, 100.0), "{end:?}");
        assert!(near(figures.whole.p99_ms, 101.0), "{:?}", figures.whole);
        assert_eq!(figures.stages["connect"], Latency::default());
    }

    #[test]
    fn there_is_no_curve_without_all_scores() {
        let mut tally = Tally::default();
        for (label, score) in
            [(Label::Ham, None), (Label::Ham, Some(0.0)), (Label::Spam, Some(1.0))]
        {
            tally.add(&played(label, Verdict::Accept, score, 1));
        }
        assert_eq!(tally.figures(Duration::from_secs(1)).roca_percent, None);
    }

    #[test]
    fn the_longest_wait_is_not_lost() {
        let mut tally = Tally::default();
        tally.add(&played(Label::Ham, Verdict::Accept, None, u64::MAX / 4));
        let p50_ms = tally.figures(Duration::from_secs(1)).whole.p50_ms.unwrap();
        assert!(p50_ms >= LONGEST as f64 / 1e3, "{p50_ms}");
    }
}
