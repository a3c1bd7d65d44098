//! What is kept of a message: hashes, never texts.

use thiserror::Error;

use super::{
    TOKENIZER, arrival, extract, packed,
    token::{self, Tokens, without_shape},
};
use crate::mail::{Envelope, Message};

/// The most tokens of a list and the most n-grams; more is no message of ours.
const MOST: usize = 2_000;

/// The most tokens of one lesson of imported counts.
pub const MOST_IMPORTED: usize = 4_000;

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
    /// Counts from another filter, for messages that nobody has any more.
    pub(super) imported: Option<Imported>,
    /// The tokens with their texts, for [`super::Model::explain`]; empty for features that were
    /// stored.
    pub(super) texts: [Tokens; 2],
}

impl Features {
    /// Reads a message. Bounded: at most 1,800 tokens and 3,500 n-grams, from the beginnings of
    /// header and texts.
    pub fn of(message: &Message) -> Self {
        Self::read_message(message, &[])
    }

    /// Reads a message that is just arriving. Our MTA has not put its Received field on top yet,
    /// which stored mail has, so it is made up.
    pub fn arriving(message: &Message, envelope: &Envelope) -> Self {
        Self::read_message(message, arrival::received(envelope).as_bytes())
    }

    fn read_message(message: &Message, arrival: &[u8]) -> Self {
        let texts = [extract::head_tokens(message, arrival), extract::text_tokens(message)];
        let [head, text] = texts.each_ref().map(Tokens::tokens);
        let head_grams = extract::head_grams(message, arrival);
        let text_grams = extract::text_grams(message);
        Self { head, text, head_grams, text_grams, imported: None, texts }
    }

    /// Counts from another filter: so many `messages`, and in how many of them each token was, as
    /// [`super::Clue::text`] writes it. Only the first [`MOST_IMPORTED`] are taken.
    pub fn imported<'t>(messages: u32, counts: impl IntoIterator<Item = (&'t str, u32)>) -> Self {
        let counts = counts.into_iter().take(MOST_IMPORTED);
        let counts = counts.map(|(text, count)| (without_shape(token::token(text)), count));
        Self { imported: Some(Imported { messages, counts: counts.collect() }), ..Self::default() }
    }

    /// As stored: see [`Features::from_bytes`]. At most 16 KiB, some 3 KiB on average; imported
    /// counts at most 64 KiB.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 * 1024);
        packed::write_number(&mut out, TOKENIZER);
        packed::write_list(&mut out, &self.head);
        packed::write_list(&mut out, &self.text);
        packed::write_ascending(&mut out, &self.head_grams);
        packed::write_ascending(&mut out, &self.text_grams);
        if let Some(Imported { messages, counts }) = &self.imported {
            packed::write_number(&mut out, *messages);
            let (tokens, numbers): (Vec<_>, Vec<_>) = counts.iter().copied().unzip();
            packed::write_list(&mut out, &tokens);
            numbers.into_iter().for_each(|number| packed::write_number(&mut out, number));
        }
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
            imported: if rest.is_empty() { None } else { Some(Imported::read(rest)?) },
            texts: Default::default(),
        })
    }
}

/// What another filter has counted in messages of one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Imported {
    /// In so many messages.
    pub(super) messages: u32,
    /// Tokens without regard to how they are written, and in how many of the messages they were.
    pub(super) counts: Vec<(u32, u32)>,
}

impl Imported {
    fn read(rest: &mut &[u8]) -> Option<Self> {
        let messages = packed::read_number(rest)?;
        let tokens = packed::read_list(rest, MOST_IMPORTED)?;
        let count = |token| Some((token, packed::read_number(rest)?));
        Some(Self { messages, counts: tokens.into_iter().map(count).collect::<Option<_>>()? })
    }
}

impl PartialEq for Features {
    fn eq(&self, other: &Self) -> bool {
        let Self { head, text, head_grams, text_grams, imported, texts: _ } = self;
        [head, text, head_grams, text_grams]
            == [&other.head, &other.text, &other.head_grams, &other.text_grams]
            && *imported == other.imported
    }
}

impl Eq for Features {}
