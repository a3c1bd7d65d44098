//! Reads the text in the views of a picture: the cheap way first, others only while what was read is rubbish.

use std::{collections::HashSet, time::Instant};

use serde::{Deserialize, Serialize};

use super::{
    Look,
    prepare::{self, Way},
    tesseract::{Ocr, OcrError, Words},
    views::View,
};

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
pub fn read(look: &Look, ocr: &Ocr, deadline: Instant) -> Result<PictureText, OcrError> {
    let mut text = PictureText::default();
    let mut known = HashSet::new();
    let mut letters = 0;
    for view in &look.views {
        let words = match best(view, ocr, deadline, &mut text) {
            Ok(words) => words,
            Err(OcrError::Late) => break,
            Err(error) => return Err(error),
        };
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
    ocr: &Ocr,
    deadline: Instant,
    text: &mut PictureText,
) -> Result<Words, OcrError> {
    let mut best = Words::default();
    for way in prepare::ways(&prepare::sight(&view.grey)) {
        if Instant::now() >= deadline {
            text.is_cut = true;
            break;
        }
        text.attempts += 1;
        let words = match attempt(view, way, ocr, deadline) {
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

fn attempt(view: &View, way: Way, ocr: &Ocr, deadline: Instant) -> Result<Words, OcrError> {
    ocr.words(&prepare::prepare(&view.grey, way), way.layout, deadline)
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
