//! Archives put together by hand: nothing free makes them.

use crate::contents::archive::tests::{TEXT, case, check};

#[test]
fn both_versions() {
    check(vec![
        case("stored.rar", four(0, 0x30, b"d\\note.txt"), &["d\\note.txt: 'the hidden text'"], 1),
        case(
            "wide.rar",
            four(0x200, 0x30, b"n_te.txt\0\x04\x1cn\x38\x04"),
            &["nиte.txt: 'the hidden text'"],
            1,
        ),
        case("packed.rar", four(0, 0x33, b"note.txt"), &["note.txt"], 0),
        case("locked.rar", four(4, 0x30, b"note.txt"), &["note.txt: locked"], 0),
        case("folder.rar", four(0xe0, 0x30, b"dir"), &[], 0),
        case(
            "names.rar",
            b"Rar!\x1a\x07\0\0\0\x73\x80\0\x0d\0\0\0\0\0\0\0??".to_vec(),
            &[": locked"],
            0,
        ),
        case("stored5.rar", five([0x80, 0], &[]), &["näte.txt: 'the hidden text'"], 1),
        case("packed5.rar", five([0x80, 3], &[]), &["näte.txt"], 0),
        case("locked5.rar", five([0x80, 0], &[4, 1, 0, 0, 15]), &["näte.txt: locked"], 0),
        case(
            "names5.rar",
            b"Rar!\x1a\x07\x01\0\0\0\0\0\x05\x04\0\0\0\x18????".to_vec(),
            &[": locked"],
            0,
        ),
    ]);
}

pub(in crate::contents::archive) fn four(flags: u16, method: u8, name: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 0x74];
    file.extend((flags | 0x8000).to_le_bytes());
    file.extend((32 + name.len() as u16).to_le_bytes());
    file.extend((TEXT.len() as u32).to_le_bytes());
    file.extend((TEXT.len() as u32).to_le_bytes());
    file.extend([0; 10]);
    file.push(method);
    file.extend((name.len() as u16).to_le_bytes());
    file.extend([0; 4]);
    file.extend(name);
    [b"Rar!\x1a\x07\0\0\0\x73\0\0\x0d\0\0\0\0\0\0\0", &file[..], TEXT, b"\0\0\x7b\0\0\x07\0"]
        .concat()
}

pub(in crate::contents::archive) fn five(packing: [u8; 2], extra: &[u8]) -> Vec<u8> {
    let text = TEXT.len() as u8;
    let mut file = vec![2, if extra.is_empty() { 2 } else { 3 }];
    file.extend((!extra.is_empty()).then_some(extra.len() as u8));
    file.extend([text, 0, text, 0]);
    file.extend(packing);
    file.extend(b"\0\x09n\xc3\xa4te.txt");
    file.extend(extra);
    let mut bytes = b"Rar!\x1a\x07\x01\0\0\0\0\0\x03\x01\0\0\0\0\0\0".to_vec();
    bytes.push(file.len() as u8);
    bytes.extend(file);
    bytes.extend(TEXT);
    bytes.extend(b"\0\0\0\0\x03\x05\0\0");
    bytes
}
