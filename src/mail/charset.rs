//! Charsets, read as SpamAssassin reads them with `normalize_charset 1`.
//!
//! A declaration is a hint, not the truth: bytes that are UTF-8 are UTF-8 whatever is declared;
//! what does not decode cleanly by its declaration is windows-1252.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// A text in Unicode, or in the words of Perl: a string and its UTF-8 flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'t> {
    /// The characters.
    pub(super) chars: Cow<'t, str>,
    /// Whether a decoder made it. Only then are characters above U+007F what Unicode says;
    /// otherwise the text was ASCII, and later entities add Latin-1 *bytes* to it.
    pub(super) is_wide: bool,
}

/// Bytes as text, by a charset that may be declared wrongly.
pub(super) fn text<'t>(bytes: &'t [u8], declared: &str) -> Text<'t> {
    let declared = Declared::of(declared);
    match std::str::from_utf8(bytes) {
        Ok(ascii) if bytes.is_ascii() => text_of_ascii(ascii, &declared),
        Ok(utf8) => Text { chars: Cow::Borrowed(utf8), is_wide: true },
        Err(_) => Text { chars: Cow::Owned(guess(bytes, &declared)), is_wide: true },
    }
}

/// Bytes of an encoded word as text: here the declaration is trusted, and what is not in the
/// charset becomes U+FFFD.
pub(super) fn text_of_word(bytes: &[u8], declared: &str) -> String {
    let declared = Declared::of(declared);
    let decoded = match declared {
        Declared::SevenBit if bytes.is_ascii() => None,
        Declared::SevenBit => Some(bytes.iter().map(|&byte| ascii_or_unknown(byte)).collect()),
        Declared::Latin => Some(windows_1252(bytes)),
        Declared::Utf8 => Some(String::from_utf8_lossy(bytes).into_owned()),
        Declared::Utf16 => utf16(bytes),
        Declared::Named(ref name) => decoder(name).map(|decode| decode(bytes)),
    };
    decoded.unwrap_or_else(|| windows_1252(bytes))
}

/// Bytes that are no UTF-8.
fn guess(bytes: &[u8], declared: &Declared) -> String {
    let strictly = match declared {
        Declared::Utf16 => utf16(bytes),
        Declared::Named(name) => decoder(name).map(|decode| decode(bytes)),
        _ => None,
    };
    let is_clean = |text: &String| !text.contains('\u{fffd}');
    strictly.filter(is_clean).unwrap_or_else(|| windows_1252(bytes))
}

/// Bytes below 128, which some charsets read as something else.
fn text_of_ascii<'t>(ascii: &'t str, declared: &Declared) -> Text<'t> {
    let decoded = match declared {
        Declared::Utf16 => utf16(ascii.as_bytes()),
        Declared::Named(name) if !keeps_ascii(name) => {
            decoder(name).map(|decode| decode(ascii.as_bytes()))
        }
        _ => None,
    };
    match decoded {
        Some(text) if !text.contains('\u{fffd}') => Text { chars: Cow::Owned(text), is_wide: true },
        _ => Text { chars: Cow::Borrowed(ascii), is_wide: false },
    }
}

/// What a declaration amounts to.
enum Declared {
    /// US-ASCII.
    SevenBit,
    /// ISO-8859-1, which everybody takes for windows-1252.
    Latin,
    Utf8,
    /// UTF-16 with or without its byte order.
    Utf16,
    /// Anything else, in lower case.
    Named(String),
}

impl Declared {
    fn of(name: &str) -> Self {
        let mut name = name.to_ascii_lowercase();
        name.retain(|c| !c.is_whitespace());
        match name.as_str() {
            "us-ascii" | "ascii" => Self::SevenBit,
            "iso-8859-1" | "iso8859-1" | "windows-1252" | "cp1252" => Self::Latin,
            "utf-8" | "utf8" => Self::Utf8,
            _ if ["utf16", "utf-16"].iter().any(|start| name.starts_with(start)) => Self::Utf16,
            _ => Self::Named(name),
        }
    }
}

/// Charsets whose ASCII texts are left as they are, without a look at them.
fn keeps_ascii(name: &str) -> bool {
    let digits = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let letters = |rest: &str| {
        matches!(rest.len(), 1 | 2) && rest.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let strip = |starts: &[&str]| starts.iter().find_map(|start| name.strip_prefix(start));
    let iso = strip(&["iso-8859", "iso 8859", "iso8859"]);
    let gb18030 = strip(&["gb18030", "gb-18030", "gb 18030"]);
    iso.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(digits))
        || name.strip_prefix("windows-").is_some_and(|rest| rest.len() == 4 && digits(rest))
        || strip(&["koi8-", "euc-"]).is_some_and(letters)
        || gb18030.is_some_and(|rest| rest.is_empty() || rest.starts_with("-20"))
        || matches!(name, "big5" | "gbk" | "iso646-us")
        || name.starts_with("ansi")
}

