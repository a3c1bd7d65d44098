//! How far the parts of a multipart/alternative say the same.

use std::collections::HashMap;

use super::super::Entity;
use crate::mail::LeafText;

/// How much text is compared in all, in bytes; a part counts for each multipart/alternative that
/// it is in.
const MOST: usize = 4 * 1024 * 1024;

/// How far the parts of a multipart/alternative say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super::super) struct Alternatives {
    /// How many percent of the different words of its HTML are missing in its plain text, where
    /// that is most.
    pub(super) percent: f64,
    /// Different words in the HTML of the last multipart/alternative that has any.
    pub(super) html_words: usize,
    /// Different words in its plain text.
    pub(super) text_words: usize,
}

/// How often each word is there.
type Words<'t> = HashMap<&'t str, Count>;

/// How often a word is there.
#[derive(Default)]
struct Count {
    html: usize,
    plain: usize,
}

impl Alternatives {
    /// Compares them.
    pub(in super::super::super) fn of(
        entities: &[Entity<'_>],
        texts: &[Option<LeafText<'_>>],
    ) -> Self {
        let mut worst = Self::default();
        let mut left = MOST;
        if is_invitation(entities) {
            return worst;
        }
        for (at, entity) in entities.iter().enumerate() {
            if !is_alternative(entity.content_type) {
                continue;
            }
            let behind = entities.get(at + 1..).unwrap_or_default();
            let inner = behind.iter().take_while(|inner| inner.depth > entity.depth);
            let inner = inner.filter(|inner| is_text(inner.content_type));
            let inner = inner.filter_map(|inner| texts.get(inner.leaf?)?.as_ref());
            worst.compare(inner, &mut left);
        }
        worst
    }

    /// Compares the texts of one multipart/alternative, as far as they may be read.
    fn compare<'e>(&mut self, texts: impl Iterator<Item = &'e LeafText<'e>>, left: &mut usize) {
        let mut words = Words::new();
        let mut has_page = false;
        for LeafText { text, html } in texts {
            if text.len() > *left {
                break;
            }
            *left -= text.len();
            let has_words = add_words(&mut words, text, html.is_some());
            has_page = has_page || has_words && html.is_some();
            if !has_page && html.is_some_and(|facts| facts.inside("img").is_some()) {
                // An image is a word that no text has.
                words.entry("\n").or_default().html = 1;
                has_page = true;
            }
        }
        let in_html = words.values().filter(|count| count.html > 0);
        let missing = in_html.clone().filter(|count| count.html > count.plain).count();
        if !has_page {
            return;
        }
        let html_words = in_html.count();
        self.html_words = html_words;
        self.text_words = words.values().filter(|count| count.plain > 0).count();
        self.percent = self.percent.max(missing as f64 / html_words as f64 * 100.0);
    }
}

/// Whether a message is an invitation to a meeting: HTML and a calendar, nothing else.
fn is_invitation(entities: &[Entity<'_>]) -> bool {
    let types: Vec<&str> = entities.iter().map(|entity| entity.content_type).collect();
    types == ["multipart/alternative", "text/html", "text/calendar"]
}

fn is_alternative(content_type: &str) -> bool {
    begins_with_word(content_type, "multipart/alternative")
}

fn is_text(content_type: &str) -> bool {
    begins_with_word(content_type, "text")
}

fn begins_with_word(text: &str, word: &str) -> bool {
    let rest = text.strip_prefix(word);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// Counts what stands between blanks and has a letter, a digit or an underscore; returns whether
/// there is any.
fn add_words<'t>(words: &mut Words<'t>, text: &'t str, is_html: bool) -> bool {
    let mut is_any = false;
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    for word in text.split_whitespace().filter(|word| word.contains(is_letter)) {
        let count = words.entry(word).or_default();
        let count = if is_html { &mut count.html } else { &mut count.plain };
        *count += 1;
        is_any = true;
    }
    is_any
}
