//! Any bytes are walked through, whatever they pretend to be: without a panic, within the bounds, and all that
//! was found hangs together.
//!
//! The first byte says which kind of file the rest is to pass for, by its first bytes.

#![no_main]

use std::time::{Duration, Instant};

use gatepost::contents::{Bounds, walk};
use libfuzzer_sys::fuzz_target;

/// First bytes that bring a reader; none: whatever the input begins with.
const BEGINNINGS: &[&[u8]] = &[
    b"",
    b"PK\x03\x04",
    b"\x1f\x8b\x08\0",
    b"BZh9",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c\0\x04",
    b"Rar!\x1a\x07\x01\0",
    b"Rar!\x1a\x07\0",
    b"MSCF\0\0\0\0",
    b"\x78\x9f\x3e\x22",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"%PDF-1.5\n",
    b"{\\rtf1",
    b"<html><script>",
    b"\x1f\x9d\x90",
];

/// Two passwords, so that what is encrypted is opened by a chance.
const PASSWORDS: [&str; 2] = ["x", "secret"];

fuzz_target!(|input: &[u8]| {
    let Some((&kind, rest)) = input.split_first() else { return };
    let beginning = BEGINNINGS[kind as usize % BEGINNINGS.len()];
    let bytes = [beginning, rest].concat();
    let bounds = Bounds {
        depth: 6,
        members: 200,
        bytes: 4 << 20,
        ratio: 100,
        deadline: Instant::now() + Duration::from_secs(5),
    };
    let passwords = PASSWORDS.map(str::to_owned);
    let found = walk([(0, "file", bytes.as_slice())], &passwords, bounds);
    let items = &found.inside.items;
    assert!(items.len() <= bounds.members + 1);
    for (number, item) in items.iter().enumerate() {
        assert!(item.parent.is_none_or(|parent| (parent as usize) < number));
    }
    assert!(found.kept.iter().all(|(number, _)| (*number as usize) < items.len()));
});
