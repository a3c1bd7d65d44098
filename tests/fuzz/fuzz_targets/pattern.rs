//! Any line is a pattern, and what follows it a text: both engines must find the same.

#![no_main]

use gatepost::checks::rules::disagreement;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut halves = input.splitn(2, |&byte| byte == b'\n');
    let (pattern, text) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    if let Some(difference) = disagreement(pattern, text) {
        panic!("{difference}");
    }
});
