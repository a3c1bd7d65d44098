//! Tar archives: blocks of 512 bytes, headers of POSIX, GNU and before.

use crate::{
    contents::{
        archive::fields::{Fields, span},
        reading::{Entry, ReadError, Reading},
    },
    mail::TraitKind,
};

const BLOCK: u64 = 512;

/// The longest name that is kept, in bytes.
const LONGEST_NAME: u64 = 4_096;

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut at = 0;
    let mut about_next = AboutNext::default();
    while at < bytes.len() as u64 {
        reading.time()?;
        let block = span(bytes, at, BLOCK);
        at += BLOCK;
        if block.iter().all(|&byte| byte == 0) {
            continue;
        }
        let Some(mut header) = header(block) else {
            reading.is(TraitKind::Broken, "no header");
            continue;
        };
        header.size = about_next.size.unwrap_or(header.size);
        let is_sparse = header.kind == b'S' && block.get(482) != Some(&0);
        at += if is_sparse { map_length(span(bytes, at, u64::MAX)) } else { 0 };
        let content = span(bytes, at, header.size);
        if (content.len() as u64) < header.size {
            // A size beyond the end hides nothing: what follows is looked at, too.
            reading.is(TraitKind::Broken, "cut off");
        } else {
            at += header.size.div_ceil(BLOCK) * BLOCK;
        }
        match header.kind {
            b'L' | b'x' => about_next.learn(&header, content),
            b'K' | b'g' => {}
            _ => tell(header, std::mem::take(&mut about_next), content, reading)?,
        }
    }
    Ok(())
}

/// How long the rest of the map of a sparse file is (GNU): blocks whose last part tells whether one more
/// follows.
fn map_length(blocks: &[u8]) -> u64 {
    let has_next = |block: &&[u8]| block.get(504).is_some_and(|&more| more != 0);
    let (blocks, _) = blocks.as_chunks::<{ BLOCK as usize }>();
    (blocks.iter().map(|block| &block[..]).take_while(has_next).count() as u64 + 1) * BLOCK
}

struct Header {
    name: Vec<u8>,
    size: u64,
    kind: u8,
}

/// What stands before a header about it.
#[derive(Default)]
struct AboutNext {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl AboutNext {
    fn learn(&mut self, header: &Header, content: &[u8]) {
        if header.kind == b'L' {
            self.name = Some(Fields::new(span(content, 0, LONGEST_NAME)).until_zero().to_vec());
            return;
        }
        let mut rest = content;
        while let Some((key, value, after)) = record(rest) {
            match key {
                b"path" => self.name = Some(span(value, 0, LONGEST_NAME).to_vec()),
                b"size" => self.size = number(value, 10),
                _ => {}
            }
            rest = after;
        }
    }
}

/// The first record of a POSIX header, `length key=value`, and what comes after it.
fn record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = memchr::memchr(b' ', records.get(..records.len().min(20))?)?;
    let length = usize::try_from(number(records.get(..space)?, 10)?).ok()?;
    let (record, rest) = records.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', record)?;
    Some((record.get(..equals)?, record.get(equals + 1..)?, rest))
}

fn tell(
    header: Header,
    about: AboutNext,
    content: &[u8],
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let name = about.name.unwrap_or(header.name);
    let name = String::from_utf8_lossy(&name).into_owned();
    let is_file = matches!(header.kind, b'0' | 0 | b'7' | b'S') && !name.ends_with('/');
    // Whatever else carries bytes is told, too.
    if !is_file && content.is_empty() {
        return Ok(());
    }
    let entry = Entry { packed: content.len() as u64, ..Entry::named(name) };
    reading.member(entry, &mut { content })
}

fn header(block: &[u8]) -> Option<Header> {
    let mut fields = Fields::new(block);
    let name = fields.take(100)?;
    fields.take(24)?;
    let size = size(fields.take(12)?)?;
    fields.take(12)?;
    let sum = number(fields.take(8)?, 8)?;
    let kind = fields.u8()?;
    fields.take(100)?;
    let magic = fields.take(8)?;
    fields.take(80)?;
    let prefix = fields.take(155)?;
    let is_posix = magic.starts_with(b"ustar\0");
    let is_sound = sum == check_sum(block);
    let mut whole = Vec::new();
    let prefix = Fields::new(prefix).until_zero();
    if is_posix && !prefix.is_empty() {
        whole.extend_from_slice(prefix);
        whole.push(b'/');
    }
    whole.extend_from_slice(Fields::new(name).until_zero());
    // Links, devices and folders have no content, whatever size they tell.
    let size = if matches!(kind, b'1'..=b'6') { 0 } else { size };
    is_sound.then_some(Header { name: whole, size, kind })
}

/// The sum of all bytes, those of the sum itself taken for spaces.
fn check_sum(block: &[u8]) -> u64 {
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    sum(span(block, 0, 148)) + 8 * u64::from(b' ') + sum(span(block, 156, BLOCK))
}

/// Octal digits, or with the highest bit set a binary number.
fn size(field: &[u8]) -> Option<u64> {
    match field.split_first()? {
        (0x80, rest) => Some(rest.iter().fold(0, |all, byte| all << 8 | u64::from(*byte))),
        _ => number(field, 8),
    }
}

fn number(digits: &[u8], base: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let text = text.trim_matches([' ', '\0']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, base).ok() }
}
