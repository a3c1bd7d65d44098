//! Any bytes are a message: every reader of it must end, without a panic.

#![no_main]

use gatepost::mail::{HeaderBlock, Message, Oddity, addresses, file_type, trace};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let message = Message::parse(raw.to_vec());
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
    assert!(message.body().iter().skip(1).all(|text| text.len() <= 2_048));
    assert!(message.hidden().iter().all(|text| text.len() <= 2_048));
    assert!(message.rawbody().iter().all(|text| text.len() <= 4_096));
    assert!(message.uris().len() <= 1_000);
});
