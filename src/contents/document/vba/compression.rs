//! The compression of macro sources ([MS-OVBA], 2.4.1).

use std::io::Read;

use crate::contents::document::{little::u16_at, records::Records, steps::Steps};

/// How many bytes a chunk is, unpacked.
const CHUNK: usize = 4_096;

/// Reads what these bytes hold packed; it ends where they are damaged.
pub(super) fn unpacked(bytes: &[u8]) -> impl Read + '_ {
    let mut chunks = Records::new(bytes.strip_prefix(b"\x01").unwrap_or_default(), head);
    Steps::new(move |out: &mut Vec<u8>| {
        let Some((is_packed, body)) = chunks.next() else { return Ok(false) };
        if !is_packed {
            out.extend_from_slice(body);
            return Ok(true);
        }
        Ok(chunk(body, out).is_some())
    })
}

/// What stands before a chunk: whether it is packed.
fn head(bytes: &[u8]) -> Option<(bool, usize, &[u8])> {
    let head = u16_at(bytes, 0)?;
    Some((head & 0x8000 != 0, usize::from(head & 0xfff) + 1, bytes.get(2..)?))
}

/// A packed chunk; `None` if it refers to what is not there.
fn chunk(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = bytes;
    while let Some((&flags, after)) = rest.split_first() {
        rest = after;
        for bit in 0..8 {
            if flags >> bit & 1 == 0 {
                let Some((&byte, after)) = rest.split_first() else { return Some(()) };
                out.push(byte);
                rest = after;
            } else {
                let Some(token) = u16_at(rest, 0) else { return Some(()) };
                rest = rest.get(2..)?;
                copy(token, out)?;
            }
            if out.len() >= CHUNK {
                return Some(());
            }
        }
    }
    Some(())
}

/// Copies what stands some bytes before. How many bits say how far changes with what there is.
fn copy(token: u16, out: &mut Vec<u8>) -> Option<()> {
    let bits = out.len().checked_sub(1)?.checked_ilog2().map_or(0, |log| log + 1).max(4);
    let length = usize::from(token & (0xffff >> bits)) + 3;
    let back = usize::from(token >> (16 - bits)) + 1;
    for _ in 0..length.min(CHUNK) {
        let byte = *out.get(out.len().checked_sub(back)?)?;
        out.push(byte);
    }
    Some(())
}

/// Packs in literals alone, for tests.
#[cfg(test)]
pub(in crate::contents::document) fn packed(text: &[u8]) -> Vec<u8> {
    let mut packed = vec![1];
    for chunk in text.chunks(3_000) {
        let body: Vec<u8> = chunk.chunks(8).flat_map(|eight| [&[0], eight].concat()).collect();
        packed.extend((0xb000 | (body.len() - 1) as u16).to_le_bytes());
        packed.extend(body);
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let mut text = Vec::new();
        unpacked(bytes).read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The examples of [MS-OVBA], 3.2.
    #[test]
    fn examples_of_the_standard() {
        let none = b"\x01\x19\xb0\x00abcdefgh\x00ijklmnop\x00qrstuv.";
        assert_eq!(text(none), "abcdefghijklmnopqrstuv.");
        let normal = b"\x01\x2f\xb0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6a\x01\x38\
            \x08\x61\x6b\x6c\x00\x30\x6d\x6e\x6f\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79\x7a\x00\x3c";
        assert_eq!(text(normal), "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa");
        assert_eq!(text(b"\x01\x03\xb0\x02\x61\x45\x00"), "a".repeat(73));
    }

    #[test]
    fn damage_ends_it() {
        assert_eq!(text(b""), "");
        assert_eq!(text(b"\x01\x03\xb0\x01\x00\x00"), "");
        assert_eq!(text(&packed(b"Attribute VB_Name")), "Attribute VB_Name");
    }
}
