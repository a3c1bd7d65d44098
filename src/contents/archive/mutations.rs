//! Samples with bytes changed, cut out or put in: each ends in some answer, without a panic and soon.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::tests::{bounds, samples, walk_within};
use crate::contents::Bounds;

/// A change: from here so many bytes become these.
fn change() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        Just(vec![0xff; 4]),
        Just(vec![0xff; 8]),
        Just(vec![0; 4]),
    ];
    (any::<prop::sample::Index>(), 0..9_usize, bytes)
        .prop_map(|(at, cut, bytes)| (at.index(1 << 16), cut, bytes))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]
    #[test]
    fn no_sample_panics(
        sample in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..5),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let samples = samples();
        let mut bytes = samples[sample.index(samples.len())].clone();
        // The first bytes stay, or no reader is asked.
        for (at, cut, new) in changes {
            let start = 8 + at % (bytes.len() - 8);
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, new);
        }
        if let Some(cut) = cut {
            bytes.truncate(8 + cut.index(bytes.len() - 8));
        }
        let start = Instant::now();
        let bounds = Bounds { bytes: 4 << 20, members: 50, ..bounds() };
        walk_within(bounds, "a", &bytes, &["secret"]);
        prop_assert!(start.elapsed() < Duration::from_secs(30));
    }
}

/// First bytes that get each reader asked.
const BEGINNINGS: &[&[u8]] = &[
    b"PK\x03\x04",
    b"7z\xbc\xaf\x27\x1c\0\x04\0\0\0\0\x02\0\0\0\0\0\0\0\x60\0\0\0\0\0\0\0\0\0\0\0",
    b"Rar!\x1a\x07\0",
    b"Rar!\x1a\x07\x01\0",
    b"MSCF",
    b"\x78\x9f\x3e\x22\0\0",
    b"\x1f\x8b\x08\0",
    b"\x1f\x9d\x90",
    b"BZh91AY&SY",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff",
];

proptest! {
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for beginning in BEGINNINGS {
            let bytes = [beginning, &bytes[..]].concat();
            walk_within(Bounds { bytes: 4 << 20, ..bounds() }, "a", &bytes, &["secret"]);
        }
    }
}
