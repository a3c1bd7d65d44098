//! Strings of workbooks ([MS-XLS], 2.5.293 and others): characters of one byte or two, and the table of all
//! texts, which goes on over many records.

use crate::contents::{
    document::{
        charset,
        little::{u16_at, u32_at},
        records::Records,
    },
    reading::{ReadError, Reading},
};

/// Flags, then this many characters.
pub(super) fn characters(bytes: &[u8], count: usize) -> Option<String> {
    let (&flags, rest) = bytes.split_first()?;
    Some(if flags & 1 == 0 {
        charset::western(rest.get(..count).unwrap_or(rest))
    } else {
        charset::utf16(rest.get(..count * 2).unwrap_or(rest))
    })
}

/// A string whose length is one byte.
pub(super) fn short(bytes: &[u8]) -> Option<String> {
    characters(bytes.get(1..)?, usize::from(*bytes.first()?))
}

/// A string whose length is two bytes.
pub(super) fn long(bytes: &[u8]) -> Option<String> {
    characters(bytes.get(2..)?, usize::from(u16_at(bytes, 0)?))
}

/// The bytes of a record and of those that continue it.
pub(super) struct Parts<'b> {
    part: &'b [u8],
    behind: Records<'b, u16>,
}

impl<'b> Parts<'b> {
    /// A record, and those behind it.
    pub(super) fn new(part: &'b [u8], behind: Records<'b, u16>) -> Self {
        Self { part, behind }
    }

    /// Goes on in the next record, if this one is at its end. `None`: that does not continue it, and all is over.
    fn go_on(&mut self) -> Option<()> {
        while self.part.is_empty() {
            let (_, body) = self.behind.next().filter(|(kind, _)| *kind == 0x3c)?;
            self.part = body;
        }
        Some(())
    }

    fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut taken = Vec::with_capacity(count.min(64));
        while taken.len() < count {
            self.go_on()?;
            let (now, later) = self.part.split_at(self.part.len().min(count - taken.len()));
            taken.extend_from_slice(now);
            self.part = later;
        }
        Some(taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        let mut left = count;
        while left > 0 {
            self.go_on()?;
            let step = self.part.len().min(left);
            self.part = self.part.get(step..)?;
            left -= step;
        }
        Some(())
    }

    /// Characters; where a record ends within them, the next begins with new flags.
    fn text(&mut self, count: usize, flags: u8) -> Option<String> {
        let (mut left, mut is_wide) = (count, flags & 1 != 0);
        let mut text = String::new();
        while left > 0 {
            if self.part.is_empty() {
                self.go_on()?;
                is_wide = self.take(1)?.first()? & 1 != 0;
            }
            let size = if is_wide { 2 } else { 1 };
            let count = (self.part.len() / size).min(left);
            let (now, later) = self.part.split_at(count * size);
            text.push_str(&if is_wide { charset::utf16(now) } else { charset::western(now) });
            // Half a character at the end of a record is none.
            self.part = if count < left { &[] } else { later };
            left -= count;
        }
        Some(text)
    }

    /// One string of the table.
    fn string(&mut self) -> Option<String> {
        let head = self.take(3)?;
        let (count, flags) = (usize::from(u16_at(&head, 0)?), *head.get(2)?);
        let runs = if flags & 8 != 0 { usize::from(u16_at(&self.take(2)?, 0)?) } else { 0 };
        let extra = if flags & 4 != 0 { u32_at(&self.take(4)?, 0)? as usize } else { 0 };
        let text = self.text(count, flags)?;
        self.skip(runs * 4)?;
        self.skip(extra)?;
        Some(text)
    }
}

/// Adds all texts of the table.
pub(super) fn shared(
    mut parts: Parts<'_>,
    longest: usize,
    text: &mut String,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    if parts.skip(8).is_none() {
        return Ok(());
    }
    while text.len() < longest {
        reading.time()?;
        let Some(string) = parts.string() else { break };
        text.push_str(&string);
        text.push('\n');
    }
    Ok(())
}
