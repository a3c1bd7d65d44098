//! The short code that ties a reply, a header and a log line to one judgement.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Crockford's base 32: no I, L, O, U, so that it survives being read over the telephone.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many symbols there are.
const SYMBOLS: usize = 8;

/// A text that is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a reference (expected eight letters and digits such as 7K3F-9QX2)")]
pub struct ReferenceError(String);

/// Forty random bits, shown as `7K3F-9QX2`. A person cannot guess another message's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference(u64);

impl Reference {
    /// A new one.
    pub fn random() -> Self {
        Self(rand::random::<u64>() & 0xff_ffff_ffff)
    }

    /// Its bits.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// From its bits; those beyond forty are dropped.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits & 0xff_ffff_ffff)
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    /// As people pass it on: in either case, with or without the hyphen, I and L for 1, O for 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ReferenceError(text.chars().take(40).collect());
        let symbols: Vec<u8> = text.trim().bytes().filter(|&byte| byte != b'-').collect();
        if symbols.len() != SYMBOLS {
            return Err(wrong());
        }
        let bits = symbols.iter().try_fold(0, |bits, &symbol| Some(bits << 5 | value(symbol)?));
        bits.map(Self).ok_or_else(wrong)
    }
}

/// What a symbol stands for (Crockford's base 32, decoding).
fn value(symbol: u8) -> Option<u64> {
    let symbol = match symbol.to_ascii_uppercase() {
        b'I' | b'L' => b'1',
        b'O' => b'0',
        other => other,
    };
    ALPHABET.iter().position(|&known| known == symbol).and_then(|at| u64::try_from(at).ok())
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
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(de::Error::custom);
        }
        u64::deserialize(deserializer).map(Self::from_bits)
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

    #[test]
    fn is_read_as_people_pass_it_on() {
        let reference: Reference = "7K30-91X2".parse().unwrap();
        for text in ["7k30-91x2", "7K3091X2", "7k3O-9Ix2", " 7k3o9lx2\n"] {
            assert_eq!(text.parse(), Ok(reference), "{text}");
        }
        for text in ["", "7K30-91X", "7K30-91X22", "7K30-91XU", "7K30 91X2", "ééée", "----"] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn text_and_back(bits in 0u64..1 << 40) {
            let reference = Reference::from_bits(bits);
            proptest::prop_assert_eq!(reference.to_string().parse(), Ok(reference));
        }
    }
}
