//! The blocks of a folder in a cabinet: stored, MSZIP or LZX, each of at most 32 KiB unpacked.

use std::{
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
};

use lzxd::{Lzxd, WindowSize};

/// What one block may become, in bytes; also how far back MSZIP looks.
const BLOCK: usize = 32 << 10;

/// A folder, unpacked as it is read.
pub(in crate::contents) struct CabinetFolder<'b> {
    /// Its blocks, headers included.
    blocks: &'b [u8],
    /// How many are left.
    left: u16,
    /// Bytes in each header that belong to nobody.
    reserved: usize,
    packing: Packing,
    ready: Vec<u8>,
    taken: usize,
}

enum Packing {
    Stored,
    /// With the bytes before.
    MsZip(Vec<u8>),
    Lzx(Box<Lzxd>),
}

impl<'b> CabinetFolder<'b> {
    /// Of these blocks; `method` as the folder's header has it.
    ///
    /// # Errors
    /// Nobody here unpacks the method.
    pub(in crate::contents) fn new(
        blocks: &'b [u8],
        count: u16,
        reserved: usize,
        method: u16,
    ) -> io::Result<Self> {
        let packing = match (method & 0xf, method >> 8) {
            (0, _) => Packing::Stored,
            (1, _) => Packing::MsZip(Vec::new()),
            (3, window) => Packing::Lzx(Box::new(Lzxd::new(window_size(window)?))),
            _ => return Err(io::Error::other("packed in a way nobody knows")),
        };
        Ok(Self { blocks, left: count, reserved, packing, ready: Vec::new(), taken: 0 })
    }

    fn next_block(&mut self) -> io::Result<()> {
        let (packed, size) = self.header().ok_or(io::ErrorKind::UnexpectedEof)?;
        self.left -= 1;
        self.taken = 0;
        if size > BLOCK {
            return Err(io::Error::other("block too large"));
        }
        self.ready = match &mut self.packing {
            Packing::Stored => packed.to_vec(),
            Packing::MsZip(before) => ms_zip(packed, before)?,
            Packing::Lzx(decoder) => lzx(decoder, packed, size)?,
        };
        Ok(())
    }

    /// Takes the next block: its packed bytes, and how many they become.
    fn header(&mut self) -> Option<(&'b [u8], usize)> {
        let (head, rest) = self.blocks.split_at_checked(8 + self.reserved)?;
        let sizes: [u8; 4] = head.get(4..8)?.try_into().ok()?;
        let [packed, size] = [[sizes[0], sizes[1]], [sizes[2], sizes[3]]].map(u16::from_le_bytes);
        let (packed, rest) = rest.split_at_checked(usize::from(packed))?;
        self.blocks = rest;
        Some((packed, usize::from(size)))
    }
}

impl Read for CabinetFolder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() {
            if self.left == 0 || out.is_empty() {
                return Ok(0);
            }
            self.next_block()?;
        }
        let mut rest = self.ready.get(self.taken..).unwrap_or_default();
        let read = rest.read(out)?;
        self.taken += read;
        Ok(read)
    }
}

fn window_size(bits: u16) -> io::Result<WindowSize> {
    Ok(match bits {
        15 => WindowSize::KB32,
        16 => WindowSize::KB64,
        17 => WindowSize::KB128,
        18 => WindowSize::KB256,
        19 => WindowSize::KB512,
        20 => WindowSize::MB1,
        21 => WindowSize::MB2,
        _ => return Err(io::Error::other("window of no cabinet")),
    })
}

/// A block of MSZIP is deflated on its own, but may refer to what came before: so that is put before it as
/// a stored block.
fn ms_zip(packed: &[u8], before: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let packed = packed.strip_prefix(b"CK").ok_or_else(|| io::Error::other("no block of MSZIP"))?;
    let length = before.len() as u16;
    let head = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    let input = head.chain(before.as_slice()).chain(packed);
    let mut all = Vec::new();
    let most = (before.len() + BLOCK) as u64;
    flate2::bufread::DeflateDecoder::new(input).take(most).read_to_end(&mut all)?;
    let block = all.split_off(before.len().min(all.len()));
    before.extend_from_slice(&block);
    before.drain(..before.len().saturating_sub(BLOCK));
    Ok(block)
}

/// The decoder asserts some things that a damaged block can break; a panic there is an error here, and
/// nothing reads the decoder after one.
fn lzx(decoder: &mut Lzxd, packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let unpack = || decoder.decompress_next(packed, size).map(<[u8]>::to_vec);
    let unpacked = catch_unwind(AssertUnwindSafe(unpack));
    unpacked.map_err(|_| io::Error::other("damaged"))?.map_err(io::Error::other)
}
