//! Examples beside the questions (`*.examples`): what a function answers about a message.
//!
//! ```text
//! === What the example is about
//! set ok_locales en
//! yes check_for_mime('mime_qp_count')
//! no check_for_mime('mime_base64_count')
//! ---
//! Subject: the message
//! ```

use std::sync::Arc;

use super::{Call, Question, function};
use crate::{
    checks::{
        Case,
        rules::{conf::Conf, scene::Scene},
    },
    mail::{Envelope, Message},
};

/// Asks all questions of a file of examples; panics with the wrong answers. Lines of messages end
/// in LF as stored and in CR LF as sent.
pub(super) fn check(file: &str) {
    let mut wrong = Vec::new();
    for example in file.split("=== ").skip(1) {
        let (title, rest) = example.split_once('\n').unwrap();
        let (questions, message) = rest.split_once("---\n").unwrap();
        for message in [message.to_owned(), message.replace('\n', "\r\n")] {
            wrong.extend(mistakes(questions, &message).map(|line| format!("{title}: {line}")));
        }
    }
    assert!(wrong.is_empty(), "not so:\n{}", wrong.join("\n"));
}

/// The lines that are not as they say.
fn mistakes(questions: &str, message: &str) -> impl Iterator<Item = String> {
    let message = Arc::new(Message::parse(message.as_bytes().to_vec()));
    let case = Case { envelope: Arc::new(Envelope::default()), message };
    let mut conf = Conf::default();
    let mut wrong = Vec::new();
    for line in questions.lines() {
        match line.split_once(' ').unwrap() {
            ("set", directive) => {
                let (key, value) = directive.split_once(' ').unwrap();
                conf.read(key, value).unwrap().unwrap();
            }
            (expected @ ("yes" | "no"), call) => {
                if answer(call, &Scene::new(&case, &conf)) != (expected == "yes") {
                    wrong.push(line.to_owned());
                }
            }
            _ => panic!("{line}"),
        }
    }
    wrong.into_iter()
}

fn answer(call: &str, scene: &Scene<'_>) -> bool {
    let call = Call::parse(call).unwrap();
    let function = function(&call.function).unwrap();
    match (function.make)(&call.arguments, scene.conf).unwrap_or_else(|e| panic!("{call:?} {e}")) {
        Question::Ask(ask) => ask(scene) > 0,
        _ => false,
    }
}
