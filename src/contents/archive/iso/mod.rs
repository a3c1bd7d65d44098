//! ISO 9660 images (ECMA-119), with the names of Joliet and Rock Ridge.

#[cfg(test)]
pub(super) mod tests;

use std::collections::HashSet;

use crate::{
    contents::{
        archive::fields::{Fields, dos_text, span},
        reading::{Entry, ReadError, Reading},
    },
    mail::TraitKind,
};

const SECTOR: u64 = 2_048;

/// Where the descriptors of volumes begin, and how many are looked at.
const FIRST_DESCRIPTOR: u64 = 16;
const MOST_DESCRIPTORS: u64 = 32;

/// The longest name with its folders that is kept, in bytes.
const LONGEST_NAME: usize = 4_096;

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut roots = roots(bytes);
    // Joliet has the better names; what only the other tree has is read after it.
    roots.sort_by_key(|root| !root.is_joliet);
    let mut image =
        Image { bytes, seen: HashSet::new(), folder_bytes: bytes.len() as u64 * 2, folders: roots };
    if image.folders.is_empty() {
        return Err(ReadError::broken("no folders"));
    }
    image.folders.reverse();
    while let Some(folder) = image.folders.pop() {
        image.folder(&folder, reading)?;
    }
    Ok(())
}

/// An image being read.
struct Image<'b> {
    bytes: &'b [u8],
    /// Where files and folders begin that were read, and how long they are.
    seen: HashSet<(u64, u64)>,
    /// How many bytes of folders are still read: they may lie in each other.
    folder_bytes: u64,
    /// Those to be read, the next one last.
    folders: Vec<Folder>,
}

struct Folder {
    /// With the slash behind it.
    name: String,
    start: u64,
    size: u64,
    is_joliet: bool,
}

/// A file or folder in a folder.
struct Record {
    name: String,
    start: u64,
    size: u64,
    is_folder: bool,
}

impl Image<'_> {
    fn folder(&mut self, folder: &Folder, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        if !self.seen.insert((folder.start, folder.size)) {
            return Ok(());
        }
        let content = span(self.bytes, folder.start, folder.size);
        let Some(left) = self.folder_bytes.checked_sub(content.len() as u64) else {
            return Err(ReadError::broken("folders in each other"));
        };
        self.folder_bytes = left;
        for sector in content.chunks(SECTOR as usize) {
            let mut rest = sector;
            while let Some((record, after)) = next_record(rest) {
                reading.time()?;
                rest = after;
                match record_of(record, folder.is_joliet) {
                    Some(known) if !is_above(record) => self.record(known, folder, reading)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn record(
        &mut self,
        record: Record,
        folder: &Folder,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let mut name = format!("{}{}", folder.name, record.name);
        name.truncate(name.floor_char_boundary(LONGEST_NAME));
        if record.is_folder {
            name.push('/');
            let (start, size, is_joliet) = (record.start, record.size, folder.is_joliet);
            self.folders.push(Folder { name, start, size, is_joliet });
            return Ok(());
        }
        if !self.seen.insert((record.start, record.size)) {
            return Ok(());
        }
        let mut content = span(self.bytes, record.start, record.size);
        if (content.len() as u64) < record.size {
            reading.is(TraitKind::Broken, "cut off");
        }
        let entry = Entry { packed: content.len() as u64, ..Entry::named(name) };
        reading.member(entry, &mut content)
    }
}

/// The first folder of each volume.
fn roots(bytes: &[u8]) -> Vec<Folder> {
    let descriptors = (FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + MOST_DESCRIPTORS)
        .map(|sector| span(bytes, sector * SECTOR, SECTOR))
        .take_while(|descriptor| descriptor.get(1..6) == Some(b"CD001"));
    let root = |descriptor: &[u8]| {
        let is_joliet = match descriptor.first()? {
            1 => false,
            2 => matches!(descriptor.get(88..91)?, b"%/@" | b"%/C" | b"%/E"),
            _ => return None,
        };
        let record = record_of(descriptor.get(156..190)?, false)?;
        let (start, size) = (record.start, record.size);
        Some(Folder { name: String::new(), start, size, is_joliet })
    };
    descriptors.filter_map(root).collect()
}

/// The first record of a sector, and what comes after it.
fn next_record(sector: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(*sector.first()?);
    sector.split_at_checked(length).filter(|(record, _)| !record.is_empty())
}

/// Whether a record is about the folder itself or the one it is in.
fn is_above(record: &[u8]) -> bool {
    matches!(record.get(32..34), Some([1, 0 | 1]))
}

fn record_of(record: &[u8], is_joliet: bool) -> Option<Record> {
    const IS_FOLDER: u8 = 2;
    let mut fields = Fields::new(record);
    let attributes = u64::from(*fields.take(2)?.get(1)?);
    let start = (u64::from(fields.u32()?) + attributes) * SECTOR;
    fields.u32()?;
    let size = u64::from(fields.u32()?);
    fields.take(11)?;
    let is_folder = fields.u8()? & IS_FOLDER != 0;
    fields.take(6)?;
    let length = usize::from(fields.u8()?);
    let name = fields.take(length)?;
    // A name of even length is filled up.
    let more = fields.rest().get(1 - length % 2..).unwrap_or_default();
    let name = match rock_ridge(more) {
        Some(name) if !is_joliet => name,
        _ => shown_name(name, is_joliet),
    };
    Some(Record { name, start, size, is_folder })
}

/// The name without its version.
fn shown_name(name: &[u8], is_joliet: bool) -> String {
    let name = if is_joliet {
        let units = name.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair));
        char::decode_utf16(units).map(|l| l.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        dos_text(name)
    };
    match name.rsplit_once(';') {
        Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => {
            name.trim_end_matches('.').to_owned()
        }
        _ => name,
    }
}

/// The name as Unix has it (RRIP, field `NM`).
fn rock_ridge(mut fields: &[u8]) -> Option<String> {
    let mut name = Vec::new();
    while let &[first, second, length, ..] = fields {
        let (field, rest) = fields.split_at_checked(usize::from(length.max(4)))?;
        if [first, second] == *b"NM" {
            name.extend_from_slice(field.get(5..)?);
        }
        fields = rest;
    }
    (!name.is_empty()).then(|| String::from_utf8_lossy(&name).into_owned())
}
