//! Files that are zip archives of parts with names: office documents.

use std::{
    collections::HashMap,
    io::{Cursor, Read},
};

use zip::ZipArchive;

use crate::{
    contents::reading::{Entry, ReadError, Reading},
    mail::Limit,
};

/// The kind of document that a zip archive is, whatever the order of its files: the usual extension.
pub(super) fn kind(bytes: &[u8]) -> Option<&'static str> {
    let package = Package::open(bytes).ok()?;
    let has = |folder: &str| package.places.keys().any(|name| name.starts_with(folder));
    let folders = [("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")];
    if has("[content_types].xml") {
        folders.into_iter().find(|(folder, _)| has(folder)).map(|(_, kind)| kind)
    } else {
        (has("content.xml") && (has("mimetype") || has("meta-inf/manifest.xml"))).then_some("odt")
    }
}

/// The parts of a document.
pub(super) struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    /// Places of the parts by their names in lower case; of equal ones the last.
    places: HashMap<String, usize>,
}

impl<'b> Package<'b> {
    /// Opens one.
    ///
    /// # Errors
    /// It is no zip archive, or damaged.
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, ReadError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(ReadError::broken)?;
        let name = |place| Some((archive.name_for_index(place)?.ok()?.to_lowercase(), place));
        let places = (0..archive.len()).filter_map(name).collect();
        Ok(Self { archive, places })
    }

    /// The names of all parts in lower case: short ones first, so that numbered parts are in their order.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.places.keys().cloned().collect();
        names.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
        names
    }

    /// The bytes of a part; `None` if there is none, or it cannot be read.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn load(
        &mut self,
        name: &str,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(&place) = self.places.get(&*name.to_lowercase()) else { return Ok(None) };
        let Ok(mut part) = self.archive.by_index(place) else { return Ok(None) };
        let packed = part.compressed_size().max(1);
        match reading.load(&mut part, packed) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError::Broken(_) | ReadError::Limit(Limit::Ratio)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a part as a file of its own.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn member(
        &mut self,
        name: &str,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let Some(&place) = self.places.get(name) else { return Ok(()) };
        let shown = self.archive.name_for_index(place).and_then(Result::ok);
        let entry = Entry::named(shown.map_or_else(|| name.to_owned(), |name| name.into_owned()));
        let Ok(mut part) = self.archive.by_index(place) else {
            return reading.unreadable(entry, 0);
        };
        let packed = part.compressed_size().max(1);
        let entry = Entry { packed, ..entry };
        let part: &mut dyn Read = &mut part;
        match reading.member(entry, part) {
            Err(ReadError::Limit(Limit::Ratio)) => Ok(()),
            other => other,
        }
    }
}
