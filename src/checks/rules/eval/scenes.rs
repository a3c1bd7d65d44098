//! Runs scenes that show what functions answer. A scene is a line `=== title`, rules, a line of
//! dashes, messages each with the rules that hit behind a line `=> NAME NAME`.

use std::sync::Arc;

use super::super::RuleSet;
use crate::{
    checks::Case,
    mail::{Envelope, Message},
};

/// Runs all scenes of a text; panics with everything that came out otherwise.
pub(super) fn check(scenes: &str) {
    let mut wrong = Vec::new();
    let mut messages = 0;
    for scene in scenes.split("\n=== ").skip(1) {
        let (title, scene) = scene.split_once('\n').expect("a title");
        let (rules, rest) = scene.split_once("\n---\n").expect("a line of dashes");
        let rules = RuleSet::parse(&[("scene.cf", rules)]);
        assert!(rules.complaints().is_empty(), "{title}: {:?}", rules.complaints());
        for message in rest.trim_end().split("\n---\n") {
            let (message, expected) = message.split_once("\n=>").expect("a line `=> NAMES`");
            let (hits, expected) = (hits(&rules, message), expected.trim());
            messages += 1;
            if hits != expected {
                wrong.push(format!("{title}: {hits} instead of {expected}:\n{message}"));
            }
        }
    }
    assert!(messages > 0, "no scenes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The rules that hit a message, in the order of the rules.
fn hits(rules: &RuleSet, message: &str) -> String {
    let raw = message.replace('\n', "\r\n").into_bytes();
    let case =
        Case { envelope: Arc::new(Envelope::default()), message: Arc::new(Message::parse(raw)) };
    let fired = rules.fired(&rules.examine_all(&case), &[]);
    fired.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ")
}
