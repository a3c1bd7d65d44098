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

/// Words and how often they are there.
type Words = HashMap<String, usize>;

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
        let (mut html, mut plain) = (Words::new(), Words::new());
        for text in texts {
            if text.text.len() > *left {
                return;
            }
            *left -= text.text.len();
            add_words(if text.html.is_some() { &mut html } else { &mut plain }, &text.text);
            if html.is_empty() && text.html.is_some_and(|facts| facts.inside("img").is_some()) {
                // An image is a word that no text has.
                html.insert("\n".to_owned(), 1);
            }
        }
        if html.is_empty() {
            return;
        }
        (self.html_words, self.text_words) = (html.len(), plain.len());
        let is_missing = |(word, count): &(&String, &usize)| {
            plain.get(*word).is_none_or(|in_plain| in_plain < count)
        };
        let missing = html.iter().filter(is_missing).count();
        self.percent = self.percent.max(missing as f64 / html.len() as f64 * 100.0);
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

/// Counts what stands between blanks and has a letter, a digit or an underscore.
fn add_words(words: &mut Words, text: &str) {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    for word in text.split_whitespace().filter(|word| word.contains(is_letter)) {
        match words.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                words.insert(word.to_owned(), 1);
            }
        }
    }
}
