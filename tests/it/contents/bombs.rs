//! What is made to harm whoever looks into it: each letter is answered in time, and nothing falls over.

use std::{fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};

use super::{
    documents::{package, pdf, stream},
    letter::{Attachment, Bench, Letter, findings},
    service::{config, send},
};
use crate::servers::{gatepost::Gatepost, milter_client::Reply};

/// Beyond what looking into a message may take, and the rest.
const PATIENCE_MICROS: u64 = 15_000_000;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Ten gigabytes of zeros: the same member a hundred times.
fn zeros() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 100 << 20]).unwrap();
    encoder.finish().unwrap().repeat(100)
}

/// Gzip in gzip, three hundred times.
fn deep() -> Vec<u8> {
    (0..300).fold(b"at last".to_vec(), |inner, _| gzip(&inner))
}

/// Sixteen zips of sixteen zips of sixteen zips of a large file.
fn tree() -> Vec<u8> {
    let mut bytes = vec![0; 8 << 20];
    for _ in 0..4 {
        let names: Vec<_> = (0..16).map(|number| format!("{number}.zip")).collect();
        let parts: Vec<_> = names.iter().map(|name| (name.as_str(), &bytes[..])).collect();
        bytes = package(&parts);
    }
    bytes
}

/// A hundred thousand empty files, stored.
fn many() -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for number in 0..100_000_u32 {
        let name = format!("{number}.txt");
        let fields = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0; 12], &[name.len() as u8, 0, 0, 0]];
        let at = zip.len() as u32;
        zip.extend(b"PK\x03\x04");
        zip.extend(fields.concat());
        zip.extend(name.bytes());
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(fields.concat());
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (at, size) = (zip.len() as u32, directory.len() as u32);
    zip.extend(directory);
    // The number of files does not fit; readers go by the size.
    zip.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
    zip.extend(size.to_le_bytes());
    zip.extend(at.to_le_bytes());
    zip.extend([0, 0]);
    zip
}

/// A PNG that claims 60,000 x 60,000 pixels.
fn vast() -> Vec<u8> {
    let mut head = b"IHDR".to_vec();
    head.extend(60_000_u32.to_be_bytes());
    head.extend(60_000_u32.to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(13_u32.to_be_bytes());
    png.extend(&head);
    png.extend(crc32fast::hash(&head).to_be_bytes());
    png.extend([0; 4_000]);
    png
}

/// A film of ten thousand pictures.
fn film() -> Vec<u8> {
    let mut gif = b"GIF89a\x40\x01\xc8\0\x80\0\0\xff\xff\xff\0\0\0".to_vec();
    let picture = b"\x2c\0\0\0\0\x40\x01\xc8\0\0\x02\x02\x44\x01\0";
    gif.extend(picture.repeat(10_000));
    gif.push(0x3b);
    gif
}

/// Pages that are their own children, and streams that say each other's lengths.
fn circle() -> Vec<u8> {
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R /Names 2 0 R /OpenAction 5 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R] /Parent 2 0 R /Count 1000000000 >>".to_vec(),
        b"<< /Type /Page /Parent 3 0 R /Contents [4 0 R 3 0 R] /Resources 3 0 R /Annots 3 0 R >>"
            .to_vec(),
        b"<< /Length 4 0 R >>\nstream\nBT (x) Tj ET\nendstream".to_vec(),
        b"<< /S /JavaScript /JS 5 0 R /Next 5 0 R >>".to_vec(),
    ])
}

/// Lists in lists, a hundred thousand deep.
fn lists() -> Vec<u8> {
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    pdf(&[
        format!("<< /Type /Catalog /Pages 2 0 R /X {deep} >>").into_bytes(),
        b"<< /Type /Pages /Kids [] /Count 0 >>".to_vec(),
    ])
}

/// A PDF stream of a gigabyte.
fn packed_pdf() -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    let chunk = vec![b' '; 1 << 20];
    (0..1_024).for_each(|_| encoder.write_all(&chunk).unwrap());
    let content = stream("/Filter /FlateDecode", &encoder.finish().unwrap());
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>".to_vec(),
        content,
    ])
}

/// A document whose text is made for patterns that backtrack.
fn patterns() -> Vec<u8> {
    let text = format!("<w:document xmlns:w='w'><w:t>{}!</w:t></w:document>", "a".repeat(200_000));
    package(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", text.as_bytes())])
}

/// Name of the file, how it is made, a finding that must be there.
type Bomb = (&'static str, fn() -> Vec<u8>, &'static str);

const BOMBS: &[Bomb] = &[
    ("zeros.gz", zeros, "CONTENTS_TOO_MUCH"),
    ("deep.gz", deep, "CONTENTS_TOO_DEEP"),
    ("tree.zip", tree, "ARCHIVE_BOMB"),
    ("many.zip", many, "CONTENTS_TOO_MUCH"),
    ("vast.png", vast, ""),
    ("film.gif", film, ""),
    ("circle.pdf", circle, ""),
    ("lists.pdf", lists, ""),
    ("packed.pdf", packed_pdf, ""),
    ("patterns.docx", patterns, ""),
];

/// How much the service may hold more after all bombs than before, in KiB: what its allocator keeps of the largest
/// letters (14 MB each), while bombs unpack to gigabytes.
const GROWTH: u64 = 128 << 10;

/// Memory of a process that is really there, in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn bombs_do_not_make_the_service_grow() {
    let gatepost = Gatepost::start(&config());
    let letter = |name, bytes| Letter::with([Attachment::new(name, bytes)]).to_bytes();
    send(gatepost.address(), None, [letter("patterns.docx", patterns())].into_iter());
    let before = resident(gatepost.pid());
    let mut largest = before;
    for (name, make, _) in BOMBS {
        let answers = send(gatepost.address(), None, [letter(name, make())].into_iter());
        assert!(!matches!(answers[0].0, Reply::Tempfail), "{name}: {answers:?}");
        largest = largest.max(resident(gatepost.pid()));
    }
    let after = resident(gatepost.pid());
    println!(
        "memory of the service: {before} KiB before, {largest} most after a bomb, {after} at last"
    );
    assert!(largest < before + GROWTH, "{before} KiB before, {largest} KiB after a bomb");
}

#[test]
fn bombs_are_answered_in_time() {
    let bench = Bench::new();
    for (name, make, finding) in BOMBS {
        let letter = Letter::with([Attachment::new(name, make())]).to_bytes();
        let judged = bench.check(&[letter]).remove(0);
        let micros = judged["micros"].as_u64().unwrap();
        println!("{name}: {} ms, {:?}", micros / 1_000, findings(&judged));
        assert!(micros < PATIENCE_MICROS, "{name}: {judged}");
        assert!(finding.is_empty() || findings(&judged).contains(finding), "{name}: {judged}");
        assert_eq!(judged["broken"], serde_json::json!([]), "{name}: {judged}");
    }
}
