//! Small things that would become large: each ends by the budget, or is refused, soon.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use super::{
    tests::{TEXT, bounds, gzipped, shown, walk},
    zip::tests::{Zipped, deflated, zip_of, zipped},
};
use crate::{contents::Bounds, mail::Limit};

const MIB: usize = 1 << 20;

/// Ten gigabytes of zeros, as one packed MiB ten thousand times.
fn ten_gigabytes(packed_mib: &[u8]) -> Vec<u8> {
    packed_mib.repeat(10_240)
}

fn bzipped(content: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn xzipped(content: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

/// Sixteen archives in each of sixteen archives, and so on.
fn layers() -> Vec<u8> {
    let mut archive = zipped(&[Zipped::deflated("0.bin", &vec![0; 64 << 10])]);
    for layer in 0..6 {
        let inner = Zipped::deflated(&format!("{layer}.zip"), &archive);
        archive = zipped(&vec![inner; 16]);
    }
    archive
}

fn nested(times: usize) -> Vec<u8> {
    (0..times).fold(b"the hidden text".to_vec(), |inner, _| gzipped(&inner))
}

/// One member, told a hundred thousand times.
fn many_entries() -> Vec<u8> {
    let member = Zipped::stored("a", b"x");
    zip_of(&member.member(), &vec![member.entry(0); 100_000])
}

/// A hundred thousand members that no directory tells.
fn many_members() -> Vec<u8> {
    Zipped::stored("a", b"x").member().repeat(100_000)
}

/// Members in each other: each begins a little later in the same packed bytes, in stored blocks that hold the
/// headers of the next.
fn overlapping() -> Vec<u8> {
    let kernel = Zipped::deflated("kernel", &vec![0; 4 * MIB]);
    let mut bytes = kernel.member();
    let mut entries = vec![];
    for number in 0..400 {
        let quoted = bytes[..30 + 6].len() as u16;
        let mut packed = vec![0];
        packed.extend(quoted.to_le_bytes());
        packed.extend((!quoted).to_le_bytes());
        packed.extend(&bytes);
        let mut name = format!("{number:06}").into_bytes();
        name.truncate(6);
        let member = Zipped { name, packed, ..kernel.clone() };
        bytes = member.member();
        entries.push(member);
    }
    let all = bytes.len();
    let entries: Vec<_> =
        entries.iter().rev().map(|entry| entry.entry(all - entry.member().len())).collect();
    zip_of(&bytes, &entries)
}

#[test]
fn bombs_end_by_the_budget() {
    let zeros = vec![0; MIB];
    let cases: Vec<(&str, Vec<u8>, &[Limit])> = vec![
        ("10 GB in gzip", ten_gigabytes(&gzipped(&zeros)), &[Limit::Bytes]),
        ("10 GB in bzip2", ten_gigabytes(&bzipped(&zeros)), &[Limit::Bytes]),
        ("10 GB in xz", ten_gigabytes(&xzipped(&zeros)), &[Limit::Bytes]),
        (
            "10 GB in zstd",
            ten_gigabytes(&zstd::encode_all(&zeros[..], 19).unwrap()),
            &[Limit::Bytes],
        ),
        ("16 MB in gzip", gzipped(&vec![0; 16 * MIB]), &[Limit::Ratio]),
        ("16 MB in zip", zipped(&[Zipped::deflated("a", &vec![0; 16 * MIB])]), &[Limit::Ratio]),
        ("32 MB in 7z", include_bytes!("samples/zeros.7z").to_vec(), &[Limit::Ratio]),
        ("32 MB in rar", include_bytes!("samples/zeros.rar").to_vec(), &[Limit::Ratio]),
        ("16 archives in 16", layers(), &[Limit::Members]),
        ("gzip in gzip", nested(100), &[Limit::Depth]),
        ("gzip that holds itself", quine(), &[Limit::Depth]),
        ("many entries", many_entries(), &[Limit::Members]),
        ("many members", many_members(), &[Limit::Members]),
        ("members in each other", overlapping(), &[Limit::Bytes]),
    ];
    for (name, bytes, expected) in cases {
        let start = Instant::now();
        let found = walk(name, &bytes, &["a", "b"]);
        assert_eq!(found.inside.limits, expected, "{name}");
        assert!(found.inside.items.len() <= bounds().members + 1, "{name}");
        assert!(start.elapsed() < Duration::from_secs(30), "{name}: {:?}", start.elapsed());
    }
}

/// What stands beside a bomb is read all the same.
#[test]
fn a_bomb_hides_nothing() {
    let bomb = Zipped::deflated("a.exe", &[b"MZ\0", &vec![0; 16 * MIB][..]].concat());
    let note = Zipped::deflated("note.txt", TEXT);
    let found = walk("a.zip", &zipped(&[bomb, note]), &[]);
    assert_eq!(found.inside.limits, [Limit::Ratio]);
    assert_eq!(shown(&found.inside), ["a.exe", "note.txt: 'the hidden text'"]);
    assert_eq!(found.inside.items[1].kind, "exe");
}

#[test]
fn the_deadline_ends_everything() {
    let late = Bounds { deadline: Instant::now(), ..bounds() };
    let found = super::tests::walk_within(late, "a.zip", &many_entries(), &[]);
    assert_eq!(found.inside.limits, [Limit::Time]);
}

/// A gzip file that unpacks to itself, after Russ Cox: blocks that print the next bytes (`literal`) and blocks
/// that print the last ones again (`repeat`), each of five bytes, so that they can print each other.
fn quine() -> Vec<u8> {
    let literal = |length: usize| {
        let length = length as u16;
        let mut block = vec![0];
        block.extend(length.to_le_bytes());
        block.extend((!length).to_le_bytes());
        block
    };
    let with = |crc: u32| {
        let before = b"\x1f\x8b\x08\x08\0\0\0\0\0\xffself\0".to_vec();
        let four = 20;
        let (l0, l1, l4, r4) = (literal(0), literal(5), literal(four), repeat(four));
        let first = literal(before.len() + 5);
        let mut after = vec![1, 0, 0, 0xff, 0xff];
        after.extend(crc.to_le_bytes());
        let parts = |size: u32| {
            let mut after = after.clone();
            after.extend(size.to_le_bytes());
            let (ln, rn) = (literal(after.len() + 5), repeat(after.len() + 5));
            [
                &before, &first, &before, &first, &r4, &l1, &r4, &l1, &l1, &l4, &r4, &l1, &l1, &l4,
                &r4, &l4, &r4, &l4, &r4, &l4, &r4, &l4, &r4, &l0, &l0, &ln, &r4, &l0, &l0, &ln,
                &rn, &after, &rn, &after,
            ]
            .into_iter()
            .flatten()
            .copied()
            .collect::<Vec<u8>>()
        };
        let size = parts(0).len() as u32;
        parts(size)
    };
    with(fixed_point(|crc| crc32fast::hash(&with(crc))))
}

/// A block that prints the last `length` bytes, 18 or 20 of them, once more, in five bytes: two copies in the
/// fixed code of deflate, and the end of the block.
fn repeat(length: usize) -> Vec<u8> {
    let mut bits: Vec<u8> = vec![0, 1, 0];
    let mut code = |value: usize, width: usize, is_reversed: bool| {
        let bit = |at: usize| (value >> at & 1) as u8;
        let places: Vec<_> = (0..width).collect();
        match is_reversed {
            true => bits.extend(places.into_iter().rev().map(bit)),
            false => bits.extend(places.into_iter().map(bit)),
        }
    };
    for _ in 0..2 {
        // Half the length, a code of 7 bits without more; the distance, a code of 5 bits with 3 more.
        code(length / 2 - 2, 7, true);
        code(8, 5, true);
        code(length - 17, 3, false);
    }
    code(0, 7, true);
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |all, bit| all << 1 | bit)).collect()
}

