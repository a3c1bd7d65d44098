//! Records made by hand, and what they come to.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;
use crate::{
    corpus::{Index, SourceError},
    verdict::{Evidence, Finding, Judgement, Label, Points, Reason, Reference, Testimony, Verdict},
};

/// `spam accept A=1 B=-0.5`: the score is the sum.
fn record(text: &str, lexicon: &mut Lexicon) -> Record {
    let mut words = text.split_whitespace();
    let label = if words.next() == Some("spam") { Label::Spam } else { Label::Ham };
    let verdict = match words.next() {
        Some("accept") => Verdict::Accept,
        Some("mark") => Verdict::Mark,
        Some("defer") => Verdict::Defer,
        _ => Verdict::Reject,
    };
    let reason =
        if verdict == Verdict::Defer { Reason::Unchecked("rules".into()) } else { Reason::Score };
    let findings: Vec<Finding> = words
        .map(|word| {
            let (name, weight) = word.split_once('=').unwrap();
            let evidence = Evidence::Fact(String::new());
            Finding { name: name.into(), weight: weight.parse().unwrap(), evidence }
        })
        .collect();
    let judgement = Judgement {
        reference: Reference::random(),
        profile: "external".into(),
        verdict,
        reason,
        score: findings.iter().map(|finding| finding.weight).sum(),
        required: Some(Points::from_micros(5_000_000)),
        thresholds: Vec::new(),
        forced: Vec::new(),
        findings,
        late: Vec::new(),
        broken: Vec::new(),
        unscanned: false,
        spam_headers: true,
        dry_run: false,
        truncated: false,
        rcpt_unanswered: false,
        identity: None,
        authentication: None,
        testimony: Testimony::default(),
        took: std::time::Duration::from_micros(700),
    };
    Record::new(label, Origin::default(), &judgement, lexicon)
}

fn records(lines: &str, lexicon: &mut Lexicon) -> Vec<Record> {
    lines.lines().map(|line| record(line, lexicon)).collect()
}

const MAIL: &str = "\
spam reject A=6 B=5
spam mark A=6
spam accept C=1
spam defer A=6
ham accept C=1
ham mark A=6 D=-0.5
ham reject A=6 B=5 A=6
ham defer C=1";

fn report_of(all: &[Record], lexicon: &Lexicon) -> Report {
    let mail = Labelled::default();
    Report::new(Records { all, lexicon, mail: &mail, filter: None }, 10)
}

#[test]
fn what_is_counted() {
    let mut lexicon = Lexicon::default();
    let all = records(MAIL, &mut lexicon);
    let report = report_of(&all, &lexicon);
    let Report { messages, spam, ham, false_positives, false_negatives, undecided, .. } = report;
    assert_eq!((messages, spam, ham), (8, 4, 4));
    assert_eq!((false_positives, false_negatives, undecided), (2, 1, 2));
    assert_eq!(report.per_verdict.values().sum::<usize>(), 8);
    assert_eq!(report.confusion[&Verdict::Reject], Counted { spam: 1, ham: 1 });
    assert_eq!(report.forced["unchecked"], Counted { spam: 1, ham: 1 });
    let rule = |name: &str| report.rules.iter().find(|rule| rule.name.as_str() == name).unwrap();
    assert_eq!((rule("A").hits, rule("A").spam, rule("A").ham), (5, 3, 2), "once a message");
    assert!((rule("A").spam_overall - 0.6).abs() < 1e-9);
    assert_eq!(rule("D").score.to_string(), "-0.5");
    let worst = &report.false_positive_list[0];
    assert_eq!((worst.score, worst.verdict), (17.0, Verdict::Reject));
    let names: Vec<&str> = worst.findings.iter().map(|finding| finding.name.as_str()).collect();
    assert_eq!(names, ["A", "A", "B"], "the heaviest first");
    assert_eq!(report.false_negative_list.len(), 1);
}

#[test]
fn nothing_has_a_report() {
    let report = report_of(&[], &Lexicon::default());
    assert_eq!((report.messages, report.roca_percent, report.lam_percent), (0, None, None));
    assert_eq!(report.roca_interval, None);
    assert!(report.curve.is_empty() && report.histogram.is_empty());
}

#[test]
fn rules_that_hit_together_are_named() {
    let mut lexicon = Lexicon::default();
    let lines = ["spam reject A=6 B=5"; 19].join("\n")
        + "\nspam mark A=6 C=1"
        + &"\nham accept C=1".repeat(9);
    let all = records(&lines, &mut lexicon);
    let overlaps = report_of(&all, &lexicon).overlaps;
    let [Overlap { name, other, hits, other_hits, both, percent }] = &overlaps[..] else {
        panic!("{overlaps:?}");
    };
    assert_eq!((name.as_str(), other.as_str()), ("A", "B"));
    assert_eq!((*hits, *other_hits, *both, *percent), (20, 19, 19, 95.0));
}

#[test]
fn a_flip_shows_what_differs() {
    let mut lexicon = Lexicon::default();
    let before = records("ham accept A=1 B=2\nspam mark A=6\nham accept", &mut lexicon);
    let after = records("ham mark A=1 B=4 C=1\nspam mark A=7\nham accept C=1", &mut lexicon);
    let mail = Labelled::default();
    let of = |all| Records { all, lexicon: &lexicon, mail: &mail, filter: None };
    let report = Report::new(of(&before), 0);
    let against = Against::new(of(&before), of(&after), &report, 0);
    assert_eq!((against.flipped, against.more_false_positives), (1, 1));
    let change =
        Change { label: Label::Ham, from: Verdict::Accept, to: Verdict::Mark, messages: 1 };
    assert_eq!(against.changes, [change]);
    let [Flip { gained, lost, reweighed, from, to, .. }] = &against.flips[..] else {
        panic!("{against:?}");
    };
    assert_eq!((from.score, to.score), (3.0, 6.0));
    assert_eq!((gained.len(), gained[0].name.as_str(), lost.len()), (1, "C", 0));
    let [Reweighed { name, from, to }] = &reweighed[..] else { panic!("{reweighed:?}") };
    assert_eq!(
        (name.as_str(), from.to_string(), to.to_string()),
        ("B", "2.0".into(), "4.0".into())
    );
}

