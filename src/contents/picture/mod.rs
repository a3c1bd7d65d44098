//! Pictures: what they show.
//!
//! [`look`] is cheap and wants hostile bytes in a sandbox: it decodes a picture (or a grid of slices that a
//! page shows as one), tells its [`PictureHash`] for campaigns, reads QR codes, and leaves [`View`]s: grey
//! pictures of bounded size. [`read`] is dear: it reads the text in these with Tesseract. Between the two, the
//! caller may find that a picture of the same hash has been read already.
//!
//! A view is what somebody may see: the picture, each picture of a film that differs, all of a film at once,
//! what is transparent on black instead of white, colours that are equally bright.

mod codes;
mod decode;
mod grey;
mod grid;
mod hash;
mod prepare;
mod read;
mod shapes;
mod tesseract;
#[cfg(test)]
mod tests;
mod views;

use std::time::Instant;

use image::{ImageError, RgbaImage};
use serde::{Deserialize, Serialize};

pub use grey::Grey;
pub use hash::PictureHash;
pub use read::{PictureText, read};
pub use tesseract::{Ocr, OcrError, Reader};
pub use views::View;

/// What one picture may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureBounds {
    /// How many pixels it may claim, all slices together.
    pub pixels: u64,
    /// How many bytes a decoder may take at any time.
    pub bytes: u64,
    /// How many pictures of a film are seen.
    pub frames: usize,
    /// How many slices may make one picture.
    pub slices: usize,
    /// Until when.
    pub deadline: Instant,
}

impl PictureBounds {
    /// The usual ones.
    pub fn until(deadline: Instant) -> Self {
        Self { pixels: 40_000_000, bytes: 256 << 20, frames: 50, slices: 200, deadline }
    }

    fn time(&self) -> Result<(), PictureError> {
        if Instant::now() < self.deadline { Ok(()) } else { Err(PictureError::Late) }
    }
}

/// Why nothing can be seen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// No picture, or of a format that is not read.
    #[error("no picture of a known format")]
    Unknown,
    /// It claims more than may be.
    #[error("too large")]
    TooLarge,
    /// It took too long.
    #[error("too late")]
    Late,
    /// Damaged.
    #[error("damaged")]
    Broken(#[source] ImageError),
}

impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooLarge,
            ImageError::IoError(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                Self::Late
            }
            ImageError::Unsupported(_) => Self::Unknown,
            error => Self::Broken(error),
        }
    }
}

/// What a picture is, and shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Width in pixels, as claimed.
    pub width: u32,
    /// Height in pixels, as claimed.
    pub height: u32,
    /// How many pictures of a film were seen; 1: it does not move.
    pub frames: u32,
    /// What it looks like.
    pub hash: PictureHash,
    /// What QR codes in it say.
    pub codes: Vec<String>,
    /// Whether there may be text in it: false for what is tiny, empty, or most likely a photograph.
    pub is_text_likely: bool,
    /// What [`read`] reads; empty if no text is likely.
    pub views: Vec<View>,
}

/// Looks at a picture: `rows` of slices that a page shows side by side as one; mostly one row of one.
///
/// # Errors
/// Nothing can be seen.
pub fn look(rows: &[&[&[u8]]], bounds: &PictureBounds) -> Result<Look, PictureError> {
    match rows {
        [[bytes]] => look_at_one(bytes, bounds),
        _ => look_at_slices(rows, bounds),
    }
}

fn look_at_one(bytes: &[u8], bounds: &PictureBounds) -> Result<Look, PictureError> {
    let header = decode::header(bytes, bounds)?;
    let mut film = views::Film::default();
    decode::play(bytes, &header, bounds, &mut |shot| film.watch(shot))?;
    judge((header.width, header.height), &film, bounds)
}

fn look_at_slices(rows: &[&[&[u8]]], bounds: &PictureBounds) -> Result<Look, PictureError> {
    let mut left = *bounds;
    let mut decoded = Vec::new();
    for row in rows {
        let mut slices = Vec::new();
        for bytes in *row {
            left.slices = left.slices.checked_sub(1).ok_or(PictureError::TooLarge)?;
            let (slice, area) = slice(bytes, &left)?;
            left.pixels = left.pixels.saturating_sub(area);
            slices.push(slice);
        }
        decoded.push(slices);
    }
    let whole = grid::compose(&decoded, bounds.pixels).ok_or(PictureError::TooLarge)?;
    drop(decoded);
    let size = whole.dimensions();
    let mut film = views::Film::default();
    film.watch(decode::Shot::still(whole));
    judge(size, &film, bounds)
}

/// The last picture of a slice, and how many pixels it claims.
fn slice(bytes: &[u8], bounds: &PictureBounds) -> Result<(RgbaImage, u64), PictureError> {
    let header = decode::header(bytes, bounds)?;
    let mut last = None;
    decode::play(bytes, &header, bounds, &mut |shot| {
        last = Some(shot.image);
        true
    })?;
    Ok((last.ok_or(PictureError::Unknown)?, header.area()))
}

fn judge(
    (width, height): (u32, u32),
    film: &views::Film,
    bounds: &PictureBounds,
) -> Result<Look, PictureError> {
    /// Nothing smaller holds a word.
    const SMALLEST: (u32, u32) = (30, 10);
    bounds.time()?;
    let whole = film.whole().ok_or(PictureError::Unknown)?;
    let hash = PictureHash::of(&whole);
    let is_tiny = width < SMALLEST.0 || height < SMALLEST.1;
    let mut views = Vec::new();
    for view in if is_tiny { Vec::new() } else { film.views() } {
        bounds.time()?;
        if view.is_text_likely() {
            views.push(view);
        }
    }
    let codes = if is_tiny { Vec::new() } else { codes::read(&whole, bounds.deadline) };
    let is_text_likely = !views.is_empty();
    Ok(Look { width, height, frames: film.frames(), hash, codes, is_text_likely, views })
}
