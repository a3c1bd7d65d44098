//! PDF documents (ISO 32000-1).
//!
//! Own code, not a library: what hides in PDF files hides in what lenient viewers repair and strict
//! libraries refuse, and every byte that is unpacked has to go through the budget. No table of the file is
//! trusted (see [`file`]); what it can do is looked for in all of its objects, reachable or not; only the
//! text is read page by page.

mod crypt;
mod facts;
mod file;
mod filters;
mod font;
mod glyphs;
mod matrix;
mod object;
mod pictures;
#[cfg(test)]
mod tests;
mod text;

use std::{collections::HashSet, io::Cursor};

use self::{
    file::Document,
    object::{Dict, Object, Stream},
    text::Pages,
};
use super::charset;
use crate::{
    contents::reading::{Entry, ReadError, Reading},
    mail::{Lock, Origin, TraitKind},
};

/// Below this many letters a document says nothing.
const FEW_LETTERS: usize = 8;

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut document = Document::new(bytes, reading)?;
    let is_encrypted =
        document.trailer.get("Encrypt").is_some_and(|object| *object != Object::Null);
    let mut is_readable = true;
    if is_encrypted {
        match crypt::open(&document, reading.passwords()) {
            Some(crypt) => {
                if crypt.password > 0 {
                    reading.lock(Lock::Opened);
                }
                document.unlock(crypt);
            }
            None => {
                reading.lock(Lock::Locked);
                is_readable = false;
            }
        }
    }
    if is_readable {
        document.find_packed(reading)?;
    }
    facts::tell(&document, is_readable, reading)?;
    if is_readable {
        contents(&document, reading)?;
    }
    if document.is_cut() {
        return Err(ReadError::broken("too many objects"));
    }
    Ok(())
}

/// What it says, and the files in it.
fn contents(document: &Document<'_>, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    properties(document, reading);
    let mut pages = Pages::new(document);
    let all = document.pages();
    for (page, resources) in &all {
        reading.time()?;
        if !pages.has_room() {
            break;
        }
        if let Err(error) = pages.page(page, resources, reading) {
            reading.text(Origin::Document, &pages.text);
            return Err(error);
        }
    }
    reading.text(Origin::Document, &pages.text);
    let letters = pages.text.chars().filter(|c| c.is_alphanumeric()).take(FEW_LETTERS).count();
    if letters < FEW_LETTERS && !pages.pictures.is_empty() {
        let detail = format!("{} pages, {} pictures", all.len(), pages.pictures.len());
        reading.is(TraitKind::OnlyPictures, &detail);
    }
    files(document, reading)?;
    pictures(document, reading)
}

fn properties(document: &Document<'_>, reading: &mut Reading<'_>) {
    let Some(info) = document.entry(&document.trailer, "Info").as_dict() else { return };
    let names = ["Title", "Subject", "Author", "Keywords"];
    let values = names.iter().filter_map(|name| document.entry(info, name).as_text());
    let lines: Vec<String> = values.map(string).filter(|line| !line.trim().is_empty()).collect();
    reading.text(Origin::Properties, &lines.join("\n"));
}

/// Attached files (7.11.4), each once.
fn files(document: &Document<'_>, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut seen = HashSet::new();
    for (_, object) in document.objects() {
        reading.time()?;
        let mut stack = vec![object];
        while let Some(object) = stack.pop() {
            if let Some(dict) = object.as_dict() {
                attached(document, dict, &mut seen, reading)?;
                stack.extend(dict.0.iter().map(|(_, object)| object));
            }
            stack.extend(object.as_array().unwrap_or_default());
        }
    }
    for (_, object) in document.objects() {
        if let Object::Stream(stream) = object
            && stream.dict.name("Type") == Some("EmbeddedFile")
        {
            member(document, stream, "", &mut seen, reading)?;
        }
    }
    Ok(())
}

/// The file that a file specification holds, if it does.
fn attached(
    document: &Document<'_>,
    dict: &Dict,
    seen: &mut HashSet<(u32, u16)>,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let Some(streams) = document.entry(dict, "EF").as_dict() else { return Ok(()) };
    let names = ["UF", "F", "DOS", "Unix"];
    let name = names.iter().find_map(|name| document.entry(dict, name).as_text());
    let name = name.map(string).unwrap_or_default();
    for (_, stream) in streams.0.iter().take(8) {
        if let Object::Stream(stream) = document.resolve(stream) {
            member(document, stream, &name, seen, reading)?;
        }
    }
    Ok(())
}

fn member(
    document: &Document<'_>,
    stream: &Stream,
    name: &str,
    seen: &mut HashSet<(u32, u16)>,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    if !seen.insert(stream.id) {
        return Ok(());
    }
    reading.is(TraitKind::Attached, name);
    let entry = entry(document, stream, name.to_owned());
    match filters::load(document, stream, reading)? {
        Some(loaded) => reading.member(entry, &mut Cursor::new(loaded.data)),
        None => reading.unreadable(entry, stream.range.len() as u64),
    }
}

/// What was encrypted with a password is found by nobody else.
fn entry(document: &Document<'_>, stream: &Stream, name: String) -> Entry {
    let is_hidden = document.crypt.as_ref().is_some_and(|crypt| crypt.password > 0);
    Entry { name, packed: stream.range.len() as u64, is_hidden, ..Entry::default() }
}

/// Pictures, but for masks of others.
fn pictures(document: &Document<'_>, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let streams = || {
        document.objects().filter_map(|(_, object)| match object {
            Object::Stream(stream) if stream.dict.name("Subtype") == Some("Image") => Some(stream),
            _ => None,
        })
    };
    let masks: HashSet<(u32, u16)> = streams()
        .filter_map(|stream| match document.entry(&stream.dict, "SMask") {
            Object::Stream(mask) => Some(mask.id),
            _ => None,
        })
        .collect();
    let mut number = 0;
    for stream in streams().filter(|stream| !masks.contains(&stream.id)) {
        reading.time()?;
        if let Some(file) = pictures::file(document, stream, reading)? {
            number += 1;
            let entry = entry(document, stream, format!("picture {number}"));
            reading.member(entry, &mut Cursor::new(file))?;
        }
    }
    Ok(())
}

/// A string that is a text (7.9.2.2).
fn string(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => charset::utf16_big(rest),
        [0xff, 0xfe, rest @ ..] => charset::utf16(rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => charset::western(bytes),
    };
    text.trim_end_matches('\0').to_owned()
}
