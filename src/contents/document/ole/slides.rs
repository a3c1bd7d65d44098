//! Slides of PowerPoint ([MS-PPT]): a stream of records, some in others.

use std::io::Cursor;

use super::compound::{Compound, Node};
use crate::{
    contents::{
        document::{
            addresses::addresses,
            charset, inflate,
            little::{size_at, u16_at},
            records::Records,
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
    for (head, atom) in Records::new(&stream, head) {
        reading.time()?;
        match head.kind {
            0x2f14 if head.holds_others => reading.lock(Lock::Locked),
            _ if head.holds_others => {}
            0x0fa0 => add(&mut text, &charset::utf16(atom)),
            0x0fa8 => add(&mut text, &charset::western(atom)),
            0x0fba => addresses(&charset::utf16(atom)).iter().for_each(|uri| reading.uri(uri)),
            0x1011 => object(atom, head.instance, reading)?,
            _ => {}
        }
    }
    reading.text(Origin::Document, &text);
    Ok(text.chars().filter(|character| character.is_alphanumeric()).count())
}

/// What stands before a record.
struct Head {
    kind: u16,
    instance: u16,
    /// Its bytes are records.
    holds_others: bool,
}

/// Records that hold others are looked into: those come next.
fn head(bytes: &[u8]) -> Option<(Head, usize, &[u8])> {
    let (version, kind, size) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?, size_at(bytes, 4)?);
    let holds_others = version & 15 == 15;
    let head = Head { kind, instance: version >> 4, holds_others };
    Some((head, if holds_others { 0 } else { size }, bytes.get(8..)?))
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
