//! Formulas of Excel 4 macros as something to read ([MS-XLS], 2.5.198): not as Excel shows them, but what
//! they call, and the strings they give to it.

use super::strings;
use crate::contents::document::little::u16_at;

/// Functions by their numbers, as far as they matter.
const FUNCTIONS: &[(u16, &str)] = &[
    (17, "RUN"),
    (53, "GOTO"),
    (54, "HALT"),
    (55, "RETURN"),
    (96, "FORMULA"),
    (110, "EXEC"),
    (111, "CHAR"),
    (132, "FOPEN"),
    (136, "FWRITELN"),
    (137, "FWRITE"),
    (149, "REGISTER"),
    (150, "CALL"),
    (186, "GET.WORKSPACE"),
    (88, "SET.NAME"),
    (89, "FILES"),
    (267, "REGISTER.ID"),
    (281, "SHOW.INFO"),
];

/// The longest line, in bytes.
const LONGEST: usize = 4_096;

/// What a formula calls, each call behind its strings as if it held all of them.
pub(super) fn shown(tokens: &[u8]) -> String {
    let (mut rest, mut strings, mut line) = (tokens, String::new(), String::new());
    while let Some((&token, after)) = rest.split_first() {
        if line.len() + strings.len() > LONGEST {
            break;
        }
        let Some(size) = size(token, after) else { break };
        match token {
            0x17 => {
                let text = strings::short(after).unwrap_or_default();
                strings.push_str(&format!("\"{text}\" "));
            }
            0x1e => {
                let number = u16_at(after, 0).unwrap_or(0);
                strings.push_str(&format!("{number} "));
            }
            0x21 | 0x41 | 0x61 => call(u16_at(after, 0), &mut strings, &mut line),
            0x22 | 0x42 | 0x62 => call(u16_at(after, 1), &mut strings, &mut line),
            _ => {}
        }
        rest = after.get(size..).unwrap_or_default();
    }
    line.push_str(&strings);
    line.trim().replace(['\n', '\r'], " ")
}

fn call(number: Option<u16>, strings: &mut String, line: &mut String) {
    // The highest bit tells commands from functions.
    let number = number.map(|number| number & 0x7fff);
    if let Some((_, name)) = FUNCTIONS.iter().find(|(known, _)| Some(*known) == number) {
        line.push_str(&format!("{name}({}) ", std::mem::take(strings).trim_end()));
    }
}

/// How many bytes stand behind a token; `None` for what has no sure size.
fn size(token: u8, after: &[u8]) -> Option<usize> {
    Some(match token {
        0x03..=0x16 => 0,
        0x17 => {
            let count = usize::from(*after.first()?);
            2 + if after.get(1)? & 1 == 0 { count } else { count * 2 }
        }
        0x19 => match after.first()? {
            0x04 => 3 + (usize::from(u16_at(after, 1)?) + 1) * 2,
            _ => 3,
        },
        0x1c | 0x1d => 1,
        0x1e => 2,
        0x1f => 8,
        0x01 | 0x02 => 4,
        0x20..=0x7f => match token & 0x1f {
            0x00 => 7,
            0x01 => 2,
            0x02 => 3,
            0x03 | 0x04 | 0x0a | 0x0c => 4,
            0x05 | 0x0b | 0x0d => 8,
            0x06..=0x08 => 6,
            0x09 => 2,
            0x19 | 0x1a | 0x1c => 6,
            0x1b | 0x1d => 10,
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_shown_with_their_strings() {
        let cases: &[(&[u8], &str)] = &[
            (b"\x17\x03\0cmd\x42\x01\x6e\x00", "EXEC(\"cmd\")"),
            (b"\x1e\x41\0\x41\x6f\x00\x1e\x42\0\x41\x6f\x00\x08", "CHAR(65) CHAR(66)"),
            (b"\x17\x02\x01a\0b\0\x42\x02\x96\x80", "CALL(\"ab\")"),
            (b"\x44\0\0\0\0\x42\x00\x36\x00", "HALT()"),
            (b"\x17\xff\0short", "\"short\""),
            (b"\xff\xff", ""),
        ];
        for (tokens, expected) in cases {
            assert_eq!(shown(tokens), *expected);
        }
    }
}
