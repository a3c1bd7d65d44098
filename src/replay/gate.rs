//! Gates: what a replay must not come to, as CI and administrators write it.
//!
//! `SUBJECT>LIMIT`, or `<`, `>=`, `<=`; a limit that ends in `%` is a share. Subjects are
//! - `LABEL:FROM->TO`: messages that the other configuration decides otherwise; `LABEL` is `spam`,
//!   `ham` or `*`, `FROM` and `TO` are verdicts or `*`. The share is of the messages of that label;
//! - a figure of the report: of the other configuration if there is one. The share is of the ham for
//!   `false_positives`, of the spam for `false_negatives` and `misses`, which are the same, else of
//!   all messages. What ends in `_percent` is one already.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::value::StrDeserializer};

use super::{Report, percent};
use crate::verdict::{Label, Verdict};

/// One gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    text: String,
    subject: Subject,
    comparison: Comparison,
    limit: f64,
    is_share: bool,
}

/// What is measured. `None` stands for `*`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Subject {
    Flips { label: Option<Label>, from: Option<Verdict>, to: Option<Verdict> },
    Figure(Figure),
}

/// A number of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    FalsePositives,
    FalseNegatives,
    Undecided,
    Unscanned,
    Late,
    Broken,
    Roca,
    Lam,
    /// Spam missed where the loss of ham is that of the report's list at this place.
    Missed(usize),
}

/// The names of figures. The misses stand in the order of the report.
const FIGURES: [(&str, Figure); 12] = [
    ("false_positives", Figure::FalsePositives),
    ("false_negatives", Figure::FalseNegatives),
    ("misses", Figure::FalseNegatives),
    ("undecided", Figure::Undecided),
    ("unscanned", Figure::Unscanned),
    ("late", Figure::Late),
    ("broken", Figure::Broken),
    ("roca_percent", Figure::Roca),
    ("lam_percent", Figure::Lam),
    ("missed_at_0.1_percent", Figure::Missed(0)),
    ("missed_at_0.5_percent", Figure::Missed(1)),
    ("missed_at_1_percent", Figure::Missed(2)),
];

/// How the figure stands to the limit where the gate is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    More,
    Less,
    AtLeast,
    AtMost,
}

/// Text that is no gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// There is no comparison, or nothing before it.
    #[error("a gate is written like `ham:accept->reject>0`, `misses>10%` or `roca_percent>0.1`")]
    Form,
    /// What is measured is not known.
    #[error("`{0}` is no figure: known are {names}, and LABEL:FROM->TO", names = names())]
    Figure(String),
    /// Neither spam, ham nor `*`.
    #[error("`{0}` is no label: known are spam, ham and *")]
    Label(String),
    /// No verdict.
    #[error(
        "`{0}` is no verdict: known are accept, mark, quarantine, defer, reject, discard and *"
    )]
    Verdict(String),
    /// No number behind the comparison.
    #[error("`{0}` is no limit: a limit is a number, or a number and %")]
    Limit(String),
}

/// How a gate stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Passage {
    /// The gate as it was written.
    pub gate: String,
    /// What was measured; in percent if the limit is; `None` if it cannot be known, as 1-ROCA without
    /// ham.
    pub value: Option<f64>,
    /// The gate is exceeded, or nothing can be known.
    pub failed: bool,
}

impl Gate {
    /// Whether it asks what another configuration would change.
    pub fn compares(&self) -> bool {
        matches!(self.subject, Subject::Flips { .. })
    }

    /// How it stands.
    pub fn judge(&self, report: &Report) -> Passage {
        let other = report.against.as_ref().map(|against| &*against.other);
        let measured = match self.subject {
            Subject::Flips { label, from, to } => flips(report, label, from, to),
            Subject::Figure(figure) => figure.of(other.unwrap_or(report)),
        };
        let share = |(value, of)| if self.is_share { percent_of(value, of) } else { value };
        let value = measured.map(share);
        let failed = value.is_none_or(|value| self.comparison.holds(value, self.limit));
        Passage { gate: self.text.clone(), value, failed }
    }
}

