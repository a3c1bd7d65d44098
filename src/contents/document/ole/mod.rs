//! OLE files: documents of Office 97 to 2003, messages of Outlook, and objects in others.

mod compound;
mod encrypted;
mod message;
mod native;
mod pictures;
mod properties;
mod sheet;
mod slides;
#[cfg(test)]
mod tests;
mod word;

use std::io::Cursor;

use memchr::memmem;

pub(super) use self::{
    compound::{Compound, Node},
    native::packaged,
};
use super::{addresses, charset, vba};
use crate::{
    contents::reading::{Entry, ReadError, Reading},
    mail::{Origin, TraitKind},
};

/// Below this many letters a document says nothing.
const FEW_LETTERS: usize = 8;

/// The class of the old equation editor, which runs what it is given.
const EQUATION: &[u8] = b"\x02\xce\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let compound = Compound::open(bytes, reading)?;
    if let Some(package) = compound.load("EncryptedPackage", reading)? {
        let info = compound.load("EncryptionInfo", reading)?.unwrap_or_default();
        return encrypted::read(&info, &package, reading);
    }
    vba::projects(&compound, reading)?;
    if compound.find("__properties_version1.0").is_some() {
        reading.kind("msg");
        message::read(&compound, reading)?;
    }
    let letters = texts(&compound, reading)?;
    if let Some(summary) = compound.load("\u{5}SummaryInformation", reading)? {
        reading.text(Origin::Properties, &properties::summary(&summary));
    }
    objects(&compound, reading)?;
    let mut count = 0;
    for name in ["Pictures", "Data"] {
        if let Some(stream) = compound.load(name, reading)? {
            count += pictures::read(&stream, reading)?;
        }
    }
    if letters.is_some_and(|letters| letters < FEW_LETTERS) && count > 0 {
        reading.is(TraitKind::OnlyPictures, &format!("{count} pictures"));
    }
    Ok(())
}

/// The texts of all documents in it, those of objects too; how many letters they show, if there is one.
fn texts(compound: &Compound<'_>, reading: &mut Reading<'_>) -> Result<Option<usize>, ReadError> {
    let mut letters: Option<usize> = None;
    for node in compound.nodes().iter().filter(|node| node.is_stream) {
        reading.time()?;
        let (kind, more) = match &*node.name().to_ascii_lowercase() {
            "worddocument" => ("doc", word::read(compound, node, reading)?),
            "workbook" | "book" => ("xls", sheet::read(compound, node, reading)?),
            "powerpoint document" => ("ppt", slides::read(compound, node, reading)?),
            _ => continue,
        };
        if node.folder().is_empty() {
            reading.kind(kind);
        }
        letters = Some(letters.unwrap_or(0).saturating_add(more));
    }
    Ok(letters)
}

/// Files and objects in it.
fn objects(compound: &Compound<'_>, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    for node in compound.nodes() {
        reading.time()?;
        let name = node.name();
        if node.class == EQUATION {
            reading.is(TraitKind::Object, "Equation.3");
        } else if name.starts_with("MBD") || node.folder().ends_with("ObjectPool/") {
            reading.is(TraitKind::Object, name);
        }
        match name {
            "\u{1}Ole10Native" | "\u{1}oLE10natiVE" => native(compound, node, reading)?,
            "CONTENTS" | "Package" if node.is_stream => {
                let data = compound.stream(node, reading)?;
                member(name.to_owned(), &data, reading)?;
            }
            "\u{1}Ole" | "\u{3}LinkInfo" => {
                let data = compound.stream(node, reading)?;
                link(&data, reading);
            }
            _ => {}
        }
    }
    Ok(())
}

fn native(
    compound: &Compound<'_>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let data = compound.stream(node, reading)?;
    let (name, file) = packaged(&data);
    reading.is(TraitKind::Object, if name.is_empty() { "native data" } else { &name });
    member(name, file, reading)
}

fn member(name: String, data: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let entry = Entry { name, packed: data.len() as u64, ..Entry::default() };
    reading.member(entry, &mut Cursor::new(data))
}

/// An object that is elsewhere: its address is in UTF-16.
pub(super) fn link(data: &[u8], reading: &mut Reading<'_>) {
    let Some(at) = memmem::find(data, b"h\0t\0t\0p\0") else { return };
    let text = charset::utf16(data.get(at..).unwrap_or_default());
    for address in addresses::addresses(text.split('\0').next().unwrap_or_default()) {
        reading.is(TraitKind::External, &address);
        reading.uri(&address);
    }
}
