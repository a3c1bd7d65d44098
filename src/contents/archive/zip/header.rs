//! The headers of a zip archive (PKWARE's APPNOTE 6.3.10): those before each member, and those of the
//! directory at the end. For archives, and for documents that are archives.

use memchr::memmem;

use crate::contents::archive::fields::{Fields, dos_text, span};

/// What stands before a member.
pub(super) const MEMBER: &[u8] = b"PK\x03\x04";
/// What stands before an entry of the directory.
pub(super) const DIRECTORY: &[u8] = b"PK\x01\x02";
/// What stands after a member whose header does not tell its size.
pub(super) const DESCRIPTOR: &[u8] = b"PK\x07\x08";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const END_64_LOCATOR: &[u8] = b"PK\x06\x07";

/// How far from the end of the file the end of the directory is looked for, in bytes.
const LONGEST_TAIL: usize = 66_000;

/// What a header says of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::contents) struct Header {
    /// As it is written.
    pub name: Vec<u8>,
    /// In Unicode, where an extra field has it so.
    pub unicode_name: Option<Vec<u8>>,
    pub flags: u16,
    pub method: u16,
    /// When it was changed, as DOS has it.
    pub time: u16,
    pub crc: u32,
    pub packed: u64,
    pub size: u64,
    /// For the directory: where the member's header is, counted from the beginning of the archive.
    pub offset: u64,
    /// How it is encrypted with AES.
    pub aes: Option<Aes>,
}

/// The extra field of AES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::contents) struct Aes {
    /// 1 to 3: keys of 128, 192, 256 bits.
    pub strength: u8,
    /// How it is packed.
    pub method: u16,
}

impl Header {
    /// The header before a member, and how long it is, in bytes.
    pub(super) fn member(bytes: &[u8]) -> Option<(Self, u64)> {
        let mut fields = Fields::new(bytes);
        fields.take(4).filter(|mark| *mark == MEMBER)?;
        fields.u16()?;
        let mut header = Self::common(&mut fields)?;
        let [name, extra] = [fields.u16()?, fields.u16()?].map(usize::from);
        header.name = fields.take(name)?.to_vec();
        header.extra(fields.take(extra)?, false);
        Some((header, (30 + name + extra) as u64))
    }

    /// The header before the member at this place, and where its content begins.
    pub(super) fn member_at(bytes: &[u8], at: u64) -> Option<(Self, u64)> {
        let (header, length) = Self::member(Fields::at(bytes, at)?.rest())?;
        Some((header, at.saturating_add(length)))
    }

    /// An entry of the directory, and how long it is, in bytes.
    fn entry(bytes: &[u8]) -> Option<(Self, u64)> {
        let (mut header, extra, length) = Self::bare_entry(bytes)?;
        header.extra(extra, true);
        Some((header, length))
    }

    /// An entry of the directory without what its extra fields say, those, and how long it is, in bytes.
    pub(in crate::contents) fn bare_entry(bytes: &[u8]) -> Option<(Self, &[u8], u64)> {
        let mut fields = Fields::new(bytes);
        fields.take(4).filter(|mark| *mark == DIRECTORY)?;
        fields.u32()?;
        let mut header = Self::common(&mut fields)?;
        let [name, extra, comment] = [fields.u16()?, fields.u16()?, fields.u16()?].map(usize::from);
        fields.take(8)?;
        header.offset = u64::from(fields.u32()?);
        header.name = fields.take(name)?.to_vec();
        let length = (46 + name + extra + comment) as u64;
        Some((header, fields.take(extra)?, length))
    }

