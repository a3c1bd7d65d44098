//! Slides of PowerPoint ([MS-PPT]): a stream of records, some in others.

use std::io::Cursor;

use super::compound::{Compound, Node};
use crate::{
    contents::{
        document::{
            addresses::addresses,
            charset, inflate,
            little::{size_at, u16_at},
        },
        reading::{Entry, ReadError, Reading},
    },
    mail::{Lock, Origin, TraitKind},
};

/// The longest text that is put together, in bytes.
const LONGEST: usize = 512 << 10;

/// Reads the slides in this stream; how many letters they show.
pub(super) fn read(
    compound: &Compound<'_>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Result<usize, ReadError> {
    let stream = compound.stream(node, reading)?;
    let mut text = String::new();
    let mut rest = stream.as_slice();
    while let (Some(kind), Some(size)) = (u16_at(rest, 2), size_at(rest, 4)) {
        reading.time()?;
        let body = rest.get(8..).unwrap_or_default();
        // Records that hold others are looked into.
        if u16_at(rest, 0).is_some_and(|version| version & 15 == 15) {
            if kind == 0x2f14 {
                reading.lock(Lock::Locked);
            }
            rest = body;
            continue;
        }
        let instance = u16_at(rest, 0).unwrap_or(0) >> 4;
        let atom = body.get(..size).unwrap_or(body);
        match kind {
            0x0fa0 => add(&mut text, &charset::utf16(atom)),
            0x0fa8 => add(&mut text, &charset::western(atom)),
            0x0fba => addresses(&charset::utf16(atom)).iter().for_each(|uri| reading.uri(uri)),
            0x1011 => object(atom, instance, reading)?,
            _ => {}
        }
        rest = body.get(size..).unwrap_or_default();
    }
    reading.text(Origin::Document, &text);
    Ok(text.chars().filter(|character| character.is_alphanumeric()).count())
}

fn add(text: &mut String, part: &str) {
    if text.len() < LONGEST {
        text.push_str(&part.replace(['\r', '\u{b}'], "\n"));
        text.push('\n');
    }
}

/// An embedded object, or the project of macros: a compound file, mostly packed.
fn object(atom: &[u8], instance: u16, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    reading.is(TraitKind::Object, "embedded object");
    let entry = Entry { name: "object".into(), packed: atom.len() as u64, ..Entry::default() };
    match instance {
        1 => {
            let packed = atom.get(4..).unwrap_or_default();
            reading.member(entry, &mut inflate::zlib(packed))
        }
        _ => reading.member(entry, &mut Cursor::new(atom)),
    }
}
