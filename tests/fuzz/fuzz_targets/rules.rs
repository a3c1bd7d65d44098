//! Any bytes are a rules file, and any bytes a message for it: lines may be complained of, nothing
//! may panic or fail to end.

#![no_main]

use std::sync::Arc;

use gatepost::{
    checks::{Case, rules::RuleSet},
    mail::{Envelope, Message},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (file, message) = input;
    let rules = RuleSet::parse(&[("fuzz.cf", file)]);
    let case = Case {
        envelope: Arc::new(Envelope::default()),
        message: Arc::new(Message::parse(message.to_vec())),
    };
    let hits = rules.examine(&case);
    for finding in rules.conclude(hits, &[]) {
        assert!(rules.defines(finding.name.as_str()));
    }
});