    /// The packed bytes of the member of an entry, `at` its own header, as many as the directory tells and
    /// are there; `None` if no member is there.
    pub(in crate::contents) fn content<'b>(&self, bytes: &'b [u8], at: u64) -> Option<&'b [u8]> {
        let (_, start) = Self::member_at(bytes, at)?;
        Some(span(bytes, start, self.packed))
    }

    /// What both have, from the flags on.
    fn common(fields: &mut Fields<'_>) -> Option<Self> {
        let flags = fields.u16()?;
        let method = fields.u16()?;
        let time = fields.u16()?;
        fields.u16()?;
        let crc = fields.u32()?;
        let [packed, size] = [fields.u32()?, fields.u32()?].map(u64::from);
        Some(Self { flags, method, time, crc, packed, size, ..Self::default() })
    }

    fn extra(&mut self, extra: &[u8], is_entry: bool) {
        let mut fields = Fields::new(extra);
        while let (Some(id), Some(length)) = (fields.u16(), fields.u16()) {
            let Some(content) = fields.take(usize::from(length)) else { return };
            let content = Fields::new(content);
            match id {
                1 => drop(self.large(content, is_entry)),
                0x7075 => self.unicode_name = content.rest().get(5..).map(<[u8]>::to_vec),
                0x9901 => self.aes = aes(content),
                _ => {}
            }
        }
    }

    /// Numbers that do not fit where they belong.
    fn large(&mut self, mut content: Fields<'_>, is_entry: bool) -> Option<()> {
        const TOO_LARGE: u64 = u32::MAX as u64;
        for field in [&mut self.size, &mut self.packed] {
            if *field == TOO_LARGE {
                *field = content.u64()?;
            }
        }
        if is_entry && self.offset == TOO_LARGE {
            self.offset = content.u64()?;
        }
        Some(())
    }

    /// The name, in Unicode.
    pub(super) fn shown_name(&self) -> String {
        const IS_UTF8: u16 = 1 << 11;
        match &self.unicode_name {
            Some(name) => String::from_utf8_lossy(name).into_owned(),
            None if self.flags & IS_UTF8 != 0 => String::from_utf8_lossy(&self.name).into_owned(),
            None => dos_text(&self.name),
        }
    }

    /// Whether it is encrypted.
    pub(in crate::contents) fn is_locked(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether its sizes stand behind the member instead.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    /// How it is packed, encryption aside.
    pub(super) fn packing(&self) -> u16 {
        self.aes.filter(|_| self.method == 99).map_or(self.method, |aes| aes.method)
    }

    /// Whether it is a folder with nothing in it.
    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with(b"/") && self.size == 0
    }
}

fn aes(mut content: Fields<'_>) -> Option<Aes> {
    content.take(4)?;
    Some(Aes { strength: content.u8()?, method: content.u16()? })
}

/// Where the directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    /// Its first byte.
    pub start: u64,
    /// What stands before the archive in the file: all offsets count from there.
    pub shift: u64,
}

impl Directory {
    /// Found from the end of the file.
    pub(super) fn find(bytes: &[u8]) -> Option<Self> {
        let end = End::find(bytes, LONGEST_TAIL)?;
        let end = end.large(bytes).unwrap_or(end);
        // It ends where its end begins, unless somebody lies.
        let start = [end.start(), Some(end.offset)].into_iter().flatten().find(|start| {
            Fields::at(bytes, *start).is_some_and(|rest| rest.rest().starts_with(DIRECTORY))
        })?;
        Some(Self { start, shift: start.saturating_sub(end.offset) })
    }

    /// What it tells, up to what is no entry.
    pub(super) fn entries(self, bytes: &[u8]) -> Entries<'_> {
        Entries { bytes, at: self.start }
    }
}

/// Entries of a directory.
pub(super) struct Entries<'b> {
    bytes: &'b [u8],
    /// Where the next one is.
    pub at: u64,
}

impl Iterator for Entries<'_> {
    type Item = Header;

    fn next(&mut self) -> Option<Header> {
        let (entry, length) = Header::entry(Fields::at(self.bytes, self.at)?.rest())?;
        self.at += length;
        Some(entry)
    }
}

/// What stands behind the directory, and says where that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::contents) struct End {
    /// Its own first byte.
    at: u64,
    /// How long the directory is, in bytes.
    size: u64,
    /// Where the directory is, counted from the beginning of the archive.
    pub offset: u64,
}

impl End {
    /// The last one in a file, if it begins within `tail` bytes from the end.
    pub(in crate::contents) fn find(bytes: &[u8], tail: usize) -> Option<Self> {
        let tail = bytes.len().saturating_sub(tail);
        let at = tail + memmem::rfind(bytes.get(tail..)?, END)?;
        let mut fields = Fields::new(bytes.get(at + 12..)?);
        let [size, offset] = [fields.u32()?, fields.u32()?].map(u64::from);
        Some(Self { at: at as u64, size, offset })
    }

    /// The first byte of a directory that ends where this begins.
    pub(in crate::contents) fn start(self) -> Option<u64> {
        self.at.checked_sub(self.size)
    }

    /// The directory that ends where this begins.
    pub(in crate::contents) fn directory(self, bytes: &[u8]) -> Option<&[u8]> {
        Some(span(bytes, self.start()?, self.size))
    }

    /// The larger form, which stands before this one.
    fn large(self, bytes: &[u8]) -> Option<Self> {
        let locator = span(bytes, self.at.checked_sub(20)?, 20);
        let mut locator = Fields::new(locator.strip_prefix(END_64_LOCATOR)?);
        locator.u32()?;
        let at = locator.u64()?;
        let mut fields = Fields::new(Fields::at(bytes, at)?.rest().strip_prefix(END_64)?);
        fields.take(36)?;
        Some(Self { at, size: fields.u64()?, offset: fields.u64()? })
    }
}
