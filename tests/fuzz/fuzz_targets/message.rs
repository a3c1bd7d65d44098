//! Any bytes are a message: every reader of it must end, without a panic, and so must all rules.
//!
//! The rules are the built-in ones and `every.cf`, which asks everything that rules can ask. With
//! `GATEPOST_RULES=/usr/share/spamassassin` those of this file or folder are taken instead.

#![no_main]

use std::{
    env,
    sync::{Arc, LazyLock},
};

use gatepost::{
    checks::{
        Case,
        rules::{RuleSet, ScoreSet, Settings, functions},
    },
    mail::{Address, Envelope, HeaderBlock, Message, Oddity, addresses, file_type, trace},
};
use libfuzzer_sys::fuzz_target;

/// A rules file with everything that can be asked.
const EVERYTHING: &str = include_str!("../every.cf");

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let include = match env::var("GATEPOST_RULES") {
        Ok(path) => vec![path],
        Err(_) => {
            check_everything();
            let every = concat!(env!("CARGO_MANIFEST_DIR"), "/every.cf");
            vec!["builtin".to_owned(), every.to_owned()]
        }
    };
    let rules = RuleSet::load(&Settings { include, ..Settings::default() }, ScoreSet::default());
    rules.expect("rules can be read")
});

/// `every.cf` is right, and names all functions that there are.
fn check_everything() {
    let set = RuleSet::parse(&[("every.cf", EVERYTHING)]);
    assert!(set.complaints().is_empty(), "{:?}", set.complaints());
    for function in functions().filter(|function| function.standing != "not yet") {
        let asked = EVERYTHING.contains(&format!(" eval:{}(", function.name));
        assert!(asked, "every.cf does not ask {}", function.name);
    }
}

static ENVELOPE: LazyLock<Arc<Envelope>> = LazyLock::new(|| {
    Arc::new(Envelope {
        helo: Some("mail.example.org".to_owned()),
        sender: Address::from_path("<alice@example.org>"),
        recipients: vec![Address::from_path("<bob@example.com>")],
        ..Envelope::default()
    })
});

fuzz_target!(
    init: { LazyLock::force(&RULES); },
    |raw: &[u8]| {
        let message = Message::parse(raw.to_vec());
        read(&message, raw);
        run(message);
    }
);

fn read(message: &Message, raw: &[u8]) {
    // A panic inside the parser is caught there and becomes this.
    assert!(!message.oddities().contains(&Oddity::Unparsable));
    assert_eq!(message.raw(), raw);
    let headers = HeaderBlock::parse(raw);
    assert_eq!(&headers, message.headers());
    assert_eq!(trace(&headers, raw), message.trace());
    for field in &headers.fields {
        assert!(raw[field.field.clone()].starts_with(&raw[field.field.start..field.value.end]));
        addresses(&field.decoded);
    }
    for part in message.parts() {
        let content = part.content(raw);
        file_type(&content);
        assert!(part.raw_body.end <= raw.len());
    }
    // A piece ends behind the last blank among its first 2,049 bytes, as in SpamAssassin.
    assert!(message.body().iter().skip(1).all(|text| text.len() <= 2_049));
    assert!(message.hidden().iter().all(|text| text.len() <= 2_049));
    assert!(message.rawbody().iter().all(|text| text.len() <= 4_096));
    assert!(message.uris().list.len() <= 1_000);
}

fn run(message: Message) {
    let case = Case { envelope: ENVELOPE.clone(), message: Arc::new(message) };
    let hits = RULES.examine(&case);
    for finding in RULES.conclude(hits, &[]) {
        assert!(RULES.defines(finding.name.as_str()));
    }
}
