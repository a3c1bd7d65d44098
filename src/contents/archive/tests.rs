//! Every format with a text in it. The samples were made by 7-Zip 26.02, Info-ZIP 3.0, GNU tar 1.34, gcab
//! 1.5, ncompress 4.2, the crate rars 0.12 and the packers of Debian 12; what no tool here makes is put together by hand.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use super::{
    cab, iso, rar, tnef,
    zip::tests::{Zipped, zipped},
};
use crate::{
    contents::{Bounds, Found, reading::Reading},
    mail::{Inside, Lock},
};

/// Small ones, so that bombs end soon.
pub(super) fn bounds() -> Bounds {
    Bounds {
        depth: 12,
        members: 500,
        bytes: 16 << 20,
        ratio: 200,
        deadline: Instant::now() + Duration::from_secs(60),
    }
}

pub(super) fn walk(name: &str, bytes: &[u8], passwords: &[&str]) -> Found {
    walk_within(bounds(), name, bytes, passwords)
}

pub(super) fn walk_within(bounds: Bounds, name: &str, bytes: &[u8], passwords: &[&str]) -> Found {
    let passwords: Vec<_> = passwords.iter().map(|&word| word.to_owned()).collect();
    let mut reading = Reading::new(bounds, &passwords);
    reading.part(0, name, bytes);
    reading.finish()
}

/// The items in the first, each as `names from the outside in: lock, traits, 'first line of its text'`.
pub(super) fn shown(inside: &Inside) -> Vec<String> {
    let name = |at: usize| {
        let mut names = vec![inside.items[at].name.clone()];
        let mut parent = inside.items[at].parent;
        while let Some(holder) = parent.filter(|&holder| holder > 0) {
            names.push(inside.items[holder as usize].name.clone());
            parent = inside.items[holder as usize].parent;
        }
        names.reverse();
        names.join(" > ")
    };
    let items = inside.items.iter().enumerate().map(|(at, item)| {
        let mut words = vec![];
        if item.lock != Lock::None {
            words.push(format!("{:?}", item.lock).to_lowercase());
        }
        words.extend(item.traits.iter().map(|known| format!("{:?}: {}", known.kind, known.detail)));
        let lines = item.texts.iter().filter_map(|text| text.text.lines().next());
        words.extend(lines.map(|line| format!("'{line}'")));
        let words = words.join(", ");
        let name = if at == 0 { String::new() } else { name(at) };
        format!("{name}: {words}").trim_end_matches([' ', ':']).to_owned()
    });
    let items: Vec<_> = items.collect();
    // The first only if there is something to say of it.
    items.into_iter().filter(|item| !item.is_empty()).collect()
}

pub(super) struct Case {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub passwords: &'static [&'static str],
    pub expected: &'static [&'static str],
    /// How many items the virus scanner has to be shown.
    pub kept: usize,
}

pub(super) const TEXT: &[u8] = b"the hidden text";

/// One that needs no password.
pub(super) fn case(
    name: &'static str,
    bytes: Vec<u8>,
    expected: &'static [&'static str],
    kept: usize,
) -> Case {
    Case { name, bytes, passwords: &[], expected, kept }
}

