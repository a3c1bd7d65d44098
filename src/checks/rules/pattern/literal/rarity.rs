//! How often ordinary mail contains a string.

use std::{collections::HashSet, ops::Range, sync::OnceLock};

use super::Strings;

/// How often each byte stands in the texts of mail, in thousandths: prose, HTML and headers
/// together, letters of both cases. Rough figures do: they only choose between strings.
const THOUSANDTHS: [(&[u8], f64); 16] = [
    (b" ", 150.0),
    (b"e", 75.0),
    (b"ta", 58.0),
    (b"oins", 50.0),
    (b"r", 45.0),
    (b"hldc", 29.0),
    (b"mpuf", 18.0),
    (b"gybw", 13.0),
    (b"vk", 7.0),
    (b"xjqz", 2.0),
    (b"012", 12.0),
    (b"3456789", 7.0),
    (b"\n.-/=\"<>", 14.0),
    (b",:;", 8.0),
    (b"_()'@&#?%+!*\t", 3.0),
    (b"$[]{}|\\^`~", 0.5),
];

/// All other bytes, in thousandths.
const OTHERS: f64 = 0.3;

/// What mail is full of, though its letters are not all common.
const COMMON: [&[u8]; 40] = [
    b"http://",
    b"https://",
    b"www.",
    b".com",
    b"content-type: ",
    b"text/html",
    b"text/plain",
    b"charset=",
    b"received: from ",
    b"message-id",
    b"subject: ",
    b" the ",
    b" your ",
    b" you ",
    b" this ",
    b" that ",
    b" and ",
    b" for ",
    b" from ",
    b" with ",
    b" will ",
    b" have ",
    b" please ",
    b"email",
    b"e-mail",
    b"address",
    b"click here",
    b"list",
    b" href=\"",
    b"font",
    b" size=",
    b" color",
    b" style=",
    b" class=",
    b" align",
    b" width=",
    b" height=",
    b" border",
    b"center",
    b"table",
];

/// How often those stand there, per byte.
const COMMON_OFTEN: f64 = 5e-4;

/// How often, per byte of text, one of the strings begins.
pub(super) fn often(strings: &Strings) -> f64 {
    strings.iter().map(|string| often_one(string)).sum()
}

/// Where the rarest bytes of a string stand, so many of them; all of a shorter string.
pub(in super::super::super) fn rarest_part(string: &[u8], length: usize) -> Range<usize> {
    let parts = string.windows(length.max(1)).enumerate();
    let rarest = parts.min_by(|(_, one), (_, other)| often_one(one).total_cmp(&often_one(other)));
    rarest.map_or(0..string.len(), |(start, part)| start..start + part.len())
}

fn often_one(string: &[u8]) -> f64 {
    let by_letters: f64 = string.iter().map(|&byte| of_byte(byte)).product();
    let is_common = by_letters < COMMON_OFTEN && common().contains(string);
    if is_common { COMMON_OFTEN } else { by_letters }
}

fn of_byte(byte: u8) -> f64 {
    static BY_BYTE: OnceLock<Vec<f64>> = OnceLock::new();
    let by_byte = BY_BYTE.get_or_init(|| (0..=u8::MAX).map(listed).collect());
    by_byte.get(usize::from(byte)).copied().unwrap_or(OTHERS)
}

fn listed(byte: u8) -> f64 {
    let listed = THOUSANDTHS.iter().find(|(bytes, _)| bytes.contains(&byte));
    listed.map_or(OTHERS, |&(_, thousandths)| thousandths) / 1000.0
}

/// Everything that stands in what is common.
fn common() -> &'static HashSet<&'static [u8]> {
    static COMMON_PARTS: OnceLock<HashSet<&[u8]>> = OnceLock::new();
    COMMON_PARTS.get_or_init(|| {
        let parts = |word: &'static [u8]| (1..=word.len()).flat_map(|length| word.windows(length));
        COMMON.iter().flat_map(|word| parts(word)).collect()
    })
}
