//! Images put together by hand.

use crate::contents::archive::tests::{TEXT, case, check};

#[test]
fn two_trees() {
    check(vec![
        case(
            "a.iso",
            iso(false),
            &["a rather long name.txt: 'the hidden text'", "d/only here.txt: 'another one'"],
            0,
        ),
        case(
            "loop.iso",
            iso(true),
            &["a rather long name.txt: 'the hidden text'", "d/only here.txt: 'another one'"],
            0,
        ),
    ]);
}

/// A record of a folder in an ISO image.
fn record(name: &[u8], sector: u32, size: u32, flags: u8) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    for number in [sector, size] {
        bytes.extend(number.to_le_bytes());
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend([0; 7]);
    bytes.extend([flags, 0, 0, 1, 0, 0, 1]);
    bytes.push(name.len() as u8);
    bytes.extend(name);
    bytes.extend(vec![0; 1 - name.len() % 2]);
    bytes[0] = bytes.len() as u8;
    bytes
}

/// An image with a folder that only the second tree has; a loop goes from that back to the first.
pub(in crate::contents::archive) fn iso(is_loop: bool) -> Vec<u8> {
    let wide = |name: &str| name.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let sector = |content: Vec<u8>| [content.clone(), vec![0; 2_048 - content.len()]].concat();
    let descriptor = |kind: u8, root: u32, escape: &[u8]| {
        let mut bytes = vec![0; 2_048];
        bytes[0] = kind;
        bytes[1..6].copy_from_slice(b"CD001");
        bytes[88..88 + escape.len()].copy_from_slice(escape);
        bytes[156..190].copy_from_slice(&record(&[0], root, 2_048, 2));
        bytes
    };
    let above = |own: u32| [record(&[0], own, 2_048, 2), record(&[1], 19, 2_048, 2)].concat();
    let file = |name: &[u8]| record(name, 22, TEXT.len() as u32, 0);
    let back = if is_loop { record(&wide("x"), 20, 2_048, 2) } else { vec![] };
    let hidden = record(&wide("only here.txt;1"), 23, 11, 0);
    [
        vec![0; 16 * 2_048],
        descriptor(1, 19, b""),
        descriptor(2, 20, b"%/E"),
        descriptor(255, 0, b""),
        sector([above(19), file(b"A_RATHER.TXT;1")].concat()),
        sector(
            [above(20), file(&wide("a rather long name.txt;1")), record(&wide("d"), 21, 2_048, 2)]
                .concat(),
        ),
        sector([above(21), hidden, back].concat()),
        sector(TEXT.to_vec()),
        sector(b"another one".to_vec()),
    ]
    .concat()
}
