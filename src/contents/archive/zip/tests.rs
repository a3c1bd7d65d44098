//! Archives put together by hand, and some that lie.

use std::io::Write as _;

use crate::contents::archive::tests::{TEXT, case, check};

/// A member of a zip archive, as its own header and the directory tell it.
#[derive(Clone)]
pub(in crate::contents::archive) struct Zipped {
    pub name: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub packed: Vec<u8>,
    pub size: u32,
}

impl Zipped {
    pub(in crate::contents::archive) fn stored(name: &str, content: &[u8]) -> Self {
        let crc = crc32fast::hash(content);
        let (name, packed, size) = (name.into(), content.to_vec(), content.len() as u32);
        Self { name, method: 0, flags: 0, crc, packed, size }
    }

    pub(in crate::contents::archive) fn deflated(name: &str, content: &[u8]) -> Self {
        let packed = deflated(content);
        Self { method: 8, packed, ..Self::stored(name, content) }
    }

    fn common(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.crc.to_le_bytes());
        bytes.extend((self.packed.len() as u32).to_le_bytes());
        bytes.extend(self.size.to_le_bytes());
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend([0; 2]);
        bytes
    }

    pub(in crate::contents::archive) fn member(&self) -> Vec<u8> {
        [b"PK\x03\x04\x14\0", &self.common()[..], &self.name, &self.packed].concat()
    }

    pub(in crate::contents::archive) fn entry(&self, offset: usize) -> Vec<u8> {
        let offset = (offset as u32).to_le_bytes();
        [b"PK\x01\x02\x14\0\x14\0", &self.common()[..], &[0; 10], &offset, &self.name].concat()
    }
}

/// An archive of these members, and a directory of those entries.
pub(in crate::contents::archive) fn zip_of(members: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
    let directory = entries.concat();
    let count = (entries.len() as u16).to_le_bytes();
    let mut bytes = [members, &directory, b"PK\x05\x06\0\0\0\0", &count, &count].concat();
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend((members.len() as u32).to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

pub(in crate::contents::archive) fn zipped(members: &[Zipped]) -> Vec<u8> {
    let (mut bytes, mut entries) = (Vec::new(), Vec::new());
    for member in members {
        entries.push(member.entry(bytes.len()));
        bytes.extend(member.member());
    }
    zip_of(&bytes, &entries)
}

pub(in crate::contents::archive) fn deflated(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

#[test]
fn what_no_directory_tells() {
    let note = Zipped::deflated("note.txt", TEXT);
    let other = Zipped::stored("other.txt", b"another one");
    let two = zipped(&[note.clone(), other.clone()]);
    let both = [note.member(), other.member()].concat();
    check(vec![
        case(
            "no directory",
            both.clone(),
            &[": Broken: no directory", "note.txt: 'the hidden text'", "other.txt: 'another one'"],
            2,
        ),
        case(
            "untold",
            zip_of(&both, &[other.entry(note.member().len())]),
            &[
                ": Broken: a member that the directory does not tell",
                "other.txt: 'another one'",
                "note.txt: 'the hidden text'",
            ],
            1,
        ),
        case(
            "not there",
            zip_of(&both, &[note.entry(0), other.entry(5)]),
            &[
                ": Broken: a member is not where the directory has it, Broken: a member that the directory does not tell",
                "note.txt: 'the hidden text'",
                "other.txt",
                "other.txt: 'another one'",
            ],
            1,
        ),
        case(
            "one behind the other",
            [two.clone(), zipped(std::slice::from_ref(&other))].concat(),
            &[
                ": Broken: a member that the directory does not tell",
                "other.txt: 'another one'",
                "note.txt: 'the hidden text'",
                "other.txt: 'another one'",
            ],
            2,
        ),
    ]);
}

#[test]
fn what_is_not_all_there() {
    let note = Zipped::deflated("note.txt", TEXT);
    let other = Zipped::stored("other.txt", b"another one");
    let both = [note.member(), other.member()].concat();
    let streamed = Zipped { flags: 8, ..note };
    let mut streamed = streamed.member();
    streamed[14..26].fill(0);
    let mut endless = Zipped::stored("a", b"x").member();
    endless[18..22].fill(0xee);
    check(vec![
        case(
            "cut off",
            both[..50].to_vec(),
            &[
                ": Broken: no directory",
                "note.txt: Broken: incomplete deflate stream, 'the hidden '",
            ],
            1,
        ),
        case(
            "endless",
            [&endless[..], &other.member()].concat(),
            &[": Broken: no directory", "a", "other.txt: 'another one'"],
            2,
        ),
        case(
            "sizes unknown",
            [&streamed[..], b"PK\x07\x08", &[0; 12], &other.member()].concat(),
            &[": Broken: no directory", "note.txt: 'the hidden text'", "other.txt: 'another one'"],
            2,
        ),
    ]);
}

#[test]
fn what_the_directory_tells_otherwise() {
    let note = Zipped::deflated("note.txt", TEXT);
    let locked = Zipped { flags: 1, ..note.clone() };
    let stored = Zipped { method: 0, ..note.clone() };
    let renamed = Zipped { name: b"nope.txt".to_vec(), ..note.clone() };
    let in_437 = Zipped { name: b"\x81ber.txt".to_vec(), ..note.clone() };
    check(vec![
        case(
            "seems locked",
            zip_of(&note.member(), &[locked.entry(0)]),
            &[
                ": Broken: a member differs from the directory",
                "note.txt: locked",
                "note.txt: 'the hidden text'",
            ],
            1,
        ),
        case(
            "seems stored",
            zip_of(&note.member(), &[stored.entry(0)]),
            &[
                ": Broken: a member differs from the directory",
                "note.txt",
                "note.txt: 'the hidden text'",
            ],
            1,
        ),
        case(
            "two names",
            zip_of(&note.member(), &[renamed.entry(0)]),
            &[": Broken: two names: note.txt and nope.txt", "nope.txt: 'the hidden text'"],
            0,
        ),
        case(
            "behind something",
            [b"?".repeat(700), zipped(std::slice::from_ref(&note))].concat(),
            &["note.txt: 'the hidden text'"],
            0,
        ),
        case("no name", zipped(&[Zipped::stored("", TEXT)]), &[": 'the hidden text'"], 0),
        case("old letters", zipped(&[in_437]), &["über.txt: 'the hidden text'"], 0),
        case(
            "a file as folder",
            zipped(&[Zipped::stored("dir/", TEXT)]),
            &["dir/: 'the hidden text'"],
            0,
        ),
    ]);
}
