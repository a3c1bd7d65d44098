//! What the tests of all readers share.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use flate2::{Compression, write::DeflateEncoder};

use crate::{
    contents::{
        budget::Bounds,
        reading::{Found, ReadError, Reader, Reading},
    },
    mail::{Inside, Item, Origin, TraitKind},
};

/// All that is found in a file, with these passwords.
pub(in crate::contents) fn found_with(bytes: &[u8], passwords: &[&str]) -> Found {
    let bounds = Bounds {
        depth: 8,
        members: 500,
        bytes: 64 << 20,
        ratio: 200,
        deadline: Instant::now() + Duration::from_secs(60),
    };
    let passwords: Vec<String> = passwords.iter().map(|word| (*word).to_owned()).collect();
    let mut reading = Reading::new(bounds, &passwords);
    reading.part(0, "file", bytes);
    reading.finish()
}

/// All that is found in a file.
pub(in crate::contents) fn found(bytes: &[u8]) -> Inside {
    found_with(bytes, &[]).inside
}

/// What is told of a file by a function alone.
pub(in crate::contents) fn told(tell: impl FnOnce(&mut Reading<'_>)) -> Inside {
    let deadline = Instant::now() + Duration::from_secs(60);
    let bounds = Bounds { depth: 8, members: 500, bytes: 64 << 20, ratio: 200, deadline };
    let mut reading = Reading::new(bounds, &[]);
    reading.within("file", tell);
    reading.finish().inside
}

/// What a reader tells of a file, whatever its first bytes say.
pub(in crate::contents) fn read_by(reader: Reader, bytes: &[u8]) -> Inside {
    told(|reading| {
        if let Err(ReadError::Broken(what)) = reader(bytes, reading) {
            reading.is(TraitKind::Broken, &what);
        }
    })
}

/// A zip archive of these files.
pub(in crate::contents) fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        let packed = encoder.finish().unwrap();
        // Version, flags, method, time and date; a checksum that nobody asks for; sizes; lengths of names.
        let mut head = b"\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
        for size in [packed.len(), content.len(), name.len()] {
            head.extend((size as u32).to_le_bytes());
        }
        directory.extend([b"PK\x01\x02\x14\0", head.as_slice(), &[0; 10]].concat());
        directory.extend((archive.len() as u32).to_le_bytes());
        directory.extend(name.bytes());
        archive.extend([b"PK\x03\x04", head.as_slice(), name.as_bytes(), &packed].concat());
    }
    let places = [directory.len() as u32, archive.len() as u32].map(u32::to_le_bytes).concat();
    let count = [files.len() as u16; 2].map(u16::to_le_bytes).concat();
    [archive, directory, b"PK\x05\x06\0\0\0\0".to_vec(), count, places, vec![0; 2]].concat()
}

/// What the file itself says, its properties left out.
pub(in crate::contents) fn text(inside: &Inside) -> String {
    of(inside, Origin::Document)
}

/// What the file says of itself.
pub(in crate::contents) fn properties(inside: &Inside) -> String {
    of(inside, Origin::Properties)
}

fn of(inside: &Inside, origin: Origin) -> String {
    let texts = first(inside).texts.iter().filter(|text| text.origin == origin);
    texts.map(|text| text.text.as_str()).collect()
}

/// The file itself.
pub(in crate::contents) fn first(inside: &Inside) -> &Item {
    &inside.items[0]
}

/// What the file can do, of this kind.
pub(in crate::contents) fn details(inside: &Inside, kind: TraitKind) -> Vec<&str> {
    let traits = first(inside).traits.iter().filter(|known| known.kind == kind);
    traits.map(|known| known.detail.as_str()).collect()
}

/// The kinds of what the file can do.
pub(in crate::contents) fn kinds(inside: &Inside) -> Vec<TraitKind> {
    let mut kinds: Vec<TraitKind> = first(inside).traits.iter().map(|known| known.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Names of what is in the file.
pub(in crate::contents) fn members(inside: &Inside) -> Vec<&str> {
    inside.items[1..].iter().map(|item| item.name.as_str()).collect()
}
