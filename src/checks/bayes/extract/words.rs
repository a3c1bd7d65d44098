//! Words of texts.

use super::super::token::Tokens;
use crate::mail::Message;

/// How much of the rendered text is read, in bytes.
const MOST_TEXT: usize = 48 * 1024;

/// A word longer than this, in characters, is known by its beginning and its length.
const LONGEST_WORD: usize = 32;

/// Adds the words of the rendered texts.
pub(super) fn add_texts(tokens: &mut Tokens, message: &Message) {
    let mut room = MOST_TEXT;
    // The first paragraph is the Subject, which the header brings.
    for paragraph in message.body().iter().skip(1) {
        let piece = paragraph.get(..room).unwrap_or(paragraph);
        room -= piece.len();
        add(tokens, "", &String::from_utf8_lossy(piece));
        if room == 0 || tokens.is_full() {
            return;
        }
    }
}

/// Adds the words of a text.
pub(super) fn add(tokens: &mut Tokens, mark: &str, text: &str) {
    if text.is_ascii() {
        let chunks = text.as_bytes().split(|&byte| !is_inner_byte(byte));
        let chunks = chunks.filter_map(|chunk| str::from_utf8(chunk).ok());
        return chunks.for_each(|chunk| add_chunk(tokens, mark, chunk));
    }
    text.split(|c: char| !is_inner(c)).for_each(|chunk| add_chunk(tokens, mark, chunk));
}

fn add_chunk(tokens: &mut Tokens, mark: &str, chunk: &str) {
    let word = chunk.trim_matches(['.', '-', '\'', '_', '@']);
    if !word.is_empty() {
        add_word(tokens, mark, word);
    }
}

/// Never a colon: no word of a text may look like one with a mark.
fn is_inner(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_inner_byte) || (!c.is_ascii() && c.is_alphanumeric())
}

/// Of ASCII.
fn is_inner_byte(byte: u8) -> bool {
    match byte {
        b'.' | b'-' | b'\'' | b'_' | b'$' | b'%' | b'!' | b'@' => true,
        _ => byte.is_ascii_alphanumeric(),
    }
}

fn add_word(tokens: &mut Tokens, mark: &str, word: &str) {
    if !word.is_ascii() && word.chars().any(is_unspaced) {
        return add_unspaced(tokens, mark, word);
    }
    if word.len() <= LONGEST_WORD {
        return tokens.add(mark, word);
    }
    let end = word.floor_char_boundary(8);
    let length = (word.len() / 16).min(9).to_string();
    tokens.add_pieces(mark, &["long", &length]);
    tokens.add_pieces(mark, &[word.get(..end).unwrap_or_default(), "…"]);
}

/// Scripts that put no blanks between words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0e00..=0x0eff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0x20000..=0x2ffff)
}

/// Pairs of neighbouring characters stand for words.
fn add_unspaced(tokens: &mut Tokens, mark: &str, word: &str) {
    let mut starts = word.char_indices().map(|(at, _)| at).chain([word.len()]);
    let mut start = starts.next().unwrap_or(0);
    let mut middle = starts.next().unwrap_or(start);
    for end in starts {
        tokens.add(mark, word.get(start..end).unwrap_or_default());
        (start, middle) = (middle, end);
    }
}
