//! Decoders of our own: what their formats' makers write, and what nobody writes.

use std::io::Read as _;

use proptest::prelude::*;

use super::{CabinetFolder, Method, Processor, rtf, unpacked};

/// The example of [MS-OXRTFCP], section 4.1.1, and a copy that overlaps itself.
#[test]
fn compressed_rich_text() {
    let example = b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125B2\x0a\xf3 hel\x09\0 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
    let runs = b"\0\0\0\0\0\0\0\0LZFu\0\0\0\0\x06x\x0c\xf2\x0d\x40";
    let plain = b"\0\0\0\0\0\0\0\0MELA\0\0\0\0as it is";
    let cases: [(&[u8], &str); 3] = [
        (example, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"),
        (runs, "xxxxx"),
        (plain, "as it is"),
    ];
    for (packed, expected) in cases {
        let mut text = String::new();
        rtf(packed).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }
}

const METHODS: [Method; 14] = [
    Method::Stored,
    Method::Deflate,
    Method::Deflate64,
    Method::Gzip,
    Method::Bzip2,
    Method::Xz,
    Method::LzmaAlone,
    Method::Lzma { properties: 0x5d, window: 1 << 16, size: u64::MAX },
    Method::Lzma2 { window: 1 << 16 },
    Method::PpmdH { order: 6, memory: 1 << 16 },
    Method::Zstd,
    Method::Compress,
    Method::Delta { distance: 3 },
    Method::Jumps(Processor::X86),
];

proptest! {
    /// Whatever comes ends in bytes or an error.
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0..METHODS.len()) {
        let heads: [&[u8]; 5] = [b"", b"\x1f\x9d\x90", b"\x1f\x8b\x08\0\0\0\0\0\0\0", b"BZh91AY&SY", b"\xfd7zXZ\0"];
        for head in heads {
            let bytes = [head, &bytes].concat();
            if let Ok(reader) = unpacked(METHODS[at], &bytes[..]) {
                let _ = reader.take(1 << 16).read_to_end(&mut Vec::new());
            }
        }
        let rich = [b"\0\0\0\0\0\0\0\0LZFu\0\0\0\0", &bytes[..]].concat();
        let _ = rtf(&rich).unwrap().read_to_end(&mut Vec::new());
    }

    #[test]
    fn no_cabinet_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), size in 0_u16..40_000) {
        for method in [0, 1, 0x0f03, 0x1503, 2, 0x0103] {
            let mut block = vec![0; 4];
            block.extend((bytes.len() as u16).to_le_bytes());
            block.extend(size.to_le_bytes());
            block.extend(&bytes);
            let block = block.repeat(2);
            if let Ok(mut folder) = CabinetFolder::new(&block, 2, 0, method) {
                let _ = folder.read_to_end(&mut Vec::new());
            }
        }
    }
}
