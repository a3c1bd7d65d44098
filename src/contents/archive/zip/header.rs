//! The headers of a zip archive (PKWARE's APPNOTE 6.3.10): those before each member, and those of the
//! directory at the end.

use crate::contents::archive::fields::{Fields, dos_text};

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
pub(super) struct Header {
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
pub(super) struct Aes {
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

    /// An entry of the directory, and how long it is, in bytes.
    pub(super) fn entry(bytes: &[u8]) -> Option<(Self, u64)> {
        let mut fields = Fields::new(bytes);
        fields.take(4).filter(|mark| *mark == DIRECTORY)?;
        fields.u32()?;
        let mut header = Self::common(&mut fields)?;
        let [name, extra, comment] = [fields.u16()?, fields.u16()?, fields.u16()?].map(usize::from);
        fields.take(8)?;
        header.offset = u64::from(fields.u32()?);
        header.name = fields.take(name)?.to_vec();
        header.extra(fields.take(extra)?, true);
        Some((header, (46 + name + extra + comment) as u64))
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
    pub(super) fn is_locked(&self) -> bool {
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
        let tail = bytes.len().saturating_sub(LONGEST_TAIL);
        let end = tail + memchr::memmem::rfind(bytes.get(tail..)?, END)?;
        let mut fields = Fields::new(bytes.get(end + 12..)?);
        let [size, offset] = [fields.u32()?, fields.u32()?].map(u64::from);
        let (end, size, offset) = Self::large(bytes, end).unwrap_or((end as u64, size, offset));
        // It ends where its end begins, unless somebody lies.
        let starts = [end.checked_sub(size), Some(offset)];
        let start = starts.into_iter().flatten().find(|start| {
            Fields::at(bytes, *start).is_some_and(|rest| rest.rest().starts_with(DIRECTORY))
        })?;
        Some(Self { start, shift: start.saturating_sub(offset) })
    }

    /// The larger form of the end, which stands before the other: where it is, and what it says.
    fn large(bytes: &[u8], end: usize) -> Option<(u64, u64, u64)> {
        let locator = bytes.get(end.checked_sub(20)?..end)?;
        let mut locator = Fields::new(locator.strip_prefix(END_64_LOCATOR)?);
        locator.u32()?;
        let end = locator.u64()?;
        let mut fields = Fields::new(Fields::at(bytes, end)?.rest().strip_prefix(END_64)?);
        fields.take(36)?;
        Some((end, fields.u64()?, fields.u64()?))
    }
}
