//! Reads the text in the views of a picture: the cheap way first, others only while what was read is rubbish.

use std::{collections::HashSet, time::Instant};

use serde::{Deserialize, Serialize};

use super::{
    Look,
    prepare::{self, Way},
    tesseract::{OcrError, Reader, Words},
    views::View,
};

/// How often something of one picture is read.
const MOST_ATTEMPTS: u32 = 12;

/// In how many ways each view is read that shows a code: its dots look like letters, and are not.
const WAYS_BESIDE_CODES: usize = 1;

/// Text in a picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PictureText {
    /// Line by line.
    pub text: String,
    /// How sure it is, 0 to 100.
    pub confidence: f32,
    /// How often something was read.
    pub attempts: u32,
    /// There was no time to read all of it.
    pub is_cut: bool,
}

/// Reads what a picture shows. Until the deadline, that is: what was read by then counts.
///
/// # Errors
/// Tesseract does not work at all.
pub fn read(look: &Look, reader: &mut Reader, deadline: Instant) -> Result<PictureText, OcrError> {
    let mut text = PictureText::default();
    let mut known = HashSet::new();
    let mut letters = 0;
    let mut is_good_so_far = false;
    let ways = if look.codes.is_empty() { usize::MAX } else { WAYS_BESIDE_CODES };
    for view in &look.views {
        if view.is_spare && is_good_so_far {
            continue;
        }
        let words = match best(view, ways, reader, deadline, &mut text) {
            Ok(words) => words,
            Err(OcrError::Late) => break,
            Err(error) => return Err(error),
        };
        is_good_so_far = is_good(&words);
        let both = (letters + words.letters).max(1) as f32;
        let share = words.letters as f32 / both;
        text.confidence = text.confidence * (1.0 - share) + words.confidence * share;
        letters += words.letters;
        for line in words.lines {
            if known.insert(line.clone()) {
                text.text.push_str(&line);
                text.text.push('\n');
            }
        }
    }
    Ok(text)
}

/// The best that can be read in a view.
fn best(
    view: &View,
    ways: usize,
    reader: &mut Reader,
    deadline: Instant,
    text: &mut PictureText,
) -> Result<Words, OcrError> {
    let mut best = Words::default();
    for way in prepare::ways(&prepare::sight(&view.grey)).into_iter().take(ways) {
        if text.attempts == MOST_ATTEMPTS || Instant::now() >= deadline {
            text.is_cut = true;
            break;
        }
        text.attempts += 1;
        let words = match attempt(view, way, reader, deadline) {
            Ok(words) => words,
            Err(OcrError::Late) => {
                text.is_cut = true;
                break;
            }
            Err(error) => return Err(error),
        };
        if worth(&words) > worth(&best) {
            best = words;
        }
        if is_good(&best) {
            break;
        }
    }
    Ok(best)
}

fn attempt(
    view: &View,
    way: Way,
    reader: &mut Reader,
    deadline: Instant,
) -> Result<Words, OcrError> {
    reader.words(&prepare::prepare(&view.grey, way), way.layout, deadline)
}

fn worth(words: &Words) -> f32 {
    words.letters as f32 * words.confidence
}

/// Whether another way would hardly do better.
fn is_good(words: &Words) -> bool {
    const LETTERS: usize = 6;
    const CONFIDENCE: f32 = 72.0;
    words.letters >= LETTERS && words.confidence >= CONFIDENCE
}
