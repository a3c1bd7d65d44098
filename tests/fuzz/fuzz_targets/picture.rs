//! Any bytes are looked at as a picture, or as slices of one: without a panic, and within the bounds.
//!
//! The first byte says of which format the rest is to be, by its first bytes, and into how many slices it is cut.

#![no_main]

use std::time::{Duration, Instant};

use gatepost::contents::picture::{PictureBounds, look};
use libfuzzer_sys::fuzz_target;

/// First bytes of the formats; none: whatever the input begins with.
const BEGINNINGS: &[&[u8]] = &[
    b"",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF89a",
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"RIFF\0\x10\0\0WEBPVP8L",
];

fuzz_target!(|input: &[u8]| {
    let Some((&kind, rest)) = input.split_first() else { return };
    let beginning = BEGINNINGS[kind as usize % BEGINNINGS.len()];
    let slices = 1 + usize::from(kind >> 6);
    let size = rest.len().div_ceil(slices).max(1);
    let slices: Vec<Vec<u8>> = rest.chunks(size).map(|slice| [beginning, slice].concat()).collect();
    let row: Vec<&[u8]> = slices.iter().map(Vec::as_slice).collect();
    let bounds = PictureBounds {
        pixels: 1_000_000,
        bytes: 16 << 20,
        ..PictureBounds::until(Instant::now() + Duration::from_secs(5))
    };
    if let Ok(seen) = look(&[&row], &bounds) {
        assert!(u64::from(seen.width) * u64::from(seen.height) <= bounds.pixels);
    }
});
