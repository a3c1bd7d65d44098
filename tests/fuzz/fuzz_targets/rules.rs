//! Any bytes are a rules file, run over a message that has something of everything: lines may be
//! complained of, nothing may panic or fail to end.

#![no_main]

use std::sync::{Arc, LazyLock};

use gatepost::{
    checks::{Case, rules::RuleSet},
    mail::{Envelope, Message},
};
use libfuzzer_sys::fuzz_target;

static CASE: LazyLock<Case> = LazyLock::new(|| Case {
    envelope: Arc::new(Envelope::default()),
    message: Arc::new(Message::parse(include_bytes!("../everything.eml").to_vec())),
});

fuzz_target!(|file: &[u8]| {
    let rules = RuleSet::parse(&[("fuzz.cf", file)]);
    let hits = rules.examine(&CASE);
    rules.fired(&hits, &[]);
    for finding in rules.conclude(hits, &[]) {
        assert!(rules.defines(finding.name.as_str()));
    }
});
