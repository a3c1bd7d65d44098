//! Tokens: short texts with a mark in front that says where they stand, known by their hash.

/// The longest token, in bytes; what is longer is cut.
const LONGEST: usize = 60;

/// How a word is written; the two lowest bits of a token.
const SHAPE: u32 = 3;
const LOWER: u32 = 0;
const CAPITALISED: u32 = 1;
const UPPER: u32 = 2;
const MIXED: u32 = 3;

/// A token: 30 bits of the hash of its text in lower case, 2 bits for how it is written.
///
/// Of two million tokens some two thousand share their hash with another, which no figure shows;
/// longer hashes would take more room in every stored message. Part of the stored format: a change
/// here is a new [`super::TOKENIZER`].
pub(super) fn token(text: &str) -> u32 {
    if text.is_ascii() {
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..text.len()) else { return hash(text.as_bytes()) };
        lower.copy_from_slice(text.as_bytes());
        lower.make_ascii_lowercase();
        return (hash(lower) & !SHAPE) | shape(text);
    }
    (hash(text.to_lowercase().as_bytes()) & !SHAPE) | shape(text)
}

/// The token without how it is written.
pub(super) fn without_shape(token: u32) -> u32 {
    token & !SHAPE
}

/// How the word behind the mark is written.
fn shape(text: &str) -> u32 {
    let word = text.split_once(':').map_or(text, |(_, word)| word);
    if word.is_ascii() {
        let letters = word.bytes().filter(u8::is_ascii_alphabetic);
        return shape_of(letters.map(|letter| letter.is_ascii_uppercase()));
    }
    let letters = word.chars().filter(|letter| letter.is_alphabetic());
    shape_of(letters.map(char::is_uppercase))
}

/// By which letters are upper case.
fn shape_of(mut letters: impl Iterator<Item = bool>) -> u32 {
    let Some(first) = letters.next() else { return LOWER };
    let (mut upper, mut lower) = (0, 0);
    for is_upper in letters {
        upper += u32::from(is_upper);
        lower += u32::from(!is_upper);
    }
    match (first, upper, lower) {
        (false, 0, _) => LOWER,
        (true, 0, _) => CAPITALISED,
        (true, _, 0) => UPPER,
        _ => MIXED,
    }
}

fn hash(text: &[u8]) -> u32 {
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

/// Tokens in the order in which they stand, with their texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    /// All texts, one behind the other.
    text: String,
    /// The token, and where in `text` it ends.
    list: Vec<(u32, usize)>,
    /// How many more may come.
    room: usize,
}

impl Tokens {
    /// Takes at most `room` tokens more.
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
        if self.is_full() {
            return;
        }
        self.room -= 1;
        let start = self.text.len();
        if !mark.is_empty() {
            self.text.push_str(beginning(mark));
            self.text.push(':');
        }
        pieces.iter().for_each(|piece| self.text.push_str(beginning(piece)));
        self.text.truncate(self.text.floor_char_boundary(start + LONGEST));
        let token = token(self.text.get(start..).unwrap_or_default());
        self.list.push((token, self.text.len()));
    }

    /// The tokens in order.
    pub(super) fn tokens(&self) -> Vec<u32> {
        self.list.iter().map(|&(token, _)| token).collect()
    }

    /// The tokens with their texts, in order.
    pub(super) fn texts(&self) -> impl Iterator<Item = (u32, &str)> {
        let mut start = 0;
        self.list.iter().map(move |&(token, end)| {
            let text = self.text.get(start..end).unwrap_or_default();
            start = end;
            (token, text)
        })
    }
}

/// Names and values may be as long as a message.
fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}
