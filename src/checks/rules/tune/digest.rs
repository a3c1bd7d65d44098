//! A digest that is the same on every machine and in every version: FNV-1a with 64 bits.
//!
//! It tells files and messages apart that nobody made to collide; it is no protection against
//! those who try.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// A digest in the making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(OFFSET)
    }
}

impl Digest {
    /// Adds bytes; where one addition ends and the next begins makes a difference.
    pub fn add(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.absorb(&length.to_le_bytes());
        self.absorb(bytes);
        self
    }

    /// The digest of what was added so far.
    pub fn value(self) -> u64 {
        self.0
    }

    fn absorb(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
}

/// The digest of plain bytes.
pub(super) fn of(bytes: &[u8]) -> u64 {
    let mut digest = Digest::default();
    digest.absorb(bytes);
    digest.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        for (text, value) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(of(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn borders_count() {
        let digest = |parts: &[&str]| {
            let mut digest = Digest::default();
            parts.iter().for_each(|part| {
                digest.add(part.as_bytes());
            });
            digest.value()
        };
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&[]), digest(&[""]));
    }
}
