//! Pages of reports made by hand. What a browser makes of one: `tests/it/replay/page.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, UNIX_EPOCH},
};

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::{
    replay::{
        Against, Bin, Change, Counted, CurvePoint, Flip, Labelled, Lexicon, Listed, Overlap,
        Passage, Records, Reweighed, Rule, Side, Slow, Threshold, Timing, Weighed,
    },
    verdict::{Label, Points, Verdict},
};

/// Names that strangers may give their files, folders and rules.
const HOSTILE: [&str; 8] = [
    "</script><script>alert(1)</script>.eml",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></style><!-- ",
    "a&amp;b&lt;c&#60;d",
    "\u{1b}[2J\0\r\n\t\u{7f}\u{85}",
    "\u{202e}lme.exe\u{2066}\u{feff}",
    "]]>{{7*7}}\u{fffd}",
];

fn run(name: &str) -> Run {
    Run {
        at: UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        mail: vec![name.to_owned()],
        options: vec![name.to_owned()],
        config: name.to_owned(),
        other: Some(name.to_owned()),
    }
}

fn nothing() -> Report {
    let (lexicon, mail) = (Lexicon::default(), Labelled::default());
    Report::new(Records { all: &[], lexicon: &lexicon, mail: &mail, filter: None }, 0)
}

/// Something in each place, with this name wherever a name comes from outside.
fn report(name: &str) -> Report {
    let mut report = mistaken(name);
    report.timing = Some(Timing {
        messages_per_second: 1234.5,
        seconds: 2.0,
        cpu_micros_per_message: 900.0,
        peak_rss_bytes: 1 << 26,
        memory: Vec::new(),
        latency: Default::default(),
        latency_histogram: bins(),
        slowest: vec![Slow { path: name.to_owned(), millis: 12.3 }],
    });
    report.gates = vec![Passage { gate: name.to_owned(), value: None, failed: true }];
    report.against = Some(against(name));
    report
}

fn mistaken(name: &str) -> Report {
    let counted = Counted { spam: 2, ham: 2 };
    let listed = |label| Listed {
        path: name.to_owned(),
        label,
        profile: name.to_owned(),
        verdict: Verdict::Mark,
        reason: "virus",
        score: 5.5,
        findings: vec![weighed(name)],
    };
    let threshold = |verdict, from| Threshold {
        profile: name.to_owned(),
        verdict,
        from: Points::from_micros(from),
    };
    Report {
        messages: 6,
        spam: 3,
        ham: 3,
        false_positives: 2,
        false_negatives: 1,
        confusion: BTreeMap::from([(Verdict::Accept, counted), (Verdict::Mark, counted)]),
        per_profile: BTreeMap::from([
            (name.to_owned(), Counted { spam: 3, ham: 2 }),
            ("other".to_owned(), Counted { spam: 0, ham: 1 }),
        ]),
        forced: BTreeMap::from([("virus", counted)]),
        late: BTreeMap::from([("lists", 1)]),
        thresholds: vec![
            threshold(Verdict::Mark, 5_000_000),
            threshold(Verdict::Reject, 10_000_000),
        ],
        curve: vec![point(1.0, 66.6, 0.0), point(4.0, 33.3, 33.3), point(12.0, 0.0, 100.0)],
        histogram: bins(),
        rules: vec![rule(name)],
        overlaps: vec![Overlap {
            name: name.into(),
            other: name.into(),
            hits: 20,
            other_hits: 19,
            both: 19,
            percent: 95.0,
        }],
        false_positive_list: vec![listed(Label::Ham)],
        false_negative_list: vec![listed(Label::Spam)],
        ..nothing()
    }
}

fn against(name: &str) -> Against {
    let side = |verdict| Side {
        profile: name.to_owned(),
        verdict,
        reason: "score",
        score: 4.0,
        required: Some(Points::from_micros(5_000_000)),
        failed: vec!["lists"],
    };
    let reweighed = Reweighed { name: name.into(), from: Points::ZERO, to: Points::ZERO };
    Against {
        flipped: 1,
        more_false_positives: 1,
        more_false_negatives: -2,
        changes: vec![Change {
            label: Label::Ham,
            from: Verdict::Accept,
            to: Verdict::Mark,
            messages: 1,
        }],
        flips: vec![Flip {
            path: name.to_owned(),
            label: Label::Ham,
            from: side(Verdict::Accept),
            to: side(Verdict::Mark),
            gained: vec![weighed(name)],
            lost: vec![weighed(name)],
            reweighed: vec![reweighed],
        }],
        other: Box::new(mistaken(name)),
    }
}

fn weighed(name: &str) -> Weighed {
    Weighed { name: name.into(), weight: Points::from_micros(-1_500_000) }
}

fn rule(name: &str) -> Rule {
    Rule {
        name: name.into(),
        score: Points::from_micros(1_000_000),
        hits: 2,
        spam: 1,
        ham: 1,
        spam_percent: 33.3,
        ham_percent: 33.3,
        spam_overall: 0.5,
        description: Some(name.to_owned()),
    }
}

fn point(score: f64, ham_percent: f64, missed_percent: f64) -> CurvePoint {
    CurvePoint { score, ham_percent, missed_percent }
}

fn bins() -> Vec<Bin> {
    let bin = |from, spam, ham| Bin { from, spam, ham };
    vec![bin(None, 0, 1), bin(Some(-1.0), 1, 2), bin(Some(0.0), 0, 0), bin(Some(1.0), 3, 0)]
}

/// A tag: its name, with a slash if it ends something, and its attributes.
type Tag = (String, Vec<(String, String)>);

