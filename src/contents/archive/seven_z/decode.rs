//! A folder of a 7z archive as one reader: its coders, one on the other.

use std::{
    cell::RefCell,
    io::{self, BufReader, Cursor, Read},
};

use super::header::{Coder, Folder};
use crate::contents::{
    archive::lock::{chained, seven_z_key},
    unpack::{Method, Processor, four_streams, unpacked},
};

const AES: &[u8] = &[6, 0xf1, 7, 1];
const FOUR_STREAMS: &[u8] = &[3, 3, 1, 0x1b];

/// What ClamAV 1.4 unpacks: copies, LZMA, LZMA2 and the jumps of x86.
const SCANNED: [&[u8]; 6] = [&[0], &[0x21], &[3, 1, 1], &[3, 3, 1, 3], FOUR_STREAMS, &[4]];

/// Whether the folder is encrypted.
pub(super) fn is_locked(folder: &Folder) -> bool {
    folder.coders.iter().any(|coder| coder.method == AES)
}

/// Whether the virus scanner finds its files by itself.
pub(super) fn is_scanned(folder: &Folder) -> bool {
    folder.coders.iter().all(|coder| SCANNED.contains(&coder.method.as_slice()))
}

/// A password, and the key that was last made of it: that takes half a million steps.
#[derive(Debug)]
pub(super) struct Password {
    word: String,
    known: RefCell<Option<MadeKey>>,
}

/// What a key was made with, and itself.
type MadeKey = (Vec<u8>, u8, [u8; 32]);

impl Password {
    pub(super) fn new(word: &str) -> Self {
        Self { word: word.to_owned(), known: RefCell::default() }
    }

    fn key(&self, salt: &[u8], cycles: u8) -> Option<[u8; 32]> {
        let mut known = self.known.borrow_mut();
        match &*known {
            Some((with, times, key)) if with == salt && *times == cycles => Some(*key),
            _ => {
                let key = seven_z_key(&self.word, salt, cycles)?;
                *known = Some((salt.to_vec(), cycles, key));
                Some(key)
            }
        }
    }
}

/// A folder, its packed streams, and what may open it.
#[derive(Clone, Copy)]
pub(super) struct Source<'s, 'b> {
    pub folder: &'s Folder,
    pub streams: &'s [&'b [u8]],
    pub password: Option<&'s Password>,
}

impl<'b> Source<'_, 'b> {
    /// All of its contents, one after the other.
    ///
    /// # Errors
    /// It is locked, or packed in a way nobody knows, or needs too much memory.
    pub(super) fn open(self) -> io::Result<Box<dyn Read + 'b>> {
        let last = self.folder.last().ok_or_else(unknown)?;
        self.output(last, self.folder.coders.len())
    }

    /// What comes out of a coder, below which there may be so many others.
    fn output(self, at: usize, below: usize) -> io::Result<Box<dyn Read + 'b>> {
        let below = below.checked_sub(1).ok_or_else(unknown)?;
        let coder = self.folder.coders.get(at).ok_or_else(unknown)?;
        let size = self.folder.sizes.get(at).copied().unwrap_or_default();
        let first: u64 = self.folder.coders.iter().take(at).map(|coder| coder.inputs).sum();
        let inputs = (first..first + coder.inputs).map(|input| self.input(input, below));
        let mut inputs: Vec<_> = inputs.collect::<io::Result<_>>()?;
        if coder.method == FOUR_STREAMS {
            return four_streams(inputs, size);
        }
        let (Some(input), true) = (inputs.pop(), inputs.is_empty()) else { return Err(unknown()) };
        if coder.method == AES {
            return self.decrypted(coder, input, size);
        }
        let output = unpacked(method(coder, size)?, BufReader::new(input))?;
        Ok(Box::new(output.take(size)))
    }

    fn input(self, input: u64, below: usize) -> io::Result<Box<dyn Read + 'b>> {
        if let Some(bind) = self.folder.binds.iter().find(|bind| bind.input == input) {
            return self.output(usize::try_from(bind.output).unwrap_or(usize::MAX), below);
        }
        let at = self.folder.packed.iter().position(|packed| *packed == input);
        let stream = at.and_then(|at| self.streams.get(at)).copied().ok_or_else(unknown)?;
        Ok(Box::new(stream))
    }

    /// AES stands on packed streams, so its input is no larger than the file.
    fn decrypted(
        self,
        coder: &Coder,
        input: Box<dyn Read + 'b>,
        size: u64,
    ) -> io::Result<Box<dyn Read + 'b>> {
        let most: u64 = self.streams.iter().map(|stream| stream.len() as u64).sum();
        let mut sealed = Vec::new();
        input.take(most).read_to_end(&mut sealed)?;
        let (key, first) = self
            .password
            .and_then(|word| key(coder, word))
            .ok_or_else(|| io::Error::other("locked"))?;
        Ok(Box::new(Cursor::new(chained(&sealed, &key, first)).take(size)))
    }
}

