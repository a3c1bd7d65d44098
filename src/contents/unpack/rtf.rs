//! Compressed rich text of Exchange ("LZFu", [MS-OXRTFCP]).

use std::io::{self, Read};

/// How far back it looks, in bytes.
const WINDOW: usize = 4_096;

/// What stands in the window at the beginning.
const BEGINNING: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \
\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\
\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// The rich text in these bytes, header included; as a reader, as all that unpacks is.
///
/// # Errors
/// They are not compressed rich text.
pub(in crate::contents) fn rtf(packed: &[u8]) -> io::Result<Box<dyn Read + '_>> {
    let (head, rest) = packed.split_at_checked(16).ok_or(io::ErrorKind::UnexpectedEof)?;
    match head.get(8..12) {
        Some(b"MELA") => Ok(Box::new(rest)),
        Some(b"LZFu") => Ok(Box::new(Decoder::new(rest))),
        _ => Err(io::Error::other("not compressed rich text")),
    }
}

struct Decoder<'b> {
    rest: &'b [u8],
    window: Vec<u8>,
    /// Where the next byte goes in the window.
    at: usize,
    /// What the next few of the eight are, the next one lowest; and how many are left.
    flags: u8,
    flags_left: u8,
    /// A copy that goes on: from where in the window, how many bytes.
    copy: (usize, usize),
    is_done: bool,
}

impl<'b> Decoder<'b> {
    fn new(rest: &'b [u8]) -> Self {
        let mut window = BEGINNING.to_vec();
        window.resize(WINDOW, b' ');
        let at = BEGINNING.len();
        Self { rest, window, at, flags: 0, flags_left: 0, copy: (0, 0), is_done: false }
    }

    fn put(&mut self, byte: u8) -> u8 {
        if let Some(place) = self.window.get_mut(self.at) {
            *place = byte;
        }
        self.at = (self.at + 1) % WINDOW;
        byte
    }

    fn input(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn next(&mut self) -> Option<u8> {
        loop {
            if self.copy.1 > 0 {
                let byte = self.window.get(self.copy.0).copied()?;
                self.copy = ((self.copy.0 + 1) % WINDOW, self.copy.1 - 1);
                return Some(self.put(byte));
            }
            if self.is_done {
                return None;
            }
            if self.flags_left == 0 {
                (self.flags, self.flags_left) = (self.input()?, 8);
            }
            let is_copy = self.flags & 1 == 1;
            (self.flags, self.flags_left) = (self.flags >> 1, self.flags_left - 1);
            if !is_copy {
                let byte = self.input()?;
                return Some(self.put(byte));
            }
            let reference = u16::from_be_bytes([self.input()?, self.input()?]);
            let from = usize::from(reference >> 4);
            self.is_done = from == self.at;
            self.copy = (from, if self.is_done { 0 } else { usize::from(reference & 0xf) + 2 });
        }
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        for place in out {
            let Some(byte) = self.next() else { break };
            *place = byte;
            written += 1;
        }
        Ok(written)
    }
}
