//! What the records of a replay come to: plain data, for people, for machines and for pictures.

mod listed;
mod rules;
mod timing;

use std::collections::BTreeMap;

use serde::Serialize;

pub(super) use self::listed::weighed;
pub use self::{
    listed::{Listed, Weighed},
    rules::Rule,
    timing::{Effort, Latency, Memory, Slow, Timing},
};
use super::{
    Against, Bin, ByRecord, Confusion, Curve, CurvePoint, Interval, Labelled, Lexicon, Overlap,
    Passage, Record, Taken, bootstrap::intervals, histogram::histogram, overlap::overlaps,
};
use crate::{
    filter::Filter,
    verdict::{Label, Points, Verdict},
};

/// The loss of ham, in percent, at which the missed spam is reported.
const HAM_LOSSES: [f64; 3] = [0.1, 0.5, 1.0];

/// The records of a replay, and what is needed to name what is in them.
#[derive(Clone, Copy)]
pub struct Records<'r> {
    /// In the order of the mail.
    pub all: &'r [Record],
    /// The findings by number.
    pub lexicon: &'r Lexicon,
    /// The mail.
    pub mail: &'r Labelled,
    /// The filter that judged; `None` for a classifier alone.
    pub filter: Option<&'r Filter>,
}

/// The whole report. Shares are in percent. The keys are a contract.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Messages judged.
    pub messages: usize,
    /// Those that are spam.
    pub spam: usize,
    /// Those that are ham.
    pub ham: usize,
    /// Ham that was taken for spam: marked or worse.
    pub false_positives: usize,
    /// Spam that was taken for ham.
    pub false_negatives: usize,
    /// Deferred because they could not be judged.
    pub undecided: usize,
    /// How often a ham scores above a spam, of all pairs. `None` without ham or spam.
    pub roca_percent: Option<f64>,
    /// 95 % of resamples are in it.
    pub roca_interval: Option<Interval>,
    /// The logistic average of both rates of mistakes.
    pub lam_percent: Option<f64>,
    /// 95 % of resamples are in it.
    pub lam_interval: Option<Interval>,
    /// Spam missed where so much ham is lost: both in percent.
    pub missed_percent: Vec<(f64, Option<f64>)>,
    /// For each of them, the interval that holds 95 % of resamples.
    pub missed_interval: Vec<Option<Interval>>,
    /// How many messages got each verdict.
    pub per_verdict: BTreeMap<Verdict, usize>,
    /// How many spam and ham got each verdict.
    pub confusion: BTreeMap<Verdict, Counted>,
    /// How many each profile judged.
    pub per_profile: BTreeMap<String, Counted>,
    /// Why messages were not just judged by their score: how many, by the word in logs.
    pub forced: BTreeMap<&'static str, Counted>,
    /// Checks that were late: for how many messages.
    pub late: BTreeMap<&'static str, usize>,
    /// Checks that broke: for how many messages.
    pub broken: BTreeMap<&'static str, usize>,
    /// Messages no virus scanner vouches for although the profile asks for one.
    pub unscanned: usize,
    /// From which scores the profiles that judged do something.
    pub thresholds: Vec<Threshold>,
    /// What each threshold does; the ROC and the DET curve.
    pub curve: Vec<CurvePoint>,
    /// Messages by score.
    pub histogram: Vec<Bin>,
    /// What was found, by how often.
    pub rules: Vec<Rule>,
    /// Rules that nearly always hit together.
    pub overlaps: Vec<Overlap>,
    /// Ham taken for spam, the highest scores first; so many as were asked for.
    pub false_positive_list: Vec<Listed>,
    /// Spam taken for ham, the lowest scores first; so many as were asked for.
    pub false_negative_list: Vec<Listed>,
    /// What another configuration would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
    /// The gates that were set, and how they stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Passage>,
    /// What depends on the machine and its mood; left out where two runs must print the same.
    #[serde(flatten)]
    pub timing: Option<Timing>,
    /// What the classifier did, where it was asked alone.
    #[serde(flatten)]
    pub learning: Option<Learning>,
    /// How it went by records, if messages were judged by these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_record: Option<ByRecord>,
}

/// Spam and ham.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Spam.
    pub spam: usize,
    /// Ham.
    pub ham: usize,
}

/// A score from which a profile does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Threshold {
    /// The profile's name.
    pub profile: String,
    /// What it does.
    pub verdict: Verdict,
    /// From which score.
    pub from: Points,
}

