//! Two configurations over the same mail.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{MAIL, Samples};

/// Other thresholds, other weights, other rules, other checks.
const OTHERS: [(&str, &str); 4] = [
    ("", "[profile.external]\nmark = 3.0\nreject = 8.0\n"),
    ("score REPLAY_CASH 8.0\nscore REPLAY_MEETING 7.0\n", ""),
    ("body REPLAY_NEW /for/\nscore REPLAY_NEW 2.5\nscore REPLAY_HURRY 0\n", ""),
    ("", "[profile.external]\nchecks = [\"attachments\"]\nearly_reject = false\non_failure = {}\n"),
];

/// Samples with another configuration beside their own.
fn samples(rules: &str, settings: &str) -> Samples {
    let samples = Samples::new();
    samples.write("other.cf", format!("{}{rules}", super::RULES));
    samples.write("other.toml", samples.configuration("other.cf", settings));
    samples
}

/// Verdict by path, as `check` has them.
fn verdicts(samples: &Samples, config: &str) -> BTreeMap<String, String> {
    let arguments = ["check", "--json", "--offline", "--config", config, "spam", "ham"];
    let output = samples.program(&arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let objects = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |object: &Value, key: &str| object[key].as_str().unwrap().to_owned();
    objects.map(|object| (word(&object, "path"), word(&object, "verdict"))).collect()
}

#[test]
fn every_flip_of_two_full_runs_is_found() {
    let mut flipped = 0;
    for (rules, settings) in OTHERS {
        let samples = samples(rules, settings);
        let (before, after) = (verdicts(&samples, "own.toml"), verdicts(&samples, "other.toml"));
        assert_eq!([before.len(), after.len()], [MAIL.len(); 2], "{rules}{settings}");
        let expected: BTreeMap<String, [&String; 2]> = before
            .iter()
            .map(|(path, from)| (path.clone(), [from, &after[path]]))
            .filter(|(_, [from, to])| from != to)
            .collect();
        let report = samples.report(&["--spam", "spam", "--ham", "ham", "--against", "other.toml"]);
        let flips = report["against"]["flips"].as_array().unwrap();
        let found: BTreeMap<String, Value> = flips
            .iter()
            .map(|flip| {
                let verdicts = ["from", "to"].map(|side| flip[side]["verdict"].clone());
                (flip["path"].as_str().unwrap().to_owned(), json!(verdicts))
            })
            .collect();
        let expected: BTreeMap<String, Value> =
            expected.into_iter().map(|(path, verdicts)| (path, json!(verdicts))).collect();
        assert_eq!(found, expected, "{rules}{settings}");
        assert_eq!(report["against"]["flipped"], found.len());
        flipped += found.len();
    }
    assert!(flipped > 8, "{flipped}");
}

#[test]
fn a_second_run_prints_the_same() {
    let samples = samples(OTHERS[1].0, OTHERS[1].1);
    for format in [&[][..], &["--json"]] {
        let run = |jobs| {
            let mail = ["--index", "index.tsv", "--repeat", "5", "--jobs", jobs];
            let output =
                samples.replay(&[&mail[..], &["--against", "other.toml"], format].concat());
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let first = run("1");
        assert_eq!(first, run("1"));
        assert_eq!(first, run("4"));
        assert!(first.contains("REPLAY_MEETING"));
    }
}

#[test]
fn flips_show_the_findings_that_differ_and_what_it_costs() {
    let samples =
        samples("score REPLAY_CASH 8.0\nbody REPLAY_NEW /noon/\nscore REPLAY_NEW 6\n", "");
    let report = samples.report(&["--index", "index.tsv", "--against", "other.toml"]);
    let against = &report["against"];
    let costs = ["more_false_positives", "more_false_negatives"].map(|key| against[key].clone());
    assert_eq!(costs, [json!(2), json!(-1)]);
    let changes = json!([
        {"label": "ham", "from": "accept", "to": "mark", "messages": 2},
        {"label": "spam", "from": "accept", "to": "mark", "messages": 1},
        {"label": "spam", "from": "mark", "to": "reject", "messages": 1},
    ]);
    assert_eq!(against["changes"], changes);
    let of = |name: &str| {
        let flips = against["flips"].as_array().unwrap();
        flips.iter().find(|flip| flip["path"].as_str().unwrap().ends_with(name)).unwrap()
    };
    let noon = of("ham/4.eml");
    assert_eq!(noon["gained"], json!([{"name": "REPLAY_NEW", "weight": 6.0}]));
    assert_eq!((&noon["from"]["score"], &noon["to"]["score"]), (&json!(-0.5), &json!(5.5)));
    assert_eq!((&noon["to"]["required"], &noon["lost"]), (&json!(5.0), &json!([])));
    let cash = of("ham/5.eml");
    assert_eq!(cash["reweighed"], json!([{"name": "REPLAY_CASH", "from": 3.0, "to": 8.0}]));
    assert_eq!(against["other"]["false_positives"], 3);
    assert!(report.get("messages_per_second").is_none(), "timings differ between runs");
}

#[test]
fn gates_stop_a_configuration() {
    let samples = samples(OTHERS[0].0, OTHERS[0].1);
    for (gates, code, said) in [
        (&["ham:accept->*>0", "spam:reject->*>0"][..], 0, ""),
        (&["ham:*->reject>0"], 0, ""),
        (&["misses>0", "ham:accept->mark>0"], 0, ""),
        (&["spam:mark->reject>0"], 1, "gate failed: spam:mark->reject>0: 1"),
        (&["spam:*->*<50%", "misses>0"], 0, ""),
        (&["spam:*->*>=50%", "misses>0"], 1, "spam:*->*>=50%: 50"),
        (&["false_positives<2"], 1, "false_positives<2: 1"),
    ] {
        let gates: Vec<&str> = gates.iter().flat_map(|gate| ["--fail-if", *gate]).collect();
        let mail = ["--index", "index.tsv", "--against", "other.toml"];
        let output = samples.replay(&[&mail[..], &gates].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), told.contains(said)),
            (Some(code), true),
            "{gates:?}: {told}"
        );
        assert_eq!(code == 0, told.is_empty(), "{gates:?}: {told}");
    }
}
