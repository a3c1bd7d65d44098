//! `gatepost rules tune` and `gatepost rules list --sample`: exit status, JSON, files. No servers
//! take part.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::servers::gatepost::program;

const RULES: &str = "\
body     TUNE_CASH     /cash/
describe TUNE_CASH     Money
score    TUNE_CASH     1.0
body     TUNE_HURRY    /hurry/
score    TUNE_HURRY    0.5
body     TUNE_MEETING  /meeting/
score    TUNE_MEETING  -0.5
body     TUNE_RARE     /unicorn/
score    TUNE_RARE     2.0
body     __TUNE_SUB    /noon/
";

/// A folder of one's own, gone when dropped.
struct Folder(TempDir);

impl Folder {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).unwrap();
    }
}

/// Rules, and forty messages of each kind with an index.
fn samples() -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    folder.write("rules.cf", RULES);
    fs::create_dir(folder.path().join("mail")).unwrap();
    let mut index = String::new();
    for number in 0..40 {
        for (label, text) in [("spam", "hurry for the cash"), ("ham", "the meeting is at noon")] {
            let unicorn = if number == 0 { "unicorn" } else { "" };
            let message = format!("Subject: {number}\r\n\r\n{text} {number} {unicorn}\r\n");
            folder.write(&format!("mail/{label}{number}"), message);
            index.push_str(&format!("{label}\t{label}{number}\n"));
        }
    }
    folder.write("mail/index.tsv", index);
    folder
}

