//! What rules ask about a page (the functions of SpamAssassin's HTMLEval).

use std::collections::HashMap;

use super::{
    elements::{self, COUNT},
    links::Links,
};

/// Facts about one text/html part. Ratios are `None` where there is nothing to divide by.
#[derive(Debug, Default)]
pub struct HtmlFacts {
    /// Characters of the page.
    pub length: usize,
    /// Characters of its text that are no blanks.
    pub non_space_len: usize,
    /// How much of the page is no text, from 0 to 1 (of bytes and characters, so it may be odd).
    pub ratio: Option<f64>,
    /// Square pixels of pictures, as far as their tags say.
    pub image_area: f64,
    /// Smallest size of letters set by tags; 3 is usual.
    pub min_size: i64,
    /// Largest size of letters set by tags; 3 is usual.
    pub max_size: i64,
    /// A text in hardly another colour than what is behind it.
    pub font_low_contrast: bool,
    /// A text in a colour that is none.
    pub font_invalid_color: bool,
    /// A `face` that is no list of font names.
    pub font_face_bad: bool,
    /// A form that is sent by mail.
    pub form_action_mailto: bool,
    /// An `object` or `embed`.
    pub embeds: bool,
    /// A link was longer than 8,192 characters.
    pub uri_truncated: bool,
    /// Titles, entities read.
    pub titles: Vec<String>,
    /// Comments with their marks.
    pub comments: Vec<String>,
    /// Where the page leads.
    pub links: Links,
    pub(super) counts: Counts,
}

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) tags: u32,
    pub(super) elements: u32,
    pub(super) tags_seen: u32,
    pub(super) elements_seen: u32,
    pub(super) closed_extra: u32,
    pub(super) obfuscation: u32,
    pub(super) inside: Inside,
}

/// How many of each element are open; none below zero.
#[derive(Debug)]
pub(super) struct Inside {
    known: [Option<i32>; COUNT],
    others: HashMap<Box<str>, i32>,
}

impl Default for Inside {
    fn default() -> Self {
        Self { known: [None; COUNT], others: HashMap::new() }
    }
}

impl Inside {
    /// How many are open; `None` if there never was one. The name is in lower case.
    pub(super) fn get(&self, name: &str) -> Option<i32> {
        match elements::find(name.as_bytes()) {
            Some(index) => self.at(index),
            None => self.others.get(name).copied(),
        }
    }

    pub(super) fn at(&self, index: elements::Index) -> Option<i32> {
        self.known.get(index).copied().flatten()
    }

    /// Sets what is known of an element.
    pub(super) fn set(&mut self, index: Option<elements::Index>, name: &str, open: i32) {
        if let Some(known) = index.and_then(|index| self.known.get_mut(index)) {
            *known = Some(open);
        } else if let Some(other) = self.others.get_mut(name) {
            *other = open;
        } else {
            self.others.insert(name.into(), open);
        }
    }
}

impl HtmlFacts {
    /// How many elements of a name (in lower case) are open at the end; `None` if there was none.
    /// `!doctype` counts as one.
    pub fn inside(&self, name: &str) -> Option<i32> {
        self.counts.inside.get(name)
    }

    /// Tags of elements that no standard has, among all tags.
    pub fn bad_tag_ratio(&self) -> Option<f64> {
        let Counts { tags, elements, .. } = self.counts;
        (elements > 0).then(|| ratio(tags - elements, tags))
    }

    /// Kinds of elements that no standard has, among all kinds.
    pub fn non_element_ratio(&self) -> Option<f64> {
        let Counts { tags_seen, elements_seen, .. } = self.counts;
        (elements_seen > 0).then(|| ratio(tags_seen - elements_seen, tags_seen))
    }

    /// End tags without a start, among all tags.
    pub fn closed_extra_ratio(&self) -> Option<f64> {
        let Counts { tags, closed_extra, .. } = self.counts;
        (tags > 0).then(|| ratio(closed_extra, tags))
    }

    /// Tags in the middle of words, among all tags.
    pub fn obfuscation_ratio(&self) -> Option<f64> {
        let Counts { tags, obfuscation, .. } = self.counts;
        (tags > 0 && obfuscation > 0).then(|| ratio(obfuscation, tags))
    }
}

fn ratio(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole)
}
