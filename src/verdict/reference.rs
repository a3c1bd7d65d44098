//! The short code that ties a reply, a header and a log line to one judgement.

use std::fmt;

use serde::{Serialize, Serializer};

/// Crockford's base 32: no I, L, O, U, so that it survives being read over the telephone.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Forty random bits, shown as `7K3F-9QX2`. A person cannot guess another message's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference(u64);

impl Reference {
    /// A new one.
    pub fn random() -> Self {
        Self(rand::random::<u64>() & 0xff_ffff_ffff)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..8u32).rev() {
            let digit = (self.0 >> (place * 5)) & 31;
            let symbol = ALPHABET.get(digit as usize).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(symbol))?;
            if place == 4 {
                f.write_str("-")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_shape_of_the_contract() {
        assert_eq!(Reference(0).to_string(), "0000-0000");
        assert_eq!(Reference(0xff_ffff_ffff).to_string(), "ZZZZ-ZZZZ");
        assert_ne!(Reference::random(), Reference::random());
    }
}
