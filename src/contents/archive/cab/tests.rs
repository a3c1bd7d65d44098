//! Cabinets that no tool here makes.

use crate::contents::archive::tests::{TEXT, case, check};

#[test]
fn cabinets_with_the_larger_window() {
    check(vec![case("lzx.cab", lzx(), &["note.txt: 'the hidden text'"], 0)]);
}

/// A cabinet of one file packed with LZX, as one block that is not compressed.
pub(in crate::contents::archive) fn lzx() -> Vec<u8> {
    // One bit of zero, three bits that say how, 24 bits of size, the first bits highest in words.
    let size = TEXT.len() as u32;
    let head = 3 << 28 | size << 4;
    let [a, b, c, d] = head.to_be_bytes();
    let mut packed = vec![b, a, d, c];
    packed.extend([1, 0, 0, 0].repeat(3));
    packed.extend(TEXT);
    packed.push(0);
    let mut bytes =
        b"MSCF\0\0\0\0\0\0\0\0\0\0\0\0\x2c\0\0\0\0\0\0\0\x03\x01\x01\0\x01\0\0\0\0\0\0\0".to_vec();
    // One folder, whose header stands before the file's.
    bytes.extend([69, 0, 0, 0, 1, 0, 3, 15]);
    bytes.extend(size.to_le_bytes());
    bytes.extend([0; 12]);
    bytes.extend(b"note.txt\0");
    bytes.extend([0; 4]);
    bytes.extend((packed.len() as u16).to_le_bytes());
    bytes.extend((size as u16).to_le_bytes());
    bytes.extend(packed);
    bytes
}
