//! The formats: PNG, JPEG, GIF, BMP, WebP and TIFF, still or moving.
//!
//! A header that claims too much is refused before anything is allocated. Whatever comes is shrunk at once,
//! so that memory stays within a few times what the bounds say.

use std::{
    io::{BufRead, Cursor, Read, Seek, SeekFrom},
    time::{Duration, Instant},
};

use image::{
    AnimationDecoder, Frames, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
    imageops,
};

use super::{PictureBounds, PictureError, grey::fit};

/// How many pixels of a still picture are kept.
const STILL: u64 = 6_000_000;

/// How many pixels of each picture of a film are kept.
const MOVING: u64 = 1_500_000;

/// How large a film may be that is played, in pixels; of a larger one the first picture is seen.
const SCREEN: u64 = 10_000_000;

/// How many pixels all scans of a JPEG may go over: each may be a few bytes, and touches all.
const SCANNED: u64 = 1_500_000_000;

/// A picture of a film, or the only one.
pub(super) struct Shot {
    /// With all that came before and still shows.
    pub image: RgbaImage,
    /// How long it shows.
    pub delay: Duration,
}

impl Shot {
    /// Of a still picture.
    pub(super) fn still(image: RgbaImage) -> Self {
        let (width, height) = fit(image.width(), image.height(), STILL);
        let is_small = (width, height) == image.dimensions();
        let image = if is_small { image } else { imageops::thumbnail(&image, width, height) };
        Self { image, delay: Duration::ZERO }
    }
}

/// What its header says.
pub(super) struct Header {
    format: ImageFormat,
    pub width: u32,
    pub height: u32,
}

impl Header {
    /// How many pixels it claims.
    pub(super) fn area(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Reads what a picture claims to be.
///
/// # Errors
/// It is no picture of a known format, damaged, or too large.
pub(super) fn header(bytes: &[u8], bounds: &PictureBounds) -> Result<Header, PictureError> {
    let format = image::guess_format(bytes).map_err(|_| PictureError::Unknown)?;
    let is_known = matches!(
        format,
        ImageFormat::Png
            | ImageFormat::Jpeg
            | ImageFormat::Gif
            | ImageFormat::Bmp
            | ImageFormat::WebP
            | ImageFormat::Tiff
    );
    if !is_known {
        return Err(PictureError::Unknown);
    }
    let mut reader = ImageReader::with_format(Timed::new(bytes, bounds.deadline), format);
    reader.limits(limits(bounds));
    let (width, height) = reader.into_dimensions()?;
    let header = Header { format, width, height };
    if header.area() > bounds.pixels {
        return Err(PictureError::TooLarge);
    }
    Ok(header)
}

/// Shows each picture to `watch` until that has seen enough (says `false`), the film ends or is damaged, or
/// as many as the bounds allow were shown.
///
/// # Errors
/// Not even the first can be seen, or it is too late.
pub(super) fn play(
    bytes: &[u8],
    header: &Header,
    bounds: &PictureBounds,
    watch: &mut dyn FnMut(Shot) -> bool,
) -> Result<(), PictureError> {
    if header.area() <= SCREEN
        && let Some(frames) = film(bytes, header.format, bounds)?
        && roll(frames, bounds, watch)?
    {
        return Ok(());
    }
    watch(Shot::still(still(bytes, header, bounds)?));
    Ok(())
}

fn limits(bounds: &PictureBounds) -> Limits {
    const LONGEST_SIDE: u32 = 65_535;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(bounds.bytes);
    limits
}

/// The pictures of a moving one; `None`: it does not move.
fn film<'b>(
    bytes: &'b [u8],
    format: ImageFormat,
    bounds: &PictureBounds,
) -> Result<Option<Frames<'b>>, PictureError> {
    let source = Timed::new(bytes, bounds.deadline);
    Ok(match format {
        ImageFormat::Gif => {
            let mut decoder = GifDecoder::new(source)?;
            decoder.set_limits(limits(bounds))?;
            Some(decoder.into_frames())
        }
        ImageFormat::Png => {
            let decoder = PngDecoder::with_limits(source, limits(bounds))?;
            if decoder.is_apng()? { Some(decoder.apng()?.into_frames()) } else { None }
        }
        ImageFormat::WebP => {
            let mut decoder = WebPDecoder::new(source)?;
            decoder.set_limits(limits(bounds))?;
            if decoder.has_animation() { Some(decoder.into_frames()) } else { None }
        }
        _ => None,
    })
}

/// Whether anything was shown.
fn roll(
    frames: Frames<'_>,
    bounds: &PictureBounds,
    watch: &mut dyn FnMut(Shot) -> bool,
) -> Result<bool, PictureError> {
    let mut was_shown = false;
    for frame in frames.take(bounds.frames) {
        bounds.time()?;
        let Ok(frame) = frame else { break };
        was_shown = true;
        let delay = Duration::from(frame.delay());
        let image = frame.into_buffer();
        let (width, height) = fit(image.width(), image.height(), MOVING);
        let is_small = (width, height) == image.dimensions();
        let image = if is_small { image } else { imageops::thumbnail(&image, width, height) };
        if !watch(Shot { image, delay }) {
            break;
        }
    }
    Ok(was_shown)
}

fn still(bytes: &[u8], header: &Header, bounds: &PictureBounds) -> Result<RgbaImage, PictureError> {
    if header.format == ImageFormat::Jpeg && scans(bytes).saturating_mul(header.area()) > SCANNED {
        return Err(PictureError::TooLarge);
    }
    let mut reader = ImageReader::with_format(Timed::new(bytes, bounds.deadline), header.format);
    reader.limits(limits(bounds));
    let picture = reader.decode()?;
    bounds.time()?;
    let (width, height) = fit(picture.width(), picture.height(), STILL);
    if (width, height) == (picture.width(), picture.height()) {
        return Ok(picture.into_rgba8());
    }
    Ok(picture.thumbnail_exact(width, height).into_rgba8())
}

/// How often a JPEG may go over its pixels: markers `FF DA`.
fn scans(bytes: &[u8]) -> u64 {
    bytes.windows(2).filter(|pair| *pair == [0xff, 0xda]).count() as u64
}

/// Bytes that cannot be read any more when it is too late: most decoders read as they go.
struct Timed<'b> {
    bytes: Cursor<&'b [u8]>,
    deadline: Instant,
}

impl<'b> Timed<'b> {
    fn new(bytes: &'b [u8], deadline: Instant) -> Self {
        Self { bytes: Cursor::new(bytes), deadline }
    }

    fn time(&self) -> std::io::Result<()> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(std::io::ErrorKind::TimedOut.into())
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.time()?;
        self.bytes.read(buffer)
    }
}

impl BufRead for Timed<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        /// Small enough to ask for the time now and then, large enough for it not to matter.
        const PIECE: usize = 16 << 10;
        self.time()?;
        let rest = self.bytes.fill_buf()?;
        Ok(rest.get(..PIECE).unwrap_or(rest))
    }

    fn consume(&mut self, count: usize) {
        self.bytes.consume(count);
    }
}

impl Seek for Timed<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.bytes.seek(to)
    }
}
