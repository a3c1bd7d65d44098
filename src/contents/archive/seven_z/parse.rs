//! Reads the header of a 7z archive (7zFormat.txt of the LZMA SDK). Every count is held against the bytes that
//! are left: nothing is allocated by what is claimed.

use super::header::{Archive, Bind, Coder, Content, File, Folder, Header, Streams};
use crate::contents::archive::fields::{Fields, utf16};

/// How many coders a folder may have; 7-Zip makes up to five.
const MOST_CODERS: u64 = 16;

mod id {
    pub(super) const END: u64 = 0;
    pub(super) const HEADER: u64 = 1;
    pub(super) const PROPERTIES: u64 = 2;
    pub(super) const STREAMS: u64 = 4;
    pub(super) const FILES: u64 = 5;
    pub(super) const PACK_INFO: u64 = 6;
    pub(super) const UNPACK_INFO: u64 = 7;
    pub(super) const SUB_STREAMS: u64 = 8;
    pub(super) const SIZE: u64 = 9;
    pub(super) const CRC: u64 = 10;
    pub(super) const FOLDER: u64 = 11;
    pub(super) const UNPACK_SIZES: u64 = 12;
    pub(super) const STREAM_COUNTS: u64 = 13;
    pub(super) const EMPTY_STREAM: u64 = 14;
    pub(super) const EMPTY_FILE: u64 = 15;
    pub(super) const NAMES: u64 = 17;
    pub(super) const ENCODED_HEADER: u64 = 23;
}

/// Reads a header; `None`: it is damaged.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let mut parser = Parser(Fields::new(bytes));
    match parser.number()? {
        id::ENCODED_HEADER => Some(Header::Packed(parser.streams()?)),
        id::HEADER => Some(Header::Plain(parser.archive()?)),
        _ => None,
    }
}

struct Parser<'b>(Fields<'b>);

impl<'b> Parser<'b> {
    /// A number of one to nine bytes: the ones at the top of the first tell how many follow it.
    fn number(&mut self) -> Option<u64> {
        let first = self.0.u8()?;
        let more = first.leading_ones();
        let low =
            (0..more).try_fold(0, |all, at| Some(all | u64::from(self.0.u8()?) << (8 * at)))?;
        let high = u64::from(first) & (0x7f_u64 >> more);
        Some(if more < 8 { low | high << (8 * more) } else { low })
    }

    /// How many follow, each of at least one byte; of files in a folder all but the last.
    fn count(&mut self) -> Option<usize> {
        let count = self.number()?;
        let most = self.0.rest().len() as u64 + 1;
        usize::try_from(count).ok().filter(|_| count <= most)
    }

    fn expect(&mut self, id: u64) -> Option<()> {
        (self.number()? == id).then_some(())
    }

    fn bits(&mut self, count: usize) -> Option<Vec<bool>> {
        let bytes = self.0.take(count.div_ceil(8))?;
        Some(
            (0..count)
                .map(|at| bytes.get(at / 8).is_some_and(|b| b << (at % 8) & 0x80 != 0))
                .collect(),
        )
    }

    /// One checksum for each that has one.
    fn checksums(&mut self, count: usize) -> Option<Vec<Option<u32>>> {
        let has_all = self.0.u8()? != 0;
        let has = if has_all { vec![true; count] } else { self.bits(count)? };
        has.into_iter().map(|has| if has { self.0.u32().map(Some) } else { Some(None) }).collect()
    }

    fn archive(&mut self) -> Option<Archive> {
        let mut archive = Archive::default();
        loop {
            match self.number()? {
                id::PROPERTIES => self.skip_properties()?,
                id::STREAMS => archive.streams = self.streams()?,
                id::FILES => archive.files = self.files()?,
                id::END => return Some(archive),
                _ => return None,
            }
        }
    }

    fn skip_properties(&mut self) -> Option<()> {
        while self.number()? != id::END {
            self.sized()?;
        }
        Some(())
    }