/// What a classifier that was asked alone took: CPU time a message in microseconds, and space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Learning {
    /// Extracting what is learned.
    pub features_micros: f64,
    /// Judging it.
    pub judge_micros: f64,
    /// Learning it.
    pub learn_micros: f64,
    /// Distinct tokens at the end.
    pub tokens: usize,
    /// What the classifier takes of memory at the end, in bytes.
    pub model_bytes: usize,
    /// What the store keeps of a message, in bytes, on average.
    pub stored_bytes_per_message: f64,
}

impl Counted {
    pub(super) fn add(&mut self, label: Label) {
        match label {
            Label::Ham => self.ham += 1,
            Label::Spam => self.spam += 1,
        }
    }
}

impl Report {
    /// Of records; at most `list` messages are listed each time.
    pub fn new(records: Records<'_>, list: usize) -> Self {
        let all = records.all;
        let mut counts = Counts::default();
        all.iter().for_each(|record| counts.add(record));
        let scores = || all.iter().map(|record| (record.label, record.score));
        let curve = Curve::new(scores());
        let Confusion { ham, spam, false_positives, false_negatives } = counts.mistakes;
        let intervals = intervals(all, &curve, &HAM_LOSSES);
        let missed = HAM_LOSSES.map(|loss| (loss, curve.missed_percent(loss))).to_vec();
        Self {
            messages: all.len(),
            spam,
            ham,
            false_positives,
            false_negatives,
            undecided: counts.undecided,
            roca_percent: curve.roca_percent(),
            roca_interval: intervals.roca,
            lam_percent: counts.mistakes.lam_percent(),
            lam_interval: intervals.lam,
            missed_percent: missed,
            missed_interval: intervals.missed,
            per_verdict: counts.confusion.iter().map(|(v, c)| (*v, c.spam + c.ham)).collect(),
            confusion: counts.confusion,
            thresholds: thresholds(records.filter, &counts.per_profile),
            per_profile: counts.per_profile,
            forced: counts.forced,
            late: counts.late,
            broken: counts.broken,
            unscanned: counts.unscanned,
            curve: curve.points(),
            histogram: histogram(scores()),
            rules: rules::rules(records),
            overlaps: overlaps(all, records.lexicon),
            false_positive_list: listed::false_positives(records, list),
            false_negative_list: listed::misses(records, list),
            against: None,
            gates: Vec::new(),
            timing: None,
            learning: None,
            by_record: None,
        }
    }
}

/// What is counted in one pass.
#[derive(Default)]
struct Counts {
    mistakes: Confusion,
    undecided: usize,
    confusion: BTreeMap<Verdict, Counted>,
    per_profile: BTreeMap<String, Counted>,
    forced: BTreeMap<&'static str, Counted>,
    late: BTreeMap<&'static str, usize>,
    broken: BTreeMap<&'static str, usize>,
    unscanned: usize,
}

impl Counts {
    fn add(&mut self, record: &Record) {
        let label = record.label;
        match record.taken() {
            // No mistake, whatever it is; nothing was said.
            Taken::Neither => {
                self.undecided += 1;
                self.mistakes.count(label, label == Label::Spam);
            }
            taken => self.mistakes.count(label, taken == Taken::Spam),
        }
        self.confusion.entry(record.verdict).or_default().add(label);
        if record.reason != "score" {
            self.forced.entry(record.reason).or_default().add(label);
        }
        match self.per_profile.get_mut(&*record.profile) {
            Some(counted) => counted.add(label),
            None => self.per_profile.entry(record.profile.to_string()).or_default().add(label),
        }
        for check in &record.late {
            *self.late.entry(check).or_default() += 1;
        }
        for check in &record.broken {
            *self.broken.entry(check).or_default() += 1;
        }
        self.unscanned += usize::from(record.unscanned);
    }
}

/// Those of the profiles that judged, in the order of their names.
fn thresholds(filter: Option<&Filter>, seen: &BTreeMap<String, Counted>) -> Vec<Threshold> {
    let all = filter.into_iter().flat_map(|filter| filter.profiles.all());
    let judged = all.filter(|profile| seen.contains_key(&*profile.name));
    let mut thresholds: Vec<Threshold> = judged
        .flat_map(|profile| {
            profile.thresholds.iter().map(|&(verdict, from)| Threshold {
                profile: profile.name.to_string(),
                verdict,
                from,
            })
        })
        .collect();
    thresholds.sort_by(|a, b| (&a.profile, a.from).cmp(&(&b.profile, b.from)));
    thresholds
}
