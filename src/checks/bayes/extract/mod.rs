//! What is read from a message: tokens of its header, structure, links and texts, and byte
//! n-grams of its header and body.
//!
//! Only what a message has both when it is judged and when somebody teaches it later from a
//! mailbox: nothing that is added at or after delivery (see [`header::is_left_out`]).

mod grams;
mod header;
mod structure;
mod words;

use super::token::Tokens;
use crate::mail::Message;

/// The most tokens of the header, of structure and links, and of the texts.
const HEADER_TOKENS: usize = 500;
const STRUCTURE_TOKENS: usize = 400;
const TEXT_TOKENS: usize = 1_000;

/// The tokens of a message in order.
pub(super) fn tokens(message: &Message) -> Tokens {
    let mut tokens = Tokens::default();
    tokens.make_room(HEADER_TOKENS);
    header::add(&mut tokens, message);
    tokens.make_room(STRUCTURE_TOKENS);
    structure::add(&mut tokens, message);
    tokens.make_room(TEXT_TOKENS);
    words::add_texts(&mut tokens, message);
    tokens
}

pub(super) use grams::{SLOT_BITS, grams};