/// GB 2312 (EUC-CN) and nothing of what later standards added to it. A byte that is no character
/// is U+FFFD, half a character at the end is nothing.
fn gb2312(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&lead, behind)) = rest.split_first() {
        let known = behind.first().filter(|&&trail| is_gb2312(lead, trail));
        match (lead, known) {
            (0..=0x7f, _) => out.push(char::from(lead)),
            (0xa1, Some(0xa4)) => out.push('\u{30fb}'),
            (0xa1, Some(0xaa)) => out.push('\u{2015}'),
            (_, Some(&trail)) => {
                out.push_str(
                    &charset_decoder(b"gbk")
                        .map_or_else(String::new, |decode| decode(&[lead, trail])),
                );
            }
            (0xa1..=0xf7, None) if behind.is_empty() => {}
            (_, None) => out.push('\u{fffd}'),
        }
        let is_pair = !lead.is_ascii() && known.is_some();
        rest = if is_pair { behind.get(1..).unwrap_or_default() } else { behind };
    }
    out
}

/// Whether two bytes are a character of GB 2312.
fn is_gb2312(lead: u8, trail: u8) -> bool {
    match lead {
        0xa1 | 0xa3 | 0xb0..=0xd6 | 0xd8..=0xf7 => matches!(trail, 0xa1..=0xfe),
        0xa2 => matches!(trail, 0xb1..=0xe2 | 0xe5..=0xee | 0xf1..=0xfc),
        0xa4 => matches!(trail, 0xa1..=0xf3),
        0xa5 => matches!(trail, 0xa1..=0xf6),
        0xa6 => matches!(trail, 0xa1..=0xb8 | 0xc1..=0xd8),
        0xa7 => matches!(trail, 0xa1..=0xc1 | 0xd1..=0xf1),
        0xa8 => matches!(trail, 0xa1..=0xba | 0xc5..=0xe9),
        0xa9 => matches!(trail, 0xa4..=0xef),
        0xd7 => matches!(trail, 0xa1..=0xf9),
        _ => false,
    }
}

/// ISO-2022-JP, by way of EUC-JP: what a shift begins goes on to the next shift, over line ends and
/// whatever else stands there.
fn iso_2022_jp(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let (mut is_shifted, mut prefix) = (false, None);
    while let Some((&byte, behind)) = rest.split_first() {
        let shift = match rest {
            [0x1b, b'$', b'(', b'D', ..] => Some((4, true, Some(0x8f))),
            [0x1b, b'$', b'@' | b'B', ..] => Some((3, true, None)),
            [0x1b, b'(', b'I', ..] => Some((3, true, Some(0x8e))),
            [0x1b, b'(', b'B' | b'J' | b'H', ..] => Some((3, false, None)),
            _ => None,
        };
        if let Some((length, shifts, before)) = shift {
            (is_shifted, prefix) = (shifts, before);
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let is_half = is_shifted && matches!(byte, 0x21..=0x7e);
        out.extend(prefix.filter(|_| is_half));
        out.push(if is_half { byte | 0x80 } else { byte });
        rest = behind;
        // The second byte of a character of JIS X 0212 has no mark of its own.
        if prefix == Some(0x8f)
            && is_half
            && let Some((&second, behind)) = rest.split_first().filter(|(byte, _)| **byte != 0x1b)
        {
            out.push(second | 0x80);
            rest = behind;
        }
    }
    euc_jp(&out)
}

/// EUC-JP with the characters of Unicode's own table.
fn euc_jp(bytes: &[u8]) -> String {
    charset_decoder(b"euc-jp").map_or_else(String::new, |decode| narrowed(decode(bytes)))
}

/// Shift JIS with the characters of Unicode's own table.
fn shift_jis(bytes: &[u8]) -> String {
    charset_decoder(b"shift_jis").map_or_else(String::new, |decode| narrowed(decode(bytes)))
}

/// Browsers, and Microsoft, have wide forms of six characters for which Unicode's tables have the
/// usual ones.
fn narrowed(text: String) -> String {
    const WIDE: [(char, char); 6] = [
        ('\u{ff5e}', '\u{301c}'),
        ('\u{ff0d}', '\u{2212}'),
        ('\u{2225}', '\u{2016}'),
        ('\u{ffe0}', '\u{a2}'),
        ('\u{ffe1}', '\u{a3}'),
        ('\u{ffe2}', '\u{ac}'),
    ];
    let usual = |c: char| WIDE.iter().find(|(wide, _)| *wide == c).map(|&(_, usual)| usual);
    match text.chars().any(|c| usual(c).is_some()) {
        true => text.chars().map(|c| usual(c).unwrap_or(c)).collect(),
        false => text,
    }
}

/// A decoder for a charset by its name.
fn decoder(name: &str) -> Option<fn(&[u8]) -> String> {
    let known = match name {
        "ks_c_5601-1987" => "euc-kr",
        "x-gbk" => "gbk",
        "gb2312" | "euc-cn" | "x-euc-cn" => return Some(gb2312),
        "iso-2022-jp" => return Some(iso_2022_jp),
        "euc-jp" => return Some(euc_jp),
        "shift_jis" | "shift-jis" | "shiftjis" | "sjis" | "x-sjis" => return Some(shift_jis),
        "iso-8859-8-i" => "iso-8859-8",
        // Their decoders replace the whole text by one character, as browsers do.
        _ if begins_with_any(name, &["iso-2022-cn", "iso-2022-kr", "csiso2022kr", "hz"]) => {
            return None;
        }
        "" | "unknown" | "x-unknown" | "default" | "unknown-8bit" | "replacement" => return None,
        _ => name,
    };
    charset_decoder(known.as_bytes())
}

fn begins_with_any(text: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| text.starts_with(beginning))
}

