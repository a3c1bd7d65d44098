//! Cabinet files ([MS-CAB]).

#[cfg(test)]
pub(super) mod tests;

use std::io::{self, Read};

use crate::{
    contents::{
        archive::fields::{Fields, dos_text, span},
        reading::{Entry, ReadError, Reading},
        unpack::CabinetFolder,
    },
    mail::TraitKind,
};

/// How often a folder is unpacked again because its files do not stand in order.
const MOST_RESTARTS: u32 = 4;

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let cabinet = Cabinet::of(bytes).ok_or_else(|| ReadError::broken("no header"))?;
    let mut fields =
        Fields::at(bytes, cabinet.files).ok_or_else(|| ReadError::broken("no files"))?;
    let mut open: Option<OpenFolder<'_>> = None;
    let mut restarts = 0;
    for _ in 0..cabinet.file_count {
        reading.time()?;
        let file = File::of(&mut fields).ok_or_else(|| ReadError::broken("cut off"))?;
        let is_open = open.as_ref().is_some_and(|open| open.number == file.folder);
        let is_behind = is_open && open.as_ref().is_some_and(|open| open.at > file.start);
        restarts += u32::from(is_behind);
        if !is_open || is_behind {
            open = cabinet.folder(file.folder).filter(|_| restarts <= MOST_RESTARTS);
        }
        match &mut open {
            Some(folder) => folder.file(file, reading)?,
            None => reading.unreadable(Entry::named(file.name), file.size)?,
        }
    }
    Ok(())
}

/// A cabinet's header.
struct Cabinet<'b> {
    bytes: &'b [u8],
    files: u64,
    file_count: u16,
    /// The folders' headers.
    folders: Vec<FolderHeader>,
    /// Bytes in each block's header that belong to nobody.
    reserved: usize,
}

struct FolderHeader {
    start: u64,
    blocks: u16,
    method: u16,
}

impl<'b> Cabinet<'b> {
    fn of(bytes: &'b [u8]) -> Option<Self> {
        const HAS_BEFORE: u16 = 1;
        const HAS_AFTER: u16 = 2;
        const HAS_RESERVED: u16 = 4;
        let mut fields = Fields::new(bytes);
        fields.take(16)?;
        let files = u64::from(fields.u32()?);
        fields.take(6)?;
        let [folder_count, file_count, flags] = [fields.u16()?, fields.u16()?, fields.u16()?];
        fields.take(4)?;
        let (mut in_folder, mut reserved) = (0, 0);
        if flags & HAS_RESERVED != 0 {
            let in_header = fields.u16()?;
            (in_folder, reserved) = (usize::from(fields.u8()?), usize::from(fields.u8()?));
            fields.take(usize::from(in_header))?;
        }
        for flag in [HAS_BEFORE, HAS_AFTER] {
            if flags & flag != 0 {
                fields.until_zero();
                fields.until_zero();
            }
        }
        let mut folders = Vec::new();
        for _ in 0..folder_count {
            let start = u64::from(fields.u32()?);
            folders.push(FolderHeader { start, blocks: fields.u16()?, method: fields.u16()? });
            fields.take(in_folder)?;
        }
        Some(Self { bytes, files, file_count, folders, reserved })
    }

    /// The folder of this number, from its beginning; `None`: it is in another cabinet, or nobody unpacks
    /// it.
    fn folder(&self, number: u16) -> Option<OpenFolder<'b>> {
        let FolderHeader { start, blocks, method } = self.folders.get(usize::from(number))?;
        let packed = span(self.bytes, *start, u64::MAX);
        let content = CabinetFolder::new(packed, *blocks, self.reserved, *method).ok()?;
        Some(OpenFolder { number, content, packed: packed.len() as u64, at: 0 })
    }
}

/// A file's header.
struct File {
    name: String,
    size: u64,
    /// Where it begins in its folder.
    start: u64,
    folder: u16,
}

impl File {
    fn of(fields: &mut Fields<'_>) -> Option<Self> {
        let [size, start] = [fields.u32()?, fields.u32()?].map(u64::from);
        let folder = fields.u16()?;
        fields.take(6)?;
        let name = dos_text(fields.until_zero());
        Some(Self { name, size, start, folder })
    }
}

/// A folder being unpacked.
struct OpenFolder<'b> {
    number: u16,
    content: CabinetFolder<'b>,
    /// How long its blocks are at most.
    packed: u64,
    /// How much of it was read.
    at: u64,
}

impl OpenFolder<'_> {
    fn file(&mut self, file: File, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let gap = file.start.saturating_sub(self.at);
        let skipped = match gap {
            0 => Ok(0),
            _ => reading
                .load(&mut self.content.by_ref().take(gap), self.packed)
                .map(|bytes| bytes.len() as u64),
        };
        match skipped {
            Ok(skipped) if skipped == gap => {}
            Err(ReadError::Limit(limit)) => return Err(limit.into()),
            _ => return reading.unreadable(Entry::named(file.name), file.size),
        }
        let mut own = Counted { content: self.content.by_ref().take(file.size), read: 0 };
        reading.member(Entry::named(file.name), &mut own)?;
        self.at = file.start + own.read;
        if own.read < file.size {
            reading.is(TraitKind::Broken, "cut off");
        }
        Ok(())
    }
}

/// Tells how much was read.
struct Counted<R> {
    content: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(out)?;
        self.read += read as u64;
        Ok(read)
    }
}
