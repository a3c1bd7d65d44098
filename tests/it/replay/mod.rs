//! `gatepost replay`: sources, verdicts, learning, exit status and JSON as promised, and what another
//! configuration would change. No servers take part, but for the test with block lists.

mod against;
mod learning;
mod live;
mod page;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{mail, servers::gatepost::program};

const RULES: &str = "\
body     REPLAY_CASH     /cash/
describe REPLAY_CASH     Money
score    REPLAY_CASH     3.0
body     REPLAY_HURRY    /hurry/
score    REPLAY_HURRY    3.0
body     REPLAY_PRIZE    /prize/
score    REPLAY_PRIZE    5.0
body     REPLAY_MEETING  /meeting/
score    REPLAY_MEETING  -0.5
";

/// Texts of messages: whether they are spam, and what this filter decides.
const MAIL: [(&str, &str, &str); 8] = [
    ("spam", "hurry for the cash", "mark"),
    ("spam", "hurry for the cash prize", "reject"),
    ("spam", "hurry, a prize for you", "mark"),
    ("spam", "cash for you", "accept"),
    ("ham", "the meeting is at noon", "accept"),
    ("ham", "the meeting about cash", "accept"),
    ("ham", "hurry, the meeting about the prize", "mark"),
    ("ham", "nothing at all", "accept"),
];

/// A folder of one's own, gone when dropped: a configuration, rules, mail and its index.
struct Samples(TempDir);

impl Samples {
    fn new() -> Self {
        let samples = Self(tempfile::tempdir().unwrap());
        samples.write("rules.cf", RULES);
        samples.write("own.toml", samples.configuration("rules.cf", ""));
        let mut index = String::new();
        for (number, (label, text, _)) in MAIL.iter().enumerate() {
            let name = format!("{label}/{number}.eml");
            samples.write(&name, mail::plain(&format!("Letter {number}"), text));
            index.push_str(&format!("{label}\t{name}\n"));
        }
        samples.write("index.tsv", index);
        samples
    }