#[test]
fn intervals_hold_the_figure_and_stay_the_same() {
    let mut lexicon = Lexicon::default();
    let mut lines = Vec::new();
    for number in 0..200 {
        lines.push(format!(
            "ham {} A={}",
            if number > 190 { "mark" } else { "accept" },
            number % 50
        ));
        lines.push(format!(
            "spam {} A={}",
            if number < 20 { "accept" } else { "mark" },
            30 + number % 50
        ));
    }
    let all = records(&lines.join("\n"), &mut lexicon);
    let report = report_of(&all, &lexicon);
    let shares = [report.roca_percent, report.lam_percent]
        .into_iter()
        .chain(report.missed_percent.iter().map(|m| m.1));
    let intervals = [report.roca_interval, report.lam_interval]
        .into_iter()
        .chain(report.missed_interval.clone());
    for (share, interval) in shares.zip(intervals) {
        let (share, [low, high]) = (share.unwrap(), interval.unwrap());
        assert!(low <= share && share <= high && low < high, "{low} {share} {high}");
    }
    let again = report_of(&all, &lexicon);
    assert_eq!(report.roca_interval, again.roca_interval);
    assert_eq!(report.missed_interval, again.missed_interval);
}

/// The standard error of a share is known: the interval is about two of it either way.
#[test]
fn an_interval_is_as_wide_as_theory_says() {
    let mut lexicon = Lexicon::default();
    let lines: Vec<String> = (0..400)
        .map(|number| format!("spam {}", if number % 4 == 0 { "accept A=0" } else { "mark A=9" }))
        .chain((0..400).map(|_| "ham accept B=1".to_owned()))
        .collect();
    let all = records(&lines.join("\n"), &mut lexicon);
    let report = report_of(&all, &lexicon);
    let [low, high] = report.missed_interval[0].unwrap();
    let expected = 100.0 * (0.25 * 0.75 / 400.0_f64).sqrt() * 2.0 * 1.96;
    assert!((high - low) / expected > 0.85 && (high - low) / expected < 1.15, "{low} {high}");
}

fn letters(count: usize) -> impl Iterator<Item = Result<Letter, SourceError>> + Send {
    let letter =
        |number| Letter { number, label: Label::Ham, origin: Origin::default(), raw: Vec::new() };
    (0..count).map(move |number| Ok(letter(number)))
}

#[test]
fn work_that_fails_or_panics_ends_the_replay() {
    let jobs = NonZeroUsize::new(3).unwrap();
    let failed = in_parallel(letters(100), jobs, |letter| match letter.number {
        50 => Err(ReplayError::Broken),
        number => Ok(Some(number)),
    });
    assert!(matches!(failed, Err(ReplayError::Broken)));
    let broken = in_parallel(letters(100), jobs, |letter| {
        assert!(letter.number != 50, "on purpose");
        Ok::<_, ReplayError>(Some(()))
    });
    assert!(matches!(broken, Err(ReplayError::Broken)));
    let index = Index::default();
    let missing = Labelled::new(&index, &["/nonexistent".into()], &[]).unwrap();
    let unread = in_parallel(missing.letters(|| ()), jobs, |_| Ok::<_, ReplayError>(Some(())));
    assert!(matches!(unread, Err(ReplayError::Source(_))));
}

proptest! {
    #[test]
    fn results_come_in_order(count in 0..200_usize, jobs in 1..9_usize) {
        let jobs = NonZeroUsize::new(jobs).unwrap();
        let odd = |letter: Letter| Ok::<_, ReplayError>(Some(letter.number).filter(|n| n % 2 == 1));
        let expected: Vec<usize> = (0..count).filter(|n| n % 2 == 1).collect();
        prop_assert_eq!(in_parallel(letters(count), jobs, odd).unwrap(), expected);
    }

    #[test]
    fn flips_are_those_that_two_runs_show(verdicts in prop::collection::vec((0..4_usize, 0..4_usize), 0..60)) {
        const VERDICTS: [&str; 4] = ["accept", "mark", "reject", "defer"];
        let mut lexicon = Lexicon::default();
        let of = |verdict: usize| format!("ham {} A={verdict}", VERDICTS[verdict]);
        let before: Vec<Record> = verdicts.iter().map(|v| record(&of(v.0), &mut lexicon)).collect();
        let after: Vec<Record> = verdicts.iter().map(|v| record(&of(v.1), &mut lexicon)).collect();
        let mail = Labelled::default();
        let of = |all| Records { all, lexicon: &lexicon, mail: &mail, filter: None };
        let report = Report::new(of(&before), 0);
        let against = Against::new(of(&before), of(&after), &report, 0);
        let differ = verdicts.iter().filter(|(from, to)| from != to).count();
        prop_assert_eq!(against.flipped, differ);
        prop_assert_eq!(against.changes.iter().map(|c| c.messages).sum::<usize>(), differ);
        let positives = |all: &[Record]| all.iter().filter(|r| r.is_false_positive()).count() as i64;
        prop_assert_eq!(against.more_false_positives, positives(&after) - positives(&before));
    }
}
