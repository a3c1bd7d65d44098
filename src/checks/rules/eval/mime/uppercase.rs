//! Capital letters.

use memchr::memmem;

use super::super::count_bytes;

/// Texts below this many bytes say nothing.
const LEAST: usize = 200;

/// How many percent of the letters and digits in the paragraphs are capitals; 0 for short texts.
/// Only paragraphs of several words count.
pub(super) fn percent<'t>(paragraphs: impl Iterator<Item = &'t [u8]>) -> f64 {
    let mut count = Count::default();
    for paragraph in paragraphs.filter(|text| has_words(text) && !is_base64(text)) {
        match shifted(paragraph) {
            Some((start, end)) => {
                count.add(start);
                count.add(end);
            }
            None => count.add(paragraph),
        }
    }
    let letters = count.upper + count.lower;
    if count.bytes < LEAST || letters == 0 {
        return 0.0;
    }
    count.upper as f64 / letters as f64 * 100.0
}

#[derive(Default)]
struct Count {
    bytes: usize,
    upper: usize,
    /// Small letters and digits.
    lower: usize,
}

impl Count {
    fn add(&mut self, text: &[u8]) {
        self.bytes += text.len();
        self.upper += count_bytes(text, |byte| byte.is_ascii_uppercase());
        self.lower += count_bytes(text, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    }
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Whether a blank stands between other characters.
fn has_words(text: &[u8]) -> bool {
    let start = text.iter().position(|byte| !is_blank(byte));
    let end = text.iter().rposition(|byte| !is_blank(byte));
    match (start, end) {
        (Some(start), Some(end)) => text.get(start..end).unwrap_or_default().iter().any(is_blank),
        _ => false,
    }
}

/// Whether two long lines of base64 stand at the beginning, as in forwarded messages.
fn is_base64(text: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let mut lines = text.splitn(3, |&byte| byte == b' ');
    let mut is_line = || {
        let line = lines.next().unwrap_or_default();
        (60..=76).contains(&line.len()) && line.iter().all(is_digit)
    };
    is_line() && is_line() && lines.next().is_some()
}

/// What stands before and behind text in another character set (ISO 2022: from the first escape
/// to JIS X 0208 to the last one back to ASCII).
fn shifted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = memmem::find(text, b"\x1b$B")?;
    let end = memmem::rfind(text, b"\x1b(B").filter(|&end| end >= start + 3)?;
    Some((text.get(..start)?, text.get(end + 3..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_are_counted_in_paragraphs_of_words() {
        let long = |text: &str| text.repeat(40);
        let base64 = "QUJD".repeat(19);
        for (paragraphs, expected) in [
            (vec![long("AB cd ")], 50.0),
            (vec!["AB cd".to_owned()], 0.0),
            (vec![long("AB12 ")], 50.0),
            (vec![long("ABCD")], 0.0),
            (vec![long("- ")], 0.0),
            (vec![long("abc "), "ABC".to_owned()], 0.0),
            (vec![long("abc "), format!("{base64} {base64} x")], 0.0),
            (vec![long("abc "), format!("\x1b$B {} \x1b(B", long("AB"))], 0.0),
        ] {
            let texts = paragraphs.iter().map(String::as_bytes);
            assert!((percent(texts) - expected).abs() < 0.1, "{paragraphs:?}");
        }
    }
}
