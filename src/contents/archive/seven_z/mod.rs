//! 7-Zip archives.

mod decode;
mod header;
mod parse;

use std::io::{self, Read};

use self::{
    decode::{Password, Source},
    header::{Archive, Content, File, Folder, Header, Streams},
};
use crate::{
    contents::{
        archive::{
            fields::{Fields, span},
            lock::MOST_TRIES,
        },
        reading::{Entry, ReadError, Reading},
    },
    mail::{Lock, TraitKind},
};

/// The header before everything, in bytes.
const SIGNATURE: u64 = 32;

/// How often a header may be packed in a header.
const DEEPEST: usize = 4;

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let damaged = || ReadError::broken("no header");
    let mut fields = Fields::new(bytes.get(12..).ok_or_else(damaged)?);
    let (Some(start), Some(size)) = (fields.u64(), fields.u64()) else { return Err(damaged()) };
    let mut opener = Opener { bytes, password: None };
    let mut header = span(bytes, start.saturating_add(SIGNATURE), size).to_vec();
    for _ in 0..DEEPEST {
        match parse::header(&header).ok_or_else(damaged)? {
            Header::Plain(archive) => return opener.archive(&archive, reading),
            Header::Packed(streams) => match opener.header(&streams, reading)? {
                Some(unpacked) => header = unpacked,
                None => return Ok(()),
            },
        }
    }
    Err(damaged())
}

/// An archive being opened.
struct Opener<'b> {
    bytes: &'b [u8],
    password: Option<Password>,
}

/// A folder, and its packed streams.
struct Packed<'f, 'b> {
    folder: &'f Folder,
    streams: Vec<&'b [u8]>,
}

impl<'b> Opener<'b> {
    /// The header that is packed here; `None` if it is locked.
    fn header(
        &mut self,
        streams: &Streams,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let packed = self.folders(streams);
        let first = packed.first().ok_or_else(|| ReadError::broken("no header"))?;
        let content = first.folder.contents.first().copied();
        let content = content.ok_or_else(|| ReadError::broken("no header"))?;
        if decode::is_locked(first.folder) {
            self.find_password(first, content, reading)?;
            let lock = if self.password.is_some() { Lock::Opened } else { Lock::Locked };
            reading.lock(lock);
            if self.password.is_none() {
                return Ok(None);
            }
        }
        load(first, content, self.password.as_ref(), reading).map(Some)
    }

    fn archive(&mut self, archive: &Archive, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let packed = self.folders(&archive.streams);
        let smallest = packed
            .iter()
            .filter(|packed| decode::is_locked(packed.folder))
            .filter_map(|packed| Some((packed, *packed.folder.contents.first()?)))
            .min_by_key(|(packed, content)| (content.size == 0, packed.size()));
        if let (None, Some((packed, content))) = (&self.password, smallest) {
            self.find_password(packed, content, reading)?;
        }
        let mut files = archive.files.iter().filter(|file| file.has_stream);
        for packed in &packed {
            self.folder(packed, &mut files, reading)?;
        }
        for file in archive.files.iter().filter(|file| !file.has_stream && !file.is_folder) {
            reading.member(Entry::named(&file.name), &mut io::empty())?;
        }
        Ok(())
    }

    /// Reads the files of a folder.
    fn folder<'f>(
        &self,
        packed: &Packed<'_, 'b>,
        files: &mut impl Iterator<Item = &'f File>,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let password = self.password.as_ref();
        let lock = match (decode::is_locked(packed.folder), password) {
            (false, _) => Lock::None,
            (true, None) => Lock::Locked,
            (true, Some(_)) => Lock::Opened,
        };
        let is_alone = packed.folder.contents.len() == 1;
        let entry = Entry {
            packed: if is_alone { packed.size() } else { 0 },
            lock,
            is_hidden: !decode::is_scanned(packed.folder),
            ..Entry::default()
        };
        let mut content =
            Source { folder: packed.folder, streams: &packed.streams, password }.open();
        for Content { size, .. } in packed.folder.contents.iter().copied() {
            let Some(file) = files.next() else { return Err(ReadError::broken("too few names")) };
            let entry = Entry { name: file.name.clone(), ..entry.clone() };
            let Ok(all) = &mut content else {
                reading.unreadable(entry, size)?;
                continue;
            };
            let mut own = all.take(size);
            reading.member(entry, &mut own)?;
            if own.limit() > 0 {
                content = Err(io::ErrorKind::UnexpectedEof.into());
                reading.is(TraitKind::Broken, "cut off");
            }
        }
        Ok(())
    }

    /// The folders with their packed streams, which stand one after the other.
    fn folders<'f>(&self, streams: &'f Streams) -> Vec<Packed<'f, 'b>> {
        let mut start = streams.start.saturating_add(SIGNATURE);
        let mut sizes = streams.packed.iter();
        let packed = streams.folders.iter().map(|folder| {
            let streams = sizes.by_ref().take(folder.packed.len()).map(|&size| {
                let stream = span(self.bytes, start, size);
                start = start.saturating_add(size);
                stream
            });
            Packed { folder, streams: streams.collect() }
        });
        packed.collect()
    }

    /// Tries the passwords that the message tells.
    fn find_password(
        &mut self,
        packed: &Packed<'_, 'b>,
        content: Content,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        for password in reading.passwords().iter().take(MOST_TRIES) {
            reading.time()?;
            let password = Password::new(password);
            match load(packed, content, Some(&password), reading) {
                Ok(unpacked) if is_sound(&unpacked, content) => {
                    self.password = Some(password);
                    return Ok(());
                }
                Ok(_) | Err(ReadError::Broken(_)) => {}
                Err(limit) => return Err(limit),
            }
        }
        Ok(())
    }
}

impl Packed<'_, '_> {
    fn size(&self) -> u64 {
        self.streams.iter().map(|stream| stream.len() as u64).sum()
    }
}

fn is_sound(unpacked: &[u8], content: Content) -> bool {
    unpacked.len() as u64 == content.size
        && content.crc.is_none_or(|crc| crc == crc32fast::hash(unpacked))
}

/// The first content of a folder.
fn load(
    packed: &Packed<'_, '_>,
    content: Content,
    password: Option<&Password>,
    reading: &mut Reading<'_>,
) -> Result<Vec<u8>, ReadError> {
    let source = Source { folder: packed.folder, streams: &packed.streams, password };
    let all = source.open().map_err(ReadError::broken)?;
    reading.load(&mut all.take(content.size), packed.size())
}
