//! Which parts of a message are looked into, and which pictures it shows.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::{document::page, formats};
use crate::mail::{Message, Part, file_type};

/// Smaller pictures show nothing, in bytes.
const SMALLEST: usize = 200;

/// A part that is looked into.
#[derive(Clone, Debug)]
pub struct Parcel<'m> {
    /// Its place in the message.
    pub number: u32,
    /// Its file name; may be empty.
    pub name: &'m str,
    /// Its bytes.
    pub bytes: Cow<'m, [u8]>,
}

/// The parts in which something may be.
pub fn parcels(message: &Message) -> Vec<Parcel<'_>> {
    let parts = (0..).zip(message.parts()).filter(|(_, part)| !part.is_container);
    let parcels = parts.filter_map(|(number, part)| {
        let bytes = part.content(message.raw());
        let name = part.file_name.as_deref().unwrap_or_default();
        is_parcel(part, &bytes).then_some(Parcel { number, name, bytes })
    });
    parcels.collect()
}

fn is_parcel(part: &Part, bytes: &[u8]) -> bool {
    let is_text = part.content_type.starts_with("text/");
    let kind = file_type(bytes).map_or("", |known| known.extension);
    let is_page = matches!(kind, "html" | "svg" | "hta") || part.content_type == "text/html";
    match is_page {
        // What it shows is read with the message, unless it says that it is something else.
        true => page::may_hide(bytes) || !is_text,
        false => !(is_text && kind.is_empty()) && formats::reader(kind, bytes).is_some(),
    }
}

/// A picture that the message shows.
#[derive(Clone, Debug)]
pub struct Picture<'m> {
    /// Its slices, row by row; mostly one row of one.
    pub rows: Vec<Vec<Cow<'m, [u8]>>>,
    /// The part that it is, or is in.
    pub part: u32,
    /// Which item it is, if it is in an archive or a document.
    pub item: Option<u32>,
    /// SHA-256 of its slices.
    pub digest: [u8; 32],
}

impl Picture<'_> {
    /// Bytes of all slices.
    pub fn bytes(&self) -> usize {
        self.rows.iter().flatten().map(|slice| slice.len()).sum()
    }
}

/// The pictures of a message and of what is inside it, the largest first.
pub fn pictures(message: &Message) -> Vec<Picture<'_>> {
    let of_parts = (0..).zip(message.parts()).filter_map(|(number, part)| {
        let bytes = part.content(message.raw());
        picture((number, None), bytes)
    });
    let inside = message.kept().filter_map(|(number, item, bytes)| {
        picture((item.part, Some(number)), Cow::Borrowed(bytes))
    });
    let mut pictures: Vec<_> = of_parts.chain(inside).collect();
    pictures.sort_by_key(|picture| std::cmp::Reverse(picture.bytes()));
    pictures
}

fn picture(place: (u32, Option<u32>), bytes: Cow<'_, [u8]>) -> Option<Picture<'_>> {
    let kind = file_type(&bytes)?.extension;
    if !formats::is_picture(kind) || bytes.len() < SMALLEST {
        return None;
    }
    let digest = Sha256::digest(&bytes).into();
    let (part, item) = place;
    Some(Picture { rows: vec![vec![bytes]], part, item, digest })
}