    /// With a store and rules of its own.
    fn configuration(&self, rules: &str, more: &str) -> String {
        let [store, rules] = ["store", rules].map(|name| self.path().join(name));
        format!("{more}\n[store]\npath = {store:?}\n[rules]\ninclude = [{rules:?}]\n")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// With its own configuration.
    fn gatepost(&self, arguments: &[&str]) -> Output {
        self.program(&[&["--config", "own.toml"], arguments].concat())
    }

    fn program(&self, arguments: &[&str]) -> Output {
        program().args(arguments).current_dir(self.path()).output().unwrap()
    }

    fn replay(&self, arguments: &[&str]) -> Output {
        self.gatepost(&[&["replay", "--offline"], arguments].concat())
    }

    /// The report as JSON.
    fn report(&self, arguments: &[&str]) -> Value {
        let output = self.replay(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn exit_status_tells_what_was_wrong() {
    let samples = Samples::new();
    samples.write("missing.tsv", "spam\tnot-there\n");
    samples.write("broken.tsv", "spam not-there\n");
    samples.write("wrong.toml", "[milter]\nlistne = []\n");
    let index = &["--index", "index.tsv"][..];
    for (arguments, code, words) in [
        (&[][..], 0, ""),
        (&["--fail-if", "false_positives>0"], 1, "gate failed: false_positives>0: 1"),
        (&["--fail-if", "false_positives>1", "--fail-if", "misses>20 %"], 1, "misses>20 %: 25"),
        (&["--fail-if", "ham:accept->*>0"], 2, "--against"),
        (&["--fail-if", "eggs>0"], 2, "eggs"),
        (&["--against", "wrong.toml"], 2, "listne"),
        (&["--against", "missing.toml"], 2, "missing.toml"),
        (&["--only", "rules", "--online"], 2, "rules"),
        (&["--only", "bayes"], 3, "--online"),
        (&["--online", "--jobs", "2"], 2, "--jobs"),
        (&["--repeat", "0"], 2, "--repeat"),
        (&["--index", "missing.tsv"], 3, "not-there"),
        (&["--index", "broken.tsv"], 3, "broken.tsv:1"),
        (&["--ham", "not-there"], 3, "not-there"),
        (&["--scores", "not/there"], 3, "not/there"),
    ] {
        let output = samples.replay(&[index, arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert_eq!(code == 0, said.is_empty(), "{arguments:?}: {said}");
    }
    assert_eq!(samples.replay(&[]).status.code(), Some(2), "some mail is needed");
}

#[test]
fn json_has_the_promised_shape() {
    let samples = Samples::new();
    let report = samples.report(&["--index", "index.tsv"]);
    let keys: BTreeSet<_> = report.as_object().unwrap().keys().map(String::as_str).collect();
    let promised = [
        "messages",
        "spam",
        "ham",
        "false_positives",
        "false_negatives",
        "roca_percent",
        "lam_percent",
        "messages_per_second",
        "cpu_micros_per_message",
        "peak_rss_bytes",
        "per_verdict",
    ];
    assert!(keys.is_superset(&BTreeSet::from(promised)), "{keys:?}");
    let verdicts = serde_json::json!({"accept": 4, "mark": 3, "reject": 1});
    assert_eq!(report["per_verdict"], verdicts);
    let figures = ["messages", "spam", "ham", "false_positives", "false_negatives", "undecided"];
    assert_eq!(figures.map(|name| report[name].as_u64().unwrap()), [8, 4, 4, 1, 1, 0]);
    // Of 16 pairs a ham is above a spam in 2: 7.5 points against 6 and 3.
    assert_eq!(report["roca_percent"], 12.5);
    let cash = report["rules"].as_array().unwrap().iter().find(|r| r["name"] == "REPLAY_CASH");
    let cash = cash.unwrap();
    assert_eq!(cash["description"], "Money");
    assert_eq!(["spam", "ham"].map(|label| cash[label].as_u64().unwrap()), [3, 1]);
    let listed = &report["false_positive_list"][0];
    assert!(listed["path"].as_str().unwrap().ends_with("ham/6.eml"), "{listed}");
    assert_eq!((&listed["verdict"], &listed["score"]), (&"mark".into(), &7.5.into()));
    assert_eq!(listed["findings"][0]["name"], "REPLAY_PRIZE", "the heaviest first");
    let unlisted = samples.report(&["--index", "index.tsv", "--list", "0"]);
    assert_eq!(unlisted["false_positive_list"], serde_json::json!([]));
}

#[test]
fn people_read_the_same() {
    let samples = Samples::new();
    let text = |arguments: &[&str]| {
        let output = samples.replay(&[&["--index", "index.tsv"], arguments].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    let report = text(&[]);
    assert!(report.contains("8 messages: 4 spam, 4 ham"), "{report}");
    for words in ["mark", "1-ROCA", "REPLAY_CASH", "ham/6.eml: mark", "REPLAY_PRIZE=5.0"] {
        assert!(report.contains(words), "{words}: {report}");
    }
    assert_eq!(report, text(&["--jobs", "5"]), "no figure depends on the machine");
    assert!(!report.contains("messages a second"));
    assert!(text(&["--timings"]).contains("messages a second"));
}

#[test]
fn mail_comes_from_indexes_folders_and_mbox_files() {
    let samples = Samples::new();
    for label in ["spam", "ham"] {
        let texts = MAIL.iter().filter(|(of, ..)| *of == label);
        let (mut mbox, maildir) = (Vec::new(), format!("{label}.maildir"));
        for (number, (_, text, _)) in texts.enumerate() {
            let message = mail::plain(&format!("Letter {number}"), text);
            mbox.extend(
                [b"From x@example.org Thu Nov 12 09:30:00 2026\n", &message[..], b"\n"].concat(),
            );
            samples.write(&format!("{maildir}/{}/{number}", ["cur", "new"][number % 2]), message);
        }
        samples.write(&format!("{label}.mbox"), mbox);
        samples.write(&format!("{maildir}/tmp/half"), "Subject: cash");
    }
    let confusion = samples.report(&["--index", "index.tsv"])["confusion"].clone();
    for arguments in [
        &["--spam", "spam", "--ham", "ham"][..],
        &["--ham", "ham.mbox", "--spam", "spam.mbox"],
        &["--ham", "ham.mbox", "--spam", "spam.mbox", "--shuffle", "3"],
        &["--spam", "spam.maildir", "--ham", "ham.maildir"],
        &[
            "--spam",
            "spam/0.eml",
            "spam/1.eml",
            "--spam",
            "spam/2.eml",
            "spam/3.eml",
            "--ham",
            "ham",
        ],
    ] {
        assert_eq!(samples.report(arguments)["confusion"], confusion, "{arguments:?}");
    }
    let twice = samples.report(&["--index", "index.tsv", "index.tsv"]);
    assert_eq!(
        twice,
        samples
            .report(&["--index", "index.tsv", "--repeat", "2"])
            .as_object()
            .map(|report| merged(&twice, report))
            .unwrap()
    );
    assert_eq!(twice["messages"], 16);
    fs::rename(samples.path().join("index.tsv"), samples.path().join("ham/index.tsv")).unwrap();
    let rooted = samples.report(&["--index", "ham/index.tsv", "--root", "."]);
    assert_eq!(rooted["confusion"], confusion);
}

/// `report` with the timings of `other`, which never repeat.
fn merged(other: &Value, report: &serde_json::Map<String, Value>) -> Value {
    const TIMINGS: [&str; 8] = [
        "messages_per_second",
        "seconds",
        "cpu_micros_per_message",
        "peak_rss_bytes",
        "memory",
        "latency",
        "latency_histogram",
        "slowest",
    ];
    let mut report = report.clone();
    for name in TIMINGS {
        report.insert(name.to_owned(), other[name].clone());
    }
    report.into()
}

#[test]
fn scores_are_written_in_the_order_of_the_mail() {
    let samples = Samples::new();
    let scores = |arguments: &[&str]| {
        samples.report(&[&["--index", "index.tsv", "--scores", "scores.tsv"], arguments].concat());
        fs::read_to_string(samples.path().join("scores.tsv")).unwrap()
    };
    let written = scores(&["--jobs", "4"]);
    let lines: Vec<Vec<&str>> = written.lines().map(|line| line.split('\t').collect()).collect();
    let expected = ["6.0", "11.0", "8.0", "3.0", "-0.5", "2.5", "7.5", "0.0"];
    for ((number, (label, ..)), (line, score)) in
        MAIL.iter().enumerate().zip(lines.iter().zip(expected))
    {
        assert_eq!(line[..2], [*label, score], "{line:?}");
        assert!(line[2].ends_with(&format!("{label}/{number}.eml")), "{line:?}");
    }
    let shuffled = scores(&["--shuffle", "7"]);
    assert_eq!(shuffled, scores(&["--shuffle", "7", "--jobs", "3"]));
    assert_ne!(shuffled, written);
}

#[test]
fn a_login_has_another_profile() {
    let samples = Samples::new();
    let report = samples.report(&["--index", "index.tsv", "--login", "ann"]);
    assert_eq!(report["per_profile"], serde_json::json!({"authenticated": {"spam": 4, "ham": 4}}));
    assert_eq!(report["per_verdict"], serde_json::json!({"accept": 8}));
    assert_eq!(report["thresholds"][0]["profile"], "authenticated");
}

/// Where a file of the samples is.
fn within(samples: &Samples, name: &str) -> PathBuf {
    samples.path().join(name)
}