fn unknown() -> io::Error {
    io::Error::other("packed in a way nobody knows")
}

/// The key, and what stands before the first block.
fn key(coder: &Coder, password: &Password) -> Option<([u8; 32], [u8; 16])> {
    let (head, rest) = coder.properties.split_at_checked(2)?;
    let [flags, sizes] = head.try_into().ok()?;
    let size = |flag: u8, more: u8| usize::from(flags >> flag & 1) + usize::from(more);
    let (salt, rest) = rest.split_at_checked(size(7, sizes >> 4))?;
    let mut first = [0; 16];
    let given = rest.get(..size(6, sizes & 0xf))?;
    first.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
    Some((password.key(salt, flags & 0x3f)?, first))
}

fn method(coder: &Coder, size: u64) -> io::Result<Method> {
    let properties = coder.properties.as_slice();
    let method = match coder.method.as_slice() {
        [0] => Some(Method::Stored),
        [0x21] => properties.first().and_then(lzma2),
        [3] => {
            Some(Method::Delta { distance: properties.first().map_or(1, |d| usize::from(*d) + 1) })
        }
        [3, 1, 1] => lzma(properties, size),
        [3, 4, 1] => ppmd(properties),
        [4, 1, 8] => Some(Method::Deflate),
        [4, 1, 9] => Some(Method::Deflate64),
        [4, 2, 2] => Some(Method::Bzip2),
        [4, 0xf7, 0x11, 1] => Some(Method::Zstd),
        [4] | [3, 3, 1, 3] => Some(Method::Jumps(Processor::X86)),
        [5] | [3, 3, 2, 5] => Some(Method::Jumps(Processor::PowerPc)),
        [6] | [3, 3, 4, 1] => Some(Method::Jumps(Processor::Itanium)),
        [7] | [3, 3, 5, 1] => Some(Method::Jumps(Processor::Arm)),
        [8] | [3, 3, 7, 1] => Some(Method::Jumps(Processor::Thumb)),
        [9] | [3, 3, 8, 5] => Some(Method::Jumps(Processor::Sparc)),
        [0xa] => Some(Method::Jumps(Processor::Arm64)),
        [0xb] => Some(Method::Jumps(Processor::RiscV)),
        _ => None,
    };
    method.ok_or_else(unknown)
}

/// One byte tells the window: half powers of two from 4 KiB on.
fn lzma2(bits: &u8) -> Option<Method> {
    let window = match bits {
        0..=39 => u32::from(2 | bits & 1).checked_shl(u32::from(bits / 2) + 11)?,
        40 => u32::MAX,
        _ => return None,
    };
    Some(Method::Lzma2 { window })
}

fn lzma(properties: &[u8], size: u64) -> Option<Method> {
    let (&properties, window) = properties.split_first()?;
    let window = u32::from_le_bytes(window.get(..4)?.try_into().ok()?);
    Some(Method::Lzma { properties, window, size })
}

fn ppmd(properties: &[u8]) -> Option<Method> {
    let (&order, memory) = properties.split_first()?;
    let memory = u32::from_le_bytes(memory.get(..4)?.try_into().ok()?);
    Some(Method::PpmdH { order: u32::from(order), memory })
}
