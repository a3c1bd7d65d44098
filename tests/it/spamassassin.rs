//! SpamAssassin and gatepost with SpamAssassin's stock rules hit the same on every message that
//! stands in this repository: those of `rules/*.cases` and those of `spamassassin/messages.txt`.
//!
//! Where they do not, `spamassassin/differences.txt` says why. Figures over whole corpora come from
//! `benches/spamassassin`, of which this borrows the way to ask SpamAssassin.

#[allow(dead_code, reason = "shared with benches/spamassassin, which uses all of it")]
#[path = "../../benches/spamassassin/answers.rs"]
mod answers;
#[allow(dead_code, reason = "shared with benches/spamassassin, which uses all of it")]
#[path = "../../benches/spamassassin/theirs.rs"]
mod theirs;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use gatepost::{
    checks::{
        Case,
        rules::{RuleSet, ScoreSet, Settings},
    },
    mail::{Envelope, Message},
};

use self::answers::Answers;

/// The package's rules.
const STOCK: &str = "/usr/share/spamassassin";

/// Lines `NAME -RULE reason` (gatepost misses it) or `NAME +RULE reason` (gatepost alone hits).
const DIFFERENCES: &str = include_str!("spamassassin/differences.txt");

/// All messages, by name, with line feeds as lines end in files.
fn messages() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("tests/it/spamassassin/messages.txt")];
    for entry in fs::read_dir(root.join("rules")).unwrap() {
        files.push(entry.unwrap().path());
    }
    files.retain(|file| file.extension().is_some_and(|name| name == "cases" || name == "txt"));
    let mut messages = BTreeMap::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = format!("\n{}", fs::read_to_string(&file).unwrap());
        for message in text.split("\n### ").skip(1) {
            // A heading may follow another, with what the message is judged by: one message then.
            let Some((heading, message)) = message.split_once('\n') else { continue };
            let message = message.trim_start_matches('\n').to_owned();
            messages.insert(format!("{name}-{}", slug(heading)), message);
        }
    }
    messages
}

/// A heading as a file name, which stays when other messages come.
fn slug(heading: &str) -> String {
    let words = heading.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").chars().take(150).collect()
}

/// What SpamAssassin says.
fn theirs(messages: &BTreeMap<String, String>) -> Answers {
    let folder = tempfile::tempdir().unwrap();
    let (index, file) = (folder.path().join("index"), folder.path().join("answers"));
    let mut lines = String::new();
    for (name, message) in messages {
        fs::write(folder.path().join(name), message).unwrap();
        lines += &format!("unknown\t{name}\n");
    }
    fs::write(&index, lines).unwrap();
    let rules = Path::new(STOCK);
    let root = folder.path();
    let question =
        theirs::Question { rules, index: &index, root, every: 1, server: None, site: "" };
    theirs::ask(&question, folder.path(), &file);
    Answers::read(&file, &answers::beside(&file))
}

/// The rules that gatepost hits, sub-rules left out.
fn ours(rules: &RuleSet, message: &str) -> BTreeSet<String> {
    let case = Case {
        envelope: Arc::new(Envelope::default()),
        message: Arc::new(Message::parse(message.as_bytes().to_vec())),
    };
    let fired = rules.fired(&rules.examine(&case), &[]);
    let fired = fired.into_iter().map(|name| name.as_str().to_owned());
    fired.filter(|name| !name.starts_with("__")).collect()
}

#[test]
fn the_stock_rules_hit_the_same() {
    let messages = messages();
    assert!(messages.len() > 100, "{} messages", messages.len());
    let settings = Settings { include: vec![STOCK.to_owned()], ..Settings::default() };
    let rules = RuleSet::load(&settings, ScoreSet { net: false, bayes: false }).unwrap();
    let theirs = theirs(&messages);
    let mut found = BTreeSet::new();
    let mut hits = 0;
    for (name, message) in &messages {
        let ours = ours(&rules, message);
        let theirs = &theirs.0[name].rules;
        hits += theirs.len();
        found.extend(theirs.difference(&ours).map(|rule| format!("{name} -{rule}")));
        found.extend(ours.difference(theirs).map(|rule| format!("{name} +{rule}")));
    }
    let first_words = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let lines = DIFFERENCES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let expected: BTreeSet<String> = lines.map(first_words).collect();
    println!("{} messages, {hits} hits, {} differences", messages.len(), found.len());
    let new: Vec<_> = found.difference(&expected).collect();
    let gone: Vec<_> = expected.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\nnot seen any more: {gone:#?}");
}
