//! What each member sees of a message: features as slots, ascending, each once.

use super::Features;

/// Bits of the slots of tokens and of pairs.
pub(super) const TOKEN_BITS: u32 = 20;
pub(super) const PAIR_BITS: u32 = 22;

/// A token makes a pair with each of so many tokens before it.
const WINDOW: usize = 4;

/// The slots of all members.
pub(super) struct Views {
    /// Distinct tokens, whole hashes.
    pub(super) distinct: Vec<u32>,
    /// Tokens.
    pub(super) tokens: Vec<u32>,
    /// Tokens and sparse pairs of them (Siefkes et al., "Combining Winnow and orthogonal sparse
    /// bigrams", PKDD 2004).
    pub(super) pairs: Vec<u32>,
}

impl Views {
    pub(super) fn of(features: &Features) -> Self {
        let distinct = sorted(features.tokens.clone());
        let mut tokens: Vec<u32> = distinct.iter().map(|hash| hash >> (32 - TOKEN_BITS)).collect();
        tokens.dedup();
        Self { distinct, tokens, pairs: pairs(&features.tokens) }
    }
}

fn sorted(mut list: Vec<u32>) -> Vec<u32> {
    list.sort_unstable();
    list.dedup();
    list
}

fn pairs(tokens: &[u32]) -> Vec<u32> {
    let mut slots: Vec<u32> = Vec::with_capacity(tokens.len() * (WINDOW + 1));
    for (at, &token) in tokens.iter().enumerate() {
        slots.push(token >> (32 - PAIR_BITS));
        let before = tokens.get(at.saturating_sub(WINDOW)..at).unwrap_or_default();
        for (&other, distance) in before.iter().rev().zip(1..) {
            slots.push(pair(token, other, distance));
        }
    }
    sorted(slots)
}

fn pair(token: u32, other: u32, distance: u64) -> u32 {
    let both = (u64::from(token) << 32) | u64::from(other);
    let mixed =
        (both ^ distance.wrapping_mul(0xd6e8_feb8_6659_fd93)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    u32::try_from(mixed >> (64 - PAIR_BITS)).unwrap_or(0)
}
