//! Sizes of images, from the headers of their files.

/// A size in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) height: u32,
    pub(super) width: u32,
}

impl Size {
    /// Whether both sides are in these ranges, ends included.
    pub(super) fn is_between(self, least: Self, most: Self) -> bool {
        (least.height..=most.height).contains(&self.height)
            && (least.width..=most.width).contains(&self.width)
    }
}

/// Of a GIF: two bytes each behind the signature.
pub(super) fn of_gif(file: &[u8]) -> Option<Size> {
    let rest = [b"GIF87a", b"GIF89a"].iter().find_map(|start| file.strip_prefix(*start))?;
    let [a, b, c, d, ..] = rest else { return None };
    let (width, height) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
    Some(Size { height: height.into(), width: width.into() })
}

/// Of a PNG: in the chunk `IHDR`, which is the first of any proper file. Of others, every eighth
/// byte may begin one.
pub(super) fn of_png(file: &[u8]) -> Option<Size> {
    let chunks = file.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    for (at, start) in chunks.chunks_exact(8).enumerate() {
        match start {
            [_, _, _, _, b'I', b'E', b'N', b'D'] => return None,
            [0, 0, 0, 13, b'I', b'H', b'D', b'R'] => {
                return of_ihdr(chunks.get((at + 1) * 8..)?);
            }
            _ => {}
        }
    }
    None
}

/// Of what stands in an `IHDR`. A checksum must follow, which in a file cut off is what is there.
fn of_ihdr(chunk: &[u8]) -> Option<Size> {
    let chunk = chunk.get(..17).unwrap_or(chunk);
    let data = chunk.get(..chunk.len().checked_sub(4)?)?;
    let (width, rest) = data.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    Some(Size { height: u32::from_be_bytes(*height), width: u32::from_be_bytes(*width) })
}

/// Of a JPEG: in the segment that begins a frame, whatever its process.
pub(super) fn of_jpeg(file: &[u8]) -> Option<Size> {
    let mut rest = file.strip_prefix(b"\xff\xd8")?;
    while let [0xff, marker, high, low, behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
        let segment = behind.get(..length).unwrap_or(behind);
        match marker {
            0xda | 0xd9 => return None,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let [_, a, b, c, d, ..] = segment else { return None };
                let (height, width) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
                return Some(Size { height: height.into(), width: width.into() });
            }
            _ => rest = behind.get(segment.len()..).unwrap_or_default(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    #[test]
    fn gifs() {
        for (file, size) in [
            (&b"GIF89a\x02\x01\x03\0"[..], Some((3, 258))),
            (b"GIF87a\x01\0\x01\0rest", Some((1, 1))),
            (b"GIF88a\x01\0\x01\0", None),
            (b"GIF89a\x01\0\x01", None),
            (b"", None),
        ] {
            let size = size.map(|(height, width)| Size { height, width });
            assert_eq!(of_gif(file), size, "{file:?}");
        }
    }

    #[test]
    fn pngs() {
        let size = Some(Size { height: 5, width: 258 });
        for (behind, size) in [
            (&b"\0\0\0\x0dIHDR\0\0\x01\x02\0\0\0\x05\x08\x02\0\0\0crc!"[..], size),
            (b"01234567\0\0\0\x0dIHDR\0\0\x01\x02\0\0\0\x05\x08\x02\0\0\0crc!", size),
            (b"0123\0\0\0\x0dIHDR\0\0\x01\x02\0\0\0\x05\x08\x02\0\0\0crc!", None),
            (b"\0\0\0\0IEND\0\0\0\x0dIHDR\0\0\x01\x02\0\0\0\x05\x08\x02\0\0\0crc!", None),
            (b"\0\0\0\x0dIHDR\0\0\x01\x02\0\0\0\x05\x08\x02\0\0", size),
            (b"\0\0\0\x0dIHDR\0\0\x01\x02\0\0\0", None),
            (b"\0\0\0\x0dIHDR", None),
            (b"", None),
        ] {
            assert_eq!(of_png(&[PNG, behind].concat()), size, "{behind:?}");
        }
    }

    #[test]
    fn jpegs() {
        let size = Some(Size { height: 258, width: 5 });
        for (behind, size) in [
            (&b"\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\x01\x02\0\x05\x03"[..], size),
            (b"\xff\xc2\0\x0b\x08\x01\x02\0\x05\x03", size),
            (b"\xff\xc4\0\x02\xff\xc2\0\x0b\x08\x01\x02\0\x05\x03", size),
            (b"\xff\xda\0\x02\xff\xc2\0\x0b\x08\x01\x02\0\x05\x03", None),
            (b"\xff\xe0\0\x01\xff\xc2\0\x0b\x08\x01\x02\0\x05\x03", None),
            (b"\xff\xe0\xff\xffab", None),
            (b"\xff\xc0\0\x0b\x08\x01\x02\0", None),
            (b"", None),
        ] {
            assert_eq!(of_jpeg(&[b"\xff\xd8", behind].concat()), size, "{behind:?}");
        }
    }
}
