//! No change makes the filter worse unnoticed: `corpora/baseline.toml` says how many false positives
//! and misses are accepted, by corpus and profile, of the rules alone and of the whole filter. No
//! servers take part; `corpora/fetch` brings the mail that is not in the repository.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use crate::{golden, servers::gatepost::program};

/// By corpus, then by profile.
type Baseline = BTreeMap<String, Corpus>;

/// What is accepted on one corpus.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    /// How many messages teach before the whole filter judges the rest.
    train_first: usize,
    /// By profile.
    profile: BTreeMap<String, Accepted>,
}

/// What is accepted of one profile.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    rules: Mistakes,
    whole: Mistakes,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Mistakes {
    messages: u64,
    false_positives: u64,
    misses: u64,
}

/// How many mistakes of a kind are named.
const NAMED: usize = 10;

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora")
}

fn accepted(corpus: &str) -> Corpus {
    let text = fs::read_to_string(corpora().join("baseline.toml")).unwrap();
    let mut all: Baseline =
        toml::from_str(&text).unwrap_or_else(|error| panic!("baseline.toml: {error}"));
    all.remove(corpus).unwrap_or_else(|| panic!("baseline.toml has no {corpus}"))
}

/// `gatepost replay --offline --json` over an index, judged by a profile.
fn replay(index: &Path, profile: &str, options: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut config = format!("[store]\npath = {:?}\n", folder.path().join("store"));
    if profile == "local" {
        // Not every message tells of a client that could be local.
        config.push_str("[profile.as_local]\nbase = \"local\"\nwhen = { login = [\"*\"] }\n");
    }
    let path = folder.path().join("own.toml");
    fs::write(&path, config).unwrap();
    let mut command = program();
    command.arg("--config").arg(path).args(["replay", "--offline", "--json", "--list"]);
    command.arg(NAMED.to_string()).arg("--index").arg(index).args(options);
    if profile != "external" {
        command.args(["--login", "bob"]);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

impl Mistakes {
    fn of(report: &Value) -> Self {
        let number = |key: &str| report[key].as_u64().unwrap();
        Self {
            messages: number("messages"),
            false_positives: number("false_positives"),
            misses: number("false_negatives"),
        }
    }
}

/// What is worse than accepted, with messages to look at; nothing if nothing is.
fn worse(what: &str, accepted: Mistakes, report: &Value) -> Option<String> {
    let now = Mistakes::of(report);
    println!("{what}: {now:?}");
    assert_eq!(now.messages, accepted.messages, "{what}: this is another corpus");
    let kinds = [
        ("false_positives", accepted.false_positives, now.false_positives, "false_positive_list"),
        ("misses", accepted.misses, now.misses, "false_negative_list"),
    ];
    let mut text = String::new();
    for (kind, before, after, list) in kinds {
        if after < before {
            println!("{what}: {kind} {after}, {before} are accepted: write down what is better");
        }
        if after > before {
            let _ = writeln!(text, "{what}: {kind} = {after}, {before} are accepted");
            for listed in report[list].as_array().unwrap() {
                let _ = writeln!(text, "    {} {}", listed["score"], listed["path"]);
            }
        }
    }
    Some(text).filter(|text| !text.is_empty())
}

/// Judges a corpus by all profiles.
fn measure(name: &str, index: &Path) {
    let Corpus { train_first, profile } = accepted(name);
    let train_first = train_first.to_string();
    let learning: &[&str] = match train_first.as_str() {
        "0" => &[],
        number => &["--train-first", number],
    };
    let mut text = String::new();
    for (profile, Accepted { rules, whole }) in profile {
        let runs = [("rules", rules, &["--only", "rules"][..]), ("whole", whole, learning)];
        for (part, accepted, options) in runs {
            let what = format!("{name}, {profile}, {part}");
            text.extend(worse(&what, accepted, &replay(index, &profile, options)));
        }
    }
    assert!(
        text.is_empty(),
        "{text}What is worse on purpose is accepted by writing the new figure into \
         corpora/baseline.toml, and the reason into the commit."
    );
}

#[test]
fn no_worse_on_golden_messages() {
    measure("golden", &golden::folder().join("index.tsv"));
}

#[test]
fn no_worse_on_the_spamassassin_corpus() {
    let index = corpora().join("mail/spamassassin.tsv");
    assert!(
        index.is_file(),
        "{} is missing: `corpora/fetch spamassassin` brings it (it needs npm, and the network)",
        index.display()
    );
    measure("spamassassin", &index);
}

/// The gate must close.
#[test]
fn what_is_worse_is_told() {
    let accepted = Mistakes { messages: 3, false_positives: 0, misses: 1 };
    let report = |false_positives: u64, misses: u64| {
        serde_json::json!({
            "messages": 3, "false_positives": false_positives, "false_negatives": misses,
            "false_positive_list": [{"path": "a.eml", "score": 7.5}], "false_negative_list": [],
        })
    };
    assert_eq!(worse("x", accepted, &report(0, 1)), None);
    assert_eq!(worse("x", accepted, &report(0, 0)), None);
    let told = worse("x", accepted, &report(1, 0)).unwrap();
    assert_eq!(told, "x: false_positives = 1, 0 are accepted\n    7.5 \"a.eml\"\n");
    assert!(worse("x", accepted, &report(0, 2)).unwrap().starts_with("x: misses = 2, 1 "));
}
