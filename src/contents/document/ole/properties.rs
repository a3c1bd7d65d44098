//! What documents say about themselves: property sets ([MS-OLEPS]).

use crate::contents::document::{
    charset,
    little::{size_at, u16_at, u32_at},
};

/// Title, subject, author, keywords, comments.
const TOLD: std::ops::RangeInclusive<u32> = 2..=6;

/// The properties worth telling, one a line.
pub(super) fn summary(stream: &[u8]) -> String {
    let section = size_at(stream, 44).and_then(|at| stream.get(at..)).unwrap_or_default();
    let count = size_at(section, 4).unwrap_or(0).min(100);
    let property = |at: usize| Some((u32_at(section, 8 + 8 * at)?, size_at(section, 12 + 8 * at)?));
    let properties: Vec<(u32, usize)> = (0..count).map_while(property).collect();
    let page = properties.iter().find(|(id, _)| *id == 1);
    let page = page.and_then(|(_, at)| u16_at(section, at.checked_add(4)?)).unwrap_or(1_252);
    let told = properties.iter().filter(|(id, _)| TOLD.contains(id));
    let lines = told.filter_map(|(_, at)| text(section.get(*at..)?, page.into()));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn text(property: &[u8], page: u32) -> Option<String> {
    let (size, bytes) = (size_at(property, 4)?, property.get(8..)?);
    let take = |size: usize| bytes.get(..size.min(4_096)).unwrap_or(bytes);
    let text = match u16_at(property, 0)? {
        30 => charset::code_page(take(size), page),
        31 => charset::utf16(take(size.saturating_mul(2))),
        _ => return None,
    };
    Some(text.split('\0').next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_told() {
        let mut stream = vec![0; 44];
        stream.extend(48_u32.to_le_bytes());
        let section = [
            &b"\0\0\0\0\x03\0\0\0"[..],
            b"\x01\0\0\0\x20\0\0\0\x02\0\0\0\x28\0\0\0\x04\0\0\0\x34\0\0\0",
            b"\x02\0\0\0\xe3\x04\0\0\x1e\0\0\0\x04\0\0\0\xcf\xf0\0\0\x1f\0\0\0\x02\0\0\0A\0b\0",
        ];
        stream.extend(section.concat());
        assert_eq!(summary(&stream), "\u{41f}\u{440}\nAb");
        for end in 0..stream.len() {
            summary(&stream[..end]);
        }
    }
}
