//! Which parts of a message are looked into, and which pictures it shows.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::{document::page, formats, slices};
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
pub(super) fn parcels(message: &Message) -> Vec<Parcel<'_>> {
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
pub(super) fn pictures(message: &Message) -> Vec<Picture<'_>> {
    let sliced = slices::sliced(message);
    let is_slice = |part: usize| sliced.iter().flatten().flatten().any(|slice| *slice == part);
    let parts = message.parts().iter().enumerate().filter(|(number, _)| !is_slice(*number));
    let of_parts = parts.filter_map(|(number, part)| {
        let bytes = part.content(message.raw());
        is_picture(&bytes).then(|| picture(number, None, vec![vec![bytes]]))
    });
    let inside = message.kept().filter_map(|(number, item, bytes)| {
        let rows = vec![vec![Cow::Borrowed(bytes)]];
        is_picture(bytes).then(|| picture(item.part as usize, Some(number), rows))
    });
    let whole = sliced.iter().filter_map(|rows| put_together(message, rows));
    let mut pictures: Vec<_> = of_parts.chain(inside).chain(whole).collect();
    pictures.sort_by_key(|picture| std::cmp::Reverse(picture.bytes()));
    pictures
}

/// Slices that are all pictures.
fn put_together<'m>(message: &'m Message, rows: &[Vec<usize>]) -> Option<Picture<'m>> {
    let slice = |part: &usize| {
        let bytes = message.parts().get(*part)?.content(message.raw());
        formats::is_picture(file_type(&bytes)?.extension).then_some(bytes)
    };
    let of_row = |row: &Vec<usize>| row.iter().map(slice).collect::<Option<Vec<_>>>();
    let slices = rows.iter().map(of_row).collect::<Option<Vec<_>>>()?;
    let first = *rows.first()?.first()?;
    Some(picture(first, None, slices))
}

fn is_picture(bytes: &[u8]) -> bool {
    bytes.len() >= SMALLEST
        && file_type(bytes).is_some_and(|known| formats::is_picture(known.extension))
}

fn picture(part: usize, item: Option<u32>, rows: Vec<Vec<Cow<'_, [u8]>>>) -> Picture<'_> {
    let mut digest = Sha256::new();
    for row in &rows {
        // So that the same slices in other rows are another picture.
        digest.update((row.len() as u64).to_le_bytes());
        row.iter().for_each(|slice| digest.update(Sha256::digest(slice)));
    }
    let part = u32::try_from(part).unwrap_or(u32::MAX);
    Picture { rows, part, item, digest: digest.finalize().into() }
}
