//! What each member sees of a message: features as slots, each once.

use super::{Features, token::without_shape};

/// Bits of the slots of tokens and of pairs.
pub(super) const TOKEN_BITS: u32 = 20;
pub(super) const PAIR_BITS: u32 = 21;

/// A token makes a pair with each of so many tokens before it.
const WINDOW: usize = 2;

/// The slots that are not in [`Features`] as they are.
pub(super) struct Views {
    /// All tokens without regard to how they are written: what is counted.
    pub(super) counted: Vec<u32>,
    /// Tokens of header, structure and links, as written and without regard to it.
    pub(super) head: Vec<u32>,
    /// Tokens of the texts, likewise.
    pub(super) text: Vec<u32>,
    /// All of these, and sparse pairs (Siefkes et al., "Combining Winnow and orthogonal sparse
    /// bigrams for incremental spam filtering", PKDD 2004).
    pub(super) pairs: Vec<u32>,
}

impl Views {
    pub(super) fn of(features: &Features) -> Self {
        let Features { head, text, .. } = features;
        let mut pairs = Vec::with_capacity((head.len() + text.len()) * (2 + WINDOW));
        for list in [head, text] {
            pairs.extend(both(list).map(pair_slot));
            add_pairs(&mut pairs, list);
        }
        Self {
            counted: sorted(head.iter().chain(text).map(|&token| without_shape(token)).collect()),
            head: distinct(both(head).map(token_slot).collect()),
            text: distinct(both(text).map(token_slot).collect()),
            pairs: distinct(pairs),
        }
    }
}

/// Each token as written, and without regard to how.
fn both(tokens: &[u32]) -> impl Iterator<Item = u32> {
    tokens
        .iter()
        .flat_map(|&token| {
            let plain = without_shape(token);
            [Some(plain), (plain != token).then_some(token)]
        })
        .flatten()
}

/// Each once, where it comes first. So many numbers are looked up in less time than sorting takes.
fn distinct(mut slots: Vec<u32>) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    let mut seen = vec![FREE; (slots.len() * 2).next_power_of_two()];
    let last = seen.len() - 1;
    slots.retain(|&slot| {
        let mut at = usize::try_from(slot).unwrap_or(0) & last;
        loop {
            match seen.get_mut(at) {
                Some(place) if *place == FREE => {
                    *place = slot;
                    return true;
                }
                Some(place) if *place != slot => at = (at + 1) & last,
                _ => return false,
            }
        }
    });
    slots
}

/// Ascending, each once.
pub(super) fn sorted(mut list: Vec<u32>) -> Vec<u32> {
    list.sort_unstable();
    list.dedup();
    list
}

fn add_pairs(slots: &mut Vec<u32>, tokens: &[u32]) {
    for (at, &token) in tokens.iter().enumerate() {
        let before = tokens.get(at.saturating_sub(WINDOW)..at).unwrap_or_default();
        for (&other, distance) in before.iter().rev().zip(1..) {
            let both = (u64::from(without_shape(token)) << 32) | u64::from(without_shape(other));
            slots.push(slot(both | distance, PAIR_BITS));
        }
    }
}

/// Where the members that see tokens alone have their weight for one.
pub(super) fn token_slot(token: u32) -> u32 {
    slot(token.into(), TOKEN_BITS)
}

/// Where the member that sees pairs as well has it.
pub(super) fn pair_slot(token: u32) -> u32 {
    slot(token.into(), PAIR_BITS)
}

/// Spreads what is hashed already, whose lowest bits may tell it apart from others.
fn slot(key: u64, bits: u32) -> u32 {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    u32::try_from(mixed >> (64 - bits)).unwrap_or(0)
}