fn gatepost(folder: &Path, arguments: &[&str]) -> Output {
    let mut command: Command = program();
    command.arg("rules").args(arguments).current_dir(folder).output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

fn objects(output: &Output) -> Vec<Value> {
    assert_eq!(status(output), 0, "{output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn exit_status_tells_what_was_wrong() {
    let folder = samples();
    folder.write("mail/missing.tsv", "spam\tnot-there\n");
    folder.write("mail/broken.tsv", "spam not-there\n");
    folder.write("there.cf", "");
    folder.write("frozen.txt", "# by hand\nTUNE_HURRY # urgent\nTUNE_CAHS\n");
    let index = "mail/index.tsv";
    for (arguments, code, words) in [
        (&["--index", index][..], 0, ""),
        (&["--index", index, "--freeze", "TUNE_CASH", "--json"], 0, ""),
        (&["--index", index, "--freeze", "TUNE_CASH", "frozen.txt"], 0, "TUNE_CAHS"),
        (&[], 2, "--index"),
        (&["--index", index, "--folds", "1"], 2, "--folds"),
        (&["--index", index, "--ham-weight", "0"], 2, "--ham-weight"),
        (&["--index", index, "--least", "-2", "--most", "3"], 0, ""),
        (&["--index", index, "--least", "2"], 2, "--least"),
        (&["--index", index, "--most", "0"], 2, "--most"),
        (&["--index", index, "--freeze", "TUNE_CAHS"], 2, "TUNE_CAHS"),
        (&["--index", index, "--scores", "there.cf"], 2, "there.cf"),
        (&["--index", "mail/missing.tsv"], 3, "not-there"),
        (&["--index", "mail/missing.tsv", "--matrix", "hits"], 3, "not-there"),
        (&["--index", "mail/broken.tsv"], 3, "mail/broken.tsv:1"),
    ] {
        let output = gatepost(folder.path(), &[&["tune", "rules.cf"], arguments].concat());
        assert_eq!(status(&output), code, "{arguments:?}: {output:?}");
        assert!(said(&output).contains(words), "{arguments:?}: {output:?}");
    }
}

#[test]
fn scores_are_written_and_explained() {
    let folder = samples();
    let tune = ["tune", "rules.cf", "--index", "mail/index.tsv", "--scores", "tuned.cf"];
    let text = gatepost(folder.path(), &tune);
    assert_eq!(status(&text), 0, "{text:?}");
    let report = String::from_utf8(text.stdout).unwrap();
    assert!(report.contains("80 messages (40 spam, 40 ham)"), "{report}");
    assert!(report.contains("3 rules fitted, 0 frozen, 1 hit too little to change"), "{report}");
    let scores = fs::read_to_string(folder.path().join("tuned.cf")).unwrap();
    assert!(scores.contains("#   gatepost rules tune rules.cf --index mail/index.tsv"), "{scores}");
    assert!(scores.contains("\n# rules.cf\nscore TUNE_CASH "), "{scores}");
    assert!(!scores.contains("TUNE_RARE") && !scores.contains("TUNE_SUB"), "{scores}");
    assert_eq!(status(&gatepost(folder.path(), &["lint", "rules.cf", "tuned.cf"])), 0);

    // With what was written among the rules, the same comes out again.
    let again = [&["tune", "tuned.cf"], &tune[1..], &["--force", "--json"]].concat();
    let report = objects(&gatepost(folder.path(), &again)).remove(0);
    for key in ["messages", "before", "after", "in_sample", "corpora", "options", "seconds"] {
        assert!(!report[key].is_null(), "{key}: {report}");
    }
    assert_eq!(report["before"]["misses"]["count"], 40);
    assert_eq!(report["after"]["misses"]["count"], 0);
    for rule in report["rules"].as_array().unwrap() {
        let (name, new) = (rule["name"].as_str().unwrap(), rule["new"].as_f64().unwrap());
        let line = scores.lines().find(|line| line.contains(name));
        let written = line.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap());
        assert_eq!(written, (rule["status"] == "fitted").then_some(new), "{rule}");
    }
}

#[test]
fn hits_are_kept_and_made_anew_when_something_changed() {
    let folder = samples();
    let tune = ["tune", "rules.cf", "--index", "mail/index.tsv", "--matrix", "hits", "--json"];
    let rules = |output: &Output| objects(output).remove(0)["rules"].clone();
    let first = gatepost(folder.path(), &tune);
    let second = gatepost(folder.path(), &tune);
    assert_eq!(said(&second), "");
    assert_eq!(rules(&first), rules(&second));

    let kept = fs::read(folder.path().join("hits")).unwrap();
    folder.write("hits", &kept[..kept.len() - 1]);
    let repaired = gatepost(folder.path(), &tune);
    assert!(said(&repaired).contains("damaged"), "{repaired:?}");
    assert_eq!(rules(&repaired), rules(&first));

    folder.write("mail/ham3", "Subject: none\r\n\r\nchanged\r\n");
    let stale = gatepost(folder.path(), &tune);
    assert!(said(&stale).contains("other rules or messages"), "{stale:?}");
    assert_ne!(rules(&stale), rules(&first));
}

#[test]
fn a_list_is_sorted_by_cost() {
    let folder = samples();
    let arguments = ["list", "rules.cf", "--json", "--sort", "cost"];
    assert_eq!(status(&gatepost(folder.path(), &arguments)), 2, "cost needs a sample");
    let sample = ["--sample", "mail/index.tsv"];
    let rules = objects(&gatepost(folder.path(), &[&arguments[..], &sample].concat()));
    let costs: Vec<f64> = rules.iter().map(|rule| rule["micros"].as_f64().unwrap()).collect();
    assert!(costs.is_sorted_by(|a, b| a >= b) && costs[0] > 0.0, "{costs:?}");
    let shares = rules.iter().map(|rule| rule["share"].as_f64().unwrap());
    assert!(shares.sum::<f64>() <= 1.0);
}

#[test]
fn a_list_counts_hits() {
    let folder = samples();
    let list = ["list", "rules.cf", "--json"];
    let hits = |sample: &[&str]| -> Vec<Value> {
        let rules = objects(&gatepost(folder.path(), &[&list[..], sample].concat()));
        rules.iter().map(|rule| serde_json::json!([rule["hits"], rule["spam"]])).collect()
    };
    assert_eq!(hits(&[]), vec![serde_json::json!([null, null]); 5]);
    let labelled = [[40, 40], [40, 40], [40, 0], [2, 1], [40, 0]];
    assert_eq!(hits(&["--sample", "mail/index.tsv"]), labelled.map(|h| serde_json::json!(h)));
    let counts = [1, 1, 0, 1, 0].map(|count| serde_json::json!([count, null]));
    assert_eq!(hits(&["--sample", "mail/spam0"]), counts);
    let text = gatepost(folder.path(), &["list", "rules.cf", "--sample", "mail/index.tsv"]);
    assert!(said(&text).contains("5 patterns") && said(&text).contains("timed on 80 messages"));
    let text = String::from_utf8(text.stdout).unwrap();
    let first = text.lines().next().unwrap();
    assert!(first.contains("TUNE_CASH") && first.contains("40 spam       0 ham"), "{first}");
    assert!(first.ends_with("Money"), "{first}");
}
