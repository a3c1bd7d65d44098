//! Mail of Outlook put together by hand.

use crate::contents::archive::tests::{TEXT, walk};

#[test]
fn outlook_mail() {
    let found = walk("winmail.dat", &tnef(), &[]);
    let items: Vec<_> =
        found.inside.items.iter().map(|item| (item.name.as_str(), item.size)).collect();
    let expected = [
        ("winmail.dat", tnef().len() as u64),
        ("body.html", 21),
        ("body.rtf", 28),
        ("a long name.txt", 15),
        ("SHORT.TXT", 11),
    ];
    assert_eq!(items, expected);
    assert_eq!(found.inside.items[0].texts[0].text, "the subject");
    assert_eq!(found.inside.items[3].texts[0].text, "the hidden text");
    let kept = found.kept.iter().find(|(item, _)| *item == 2).map(|(_, bytes)| bytes.as_slice());
    assert_eq!(kept, Some(&b"{\\rtf1\\ansi the hidden text}"[..]));
}

fn attribute(level: u8, id: u16, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![level];
    bytes.extend(id.to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes.extend(content);
    bytes.extend([0; 2]);
    bytes
}

fn property(kind: u16, id: u16, content: &[u8]) -> Vec<u8> {
    let mut bytes = [kind.to_le_bytes(), id.to_le_bytes()].concat();
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes.extend(content);
    bytes.extend(vec![0; (4 - content.len() % 4) % 4]);
    bytes
}

pub(in crate::contents::archive) fn tnef() -> Vec<u8> {
    let wide: Vec<u8> = "a long name.txt\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    // `{\rtf1\ansi ` stands in the window from the beginning; the rest is copied or literal.
    let rich = [
        &[0; 8][..],
        b"LZFu\0\0\0\0",
        &[0b0000_0001, 0x00, 0x09],
        b" the hi",
        &[0b0000_0000],
        b"dden tex",
        &[0b0000_0100],
        b"t}",
        &[0x0e, 0xb0],
    ]
    .concat();
    let message = [
        &4_u32.to_le_bytes()[..],
        &[3, 0, 7, 0, 9, 9, 9, 9],
        &property(0x1e, 0x37, b"the subject\0"),
        &property(0x102, 0x1013, b"<html>the hidden text"),
        &property(0x102, 0x1009, &rich),
    ]
    .concat();
    let attachment = [&1_u32.to_le_bytes()[..], &property(0x1f, 0x3707, &wide)].concat();
    [
        b"\x78\x9f\x3e\x22\x01\0".to_vec(),
        attribute(1, 0x9003, &message),
        attribute(2, 0x9002, &[0; 14]),
        attribute(2, 0x8010, b"ALONGN~1.TXT\0"),
        attribute(2, 0x800f, TEXT),
        attribute(2, 0x9005, &attachment),
        attribute(2, 0x9002, &[0; 14]),
        attribute(2, 0x8010, b"SHORT.TXT\0"),
        attribute(2, 0x800f, b"another one"),
    ]
    .concat()
}