/// All tags; panics where the page is not well-formed. Stricter than a browser has to be.
fn tags(page: &str) -> Vec<Tag> {
    const VOID: [&str; 2] = ["meta", "link"];
    let (mut tags, mut open) = (Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some((text, behind)) = rest.split_once('<') {
        check_text(text);
        let (inside, behind) = behind.split_once('>').unwrap();
        let (name, attributes) = tag(inside);
        rest = behind;
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "before {:.80}", rest);
        } else if !VOID.contains(&name.as_str()) {
            open.push(name.clone());
        }
        if matches!(name.as_str(), "style" | "script") {
            rest = rest.split_at(rest.find(&format!("</{name}>")).unwrap()).1;
        }
        tags.push((name, attributes));
    }
    check_text(rest);
    assert!(open.is_empty(), "{open:?}");
    tags
}

fn tag(inside: &str) -> Tag {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !rest.is_empty() {
        let (attribute, behind) = rest.trim_start().split_once("=\"").unwrap();
        let (value, behind) = behind.split_once('"').unwrap();
        check_text(value);
        assert!(attributes.iter().all(|(other, _)| other != attribute), "{inside}");
        attributes.push((attribute.to_owned(), value.to_owned()));
        rest = behind;
    }
    (name.to_owned(), attributes)
}

fn check_text(text: &str) {
    assert!(!text.contains(['>', '<', '"']), "{text}");
    assert!(!text.chars().any(|c| c.is_control() || turns(c)), "{text:?}");
    for entity in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;"];
        assert!(known.iter().any(|known| entity.starts_with(known)), "{entity}");
    }
}

/// What a name must not change: all tags with the names of their attributes.
fn structure(name: &str) -> Vec<(String, Vec<String>)> {
    let names = |attributes: Vec<(String, String)>| attributes.into_iter().map(|(name, _)| name);
    let tags = tags(&page(&report(name), &run(name)));
    tags.into_iter().map(|(tag, attributes)| (tag, names(attributes).collect())).collect()
}

#[test]
fn names_from_strangers_stay_text() {
    let tame = structure("letter.eml");
    for name in HOSTILE {
        assert_eq!(structure(name), tame, "{name}");
    }
    let page = page(&report(HOSTILE[6]), &run(""));
    assert!(page.contains(r"\u{202e}lme.exe\u{2066}\u{feff}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_they_are(name in any::<String>()) {
        prop_assert_eq!(structure(&name), structure("letter.eml"));
    }
}

#[test]
fn nothing_has_a_page_too() {
    let run = Run { other: None, ..run("letter.eml") };
    let page = page(&nothing(), &run);
    assert!(!page.contains("<svg"), "nothing to draw");
    assert!(!tags(&page).is_empty());
}

#[test]
fn every_section_is_there_and_can_be_reached() {
    let page = page(&report("letter.eml"), &run("letter.eml"));
    let mut ids = BTreeSet::new();
    let tags = tags(&page);
    for id in attributes(&tags, "id") {
        assert!(ids.insert(id), "{id} twice");
    }
    for id in [
        "gates",
        "figures",
        "verdicts",
        "scores",
        "curve",
        "flips",
        "false-positives",
        "misses",
        "rules",
        "overlaps",
        "latency",
    ] {
        assert!(ids.contains(id), "{id}");
        assert!(
            attributes(&tags, "href").any(|target| target.strip_prefix('#') == Some(id)),
            "{id}"
        );
    }
    assert_eq!(tags.iter().filter(|(name, _)| name == "svg").count() - bars(&tags), 3);
}

#[test]
fn thresholds_stand_on_the_curve_or_nowhere() {
    let mut report = Report { against: None, ..report("letter.eml") };
    for (from, drawn) in [([5, 10], 2), ([0, 5], 1), ([5, 99], 1)] {
        for (threshold, from) in report.thresholds.iter_mut().zip(from) {
            threshold.from = Points::from_micros(from * 1_000_000);
        }
        let tags = tags(&page(&report, &run("letter.eml")));
        let circles = attributes(&tags, "class").filter(|class| *class == "threshold first");
        assert_eq!(circles.count(), drawn, "{from:?}");
    }
}

fn bars(tags: &[Tag]) -> usize {
    attributes(tags, "class").filter(|class| *class == "bar").count()
}

fn attributes<'t>(tags: &'t [Tag], name: &'t str) -> impl Iterator<Item = &'t str> {
    let all = tags.iter().flat_map(|(_, attributes)| attributes);
    all.filter(move |(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
}

#[test]
fn nothing_is_asked_for_outside() {
    let page = page(&report("letter.eml"), &run("letter.eml"));
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    for (tag, attributes) in tags(&page) {
        for (attribute, value) in attributes {
            let link = matches!(attribute.as_str(), "href" | "src" | "action" | "xlink:href");
            assert!(
                !link || value.starts_with('#') || value == "data:,",
                "{tag} {attribute}={value}"
            );
            // The policy would refuse them.
            assert!(attribute != "style" && !attribute.starts_with("on"), "{tag} {attribute}");
        }
    }
}

#[test]
fn the_policy_knows_the_style_and_the_script() {
    let page = page(&report("letter.eml"), &run("letter.eml"));
    let policy = page.split_once("content=\"default-src 'none'").unwrap().1;
    let policy = policy.split_once('"').unwrap().0;
    for tag in ["style", "script"] {
        let text = page.split_once(&format!("<{tag}>")).unwrap().1;
        let text = text.split_once(&format!("</{tag}>")).unwrap().0;
        let digest = data_encoding::BASE64.encode(&Sha256::digest(text));
        assert!(policy.contains(&format!("{tag}-src 'sha256-{digest}';")), "{policy}");
    }
}

#[test]
fn the_same_report_has_the_same_page() {
    let page = || page(&report("letter.eml"), &run("letter.eml"));
    assert_eq!(page(), page());
    assert!(page().contains("2027-01-15 08:00:00 UTC"));
}
