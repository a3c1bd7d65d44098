//! The header of a message or part.

use std::sync::OnceLock;

use super::{
    super::encoded_word::{self, LONGEST_VALUE},
    lines::{has_crlf, is_field, next_line},
    transfer::with_lf,
};

/// The longest name of a field, in bytes.
const LONGEST_NAME: usize = 256;

/// How many broken lines may stand in a header before it is taken to be over.
const MOST_ERRORS: usize = 3;

/// The most fields that are kept of one header. SpamAssassin has no such limit.
const MOST_FIELDS: usize = 10_000;

/// The fields of a header, in order.
#[derive(Debug, Default)]
pub struct Fields {
    list: Vec<Field>,
}

/// A field.
#[derive(Debug)]
pub struct Field {
    /// The name as written.
    pub name: String,
    /// The value as it stands between the colon and the end of the field, line ends included; at
    /// most 8 KiB.
    pub raw: Vec<u8>,
    decoded: OnceLock<String>,
}

impl Field {
    /// The value unfolded, trimmed and in Unicode, encoded words read.
    pub fn decoded(&self) -> &str {
        self.decoded.get_or_init(|| encoded_word::value(self.name.as_bytes(), &self.raw))
    }
}

impl Fields {
    /// All fields, first to last.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.list.iter()
    }

    /// All fields of a name, first to last; names are compared without case.
    pub fn named<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f Field> {
        self.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The decoded value of the last field of a name.
    pub fn last(&self, name: &str) -> Option<&str> {
        let field = self.list.iter().rfind(|field| field.name.eq_ignore_ascii_case(name));
        field.map(Field::decoded)
    }

    pub(super) fn add(&mut self, name: &[u8], value: &[u8]) {
        if self.list.len() < MOST_FIELDS {
            let name = String::from_utf8_lossy(name).into_owned();
            let mut raw = with_lf(value.to_vec());
            raw.truncate(LONGEST_VALUE);
            self.list.push(Field { name, raw, decoded: OnceLock::new() });
        }
    }

    /// Drops the fields that a filter such as this one has added.
    pub(super) fn forget_verdicts(&mut self) {
        let is_verdict =
            |name: &str| name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("x-spam-"));
        self.list.retain(|field| !is_verdict(&field.name));
    }
}

/// The header of a message.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) fields: Fields,
    /// Where the body begins.
    pub(super) body: usize,
    /// Whether the message has CRLF.
    pub(super) has_crlf: bool,
    pub(super) is_separator_missing: bool,
    pub(super) is_truncated: bool,
}

/// Reads the header of a message.
pub(super) fn read(message: &[u8]) -> Head {
    let mut at = if is_mbox_line(message) { next_line(message, 0) } else { 0 };
    let has_crlf = has_crlf(message.get(at..).unwrap_or_default());
    let mut head = Head { has_crlf, ..Head::default() };
    let mut open = at;
    let mut errors = 0;
    loop {
        let end = next_line(message, at);
        let line = message.get(at..end).unwrap_or_default();
        if line.is_empty() {
            head.flush(message, open, at);
            head.is_separator_missing = true;
            head.body = at;
            return head;
        }
        let continues = line.starts_with(b" ") || line.starts_with(b"\t");
        if !continues {
            head.flush(message, open, at);
            open = at;
            if is_empty(line, has_crlf) {
                head.body = end;
                return head;
            }
            let is_broken = !is_field(line, true);
            errors += usize::from(is_broken);
            if line.starts_with(b"--") || is_broken && errors > MOST_ERRORS {
                head.is_separator_missing = true;
                head.body = at;
                return head;
            }
        }
        at = end;
    }
}

impl Head {
    /// Adds the field that stands in a place, if it is one.
    fn flush(&mut self, message: &[u8], start: usize, end: usize) {
        let text = message.get(start..end).unwrap_or_default();
        let Some(colon) = text.iter().position(|&byte| byte == b':') else { return };
        let (name, value) = text.split_at_checked(colon).unwrap_or((text, &[]));
        let value = value.get(1..).unwrap_or_default();
        let blanks = name.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let name = name.get(..name.len() - blanks).unwrap_or_default();
        self.is_truncated |= name.len() > LONGEST_NAME || value.len() > LONGEST_VALUE;
        self.fields.add(name.get(..LONGEST_NAME).unwrap_or(name), value);
    }
}

/// Whether a line ends the header.
fn is_empty(line: &[u8], has_crlf: bool) -> bool {
    line == b"\n" || has_crlf && line == b"\r\n"
}

/// The line that mbox files put before a message.
fn is_mbox_line(message: &[u8]) -> bool {
    let Some(rest) = message.strip_prefix(b"From") else { return false };
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    blanks > 1 || blanks == 1 && rest.get(1) != Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_some_patience() {
        for (message, fields, body, is_separator_missing) in [
            ("A: b\n c\nD : e\n\nx", &["A=b c", "D=e"][..], "x", false),
            ("A: b\r\n\r\nx\r\n", &["A=b"], "x\r\n", false),
            ("From a@example.com Mon\nA: b\n\nx", &["A=b"], "x", false),
            ("From : b\n\nx", &["From=b"], "x", false),
            ("A: b\nbroken\nB c: d\n\nx", &["A=b", "B c=d"], "x", false),
            ("A: b\n1\n2\n3\n4\n5\n\nx", &["A=b"], "4\n5\n\nx", true),
            ("A: b\n--bound\n\nx", &["A=b"], "--bound\n\nx", true),
            ("A: b", &["A=b"], "", true),
            ("", &[], "", true),
            (" a: b\n\n", &[" a=b"], "", false),
        ] {
            let head = read(message.as_bytes());
            let list = head.fields.iter();
            let list: Vec<_> =
                list.map(|field| format!("{}={}", field.name, field.decoded())).collect();
            assert_eq!(list, fields, "{message:?}");
            assert_eq!(&message[head.body..], body, "{message:?}");
            assert_eq!(head.is_separator_missing, is_separator_missing, "{message:?}");
        }
    }
}
