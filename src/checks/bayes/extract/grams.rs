//! Byte n-grams: so many bytes in a row, of the header as it was sent and of the text as it is
//! shown (Goodman & Yih 2006; Cormack, "University of Waterloo participation in the TREC 2007 spam
//! track"). They see what no tokenizer was told to look for: the order and the spelling of fields,
//! words in disguise, languages without blanks.

use super::header::is_left_out;
use crate::mail::{Header, Message};

/// Bytes in an n-gram.
const LENGTH: u32 = 5;

/// How many bytes are read of the header and of the text.
const HEADER_BYTES: usize = 2_000;
const TEXT_BYTES: usize = 1_500;

/// How many bytes are read of one field: a few must not fill the room of all.
const FIELD_BYTES: usize = 400;

/// How many Received fields are read, the newest first.
const MOST_HOPS: usize = 3;

/// Slots are numbers of this many bits: more make no difference that could be measured.
pub(in super::super) const SLOT_BITS: u32 = 18;

/// The n-grams of the header, with the field of its `arrival` on top, as slots, ascending, each
/// once.
pub(in super::super) fn head_grams(message: &Message, arrival: &[u8]) -> Vec<u32> {
    let mut head = Vec::with_capacity(HEADER_BYTES + FIELD_BYTES);
    head.extend_from_slice(arrival.get(..FIELD_BYTES).unwrap_or(arrival));
    let mut hops = usize::from(!arrival.is_empty());
    for field in &message.headers().fields {
        if head.len() >= HEADER_BYTES {
            break;
        }
        hops += usize::from(field.name.eq_ignore_ascii_case("received"));
        if !is_noise(field, hops) {
            let raw = message.raw().get(field.field.clone()).unwrap_or_default();
            let raw = raw.get(..FIELD_BYTES).unwrap_or(raw);
            head.extend(raw.iter().filter(|&&byte| byte != b'\r'));
        }
    }
    head.truncate(HEADER_BYTES);
    slots(&head)
}

/// Signatures are as good as random.
fn is_noise(field: &Header, hops: usize) -> bool {
    let name = field.name.to_ascii_lowercase();
    is_left_out(&name) || name.ends_with("signature") || (name == "received" && hops > MOST_HOPS)
}

/// The n-grams of the rendered text, the Subject first, without regard to case.
pub(in super::super) fn text_grams(message: &Message) -> Vec<u32> {
    let mut text = Vec::with_capacity(TEXT_BYTES);
    for paragraph in message.body() {
        let room = TEXT_BYTES - text.len();
        text.extend_from_slice(paragraph.get(..room).unwrap_or(paragraph));
        if text.len() == TEXT_BYTES {
            break;
        }
    }
    text.make_ascii_lowercase();
    slots(&text)
}

/// A bit for each slot brings them in order, each once, in less time than sorting takes.
fn slots(bytes: &[u8]) -> Vec<u32> {
    const WINDOW: u64 = (1 << (8 * LENGTH)) - 1;
    let mut seen = vec![0_u64; 1 << (SLOT_BITS - 6)];
    let mut window = 0_u64;
    for (at, &byte) in (1..).zip(bytes) {
        window = ((window << 8) | u64::from(byte)) & WINDOW;
        let slot = window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SLOT_BITS);
        let word = usize::try_from(slot >> 6).ok().filter(|_| at >= LENGTH);
        if let Some(word) = word.and_then(|word| seen.get_mut(word)) {
            *word |= 1 << (slot & 63);
        }
    }
    let mut slots = Vec::with_capacity(bytes.len());
    for (word, start) in seen.into_iter().zip((0..).step_by(64)) {
        let mut left = word;
        while left != 0 {
            slots.push(start + left.trailing_zeros());
            left &= left - 1;
        }
    }
    slots
}
