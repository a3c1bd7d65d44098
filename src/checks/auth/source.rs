//! The bytes that signatures are about: header fields and body, as they came.

use std::sync::Arc;

use crate::mail::{Header, HeaderBlock, Message, Oddity};

/// No more fields are read of a header ([`HeaderBlock`]).
const MOST_FIELDS: usize = 10_000;

/// A message as it was on the wire. One kept in a file with bare line feeds gets its CRLFs back.
pub(super) struct Source {
    message: Arc<Message>,
    with_crlf: Option<(Vec<u8>, HeaderBlock)>,
}

impl Source {
    pub(super) fn new(message: Arc<Message>) -> Self {
        let with_crlf = has_bare_line_feeds(message.raw()).then(|| {
            let raw = with_crlf(message.raw());
            let headers = HeaderBlock::parse(&raw);
            (raw, headers)
        });
        Self { message, with_crlf }
    }

    pub(super) fn raw(&self) -> &[u8] {
        self.with_crlf.as_ref().map_or_else(|| self.message.raw(), |(raw, _)| raw)
    }

    /// Whether only its beginning was read, or only the beginning of its header.
    pub(super) fn is_cut_off(&self) -> bool {
        let is_truncated = self.message.oddities().contains(&Oddity::Truncated);
        is_truncated || self.fields().len() >= MOST_FIELDS
    }

    pub(super) fn fields(&self) -> &[Header] {
        let headers = self.with_crlf.as_ref().map(|(_, headers)| headers);
        &headers.unwrap_or_else(|| self.message.headers()).fields
    }

    /// A field's name and value as written: blanks before the colon belong to the name, the line end to
    /// the value.
    pub(super) fn written(&self, field: &Header) -> (&[u8], &[u8]) {
        let raw = self.raw();
        let colon = field.value.start.saturating_sub(1);
        let name = raw.get(field.field.start..colon).unwrap_or_default();
        let value = raw.get(field.value.start..field.field.end).unwrap_or_default();
        (name, value)
    }

    /// A field's value without its line end.
    pub(super) fn value(&self, field: &Header) -> &[u8] {
        self.raw().get(field.value.clone()).unwrap_or_default()
    }

    /// What follows the empty line behind the header.
    pub(super) fn body(&self) -> &[u8] {
        let end = self.fields().last().map_or(0, |field| field.field.end);
        let rest = self.raw().get(end..).unwrap_or_default();
        rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest)
    }
}

/// The first line tells: MTAs hand over CRLF, files hold what their system writes.
fn has_bare_line_feeds(raw: &[u8]) -> bool {
    let end = raw.iter().position(|&byte| byte == b'\n');
    end.is_some_and(|end| !raw.get(..end).unwrap_or_default().ends_with(b"\r"))
}

fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(raw.len() + raw.len() / 32);
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                whole.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                whole.extend_from_slice(b"\r\n");
            }
            None => whole.extend_from_slice(line),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_body_are_as_they_came() {
        for (raw, body) in [
            ("A: 1\r\nB :  2\r\n\t3 \r\n\r\n\r\nx\r\n", "\r\nx\r\n"),
            ("A: 1\nB :  2\n\t3 \n\n\nx\n", "\r\nx\r\n"),
            ("A: 1\r\nB :  2\r\n\t3 \r\n", ""),
        ] {
            let source = Source::new(Arc::new(Message::parse(raw.into())));
            let [_, second] = source.fields() else { panic!("{raw}") };
            assert_eq!(source.written(second), (&b"B "[..], &b"  2\r\n\t3 \r\n"[..]), "{raw}");
            assert_eq!(source.value(second), b"  2\r\n\t3 ");
            assert_eq!(source.body(), body.as_bytes(), "{raw}");
        }
    }
}
