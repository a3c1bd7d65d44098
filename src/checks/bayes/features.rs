//! What is kept of a message: hashes, never texts.

use thiserror::Error;

use super::{TOKENIZER, extract, packed, token::Tokens};
use crate::mail::Message;

/// The most tokens and n-grams of one message; more is no message of ours.
const MOST_TOKENS: usize = 2_000;
const MOST_GRAMS: usize = 4_000;

/// Why bytes are no features.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FeaturesError {
    /// They were written by a version with another [`TOKENIZER`].
    #[error("written by tokenizer {found}, this is {TOKENIZER}")]
    OtherTokenizer {
        /// The version that wrote them.
        found: u32,
    },
    /// They end too early, go on too long or hold what no message has.
    #[error("features damaged at byte {at}")]
    Damaged {
        /// Where it was noticed.
        at: usize,
    },
}

/// All that the classifier knows of a message.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// Hashes of the tokens in the order of the message, as often as they occur.
    pub(super) tokens: Vec<u32>,
    /// Slots of the byte n-grams, ascending, each once.
    pub(super) grams: Vec<u32>,
    /// The texts of the tokens; empty for features that were stored.
    pub(super) texts: Tokens,
}

impl Features {
    /// Reads a message. Bounded: at most 2,000 tokens and 4,000 n-grams, from the beginnings of
    /// header and texts.
    pub fn of(message: &Message) -> Self {
        let texts = extract::tokens(message);
        Self { tokens: texts.hashes(), grams: extract::grams(message), texts }
    }

    /// As stored: see [`Features::from_bytes`]. At most 16 KiB, some 3 KiB on average.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + self.tokens.len() * 4 + self.grams.len() * 2);
        packed::write_number(&mut out, TOKENIZER);
        packed::write_number(&mut out, u32::try_from(self.tokens.len()).unwrap_or(0));
        self.tokens.iter().for_each(|token| out.extend_from_slice(&token.to_le_bytes()));
        packed::write_ascending(&mut out, &self.grams);
        out
    }

    /// Reads what [`Features::to_bytes`] wrote; any bytes, in bounded time and memory.
    ///
    /// # Errors
    /// [`FeaturesError`] if these are no features, or features of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FeaturesError> {
        let mut rest = bytes;
        let damaged = |rest: &[u8]| FeaturesError::Damaged { at: bytes.len() - rest.len() };
        let found = packed::read_number(&mut rest).ok_or_else(|| damaged(rest))?;
        if found != TOKENIZER {
            return Err(FeaturesError::OtherTokenizer { found });
        }
        let count = packed::read_number(&mut rest).and_then(|count| usize::try_from(count).ok());
        let count = count.filter(|&count| count <= MOST_TOKENS).ok_or_else(|| damaged(rest))?;
        let (tokens, mut rest) = rest.split_at_checked(count * 4).ok_or_else(|| damaged(rest))?;
        let tokens = tokens.as_chunks::<4>().0.iter().map(|&token| u32::from_le_bytes(token));
        let tokens = tokens.collect();
        let grams = packed::read_ascending(&mut rest, MOST_GRAMS, 1 << extract::SLOT_BITS)
            .filter(|_| rest.is_empty())
            .ok_or_else(|| damaged(rest))?;
        Ok(Self { tokens, grams, texts: Tokens::default() })
    }
}