    /// What stands behind its size.
    fn sized(&mut self) -> Option<&'b [u8]> {
        let size = usize::try_from(self.number()?).ok()?;
        self.0.take(size)
    }

    fn streams(&mut self) -> Option<Streams> {
        let mut streams = Streams::default();
        loop {
            match self.number()? {
                id::PACK_INFO => self.pack_info(&mut streams)?,
                id::UNPACK_INFO => streams.folders = self.folders()?,
                id::SUB_STREAMS => self.sub_streams(&mut streams.folders)?,
                id::END => return Some(streams),
                _ => return None,
            }
        }
    }

    fn pack_info(&mut self, streams: &mut Streams) -> Option<()> {
        streams.start = self.number()?;
        let count = self.count()?;
        loop {
            match self.number()? {
                id::SIZE => {
                    streams.packed = (0..count).map(|_| self.number()).collect::<Option<_>>()?;
                }
                id::CRC => drop(self.checksums(count)?),
                id::END => return Some(()),
                _ => return None,
            }
        }
    }

    fn folders(&mut self) -> Option<Vec<Folder>> {
        self.expect(id::FOLDER)?;
        let count = self.count()?;
        self.is_inside()?;
        let mut folders: Vec<Folder> = (0..count).map(|_| self.folder()).collect::<Option<_>>()?;
        self.expect(id::UNPACK_SIZES)?;
        for folder in &mut folders {
            let sizes = (0..folder.coders.len()).map(|_| self.number());
            folder.sizes = sizes.collect::<Option<_>>()?;
        }
        let mut id = self.number()?;
        if id == id::CRC {
            let checksums = self.checksums(count)?;
            folders.iter_mut().zip(checksums).for_each(|(folder, crc)| folder.crc = crc);
            id = self.number()?;
        }
        for folder in &mut folders {
            folder.contents = vec![Content { size: folder.size(), crc: folder.crc }];
        }
        (id == id::END).then_some(folders)
    }

    /// Nobody writes headers that go on elsewhere.
    fn is_inside(&mut self) -> Option<()> {
        (self.0.u8()? == 0).then_some(())
    }

    fn folder(&mut self) -> Option<Folder> {
        let count = self.number()?;
        if !(1..=MOST_CODERS).contains(&count) {
            return None;
        }
        let coders: Vec<_> = (0..count).map(|_| self.coder()).collect::<Option<_>>()?;
        let inputs: u64 = coders.iter().map(|coder| coder.inputs).sum();
        let binds: Vec<_> = (1..count)
            .map(|_| Some(Bind { input: self.number()?, output: self.number()? }))
            .collect::<Option<_>>()?;
        let is_bound = |input: u64| binds.iter().any(|bind| bind.input == input);
        let packed = match inputs.checked_sub(count - 1)? {
            1 => (0..inputs).find(|&input| !is_bound(input)).into_iter().collect(),
            more => (0..more).map(|_| self.number()).collect::<Option<_>>()?,
        };
        Some(Folder { coders, binds, packed, ..Folder::default() })
    }

    fn coder(&mut self) -> Option<Coder> {
        const HAS_STREAMS: u8 = 0x10;
        const HAS_PROPERTIES: u8 = 0x20;
        let flags = self.0.u8()?;
        let method = self.0.take(usize::from(flags & 0xf))?.to_vec();
        let (inputs, outputs) = match flags & HAS_STREAMS {
            0 => (1, 1),
            _ => (self.number()?, self.number()?),
        };
        let properties = if flags & HAS_PROPERTIES != 0 { self.sized()? } else { &[] };
        let is_known = flags & 0xc0 == 0 && outputs == 1 && (1..=4).contains(&inputs);
        is_known.then(|| Coder { method, inputs, properties: properties.to_vec() })
    }

    fn sub_streams(&mut self, folders: &mut [Folder]) -> Option<()> {
        let mut counts = vec![1; folders.len()];
        let mut id = self.number()?;
        if id == id::STREAM_COUNTS {
            counts = folders.iter().map(|_| self.count()).collect::<Option<_>>()?;
            id = self.number()?;
        }
        let has_sizes = id == id::SIZE;
        for (folder, &count) in folders.iter_mut().zip(&counts) {
            self.contents(folder, count, has_sizes)?;
        }
        if has_sizes {
            id = self.number()?;
        }
        if id == id::CRC {
            let unknown = |folder: &&mut Folder| folder.contents.len() != 1 || folder.crc.is_none();
            let contents: Vec<_> = folders
                .iter_mut()
                .filter(unknown)
                .flat_map(|folder| &mut folder.contents)
                .collect();
            let checksums = self.checksums(contents.len())?;
            contents.into_iter().zip(checksums).for_each(|(content, crc)| content.crc = crc);
            id = self.number()?;
        }
        (id == id::END).then_some(())
    }

    /// Where the files in a folder end; the last one takes what is left.
    fn contents(&mut self, folder: &mut Folder, count: usize, has_sizes: bool) -> Option<()> {
        let mut left = folder.size();
        folder.contents.clear();
        for at in 0..count {
            let is_last = at + 1 == count;
            let size = if is_last {
                left
            } else if has_sizes {
                self.number()?
            } else {
                return None;
            };
            left = left.checked_sub(size)?;
            let crc = folder.crc.filter(|_| count == 1);
            folder.contents.push(Content { size, crc });
        }
        Some(())
    }

    fn files(&mut self) -> Option<Vec<File>> {
        let count = self.count()?;
        let plain = File { name: String::new(), has_stream: true, is_folder: false };
        let mut files = vec![plain; count];
        loop {
            let id = self.number()?;
            if id == id::END {
                return Some(files);
            }
            let mut property = Parser(Fields::new(self.sized()?));
            match id {
                id::NAMES => property.names(&mut files)?,
                id::EMPTY_STREAM => {
                    let bits = property.bits(count)?;
                    files.iter_mut().zip(bits).for_each(|(file, is_empty)| {
                        (file.has_stream, file.is_folder) = (!is_empty, is_empty);
                    });
                }
                id::EMPTY_FILE => {
                    let empty: Vec<_> = files.iter_mut().filter(|file| !file.has_stream).collect();
                    let bits = property.bits(empty.len())?;
                    empty
                        .into_iter()
                        .zip(bits)
                        .for_each(|(file, is_file)| file.is_folder = !is_file);
                }
                _ => {}
            }
        }
    }

    fn names(&mut self, files: &mut [File]) -> Option<()> {
        self.is_inside()?;
        let mut units = self.0.rest().as_chunks::<2>().0;
        for file in files {
            let end = units.iter().position(|unit| unit == &[0, 0])?;
            file.name = utf16(units.get(..end)?.as_flattened());
            units = units.get(end + 1..)?;
        }
        Some(())
    }
}
