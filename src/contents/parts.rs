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

/// A picture that a message shows: where its bytes are.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its slices, row by row; mostly one row of one.
    rows: Vec<Vec<Place>>,
    /// The part that it is, or is in.
    pub part: u32,
    /// Which item it is, if it is in an archive or a document.
    pub item: Option<u32>,
}

/// Where bytes of a message are.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the part of this number.
    Part(usize),
    /// In what is kept of the item of this number.
    Item(u32),
}

impl Place {
    fn bytes(self, message: &Message) -> Cow<'_, [u8]> {
        match self {
            Self::Part(number) => {
                message.parts().get(number).map(|part| part.content(message.raw()))
            }
            Self::Item(number) => {
                let mut kept = message.kept().filter(|(kept, ..)| *kept == number);
                kept.next().map(|(.., bytes)| Cow::Borrowed(bytes))
            }
        }
        .unwrap_or_default()
    }

    fn is_large(self, message: &Message) -> bool {
        self.bytes(message).len() >= SMALLEST
    }
}

impl Picture {
    fn whole(place: Place, part: usize, item: Option<u32>) -> Self {
        Self { rows: vec![vec![place]], part: u32::try_from(part).unwrap_or(u32::MAX), item }
    }

    /// The bytes of its slices, row by row. `message` is the one it belongs to.
    pub fn slices<'m>(&self, message: &'m Message) -> Vec<Vec<Cow<'m, [u8]>>> {
        let of_row = |row: &Vec<Place>| row.iter().map(|place| place.bytes(message)).collect();
        self.rows.iter().map(of_row).collect()
    }

    /// Bytes of all slices.
    pub fn size(&self, message: &Message) -> usize {
        self.rows.iter().flatten().map(|place| place.bytes(message).len()).sum()
    }

    /// SHA-256 of its slices.
    pub fn digest(&self, message: &Message) -> [u8; 32] {
        let mut digest = Sha256::new();
        for row in self.slices(message) {
            // So that the same slices in other rows are another picture.
            digest.update((row.len() as u64).to_le_bytes());
            row.iter().for_each(|slice| digest.update(Sha256::digest(slice)));
        }
        digest.finalize().into()
    }
}

/// The pictures of a message and of what is inside it, the largest first.
pub(super) fn pictures(message: &Message) -> Vec<Picture> {
    let is_shown = |part: &usize| is_picture(&Place::Part(*part).bytes(message));
    let parts: Vec<_> = (0..message.parts().len()).filter(is_shown).collect();
    let sliced = if parts.len() > 1 { slices::sliced(message) } else { Vec::new() };
    let is_slice = |part: usize| sliced.iter().flatten().flatten().any(|slice| *slice == part);
    let whole = parts.into_iter().map(|part| (part, Place::Part(part)));
    let whole = whole.filter(|(part, place)| place.is_large(message) && !is_slice(*part));
    let whole = whole.map(|(part, place)| Picture::whole(place, part, None));
    let inside = message.kept().map(|(number, item, _)| (number, item, Place::Item(number)));
    let inside = inside
        .filter(|(.., place)| place.is_large(message) && is_picture(&place.bytes(message)))
        .map(|(number, item, place)| Picture::whole(place, item.part as usize, Some(number)));
    let together = sliced.iter().filter_map(|rows| put_together(message, rows));
    let mut pictures: Vec<_> = whole.chain(inside).chain(together).collect();
    pictures.sort_by_key(|picture| std::cmp::Reverse(picture.size(message)));
    pictures
}

/// Slices that are all pictures, of any size.
fn put_together(message: &Message, rows: &[Vec<usize>]) -> Option<Picture> {
    let mut slices = rows.iter().flatten();
    let first = *slices.clone().next()?;
    let is_whole = slices.all(|part| is_picture(&Place::Part(*part).bytes(message)));
    let places = |row: &Vec<usize>| row.iter().copied().map(Place::Part).collect();
    let rows = rows.iter().map(places).collect();
    is_whole.then(|| Picture { rows, ..Picture::whole(Place::Part(first), first, None) })
}

fn is_picture(bytes: &[u8]) -> bool {
    file_type(bytes).is_some_and(|known| formats::is_picture(known.extension))
}
