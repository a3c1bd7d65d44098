//! The engine as its users see it: rules and a message in, findings and complaints out.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    checks::Case,
    mail::{Address, Envelope, Message},
    verdict::{Evidence, Finding, Name, Points},
};

/// Each block: rules, `---`, a message, `---`, the expected findings and scores.
const SCENES: &str = include_str!("scenes.txt");

fn case(message: &str) -> Case {
    let envelope =
        Envelope { sender: Address::from_path("<sender@envelope.example>"), ..Envelope::default() };
    let message = Message::parse(message.replace('\n', "\r\n").into_bytes());
    Case { envelope: Arc::new(envelope), message: Arc::new(message) }
}

fn findings(rules: &RuleSet, message: &str, others: &[Finding]) -> Vec<Finding> {
    let hits = rules.examine(&case(message));
    rules.conclude(hits, others)
}

fn other(name: &str) -> Finding {
    let weight = Points::from_micros(1);
    Finding { name: Name::from(name), weight, evidence: Evidence::Fact(String::new()) }
}

#[test]
fn scenes_end_as_written() {
    let mut wrong = Vec::new();
    for scene in SCENES.split("\n=== ").skip(1) {
        let (title, scene) = scene.split_once('\n').unwrap();
        let mut parts = scene.splitn(3, "\n---\n");
        let mut part = || parts.next().unwrap_or_else(|| panic!("{title}: three parts"));
        let (rules, message, expected) = (part(), part(), part());
        let rules = RuleSet::parse(&[("scene.cf", rules)]);
        let found = findings(&rules, message, &[other("OTHER_CHECK")]);
        let found: Vec<_> = found.iter().map(|f| format!("{} {}", f.name, f.weight)).collect();
        let complaints = rules.complaints().iter().map(|c| format!("{} {c}", c.severity));
        let found: Vec<_> = found.into_iter().chain(complaints).collect();
        if found.join("\n") != expected.trim() {
            wrong.push(format!("{title}:\n{}", found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// One of each mistake; what is said of it stands beside it.
#[test]
fn each_mistake_is_named() {
    let rules = RuleSet::parse(&[("mistakes.cf", include_str!("mistakes.cf"))]);
    let said = |c: &Complaint| format!("{}: {}: {}", c.line, c.severity, c.text);
    let found: Vec<_> = rules.complaints().iter().map(said).collect();
    let expected: Vec<_> = include_str!("mistakes.txt").lines().collect();
    assert_eq!(found.join("\n"), expected.join("\n"));
    assert_eq!(findings(&rules, "Subject: good\n\n", &[]).len(), 2, "GOOD and ALWAYS");
}

#[test]
fn evidence_shows_what_was_seen() {
    let rules = RuleSet::parse(&[(
        "evidence.cf",
        "header H Subject =~ /fr\\S+/i\nheader E exists:X-Odd\nheader N To !~ /you/\n\
         body B /money/\nmeta M H && (B || OTHER_CHECK || NONE)\n",
    )]);
    let found = findings(
        &rules,
        "Subject: FREE things\nX-Odd: 1\nTo: me@b.example\n\nsome money\n",
        &[other("OTHER_CHECK")],
    );
    let evidence: Vec<_> = found.into_iter().map(|finding| finding.evidence).collect();
    assert_eq!(
        evidence,
        [
            Evidence::matched("header Subject", b"FREE"),
            Evidence::Fact("header X-Odd exists".to_owned()),
            Evidence::Fact("header To does not match".to_owned()),
            Evidence::matched("body", b"money"),
            Evidence::Meta { of: ["H", "B", "OTHER_CHECK"].map(Name::from).into() },
        ]
    );
}

#[test]
fn scores_for_other_checks_are_handed_on() {
    let rules = RuleSet::parse(&[(
        "scores.cf",
        "score RCVD_IN_X 0 2.5 0 3\nbody MINE /x/\nscore MINE 4\ndescribe RCVD_IN_X Known to X\n",
    )]);
    assert_eq!(rules.weight("RCVD_IN_X"), Some(Points::from_micros(2_500_000)));
    assert_eq!(rules.weight("MINE"), None);
    assert_eq!(rules.describe("RCVD_IN_X"), Some("Known to X"));
}

#[test]
fn score_sets_decide_scores_conditions_and_what_is_asked() {
    let text = "body A /x/\nscore A 1 2 3 4\nbody B /x/\nscore B 0 1 0 1\nmeta C local_tests_only\n\
                if local_tests_only\nbody D /x/\nendif\n\
                header E eval:check_no_relays()\ntflags E net\n\
                header F eval:check_no_relays()\ntflags F learn\nmeta G !E && !F\n\
                askdns H name.example A 2\n";
    for (net, bayes, expected, questions) in [
        (false, false, "A 1.0, C 1.0, D 1.0, G 1.0", 0),
        (true, false, "A 2.0, B 1.0, E 1.0", 1),
        (false, true, "A 3.0, C 1.0, D 1.0, F 1.0", 0),
        (true, true, "A 4.0, B 1.0, E 1.0, F 1.0", 1),
    ] {
        let rules = RuleSet::parse_for(&[("sets.cf", text)], ScoreSet { net, bayes });
        assert_eq!(rules.complaints().iter().filter(|c| c.severity == Severity::Error).count(), 0);
        let found = findings(&rules, "Subject: s\n\nx\n", &[]);
        let found: Vec<_> = found.iter().map(|f| format!("{} {}", f.name, f.weight)).collect();
        assert_eq!(found.join(", "), expected);
        assert_eq!(rules.network().questions.len(), questions);
    }
}

#[test]
fn files_include_others_that_stand_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.cf", "include more/b.inc\nbody A /x/\nscore B 3\ninclude none.inc\ninclude\n");
    std::fs::create_dir(folder.path().join("more")).unwrap();
    write("more/b.inc", "body B /x/\ninclude b.inc\n");
    let include = vec![folder.path().display().to_string()];
    let rules =
        RuleSet::load(&Settings { include, ..Settings::default() }, ScoreSet::default()).unwrap();
    let found = findings(&rules, "Subject: s\n\nx\n", &[]);
    let found: Vec<_> = found.iter().map(|f| format!("{} {}", f.name, f.weight)).collect();
    assert_eq!(found, ["B 3.0", "A 1.0"]);
    let complaints: Vec<_> = rules.complaints().iter().map(|c| (c.line, c.severity)).collect();
    let error = Severity::Error;
    assert_eq!(complaints, [(4, error), (5, error), (2, error)]);
}

#[test]
fn a_pattern_that_takes_too_long_is_given_up_by_name() {
    let rules =
        RuleSet::parse(&[("slow.cf", "body SLOW /^(?=(?:a+)+b)/\nbody FAST /a/\nmeta M !SLOW\n")]);
    let message = format!("Subject: s\n\n{} b\n", "a".repeat(60));
    let hits = rules.examine(&case(&message));
    assert_eq!(rules.given_up(&hits).map(Name::as_str).collect::<Vec<_>>(), ["SLOW"]);
    let found = rules.conclude(hits, &[]);
    assert_eq!(found.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["FAST", "M"]);
}

#[test]
fn a_set_can_be_listed() {
    let rules =
        RuleSet::parse(&[("a.cf", "body __A /x/\n\nmeta B __A\ndescribe B Bee\nscore B 0\n")]);
    let list: Vec<_> = rules.list().collect();
    let [a, b] = list[..] else { panic!("two rules") };
    assert_eq!((a.name.as_str(), a.kind, a.line, a.is_sub_rule), ("__A", Kind::Body, 1, true));
    assert_eq!((b.kind, b.line, b.describe, b.score), (Kind::Meta, 3, Some("Bee"), Points::ZERO));
    let counts = rules.counts();
    assert_eq!((counts.rules, counts.sub_rules, counts.off), (2, 1, 1));
}

#[test]
fn many_rules_find_the_same_with_and_without_prefilter() {
    // A hundred rules share one pass; each alone has none.
    let line = |n: usize| format!("body R{n:03} /word{n:03}\\b/i\n");
    let together: String = (0..100).map(line).collect();
    let together = RuleSet::parse(&[("all.cf", together)]);
    let message = "Subject: x\n\nWORD007 word0421 word042. word099\n";
    let found: Vec<_> = findings(&together, message, &[]).into_iter().map(|f| f.name).collect();
    let alone: Vec<_> = (0..100)
        .flat_map(|n| findings(&RuleSet::parse(&[("one.cf", line(n))]), message, &[]))
        .map(|finding| finding.name)
        .collect();
    assert_eq!(found, alone);
    assert_eq!(found, ["R007", "R042", "R099"].map(Name::from));
}

#[test]
fn long_chains_of_metas_and_ifs_are_no_problem() {
    let metas: String = (1..5_000).map(|n| format!("meta M{n} M{}\n", n - 1)).collect();
    let rules = RuleSet::parse(&[("chain.cf", format!("body M0 /x/\n{metas}"))]);
    assert_eq!(findings(&rules, "Subject: x\n\nx\n", &[]).len(), 5_000);
    let ifs = "if (version > 1)\n".repeat(50_000);
    assert_eq!(RuleSet::parse(&[("ifs.cf", ifs)]).complaints().len(), 50_000);
}

/// The built-in rules, compiled once for the tests that need them.
fn builtin_rules() -> RuleSet {
    RuleSet::load(&Settings::default(), ScoreSet { net: true, bayes: true }).unwrap()
}

#[test]
fn builtin_rules_are_beyond_reproach() {
    let rules = builtin_rules();
    let complaints: Vec<_> = rules.complaints().iter().map(ToString::to_string).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let silent = rules.list().find(|rule| !rule.is_sub_rule && rule.describe.is_none());
    assert_eq!(silent, None, "without a description");
}

#[test]
fn builtin_rules_pass_their_cases() {
    let rules = builtin_rules();
    let mut failed = Vec::new();
    for (name, text) in cases::builtin() {
        let results = cases::run(&rules, name, text).unwrap();
        failed.extend(results.into_iter().filter(|result| !result.passed()));
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_builtin_rule_has_a_case_of_each_kind() {
    let rules = builtin_rules();
    let results: Vec<_> = cases::builtin()
        .iter()
        .flat_map(|(name, text)| cases::run(&rules, name, text).unwrap())
        .collect();
    let has =
        |rule: &str, expected| results.iter().any(|r| r.rule == rule && r.expected == expected);
    let bare: Vec<_> = rules
        .list()
        .filter(|rule| !rule.is_sub_rule && rule.score != Points::ZERO)
        .map(|rule| rule.name.as_str())
        .filter(|rule| !has(rule, true) || !has(rule, false))
        .collect();
    assert_eq!(bare, Vec::<&str>::new());
}

#[test]
fn cases_say_hit_or_miss() {
    let rules = RuleSet::parse(&[("c.cf", "body A /money/\nheader __B Subject =~ /^hi$/\n")]);
    let text = "notes\n### hit A __B : both\n\nSubject: hi\n\nmoney\n### miss A\nSubject: money?\n";
    let results = cases::run(&rules, "c.cases", text).unwrap();
    let outcome: Vec<_> = results.iter().map(|r| (r.line, r.rule.as_str(), r.passed())).collect();
    assert_eq!(outcome, [(2, "A", true), (2, "__B", true), (7, "A", false)]);
    assert_eq!(results[0].words, "both");
    for (text, error) in [
        ("### hit\nx", "c.cases:1: a case begins with `### hit NAME` or `### miss NAME`"),
        ("\n### hitt A\nx", "c.cases:2: a case begins with `### hit NAME` or `### miss NAME`"),
        ("### miss NONE\nx", "c.cases:1: there is no rule NONE"),
    ] {
        assert_eq!(cases::run(&rules, "c.cases", text).unwrap_err().to_string(), error);
    }
}

/// Lines that look like rules: random text seldom gets past the first word.
fn rules_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "header",
        "body",
        "rawbody",
        "full",
        "uri",
        "meta",
        "score",
        "describe",
        "tflags",
        "if",
        "else",
        "endif",
        "ifplugin",
        "lang",
        "en",
        "priority",
        "A",
        "B",
        "__C",
        "Subject",
        "From:addr",
        "ALL:raw",
        "=~",
        "!~",
        "exists:To",
        "/a.*b/i",
        "m{[a-z]+}x",
        "/(/",
        "[if-unset: x]",
        "A",
        "&&",
        "||",
        "(",
        ")",
        "+",
        ">",
        "2",
        "1.5",
        "(-1)",
        "multiple",
        "maxhits=3",
        "nice",
        "#",
        "\\#",
        "version",
        "rules_matching(A*)",
        "eval:f()",
        "é",
        "\u{ff}",
    ]);
    let line = prop::collection::vec(word, 0..7).prop_map(|words| words.join(" "));
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_rules_meet_any_message(rules in rules_text(), message in "[ -~\n\r\té]{0,200}") {
        let rules = RuleSet::parse(&[("any.cf", rules)]);
        let found = findings(&rules, &format!("Subject: A b\n{message}"), &[other("B")]);
        prop_assert!(found.iter().all(|finding| rules.defines(finding.name.as_str())));
    }

    #[test]
    fn any_bytes_are_a_rules_file(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = RuleSet::parse(&[("bytes.cf", text)]);
    }
}