fn ascii_or_unknown(byte: u8) -> char {
    if byte.is_ascii() { char::from(byte) } else { '\u{fffd}' }
}

/// UTF-16 whose byte order is found out: by its mark, else by where the zeros are.
fn utf16(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return None,
        _ => {}
    }
    let pairs = || bytes.chunks(2).map(|pair| (pair.first().copied(), pair.get(1).copied()));
    let nibbles =
        |byte: Option<u8>| byte.map_or(0, |byte| u64::from(byte >> 4) + u64::from(byte & 15));
    let even: u64 = pairs().map(|(first, _)| nibbles(first)).sum();
    let odd: u64 = pairs().map(|(_, second)| nibbles(second)).sum();
    let blanks =
        |of: (u8, u8)| pairs().filter(|&(a, b)| (a.unwrap_or(0), b.unwrap_or(0)) == of).count();
    let little = blanks((0x20, 0)) + usize::from(even > odd * 4);
    let big = blanks((0, 0x20)) + usize::from(odd * 4 > even);
    let order: fn([u8; 2]) -> u16 = match little.cmp(&big) {
        std::cmp::Ordering::Greater => u16::from_le_bytes,
        std::cmp::Ordering::Less => u16::from_be_bytes,
        std::cmp::Ordering::Equal => return None,
    };
    let (units, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(units.iter().map(|&unit| order(unit)));
    let text: Result<String, _> = text.collect();
    text.ok().filter(|_| rest.is_empty())
}

/// The characters of windows-1252 from 0x80 to 0x9f; U+FFFD where it has none.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];

/// Bytes read as windows-1252.
pub(super) fn windows_1252(bytes: &[u8]) -> String {
    let character = |&byte: &u8| match byte {
        0x80..=0x9f => WINDOWS_1252.get(usize::from(byte - 0x80)).copied().unwrap_or('\u{fffd}'),
        _ => char::from(byte),
    };
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    text.extend(bytes.iter().map(character));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_a_hint() {
        for (bytes, declared, chars, is_wide) in [
            (&b"plain"[..], "us-ascii", "plain", false),
            (b"plain", "iso-8859-15", "plain", false),
            (b"plain", "no-such", "plain", false),
            (b"plain", "gb2312", "plain", true),
            (b"caf\xc3\xa9", "us-ascii", "café", true),
            (b"caf\xc3\xa9", "iso-8859-1", "café", true),
            (b"caf\xe9 \x93x\x94", "iso-8859-1", "café “x”", true),
            (b"caf\xe9", "utf-8", "café", true),
            (b"caf\xe9", "no-such", "café", true),
            (b"\x81", "us-ascii", "\u{fffd}", true),
            (b"\xf0\xd2\xc9", "koi8-r", "При", true),
            (b"\xc4\xe3", "gb2312", "你", true),
            (b"\x98\x94", "gb2312", "\u{2dc}”", true),
            (b"\xa1\xc1\xa4\xa2", "euc-jp", "〜あ", true),
            (b"\x98\x94", "gbk", "様", true),
            (b"\x1b$B%O\x1b(B\x1b$B%O\x1b(B", "iso-2022-jp", "ハハ", true),
            (b"\x1b$B%O\x1b(B", "iso-2022-jp", "ハ", true),
            (b"a\0 \0b\0", "utf-16", "a b", true),
            (b"\0a\0 \0b", "UTF-16", "a b", true),
        ] {
            let expected = Text { chars: Cow::Borrowed(chars), is_wide };
            assert_eq!(text(bytes, declared), expected, "{declared} {bytes:?}");
        }
    }

    #[test]
    fn encoded_words_are_what_they_say() {
        for (bytes, declared, chars) in [
            (&b"caf\xc3\xa9"[..], "utf-8", "café"),
            (b"caf\xe9", "utf-8", "caf\u{fffd}"),
            (b"caf\xc3\xa9", "iso-8859-1", "cafÃ©"),
            (b"caf\xe9", "us-ascii", "caf\u{fffd}"),
            (b"caf\xe9", "no-such", "café"),
            (b"\x98\xd3a\xd3\xa4\xd3", "gb2312", "\u{fffd}\u{fffd}a婴"),
        ] {
            assert_eq!(text_of_word(bytes, declared), chars, "{declared} {bytes:?}");
        }
    }
}
