//! Files embedded as objects: what `Ole10Native` streams, and objects of RTF, hold.

use crate::contents::document::{
    charset,
    little::{size_at, u16_at},
};

/// A packaged file: its name, and its bytes.
///
/// Of any other native data, which has only its size before it, there is no name.
pub(in crate::contents::document) fn packaged(bytes: &[u8]) -> (String, &[u8]) {
    named(bytes).unwrap_or_else(|| (String::new(), bytes.get(4..).unwrap_or_default()))
}

fn named(bytes: &[u8]) -> Option<(String, &[u8])> {
    if u16_at(bytes, 4)? != 2 {
        return None;
    }
    let (label, rest) = text(bytes.get(6..)?)?;
    let (file, rest) = text(rest)?;
    let length = size_at(rest, 4)?;
    let rest = rest.get(8_usize.checked_add(length)?..)?;
    let data = rest.get(4..)?;
    let data = data.get(..size_at(rest, 0)?).unwrap_or(data);
    let name = if label.is_empty() { file } else { label };
    Some((name, data))
}

/// A text that a zero ends, and what is behind.
fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let end = bytes.iter().take(1_024).position(|&byte| byte == 0)?;
    Some((charset::western(bytes.get(..end)?), bytes.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_their_names() {
        let file =
            b"\x40\0\0\0\x02\0inv.exe\0C:\\inv.exe\0\0\0\x03\0\x05\0\0\0C:\\x\0\x02\0\0\0MZjunk";
        assert_eq!(packaged(file), ("inv.exe".to_owned(), &b"MZ"[..]));
        assert_eq!(packaged(b"\x02\0\0\0MZ"), (String::new(), &b"MZ"[..]));
        for end in 0..file.len() {
            packaged(&file[..end]);
        }
    }
}