/// In percent; what is a share already stays as it is.
fn percent_of(value: f64, of: Option<usize>) -> f64 {
    of.map_or(value, |of| percent(value as usize, of))
}

/// A number of messages, and of how many.
type Measured = Option<(f64, Option<usize>)>;

fn flips(
    report: &Report,
    label: Option<Label>,
    from: Option<Verdict>,
    to: Option<Verdict>,
) -> Measured {
    let against = report.against.as_ref()?;
    let fits = |wanted: Option<Verdict>, is: Verdict| wanted.is_none_or(|wanted| wanted == is);
    let changes = against.changes.iter().filter(|change| {
        label.is_none_or(|label| label == change.label)
            && fits(from, change.from)
            && fits(to, change.to)
    });
    let of = match label {
        Some(Label::Spam) => report.spam,
        Some(Label::Ham) => report.ham,
        None => report.messages,
    };
    Some((changes.map(|change| change.messages).sum::<usize>() as f64, Some(of)))
}

impl Figure {
    fn of(self, report: &Report) -> Measured {
        let messages = |count: usize, of: usize| Some((count as f64, Some(of)));
        let sum = |checks: &std::collections::BTreeMap<_, usize>| checks.values().sum();
        match self {
            Self::FalsePositives => messages(report.false_positives, report.ham),
            Self::FalseNegatives => messages(report.false_negatives, report.spam),
            Self::Undecided => messages(report.undecided, report.messages),
            Self::Unscanned => messages(report.unscanned, report.messages),
            Self::Late => messages(sum(&report.late), report.messages),
            Self::Broken => messages(sum(&report.broken), report.messages),
            Self::Roca => Some((report.roca_percent?, None)),
            Self::Lam => Some((report.lam_percent?, None)),
            Self::Missed(at) => Some((report.missed_percent.get(at)?.1?, None)),
        }
    }
}

impl Comparison {
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::More => value > limit,
            Self::Less => value < limit,
            Self::AtLeast => value >= limit,
            Self::AtMost => value <= limit,
        }
    }
}

fn names() -> String {
    FIGURES.map(|(name, _)| name).join(", ")
}

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let at = text.rfind(['>', '<']).ok_or(GateError::Form)?;
        let (subject, rest) = text.split_at(at);
        let (is_more, rest) = match rest.strip_prefix('>') {
            Some(rest) => (true, rest),
            None => (false, rest.trim_start_matches('<')),
        };
        let (is_equal, limit) = match rest.strip_prefix('=') {
            Some(limit) => (true, limit.trim()),
            None => (false, rest.trim()),
        };
        let comparison = match (is_more, is_equal) {
            (true, false) => Comparison::More,
            (true, true) => Comparison::AtLeast,
            (false, false) => Comparison::Less,
            (false, true) => Comparison::AtMost,
        };
        let (is_share, number) = match limit.strip_suffix('%') {
            Some(number) => (true, number.trim_end()),
            None => (false, limit),
        };
        let finite = number.parse::<f64>().ok().filter(|limit| limit.is_finite());
        // `ham:accept->reject` alone ends in what looks like a limit.
        let no_limit = if subject.ends_with('-') {
            GateError::Form
        } else {
            GateError::Limit(limit.to_owned())
        };
        let limit = finite.ok_or(no_limit)?;
        let subject = subject.trim().parse()?;
        Ok(Self { text: text.trim().to_owned(), subject, comparison, limit, is_share })
    }
}

impl FromStr for Subject {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let Some((label, verdicts)) = text.split_once(':') else {
            let figure = FIGURES.iter().find(|(name, _)| *name == text);
            let unknown = || GateError::Figure(text.to_owned());
            return figure.map(|(_, figure)| Self::Figure(*figure)).ok_or_else(unknown);
        };
        let (from, to) = verdicts.split_once("->").ok_or(GateError::Form)?;
        let verdict = |text: &str| word(text).map_err(GateError::Verdict);
        let label = word(label).map_err(GateError::Label)?;
        Ok(Self::Flips { label, from: verdict(from)?, to: verdict(to)? })
    }
}

