//! The one place that unpacks: every raw decoder of packed bytes stands behind [`unpacked`], and clippy
//! forbids them elsewhere. What comes out is a reader; it goes through `Reading::member` or `Reading::load`,
//! which cap it.
//!
//! Memory is bounded here: a stream that claims to need a window above [`LARGEST_WINDOW`] is refused before
//! anything is allocated.
#![expect(clippy::disallowed_types, reason = "the one place")]

mod cabinet;
mod compress;
pub(super) mod rar;
mod rtf;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Read};

use lzma_rust2::filter::{bcj::BcjReader, bcj2::Bcj2Reader, delta::DeltaReader};

pub(super) use self::{cabinet::CabinetFolder, rtf::rtf};

/// The largest window that a stream may ask for, in bytes.
pub(super) const LARGEST_WINDOW: u32 = 64 << 20;

/// [`LARGEST_WINDOW`] and what a decoder needs beside it, in KiB.
const MOST_MEMORY: u32 = LARGEST_WINDOW / 1024 + 16 * 1024;

/// A bare stream (RFC 1951), as far as it goes.
pub(super) fn deflated<'r>(packed: impl Read + 'r) -> impl Read + 'r {
    flate2::read::DeflateDecoder::new(packed)
}

/// A stream with its head and checksum (RFC 1950).
pub(super) fn zlib<'r>(packed: impl Read + 'r) -> impl Read + 'r {
    flate2::read::ZlibDecoder::new(packed)
}

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Not at all.
    Stored,
    /// RFC 1951.
    Deflate,
    /// As [`Method::Deflate`], with the larger window of PKZIP.
    Deflate64,
    /// RFC 1952, one member after the other.
    Gzip,
    /// One stream after the other.
    Bzip2,
    /// One stream after the other.
    Xz,
    /// LZMA behind its header of 13 bytes.
    LzmaAlone,
    /// LZMA without a header: literal and position bits, window, and size (`u64::MAX`: to the end mark).
    Lzma { properties: u8, window: u32, size: u64 },
    /// Chunks of LZMA.
    Lzma2 { window: u32 },
    /// PPMd, variant H, as 7-Zip has it.
    PpmdH { order: u32, memory: u32 },
    /// PPMd, variant I, behind its two bytes, as zip has it.
    PpmdI,
    /// RFC 8878, one frame after the other.
    Zstd,
    /// What `compress` of Unix makes.
    Compress,
    /// Differences to the byte so many before.
    Delta { distance: usize },
    /// Jumps of programs made absolute, for this processor.
    Jumps(Processor),
}

/// Whose jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Processor {
    X86,
    PowerPc,
    Itanium,
    Arm,
    Thumb,
    Sparc,
    Arm64,
    RiscV,
}

/// What these bytes become.
///
/// # Errors
/// They cannot be unpacked, or need too much memory.
pub(super) fn unpacked<'r>(
    method: Method,
    mut packed: impl BufRead + 'r,
) -> io::Result<Box<dyn Read + 'r>> {
    Ok(match method {
        Method::Stored => Box::new(packed),
        Method::Deflate => Box::new(flate2::bufread::DeflateDecoder::new(packed)),
        Method::Deflate64 => Box::new(deflate64::Deflate64Decoder::with_buffer(packed)),
        Method::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        Method::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
        Method::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, MOST_MEMORY)),
        Method::LzmaAlone => {
            Box::new(lzma_rust2::LzmaReader::new_mem_limit(packed, MOST_MEMORY, None)?)
        }
        Method::Lzma { properties, window, size } => {
            let window = allowed(window)?;
            Box::new(lzma_rust2::LzmaReader::new_with_props(
                packed, size, properties, window, None,
            )?)
        }
        Method::Lzma2 { window } => {
            Box::new(lzma_rust2::Lzma2Reader::new_mem_limit(packed, window, MOST_MEMORY, None)?)
        }
        Method::PpmdH { order, memory } => {
            let memory = allowed(memory)?;
            Box::new(ppmd_rust::Ppmd7Decoder::new(packed, order, memory).map_err(io::Error::other)?)
        }
        Method::PpmdI => ppmd_i(packed)?,
        Method::Zstd => zstd(packed)?,
        Method::Compress => {
            let mut rest = Vec::new();
            packed.read_to_end(&mut rest)?;
            Box::new(compress::Decoder::new(rest)?)
        }
        Method::Delta { distance } => Box::new(DeltaReader::new(packed, distance)),
        Method::Jumps(processor) => Box::new(jumps(processor, packed)),
    })
}

/// Jumps of x86 programs that 7-Zip packs in four streams: the code, calls, jumps, and which are which.
pub(super) fn four_streams<'r>(
    streams: Vec<Box<dyn Read + 'r>>,
    size: u64,
) -> io::Result<Box<dyn Read + 'r>> {
    Ok(Box::new(Bcj2Reader::try_new(streams, size)?))
}

fn allowed(memory: u32) -> io::Result<u32> {
    if memory <= LARGEST_WINDOW { Ok(memory) } else { Err(io::Error::other("window too large")) }
}

/// Two bytes before the data tell order, memory in MiB and what happens when it is full.
fn ppmd_i<'r>(mut packed: impl BufRead + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut head = [0; 2];
    packed.read_exact(&mut head)?;
    let head = u16::from_le_bytes(head);
    let order = u32::from(head & 0xf) + 1;
    let memory = allowed((u32::from(head >> 4 & 0xff) + 1) << 20)?;
    let when_full = match head >> 12 {
        0 => ppmd_rust::RestoreMethod::Restart,
        1 => ppmd_rust::RestoreMethod::CutOff,
        _ => return Err(io::Error::other("unknown method")),
    };
    let decoder = ppmd_rust::Ppmd8Decoder::new(packed, order, memory, when_full);
    Ok(Box::new(decoder.map_err(io::Error::other)?))
}

fn zstd<'r>(packed: impl BufRead + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
    decoder.window_log_max(LARGEST_WINDOW.ilog2())?;
    Ok(Box::new(decoder))
}

fn jumps<R: Read>(processor: Processor, packed: R) -> BcjReader<R> {
    match processor {
        Processor::X86 => BcjReader::new_x86(packed, 0),
        Processor::PowerPc => BcjReader::new_ppc(packed, 0),
        Processor::Itanium => BcjReader::new_ia64(packed, 0),
        Processor::Arm => BcjReader::new_arm(packed, 0),
        Processor::Thumb => BcjReader::new_arm_thumb(packed, 0),
        Processor::Sparc => BcjReader::new_sparc(packed, 0),
        Processor::Arm64 => BcjReader::new_arm64(packed, 0),
        Processor::RiscV => BcjReader::new_riscv(packed, 0),
    }
}
