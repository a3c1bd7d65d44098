//! Hashes of a body in its canonical forms (RFC 6376, section 3.4), each computed once a message.

use mail_auth::{
    common::{
        crypto::HashAlgorithm,
        headers::{Writable, Writer},
    },
    dkim::Canonicalization,
};

/// SHA-256 of one body, by canonical form and number of bytes that are signed.
pub(super) struct BodyHashes<'b> {
    body: &'b [u8],
    known: Vec<Known>,
}

struct Known {
    form: Canonicalization,
    signed: Option<u64>,
    /// `None`: the body is shorter than what is signed.
    hash: Option<Vec<u8>>,
}

impl<'b> BodyHashes<'b> {
    pub(super) fn of(body: &'b [u8]) -> Self {
        Self { body, known: Vec::new() }
    }

    /// The hash of the first so many bytes of the canonical body (`l=`), or of all of them. `None` if
    /// there are fewer.
    pub(super) fn get(&mut self, form: Canonicalization, signed: Option<u64>) -> Option<Vec<u8>> {
        let same = |known: &&Known| known.form == form && known.signed == signed;
        if let Some(known) = self.known.iter().find(same) {
            return known.hash.clone();
        }
        let mut passed = 0;
        let beginning = Beginning {
            form,
            body: self.body,
            most: signed.unwrap_or(u64::MAX),
            passed: &mut passed,
        };
        let hash = HashAlgorithm::Sha256.hash(beginning);
        let is_whole = signed.is_none_or(|signed| passed >= signed);
        let hash = is_whole.then(|| hash.as_ref().to_vec());
        self.known.push(Known { form, signed, hash: hash.clone() });
        hash
    }
}

/// The first bytes of a canonical body.
struct Beginning<'b> {
    form: Canonicalization,
    body: &'b [u8],
    most: u64,
    /// How many were written.
    passed: &'b mut u64,
}

impl Writable for Beginning<'_> {
    fn write(self, writer: &mut impl Writer) {
        let mut limited = Limited { writer, most: self.most, passed: self.passed };
        match self.form {
            Canonicalization::Simple => simple(self.body, &mut limited),
            Canonicalization::Relaxed => relaxed(self.body, &mut limited),
        }
    }
}

/// The body as it is, empty lines at its end as one line end (RFC 6376, section 3.4.3).
fn simple(body: &[u8], writer: &mut impl Writer) {
    let mut rest = body;
    while let Some(shorter) = rest.strip_suffix(b"\r\n") {
        rest = shorter;
    }
    writer.write(rest);
    writer.write(b"\r\n");
}

/// Blanks at the end of lines go, others become one; then empty lines at the end go (RFC 6376, section
/// 3.4.4). mail-auth keeps such lines if they hold blanks.
fn relaxed(body: &[u8], writer: &mut impl Writer) {
    /// Bytes that are gathered, since a digest likes few large pieces.
    const PIECE: usize = 8_192;
    let mut piece = Vec::with_capacity(PIECE * 2);
    let mut empty_lines = 0_usize;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let text = text.get(..end_of_text(text)).unwrap_or_default();
        if text.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            piece.extend_from_slice(b"\r\n");
        }
        for (index, word) in text.split(|&byte| is_blank(byte)).enumerate() {
            // Of several blanks one remains: words between them are empty.
            if index > 0 && piece.last() != Some(&b' ') {
                piece.push(b' ');
            }
            piece.extend_from_slice(word);
        }
        piece.extend_from_slice(b"\r\n");
        if piece.len() >= PIECE {
            writer.write(&piece);
            piece.clear();
        }
    }
    writer.write(&piece);
}

fn end_of_text(line: &[u8]) -> usize {
    line.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Passes on no more bytes than the limit.
struct Limited<'w, W> {
    writer: &'w mut W,
    most: u64,
    passed: &'w mut u64,
}

impl<W: Writer> Writer for Limited<'_, W> {
    fn write(&mut self, bytes: &[u8]) {
        let left = usize::try_from(self.most - *self.passed).unwrap_or(usize::MAX);
        let bytes = bytes.get(..left).unwrap_or(bytes);
        *self.passed += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.writer.write(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha256(text: &str) -> Vec<u8> {
        HashAlgorithm::Sha256.hash(text.as_bytes()).as_ref().to_vec()
    }

    #[test]
    fn bodies_are_hashed_in_canonical_form() {
        use Canonicalization::{Relaxed, Simple};
        for (body, form, signed, canonical) in [
            // RFC 6376, sections 3.4.3 to 3.4.5.
            (" C \r\nD \t E\r\n\r\n\r\n", Relaxed, None, Some(" C\r\nD E\r\n")),
            (" C \r\nD \t E\r\n\r\n\r\n", Simple, None, Some(" C \r\nD \t E\r\n")),
            ("", Simple, None, Some("\r\n")),
            ("", Relaxed, None, Some("")),
            ("\r\n\r\n", Relaxed, None, Some("")),
            ("a\r\n \r\n\t\r\n\r\n", Relaxed, None, Some("a\r\n")),
            ("a\r\n \r\n\t\r\n\r\n", Simple, None, Some("a\r\n \r\n\t\r\n")),
            (" \r\n\r\n", Relaxed, None, Some("")),
            ("\r\n \ta  b\t\r\n\r\nc", Relaxed, None, Some("\r\n a b\r\n\r\nc\r\n")),
            ("a\rb \r\n", Relaxed, None, Some("a\rb\r\n")),
            ("no end", Simple, None, Some("no end\r\n")),
            (".\r\n..\r\n", Simple, None, Some(".\r\n..\r\n")),
            ("abc  def\r\n", Relaxed, Some(5), Some("abc d")),
            ("abc\r\n", Relaxed, Some(0), Some("")),
            ("abc\r\n", Simple, Some(5), Some("abc\r\n")),
            ("abc\r\n", Simple, Some(6), None),
        ] {
            let hash = BodyHashes::of(body.as_bytes()).get(form, signed);
            assert_eq!(hash, canonical.map(sha256), "{body:?} {form:?} {signed:?}");
        }
    }
}
