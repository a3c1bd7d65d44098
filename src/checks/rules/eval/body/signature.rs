//! The signature at the end of a plain text (RFC 3676, section 4.3: behind a line `-- `).

use memchr::memchr_iter;

use super::super::Entity;

/// What [`Signature::ratio`] is without a signature.
pub(super) const NO_SIGNATURE: f64 = 1e6;

/// How much may stand behind a line `--` that ends the text and begins no signature, in bytes.
const DECOY: usize = 4;

/// The two parts of a plain text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super::super) struct Signature {
    /// Bytes before the line.
    pub(super) body_bytes: usize,
    /// Bytes behind the line, its line end included.
    pub(super) bytes: usize,
}

impl Signature {
    /// That of the first plain text; `None` if there is no plain text.
    pub(in super::super::super) fn of(entities: &[Entity<'_>]) -> Option<Self> {
        let is_plain = |entity: &&Entity<'_>| entity.content_type.starts_with("text/plain");
        Some(Self::find(entities.iter().find(is_plain)?.content))
    }

    /// Looks for the last line that begins a signature. Blank and CR behind the hyphens are
    /// allowed.
    fn find(text: &[u8]) -> Self {
        let starts = std::iter::once(0).chain(memchr_iter(b'\n', text).map(|at| at + 1));
        let mut found = starts.filter_map(|start| {
            let bytes = behind(text.get(start..)?)?.len();
            (bytes > DECOY).then_some(Self { body_bytes: start, bytes })
        });
        found.next_back().unwrap_or(Self { body_bytes: text.len(), bytes: 0 })
    }

    /// The body by the signature.
    pub(super) fn ratio(&self) -> f64 {
        if self.bytes == 0 { NO_SIGNATURE } else { self.body_bytes as f64 / self.bytes as f64 }
    }
}

/// What stands behind a line that begins a signature.
fn behind(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"--")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
    (rest.is_empty() || rest.starts_with(b"\n")).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_signature_counts() {
        for (text, body_bytes, bytes) in [
            ("text\n-- \nMe, myself\n", 5, 12),
            ("text\n--\nMe, myself", 5, 11),
            ("text\n-- \r\nMe, myself", 5, 11),
            ("-- \nMe, myself", 0, 11),
            ("a\n-- \nbbbbb\n-- \nccccc", 12, 6),
            ("a\n-- \nbbbbb\n-- \nc", 2, 12),
            ("text\n-- \nabc", 12, 0),
            ("text\n--- \nMe, myself", 20, 0),
            ("text\n --\nMe, myself", 19, 0),
            ("", 0, 0),
        ] {
            assert_eq!(Signature::find(text.as_bytes()), Signature { body_bytes, bytes }, "{text}");
        }
    }
}