pub(super) fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for Case { name, bytes, passwords, expected, kept } in cases {
        let found = walk(name, &bytes, passwords);
        let items = shown(&found.inside);
        if items != expected || found.kept.len() != kept || !found.inside.limits.is_empty() {
            let limits = &found.inside.limits;
            wrong.push(format!("{name}: {items:#?}, {} kept, {limits:?}", found.kept.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

macro_rules! sample {
    ($name:literal, $expected:expr, kept $kept:literal) => {
        sample!($name, &[], $expected, kept $kept)
    };
    ($name:literal, $passwords:expr, $expected:expr, kept $kept:literal) => {
        Case {
            name: $name,
            bytes: include_bytes!(concat!("samples/", $name)).to_vec(),
            passwords: $passwords,
            expected: $expected,
            kept: $kept,
        }
    };
}

/// Some of them, to be damaged.
pub(super) const SAMPLES: &[&[u8]] = &[
    include_bytes!("samples/rar4-locked-names.rar"),
    include_bytes!("samples/rar4-locked.rar"),
    include_bytes!("samples/rar4-packed.rar"),
    include_bytes!("samples/rar4-solid.rar"),
    include_bytes!("samples/rar5-locked-names.rar"),
    include_bytes!("samples/rar5-locked.rar"),
    include_bytes!("samples/rar5-packed.rar"),
    include_bytes!("samples/rar5-solid.rar"),
    include_bytes!("samples/7z-arm64.7z"),
    include_bytes!("samples/7z-bcj.7z"),
    include_bytes!("samples/7z-bcj2.7z"),
    include_bytes!("samples/7z-bzip2.7z"),
    include_bytes!("samples/7z-copy.7z"),
    include_bytes!("samples/7z-deflate.7z"),
    include_bytes!("samples/7z-deflate64.7z"),
    include_bytes!("samples/7z-delta.7z"),
    include_bytes!("samples/7z-locked-names.7z"),
    include_bytes!("samples/7z-locked.7z"),
    include_bytes!("samples/7z-lzma.7z"),
    include_bytes!("samples/7z-lzma2.7z"),
    include_bytes!("samples/7z-not-solid.7z"),
    include_bytes!("samples/7z-plain-header.7z"),
    include_bytes!("samples/7z-ppmd.7z"),
    include_bytes!("samples/gnu.tar"),
    include_bytes!("samples/mszip.cab"),
    include_bytes!("samples/note.gz"),
    include_bytes!("samples/note.tgz"),
    include_bytes!("samples/note.txt.Z"),
    include_bytes!("samples/note.txt.bz2"),
    include_bytes!("samples/note.txt.lzma"),
    include_bytes!("samples/note.txt.xz"),
    include_bytes!("samples/note.txt.zst"),
    include_bytes!("samples/pax.tar"),
    include_bytes!("samples/stored.cab"),
    include_bytes!("samples/x86.xz"),
    include_bytes!("samples/zip-aes128.zip"),
    include_bytes!("samples/zip-aes192.zip"),
    include_bytes!("samples/zip-aes256.zip"),
    include_bytes!("samples/zip-bzip2.zip"),
    include_bytes!("samples/zip-copy.zip"),
    include_bytes!("samples/zip-deflate.zip"),
    include_bytes!("samples/zip-deflate64.zip"),
    include_bytes!("samples/zip-lzma.zip"),
    include_bytes!("samples/zip-ppmd.zip"),
    include_bytes!("samples/zip-zipcrypto.zip"),
];

const ZIPPED: &[&str] = &["dir/näme.txt: 'another one'", "note.txt: 'the hidden text'"];
const TARRED: &[&str] = &["note.txt: 'the hidden text'", "dir/näme.txt: 'another one'"];
const TWO: &[&str] = &["note.txt: 'the hidden text'", "other.txt: 'another one'"];
const ONE: &[&str] = &["note.txt: 'the hidden text'"];
const OPENED: &[&str] =
    &["note.txt: opened, 'the hidden text'", "other.txt: opened, 'another one'"];
const LOCKED: &[&str] = &["note.txt: locked", "other.txt: locked"];
const WORDS: &[&str] = &["hello", "your", "secret", "word"];

#[test]
fn zip() {
    check(vec![
        sample!("zip-copy.zip", ZIPPED, kept 0),
        sample!("zip-deflate.zip", ZIPPED, kept 0),
        sample!("zip-deflate64.zip", ZIPPED, kept 0),
        sample!("zip-bzip2.zip", ZIPPED, kept 0),
        sample!("zip-lzma.zip", ZIPPED, kept 1),
        sample!("zip-ppmd.zip", ZIPPED, kept 1),
        sample!("zip-zipcrypto.zip", WORDS, OPENED, kept 2),
        sample!("zip-aes128.zip", WORDS, OPENED, kept 2),
        sample!("zip-aes192.zip", WORDS, OPENED, kept 2),
        sample!("zip-aes256.zip", WORDS, OPENED, kept 2),
        sample!("zip-zipcrypto.zip", &["wrong"], LOCKED, kept 0),
        sample!("zip-aes256.zip", &["wrong"], LOCKED, kept 0),
        sample!("zip-aes256.zip", LOCKED, kept 0),
    ]);
}

#[test]
fn seven_z() {
    let four: &[&str] = &[
        "dir/näme.txt: 'another one'",
        "note.txt: 'the hidden text'",
        "other.txt: 'another one'",
        "empty.txt",
    ];
    check(vec![
        sample!("7z-copy.7z", four, kept 0),
        sample!("7z-lzma.7z", four, kept 0),
        sample!("7z-lzma2.7z", four, kept 0),
        sample!("7z-ppmd.7z", four, kept 3),
        sample!("7z-bzip2.7z", four, kept 3),
        sample!("7z-deflate.7z", four, kept 3),
        sample!("7z-deflate64.7z", four, kept 3),
        sample!("7z-delta.7z", ONE, kept 1),
        sample!("7z-bcj.7z", TWO, kept 0),
        sample!("7z-bcj2.7z", TWO, kept 0),
        sample!("7z-arm64.7z", TWO, kept 2),
        sample!("7z-not-solid.7z", TWO, kept 0),
        sample!("7z-locked.7z", WORDS, OPENED, kept 2),
        sample!("7z-locked.7z", &["wrong"], LOCKED, kept 0),
        sample!("7z-locked-names.7z", WORDS, &[
            ": opened", "note.txt: opened, 'the hidden text'", "other.txt: opened, 'another one'"
        ], kept 2),
        sample!("7z-locked-names.7z", &["wrong"], &[": locked"], kept 0),
    ]);
}

#[test]
fn rar() {
    let names: &[&str] =
        &[": opened", "note.txt: opened, 'the hidden text'", "other.txt: opened, 'another one'"];
    check(vec![
        sample!("rar4-packed.rar", TWO, kept 2),
        sample!("rar4-solid.rar", TWO, kept 2),
        sample!("rar4-locked.rar", WORDS, OPENED, kept 2),
        sample!("rar4-locked.rar", &["wrong"], LOCKED, kept 0),
        sample!("rar4-locked-names.rar", WORDS, names, kept 2),
        sample!("rar4-locked-names.rar", &["wrong"], &[": locked"], kept 0),
        sample!("rar5-packed.rar", TWO, kept 2),
        sample!("rar5-solid.rar", TWO, kept 2),
        sample!("rar5-locked.rar", WORDS, OPENED, kept 2),
        sample!("rar5-locked.rar", &["wrong"], LOCKED, kept 0),
        sample!("rar5-locked-names.rar", WORDS, names, kept 2),
        sample!("rar5-locked-names.rar", &["wrong"], &[": locked"], kept 0),
    ]);
}

#[test]
fn packed_files() {
    check(vec![
        sample!("note.txt.Z", ONE, kept 1),
        sample!("note.txt.lzma", ONE, kept 1),
        sample!("note.txt.xz", ONE, kept 0),
        sample!("x86.xz", &["x86: 'the hidden text'"], kept 0),
        sample!("note.txt.zst", ONE, kept 1),
        sample!("note.txt.bz2", ONE, kept 0),
        sample!("note.gz", &["note: 'the hidden text'"], kept 0),
        sample!("note.tgz", &["note.tar: 'the hidden text'"], kept 0),
    ]);
}

#[test]
fn tar_and_cabinets() {
    check(vec![
        sample!("gnu.tar", TARRED, kept 0),
        sample!("pax.tar", TARRED, kept 0),
        sample!("stored.cab", TWO, kept 0),
        sample!("mszip.cab", TWO, kept 0),
    ]);
}

#[test]
fn archives_in_archives() {
    let zip = zipped(&[Zipped::deflated("note.txt", TEXT), Zipped::stored("dir/", b"")]);
    let zip = zipped(&[Zipped::stored("inner.zip", &zip)]);
    let deep = zstd::encode_all(&gzipped(&zip)[..], 1).unwrap();
    check(vec![
        case(
            "a.zip.gz",
            gzipped(&zip),
            &["a.zip", "a.zip > inner.zip", "a.zip > inner.zip > note.txt: 'the hidden text'"],
            0,
        ),
        case(
            "a.gz.zst",
            deep,
            &[
                "a.gz",
                "a.gz > a",
                "a.gz > a > inner.zip",
                "a.gz > a > inner.zip > note.txt: 'the hidden text'",
            ],
            4,
        ),
    ]);
}

pub(super) fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

/// One of each, to be damaged.
pub(super) fn samples() -> Vec<Vec<u8>> {
    let mut samples: Vec<Vec<u8>> = SAMPLES.iter().map(|bytes| bytes.to_vec()).collect();
    samples.extend([
        cab::tests::lzx(),
        rar::tests::four(0x200, 0x30, b"n_te.txt\0\x04\x1cn\x38\x04"),
        rar::tests::five([0x80, 0], &[4, 1, 0, 0, 15]),
        iso::tests::iso(true),
        tnef::tests::tnef(),
        zipped(&[Zipped::deflated("note.txt", TEXT), Zipped::stored("dir/", b"")]),
    ]);
    samples
}
