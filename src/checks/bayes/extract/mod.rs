//! What is read from a message: tokens of its header, structure and links, tokens of its texts,
//! and the byte n-grams of both.
//!
//! Only what a message has both when it is judged and when somebody teaches it later from a
//! mailbox: nothing that is added at or after delivery (see [`header::is_left_out`]). Bounded: of
//! each kind of thing only the first so many are read.

mod grams;
mod header;
mod structure;
mod words;

pub(super) use self::grams::{SLOT_BITS, head_grams, text_grams};
use super::token::Tokens;
use crate::mail::Message;

/// The most tokens of the header, of structure and links, and of the texts.
const HEADER_TOKENS: usize = 500;
const STRUCTURE_TOKENS: usize = 300;
const TEXT_TOKENS: usize = 1_000;

/// The tokens of header, structure and links; `arrival` is the Received field that is still to come.
pub(super) fn head_tokens(message: &Message, arrival: &[u8]) -> Tokens {
    let mut tokens = Tokens::default();
    tokens.make_room(HEADER_TOKENS);
    header::add(&mut tokens, message, arrival);
    tokens.make_room(STRUCTURE_TOKENS);
    structure::add(&mut tokens, message);
    tokens
}

/// The tokens of the texts.
pub(super) fn text_tokens(message: &Message) -> Tokens {
    let mut tokens = Tokens::default();
    tokens.make_room(TEXT_TOKENS);
    words::add_texts(&mut tokens, message);
    tokens
}