/// A label or verdict as in JSON; `None` for `*`.
fn word<'w, T: Deserialize<'w>>(text: &'w str) -> Result<Option<T>, String> {
    let text = text.trim();
    if text == "*" {
        return Ok(None);
    }
    let known: Result<T, serde::de::value::Error> = T::deserialize(StrDeserializer::new(text));
    known.map(Some).map_err(|_| text.to_owned())
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Against, Change, Labelled, Lexicon, Records};

    fn report(changes: &[(Label, Verdict, Verdict, usize)]) -> Report {
        let (lexicon, mail) = (Lexicon::default(), Labelled::default());
        let nothing = Records { all: &[], lexicon: &lexicon, mail: &mail, filter: None };
        let mut report = Report::new(nothing, 0);
        (report.messages, report.spam, report.ham) = (300, 100, 200);
        report.roca_percent = Some(0.25);
        let mut against = Against::new(nothing, nothing, &report, 0);
        let change = |&(label, from, to, messages): &_| Change { label, from, to, messages };
        against.changes = changes.iter().map(change).collect();
        (against.other.false_positives, against.other.false_negatives) = (3, 10);
        (against.other.spam, against.other.ham, against.other.messages) = (100, 200, 300);
        report.against = Some(against);
        report
    }

    #[test]
    fn gates_fail_when_they_are_exceeded() {
        use Verdict::{Accept, Mark, Reject};
        let report = report(&[
            (Label::Ham, Accept, Mark, 2),
            (Label::Ham, Accept, Reject, 1),
            (Label::Spam, Reject, Mark, 5),
        ]);
        for (gate, value, failed) in [
            ("ham:accept->reject>0", Some(1.0), true),
            ("ham:accept->reject>1", Some(1.0), false),
            (" ham : accept -> * >= 3 ", Some(3.0), true),
            ("ham:*->*>1%", Some(1.5), true),
            ("spam:*->mark>4.9 %", Some(5.0), true),
            ("spam:accept->mark>0", Some(0.0), false),
            ("*:*->*>8", Some(8.0), false),
            ("*:*->*<8", Some(8.0), false),
            ("*:*->*<=8", Some(8.0), true),
            ("false_positives>3", Some(3.0), false),
            ("false_positives>1%", Some(1.5), true),
            ("misses>10%", Some(10.0), false),
            ("false_negatives>=10%", Some(10.0), true),
            ("undecided>0", Some(0.0), false),
            // Of the other configuration, of which nothing is known here.
            ("roca_percent>99", None, true),
            ("missed_at_0.5_percent<0", None, true),
        ] {
            let passage = gate.parse::<Gate>().unwrap().judge(&report);
            assert_eq!((passage.value, passage.failed), (value, failed), "{gate}");
            assert_eq!(passage.gate, gate.trim());
        }
        let alone = Report { against: None, ..report };
        let judged = |gate: &str| gate.parse::<Gate>().unwrap().judge(&alone).failed;
        assert!(judged("roca_percent>0.2 %") && !judged("roca_percent>0.25"));
    }

    #[test]
    fn what_is_no_gate_is_explained() {
        for (text, error) in [
            ("", GateError::Form),
            ("false_positives", GateError::Form),
            ("ham:accept->reject", GateError::Form),
            ("ham:accept>3", GateError::Form),
            ("false_positive>3", GateError::Figure("false_positive".to_owned())),
            ("eggs:accept->reject>3", GateError::Label("eggs".to_owned())),
            ("ham:accept->refuse>3", GateError::Verdict("refuse".to_owned())),
            ("misses>", GateError::Limit(String::new())),
            ("misses>many", GateError::Limit("many".to_owned())),
            ("misses>nan", GateError::Limit("nan".to_owned())),
            ("misses=>3", GateError::Figure("misses=".to_owned())),
        ] {
            assert_eq!(text.parse::<Gate>(), Err(error), "{text}");
        }
    }

    #[test]
    fn every_figure_is_known_by_its_name() {
        let names = FIGURES.map(|(name, _)| name);
        for name in names {
            assert!(format!("{name}>0").parse::<Gate>().is_ok(), "{name}");
        }
        assert!(GateError::Figure(String::new()).to_string().contains("misses"));
    }
}
