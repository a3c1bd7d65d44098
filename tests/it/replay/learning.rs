//! Replays that learn: judged first, or only taught.

use std::fs;

use serde_json::Value;

use super::{Samples, within};
use crate::mail;

/// So many letters of each kind; nothing but their topic tells them apart.
const LETTERS: usize = 30;

/// Letters about two topics by turns, and a classifier that has an opinion early.
fn samples() -> Samples {
    let samples = Samples::new();
    let early = "[bayes]\nminimum_messages = 5\n";
    let scores = format!(
        "{}header BAYES_99 eval:check_bayes('0.50', '1.00')\ntflags BAYES_99 learn\nscore BAYES_99 0 0 6 6\n",
        super::RULES
    );
    samples.write("rules.cf", scores);
    samples.write("own.toml", samples.configuration("rules.cf", early));
    let mut index = String::new();
    for number in 0..LETTERS {
        for (label, topic) in [("spam", "watches"), ("ham", "gardens")] {
            let name = format!("letters/{label}{number}.eml");
            samples.write(&name, mail::about(topic, number));
            index.push_str(&format!("{label}\t{name}\n"));
        }
    }
    samples.write("letters.tsv", index);
    samples
}

fn marked(report: &Value) -> u64 {
    report["confusion"]["mark"]["spam"].as_u64().unwrap_or(0)
}

#[test]
fn what_was_judged_is_learned() {
    let samples = samples();
    let mail = ["--index", "letters.tsv"];
    assert_eq!(marked(&samples.report(&mail)), 0, "nothing is learned yet");
    let online = samples.report(&[&mail[..], &["--online"]].concat());
    assert!(marked(&online) > 10, "{online}");
    assert_eq!(online["false_positives"], 0);
    let rules: Vec<&Value> =
        online["rules"].as_array().unwrap().iter().map(|r| &r["name"]).collect();
    assert!(rules.contains(&&"BAYES_99".into()), "scores of the set with a classifier: {rules:?}");
    assert!(!within(&samples, "store").exists(), "what is configured as store is not touched");

    let first = samples.report(&[&mail[..], &["--train-first", "40"]].concat());
    assert_eq!(first["messages"], 20);
    assert!(marked(&first) > 5, "{first}");
    let both = samples.report(&[&mail[..], &["--train-first", "20", "--online"]].concat());
    assert_eq!(both["messages"], 40);
    let all = samples.report(&[&mail[..], &["--train-first", "1000"]].concat());
    assert_eq!(all["messages"], 0);
}

#[test]
fn the_classifier_alone_is_judged_by_its_log_odds() {
    let samples = samples();
    let alone = ["--index", "letters.tsv", "--only", "bayes"];
    let scores = |arguments: &[&str]| {
        let written = ["--scores", "scores.tsv"];
        samples.report(&[&alone[..], &written, arguments].concat());
        fs::read_to_string(within(&samples, "scores.tsv")).unwrap()
    };
    let online = scores(&["--online"]);
    assert_eq!(online.lines().count(), 2 * LETTERS);
    assert_eq!(online, scores(&["--online"]));
    let last: Vec<f64> = online
        .lines()
        .skip(2 * LETTERS - 2)
        .map(|line| line.split('\t').nth(1).unwrap().parse().unwrap())
        .collect();
    assert!(last[0] > 0.0 && last[1] < 0.0, "{last:?}");
    let first = scores(&["--train-first", "30", "--jobs", "1"]);
    assert_eq!(first, scores(&["--train-first", "30", "--jobs", "4"]));
    let report = samples.report(&[&alone[..], &["--online"]].concat());
    for key in ["tokens", "model_bytes", "learn_micros", "stored_bytes_per_message"] {
        assert!(report[key].as_f64().unwrap() > 0.0, "{key}: {report}");
    }
}

#[test]
fn a_taught_store_judges() {
    let samples = samples();
    for label in ["spam", "ham"] {
        let letters: Vec<String> =
            (0..20).map(|number| format!("letters/{label}{number}.eml")).collect();
        let letters = letters.iter().map(String::as_str);
        let taught =
            samples.gatepost(&["train", label].into_iter().chain(letters).collect::<Vec<_>>());
        assert_eq!(taught.status.code(), Some(0), "{taught:?}");
    }
    let report = samples.report(&["--index", "letters.tsv", "--jobs", "3"]);
    assert!(marked(&report) > 20, "{report}");
    let alone = samples.report(&["--index", "letters.tsv", "--only", "bayes"]);
    assert_eq!(alone["false_positives"], 0, "{alone}");
    let rules = samples.report(&["--index", "letters.tsv", "--only", "rules"]);
    assert_eq!(marked(&rules), 0, "{rules}");
}

#[test]
fn other_settings_of_the_classifier_are_compared_as_it_learns() {
    let samples = samples();
    let late = "[bayes]\nminimum_messages = 25\n";
    samples.write("other.toml", samples.configuration("rules.cf", late));
    let report = samples.report(&["--index", "letters.tsv", "--online", "--against", "other.toml"]);
    let against = &report["against"];
    assert!(marked(&report) > marked(&against["other"]), "{against}");
    assert!(marked(&against["other"]) > 0, "{against}");
    assert_eq!(against["changes"].as_array().unwrap().len(), 1, "{against}");
    assert_eq!(against["changes"][0]["to"], "accept");
}
