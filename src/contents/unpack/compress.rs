//! What `compress` of Unix makes (`.Z`): LZW with codes of 9 to 16 bits, which come in groups of eight.

use std::io::{self, Read};

/// Clears the table, where the header allows that.
const CLEAR: u16 = 256;

/// Unpacks as it is read.
pub(super) struct Decoder {
    packed: Vec<u8>,
    /// The next bit.
    at: usize,
    /// The first bit of the codes of this width.
    group: usize,
    width: u32,
    widest: u32,
    /// Whether [`CLEAR`] is a code of its own.
    clears: bool,
    /// What stands before the last byte of each string, and that byte; the first 256 are unused.
    prefixes: Vec<u16>,
    last_bytes: Vec<u8>,
    before: Option<u16>,
    /// The first byte of the string before.
    first: u8,
    /// What was unpacked and not yet taken, backwards.
    ready: Vec<u8>,
}

impl Decoder {
    /// Of a whole file.
    ///
    /// # Errors
    /// It has no header of this format.
    pub(super) fn new(packed: Vec<u8>) -> io::Result<Self> {
        let (widest, clears) = match packed.as_slice() {
            [0x1f, 0x9d, flags, ..] => (u32::from(flags & 0x1f), flags & 0x80 != 0),
            _ => return Err(io::Error::other("no header")),
        };
        if !(9..=16).contains(&widest) {
            return Err(io::Error::other("codes too wide"));
        }
        let first_free = if clears { 257 } else { 256 };
        Ok(Self {
            packed,
            at: 24,
            group: 24,
            width: 9,
            widest,
            clears,
            prefixes: vec![0; first_free],
            last_bytes: vec![0; first_free],
            before: None,
            first: 0,
            ready: Vec::new(),
        })
    }

    /// The next code; `None` at the end.
    fn code(&mut self) -> Option<u16> {
        let is_full = self.prefixes.len() >= 1 << self.width;
        if is_full && self.width < self.widest {
            self.next_group();
            self.width += 1;
        }
        let bytes = self.packed.get(self.at / 8..)?;
        let low = bytes.iter().take(3).rev().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        let has_all = bytes.len() * 8 >= self.at % 8 + self.width as usize;
        let code = low >> (self.at % 8) & ((1 << self.width) - 1);
        self.at += self.width as usize;
        has_all.then_some(code as u16)
    }

    /// Codes come in groups of eight; what is left of a group when the width changes is filled up.
    fn next_group(&mut self) {
        let group = self.width as usize * 8;
        self.at = self.group + (self.at - self.group).div_ceil(group) * group;
        self.group = self.at;
    }

    fn clear(&mut self) {
        self.next_group();
        self.width = 9;
        self.prefixes.truncate(257);
        self.last_bytes.truncate(257);
        self.before = None;
    }

    /// Unpacks the string of a code into `ready`.
    fn string(&mut self, code: u16) -> io::Result<()> {
        let known = self.prefixes.len();
        let mut at = code;
        if usize::from(code) >= known.max(256) {
            let Some(before) = self.before.filter(|_| usize::from(code) == known) else {
                return Err(io::Error::other("unknown code"));
            };
            self.ready.push(self.first);
            at = before;
        }
        while at >= 256 {
            let index = usize::from(at);
            let (Some(prefix), Some(last)) = (self.prefixes.get(index), self.last_bytes.get(index))
            else {
                return Err(io::Error::other("unknown code"));
            };
            self.ready.push(*last);
            if *prefix >= at {
                return Err(io::Error::other("a string in itself"));
            }
            at = *prefix;
        }
        self.first = at as u8;
        self.ready.push(self.first);
        Ok(())
    }

    fn step(&mut self) -> io::Result<bool> {
        let Some(code) = self.code() else { return Ok(false) };
        if self.clears && code == CLEAR {
            self.clear();
            return Ok(true);
        }
        self.string(code)?;
        if let Some(before) = self.before
            && self.prefixes.len() < 1 << self.widest
        {
            self.prefixes.push(before);
            self.last_bytes.push(self.first);
        }
        self.before = Some(code);
        Ok(true)
    }
}

impl Read for Decoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        for byte in out {
            while self.ready.is_empty() {
                if !self.step()? {
                    return Ok(written);
                }
            }
            *byte = self.ready.pop().unwrap_or_default();
            written += 1;
        }
        Ok(written)
    }
}