/// The checksum that a file must hold to have it: it depends on its own bits as a linear map does.
fn fixed_point(checksum: impl Fn(u32) -> u32) -> u32 {
    let constant = checksum(0);
    // Each row: which bits of the answer have an odd sum, and which of the constant.
    let columns: Vec<u32> = (0..32).map(|bit| checksum(1 << bit) ^ constant ^ 1 << bit).collect();
    let mut rows: Vec<u64> = (0..32)
        .map(|row| {
            let coefficients =
                (0..32).map(|bit| u64::from(columns[bit] >> row & 1) << bit).sum::<u64>();
            coefficients | u64::from(constant >> row & 1) << 32
        })
        .collect();
    for bit in 0..32 {
        let Some(pivot) = (bit..32).find(|&row| rows[row] >> bit & 1 == 1) else { continue };
        rows.swap(bit, pivot);
        for row in (0..32).filter(|&row| row != bit) {
            if rows[row] >> bit & 1 == 1 {
                rows[row] ^= rows[bit];
            }
        }
    }
    (0..32).map(|bit| ((rows[bit] >> 32 & 1) as u32) << bit).sum()
}

/// Windows of gigabytes, claimed by files of a few bytes.
#[test]
fn huge_windows_are_refused() {
    let mut lzma = include_bytes!("samples/note.txt.lzma").to_vec();
    lzma[1..5].copy_from_slice(&[0, 0, 0, 0xf0]);
    let mut xz = include_bytes!("samples/note.txt.xz").to_vec();
    // The header of the first block: its size, flags, one filter with one byte of properties.
    xz[16] = 40;
    let crc = crc32fast::hash(&xz[12..20]);
    xz[20..24].copy_from_slice(&crc.to_le_bytes());
    let zstd = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00".to_vec();
    let mut seven = include_bytes!("samples/7z-plain-header.7z").to_vec();
    let at = seven.windows(3).rposition(|three| three == [0x21, 0x21, 1]).unwrap();
    seven[at + 3] = 40;
    let cases: [(&str, Vec<u8>, &[&str]); 4] = [
        ("a.lzma", lzma, &[": Broken: needed memory too big for mem_limit_kb"]),
        ("a.xz", xz, &["a: Broken: needed memory too big for mem_limit_kb"]),
        ("a.zst", zstd, &["a: Broken: Frame requires too much memory for decoding"]),
        ("a.7z", seven, &["note.txt"]),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(shown(&walk(name, &bytes, &[]).inside), expected, "{name}");
    }
}

#[test]
fn a_repeated_deflate_stream_is_sound() {
    let unpacked = walk("self.gz", &quine(), &[]).inside;
    let digests: Vec<_> = unpacked.items.iter().filter_map(|item| item.digest).collect();
    assert!(digests.len() > 10 && digests.iter().all(|digest| *digest == digests[0]));
    assert!(unpacked.items.iter().all(|item| item.traits.is_empty()));
    assert!(!deflated(b"").is_empty());
}
