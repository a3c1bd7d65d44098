//! What is kept of a message: hashes, never texts.

use thiserror::Error;

use super::{TOKENIZER, extract, packed, token::Tokens};
use crate::mail::Message;

/// The most tokens of a list and the most n-grams; more is no message of ours.
const MOST: usize = 2_000;

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

/// All that the classifier knows of a message. Compared without texts.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// Tokens of header, structure and links, in order, as often as they occur.
    pub(super) head: Vec<u32>,
    /// Tokens of the texts, likewise.
    pub(super) text: Vec<u32>,
    /// Slots of the byte n-grams of the header, ascending, each once.
    pub(super) head_grams: Vec<u32>,
    /// Those of the text.
    pub(super) text_grams: Vec<u32>,
    /// The tokens with their texts, for [`super::Model::explain`]; empty for features that were
    /// stored.
    pub(super) texts: [Tokens; 2],
}

impl Features {
    /// Reads a message. Bounded: at most 1,800 tokens and 3,500 n-grams, from the beginnings of
    /// header and texts.
    pub fn of(message: &Message) -> Self {
        let texts = [extract::head_tokens(message), extract::text_tokens(message)];
        let [head, text] = texts.each_ref().map(Tokens::tokens);
        let (head_grams, text_grams) = (extract::head_grams(message), extract::text_grams(message));
        Self { head, text, head_grams, text_grams, texts }
    }

    /// As stored: see [`Features::from_bytes`]. At most 16 KiB, some 3 KiB on average.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 * 1024);
        packed::write_number(&mut out, TOKENIZER);
        packed::write_list(&mut out, &self.head);
        packed::write_list(&mut out, &self.text);
        packed::write_ascending(&mut out, &self.head_grams);
        packed::write_ascending(&mut out, &self.text_grams);
        out
    }

    /// Reads what [`Features::to_bytes`] wrote; any bytes, in bounded time and memory.
    ///
    /// # Errors
    /// [`FeaturesError`] if these are no features, or features of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FeaturesError> {
        let mut rest = bytes;
        let features = match packed::read_number(&mut rest) {
            Some(TOKENIZER) => Self::read(&mut rest),
            Some(found) => return Err(FeaturesError::OtherTokenizer { found }),
            None => None,
        };
        features
            .filter(|_| rest.is_empty())
            .ok_or(FeaturesError::Damaged { at: bytes.len() - rest.len() })
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        const SLOTS: u64 = 1 << extract::SLOT_BITS;
        Some(Self {
            head: packed::read_list(rest, MOST)?,
            text: packed::read_list(rest, MOST)?,
            head_grams: packed::read_ascending(rest, MOST, SLOTS)?,
            text_grams: packed::read_ascending(rest, MOST, SLOTS)?,
            texts: Default::default(),
        })
    }
}

impl PartialEq for Features {
    fn eq(&self, other: &Self) -> bool {
        let all = |features: &Self| {
            let Self { head, text, head_grams, text_grams, texts: _ } = features.clone();
            [head, text, head_grams, text_grams]
        };
        all(self) == all(other)
    }
}

impl Eq for Features {}
