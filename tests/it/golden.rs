//! The golden messages in `corpora/golden`: what the filter says of each, offline and with nothing
//! learned. No servers take part. The EICAR file is not among them, since a virus scanner would take
//! it away: it is made here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use gatepost::checks::rules::{Kind, RuleSet, ScoreSet, Settings};
use serde::Deserialize;
use serde_json::Value;

use crate::{mail, servers::gatepost::program};

/// What is expected of a message; `corpora/golden/expected.toml` says what the keys mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    verdict: String,
    #[serde(default)]
    has: BTreeSet<String>,
    #[serde(default)]
    lacks: BTreeSet<String>,
    login: Option<String>,
    client: Option<String>,
    why: Option<String>,
}

/// Findings that are no rules', each of which a golden message must have.
const OTHER_FINDINGS: [&str; 25] = [
    "ATTACHMENT_DANGEROUS",
    "ATTACHMENT_DOUBLE_EXT",
    "ATTACHMENT_RTLO",
    "ATTACHMENT_TYPE_MISMATCH",
    "DIRECT_TO_MX_DYNAMIC",
    "FROM_DOMAIN_MIXED",
    "FROM_LOOKALIKE",
    "FROM_LOOKALIKE_OWN",
    "FROM_NAME_OWN_DOMAIN",
    "GTUBE",
    "HEADER_NO_SEPARATOR",
    "HEADER_TOO_MANY_FIELDS",
    "HELO_LITERAL_OTHER",
    "HELO_NO_DOMAIN",
    "HELO_SYNTAX",
    "LINK_HOLDS_OWN_DOMAIN",
    "LINK_LOOKALIKE",
    "LINK_LOOKALIKE_OWN",
    "LINK_MIXED_ALPHABETS",
    "LINK_SHOWS_OWN_DOMAIN",
    "MIME_OPEN_MULTIPART",
    "MIME_TOO_DEEP",
    "MIME_TOO_MANY_PARTS",
    "RDNS_DYNAMIC",
    "REPLYTO_LOOKALIKE",
];

/// The one family of rules that says nothing before something is learned.
const LEARNED: &str = "bayes.cf";
/// What DNS has to say about a message is not asked here.
const ASKED: &str = "auth.cf";

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/golden")
}

fn expectations() -> BTreeMap<String, Expected> {
    let text = fs::read_to_string(folder().join("expected.toml")).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("expected.toml: {error}"))
}

/// The labels of the index, by name without `.eml`.
fn labels() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("index.tsv")).unwrap();
    let label = |line: &str| {
        let (label, path) = line.split_once('\t').unwrap();
        (path.strip_suffix(".eml").unwrap().to_owned(), label.to_owned())
    };
    text.lines().map(label).collect()
}

