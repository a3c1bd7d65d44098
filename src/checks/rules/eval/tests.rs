use std::{collections::HashSet, sync::Arc};

use super::{super::scene::Scene, *};
use crate::{
    checks::Case,
    mail::{Envelope, Message},
};

fn conf() -> Conf {
    let mut conf = Conf::default();
    conf.read("util_rb_tld", "com net org").unwrap().unwrap();
    conf
}

fn ask(call: &str, message: &[u8], conf: &Conf) -> bool {
    let call = Call::parse(call).unwrap();
    let function = function(&call.function).unwrap();
    let message = Arc::new(Message::parse(message.to_vec()));
    let case = Case { envelope: Arc::new(Envelope::default()), message };
    match (function.make)(&call.arguments, conf).unwrap() {
        Question::Ask(ask) => ask(&Scene::new(&case, conf)) > 0,
        _ => false,
    }
}

/// A text with `\xNN` for bytes.
fn bytes(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(piece[2..].as_bytes());
    }
    bytes
}

#[test]
fn functions_answer_as_in_spamassassin() {
    let conf = conf();
    let mut asked = HashSet::new();
    for section in include_str!("functions.cases").split("=== ").skip(1) {
        let (title, rest) = section.split_once('\n').unwrap();
        let (message, questions) = rest.split_once("---\n").unwrap();
        let message = bytes(&format!("{message}\ntext\n"));
        for line in questions.lines() {
            let (answer, call) = line.split_once('\t').unwrap();
            assert_eq!(ask(call, &message, &conf), answer == "yes", "{title}: {call}");
            asked.insert(call.split('(').next().unwrap());
        }
    }
    let unasked = ["check_for_illegal_ip", "check_for_unique_subject_id"];
    let unasked = [&unasked[..], &["check_for_faraway_charset_in_headers"]].concat();
    for (plugin, functions) in PLUGINS {
        if ["HeaderEval", "RelayEval"].contains(plugin) {
            let mut names = functions.iter().map(|function| function.name);
            let missing = names.find(|name| !asked.contains(name) && !unasked.contains(name));
            assert_eq!(missing, None, "without a case");
        }
    }
}

#[test]
fn charsets_of_headers_are_weighed_by_locale() {
    let call = "check_for_faraway_charset_in_headers()";
    let message = b"Subject: hi =?koi8-r?B?4uU=?=\nFrom: =?utf-8?Q?a?= <a@example.com>\n\n";
    for (locales, expected) in [("all", false), ("en", true), ("en ru", false), ("ja", true)] {
        let mut conf = conf();
        conf.read("ok_locales", locales).unwrap().unwrap();
        assert_eq!(ask(call, message, &conf), expected, "{locales}");
    }
}

#[test]
fn wrong_arguments_are_refused() {
    for (call, error) in [
        ("check_for_shifted_date('a','3')", "argument 1: not a number of the kind"),
        ("check_illegal_chars('Sub ject','0','1')", "argument 1: `Sub ject` is not a header name"),
        ("check_illegal_chars('Subject','0')", "argument 3 is missing"),
        ("check_for_to_in_subject()", "argument 1 is missing"),
        ("check_header_count_range('To','1')", "argument 3 is missing"),
    ] {
        let parsed = Call::parse(call).unwrap();
        let function = function(&parsed.function).unwrap();
        let wrong = (function.make)(&parsed.arguments, &conf()).unwrap_err();
        assert_eq!(wrong.to_string(), error, "{call}");
    }
}
