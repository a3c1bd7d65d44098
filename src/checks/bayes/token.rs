//! Tokens: short texts with a mark in front that says where they stand, known by their hash.

/// The longest token, in bytes; what is longer is cut.
const LONGEST: usize = 60;

/// The hash by which a token is known.
///
/// 32 bits: of two million tokens some five hundred share theirs with another, which no figure
/// shows, and a message's tokens take half the room. Part of the stored format: never change it
/// without a new [`super::TOKENIZER`].
pub(super) fn hash(text: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, word: u64| {
        let product = (state ^ word).wrapping_mul(MULTIPLIER);
        product ^ (product >> 29)
    };
    let length = u64::try_from(text.len()).unwrap_or(0);
    let (words, rest) = text.as_chunks::<8>();
    let state = words.iter().fold(length, |state, &word| mix(state, u64::from_le_bytes(word)));
    let rest = rest.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte));
    u32::try_from(mix(mix(state, rest), length) >> 32).unwrap_or(0)
}

/// The tokens of a message in the order in which they stand, with their texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    /// All texts, one behind the other.
    text: String,
    /// Hash, and where in `text` it ends.
    list: Vec<(u32, usize)>,
    /// How many more may come.
    room: usize,
}

impl Tokens {
    /// Takes at most `room` tokens until [`Tokens::make_room`] is called again.
    pub(super) fn make_room(&mut self, room: usize) {
        self.room = room;
    }

    /// Whether more would be thrown away.
    pub(super) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// Adds a token: the mark, a colon, the word; the word alone where the mark is empty.
    pub(super) fn add(&mut self, mark: &str, word: &str) {
        self.add_pieces(mark, &[word]);
    }

    /// As [`Tokens::add`], for a word in pieces.
    pub(super) fn add_pieces(&mut self, mark: &str, pieces: &[&str]) {
        if self.room == 0 {
            return;
        }
        self.room -= 1;
        let start = self.text.len();
        if !mark.is_empty() {
            self.text.push_str(mark);
            self.text.push(':');
        }
        pieces.iter().for_each(|piece| self.text.push_str(piece));
        self.text.truncate(self.text.floor_char_boundary(start + LONGEST));
        let hash = hash(self.text.as_bytes().get(start..).unwrap_or_default());
        self.list.push((hash, self.text.len()));
    }

    /// The hashes in order.
    pub(super) fn hashes(&self) -> Vec<u32> {
        self.list.iter().map(|&(hash, _)| hash).collect()
    }

    /// The texts in order.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.list.iter().map(move |&(_, end)| {
            let text = self.text.get(start..end).unwrap_or_default();
            start = end;
            text
        })
    }
}