/// `gatepost check --json --offline OPTIONS PATH…`, in the order of the paths.
fn check(options: &[String], paths: &[PathBuf]) -> Vec<Value> {
    let store = tempfile::tempdir().unwrap();
    let config = store.path().join("own.toml");
    fs::write(&config, format!("[store]\npath = {:?}\n", store.path().join("store"))).unwrap();
    let mut command = program();
    command.arg("--config").arg(config).args(["check", "--json", "--offline"]);
    let output = command.args(options).args(paths).output().unwrap();
    let objects = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(objects.lines().count(), paths.len(), "{said}");
    objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All golden messages as judged; those with the same options in one run.
fn judged(expected: &BTreeMap<String, Expected>) -> BTreeMap<String, Value> {
    let mut runs: BTreeMap<Vec<String>, Vec<&String>> = BTreeMap::new();
    for (name, Expected { login, client, .. }) in expected {
        let options = [("--login", login), ("--client", client)];
        let options = options.iter().filter_map(|(option, value)| Some([*option, value.as_ref()?]));
        let options = options.flatten().map(str::to_owned).collect();
        runs.entry(options).or_default().push(name);
    }
    let mut judged = BTreeMap::new();
    for (options, names) in runs {
        let paths: Vec<_> = names.iter().map(|name| path_of(name)).collect();
        judged.extend(names.into_iter().cloned().zip(check(&options, &paths)));
    }
    judged
}

fn path_of(name: &str) -> PathBuf {
    folder().join(format!("{name}.eml"))
}

fn findings(object: &Value) -> BTreeSet<String> {
    let findings = object["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["name"].as_str().unwrap().to_owned()).collect()
}

/// The rules that are reported, by the file that defines them.
fn families() -> BTreeMap<String, BTreeSet<String>> {
    let include = vec!["builtin".to_owned()];
    let rules =
        RuleSet::load(&Settings { include, ..Settings::default() }, ScoreSet::default()).unwrap();
    let mut families: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for rule in rules.list().filter(|rule| !rule.is_sub_rule && rule.kind != Kind::Network) {
        let file = rule.file.rsplit('/').next().unwrap().to_owned();
        families.entry(file).or_default().insert(rule.name.as_str().to_owned());
    }
    families
}

#[test]
fn each_message_is_judged_as_expected() {
    let expected = expectations();
    let labels = labels();
    let learned = families().remove(LEARNED).expect("rules of what was learned");
    let mut wrong = String::new();
    for (name, object) in judged(&expected) {
        let found = findings(&object);
        let differences = differences(&expected[&name], &labels[&name], &object, &found, &learned);
        if !differences.is_empty() {
            let _ = writeln!(wrong, "{name}: {}\n    found {found:?}", differences.join("; "));
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong}`gatepost check --offline corpora/golden/NAME.eml` shows more; what is meant so \
         belongs in corpora/golden/expected.toml"
    );
}

fn differences(
    expected: &Expected,
    label: &str,
    object: &Value,
    found: &BTreeSet<String>,
    learned: &BTreeSet<String>,
) -> Vec<String> {
    let verdict = object["verdict"].as_str().unwrap();
    let mut differences = Vec::new();
    if verdict != expected.verdict {
        differences.push(format!("{verdict} ({}), not {}", object["score"], expected.verdict));
    }
    let missing = expected.has.difference(found).map(|name| format!("no {name}"));
    let unwanted = expected.lacks.union(learned).filter(|name| found.contains(*name));
    differences.extend(missing.chain(unwanted.map(|name| format!("has {name}"))));
    if (label == "ham") != (expected.verdict == "accept") && expected.why.is_none() {
        differences.push(format!("{} for {label} wants a `why`", expected.verdict));
    }
    for trouble in ["late", "broken"] {
        if !object[trouble].as_array().unwrap().is_empty() {
            differences.push(format!("{trouble}: {}", object[trouble]));
        }
    }
    differences
}

#[test]
fn every_message_is_in_the_index_and_expected() {
    let is_message = |path: &PathBuf| path.extension().is_some_and(|it| it == "eml");
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let names = files.filter(is_message).map(|path| path.file_stem().unwrap().to_owned());
    let files: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    let index: BTreeSet<String> = labels().into_keys().collect();
    let expected: BTreeSet<String> = expectations().into_keys().collect();
    assert_eq!(files, index, "corpora/golden/index.tsv has a line for each message");
    assert_eq!(files, expected, "corpora/golden/expected.toml has a table for each message");
    assert!(files.len() >= 60);
}

#[test]
fn every_family_of_findings_has_a_message() {
    let expected = expectations();
    let has: BTreeSet<&String> = expected.values().flat_map(|expected| &expected.has).collect();
    let families = families();
    assert!(families.len() > 10, "{:?}", families.keys());
    for (file, rules) in
        families.iter().filter(|(file, _)| ![LEARNED, ASKED].contains(&file.as_str()))
    {
        let is_there = rules.iter().any(|rule| has.contains(rule));
        assert!(is_there, "no golden message has a finding of rules/{file}: write one");
    }
    for name in OTHER_FINDINGS {
        assert!(has.contains(&name.to_owned()), "no golden message has {name}: write one");
    }
}

#[test]
fn the_eicar_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eicar.eml");
    fs::write(&path, mail::eicar()).unwrap();
    let object = check(&[], &[path]).remove(0);
    assert_eq!(object["verdict"], "reject", "{object}");
    assert!(findings(&object).contains("EICAR"), "{object}");
}
