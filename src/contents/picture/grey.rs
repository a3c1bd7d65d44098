//! A grey picture, and what is done to it pixel by pixel.

use image::{GrayImage, RgbaImage, imageops};
use serde::{Deserialize, Serialize};

/// A picture in shades of grey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Claimed", into = "Claimed")]
pub struct Grey {
    width: u32,
    height: u32,
    /// Row by row, 0 is black.
    pixels: Vec<u8>,
}

/// What comes through a pipe, and may not be one.
#[derive(Serialize, Deserialize)]
struct Claimed {
    width: u32,
    height: u32,
    #[serde(with = "raw")]
    pixels: Vec<u8>,
}

impl From<Grey> for Claimed {
    fn from(Grey { width, height, pixels }: Grey) -> Self {
        Self { width, height, pixels }
    }
}

impl TryFrom<Claimed> for Grey {
    type Error = &'static str;

    fn try_from(claimed: Claimed) -> Result<Self, Self::Error> {
        Self::new(claimed.width, claimed.height, claimed.pixels).ok_or("pixels are missing")
    }
}

impl Grey {
    /// The share of pixels at either end of the scale that stretching may cut off, in ten thousandths.
    const CUT: usize = 10;

    /// One of these pixels, row by row; `None` if they are not as many as that.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Option<Self> {
        let count = u64::from(width) * u64::from(height);
        (count > 0 && pixels.len() as u64 == count).then_some(Self { width, height, pixels })
    }

    /// A picture as it looks on a page of this shade, seen through `shade`.
    pub(super) fn flatten(
        image: &RgbaImage,
        page: u8,
        shade: impl Fn([u8; 3]) -> u8,
    ) -> Option<Self> {
        let over = |colour: u8, alpha: u32| {
            ((u32::from(colour) * alpha + u32::from(page) * (255 - alpha)) / 255) as u8
        };
        let pixel = |&image::Rgba([red, green, blue, alpha]): &image::Rgba<u8>| {
            let alpha = u32::from(alpha);
            shade([over(red, alpha), over(green, alpha), over(blue, alpha)])
        };
        Self::new(image.width(), image.height(), image.pixels().map(pixel).collect())
    }

    /// How bright a colour is to the eye.
    pub(super) fn brightness([red, green, blue]: [u8; 3]) -> u8 {
        ((u32::from(red) * 77 + u32::from(green) * 150 + u32::from(blue) * 29) >> 8) as u8
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Row by row, 0 is black.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// How many.
    pub(super) fn area(&self) -> u64 {
        self.pixels.len() as u64
    }

    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.pixels.chunks_exact(self.width as usize)
    }

    fn at(&self, x: i64, y: i64) -> Option<u8> {
        let inside = (0..i64::from(self.width)).contains(&x) && y >= 0;
        let place = y.checked_mul(i64::from(self.width))?.checked_add(x)?;
        if inside { self.pixels.get(usize::try_from(place).ok()?).copied() } else { None }
    }

    pub(super) fn histogram(&self) -> [usize; 256] {
        let mut counts = [0; 256];
        for &pixel in &self.pixels {
            if let Some(count) = counts.get_mut(usize::from(pixel)) {
                *count += 1;
            }
        }
        counts
    }

    /// The shade that most pixels have.
    pub(super) fn background(&self) -> u8 {
        let counts = self.histogram();
        counts.iter().zip(0..=255).max_by_key(|(count, _)| **count).map_or(255, |(_, shade)| shade)
    }

    /// The darkest and the lightest shade, but for a few pixels.
    pub(super) fn range(&self) -> (u8, u8) {
        let counts = self.histogram();
        let cut = self.pixels.len() * Self::CUT / 10_000;
        let low = beyond(counts.iter().zip(0..=255), cut).unwrap_or(0);
        let high = beyond(counts.iter().zip(0..=255).rev(), cut).unwrap_or(255);
        (low, high.max(low))
    }

    /// The darkest and the lightest shade.
    pub(super) fn extremes(&self) -> (u8, u8) {
        let pixels = self.pixels.iter().copied();
        (pixels.clone().min().unwrap_or(0), pixels.max().unwrap_or(255))
    }

    /// With every pixel changed alike.
    pub(super) fn map(mut self, change: impl Fn(u8) -> u8) -> Self {
        let mut table = [0_u8; 256];
        for (entry, shade) in table.iter_mut().zip(0..=255) {
            *entry = change(shade);
        }
        for pixel in &mut self.pixels {
            *pixel = table.get(usize::from(*pixel)).copied().unwrap_or(*pixel);
        }
        self
    }

    /// From black to white, whatever the contrast was.
    pub(super) fn stretch(self) -> Self {
        let (low, high) = self.range();
        let range = u32::from(high - low).max(1);
        self.map(|pixel| {
            let above = u32::from(pixel.saturating_sub(low));
            (above * 255 / range).min(255) as u8
        })
    }

    /// Light for dark.
    pub(super) fn invert(self) -> Self {
        self.map(|pixel| 255 - pixel)
    }

    /// In this size, smoothly.
    pub(super) fn resize(&self, width: u32, height: u32) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let Some(image) = self.image() else { return self.clone() };
        let is_smaller = width < self.width && height < self.height;
        let resized = if is_smaller && self.area() > 4 * u64::from(width) * u64::from(height) {
            imageops::thumbnail(&image, width, height)
        } else {
            let filter =
                if is_smaller { imageops::FilterType::Triangle } else { imageops::CatmullRom };
            imageops::resize(&image, width, height, filter)
        };
        Self::of(resized)
    }

    /// No more pixels than this, in the same proportions.
    pub(super) fn shrink(&self, most: u64) -> Self {
        let (width, height) = fit(self.width, self.height, most);
        self.resize(width, height)
    }

    /// Turned by quarters, clockwise.
    pub(super) fn turn(self, quarters: u8) -> Self {
        if quarters.is_multiple_of(4) {
            return self;
        }
        let Some(image) = self.image() else { return self };
        Self::of(match quarters % 4 {
            1 => imageops::rotate90(&image),
            2 => imageops::rotate180(&image),
            _ => imageops::rotate270(&image),
        })
    }

    /// Turned by an angle, in degrees clockwise as seen; corners are white.
    pub(super) fn rotate(&self, degrees: f32) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (width, height) = (self.width as f32, self.height as f32);
        let new_width = (width * cos.abs() + height * sin.abs()).ceil().max(1.0);
        let new_height = (width * sin.abs() + height * cos.abs()).ceil().max(1.0);
        let mut pixels = Vec::with_capacity((new_width * new_height) as usize);
        for row in 0..new_height as u32 {
            let y = row as f32 - new_height / 2.0;
            for column in 0..new_width as u32 {
                let x = column as f32 - new_width / 2.0;
                let from_x = x * cos + y * sin + width / 2.0;
                let from_y = y * cos - x * sin + height / 2.0;
                pixels.push(self.between(from_x, from_y));
            }
        }
        Self::new(new_width as u32, new_height as u32, pixels).unwrap_or_else(|| self.clone())
    }

    /// The shade between four pixels.
    fn between(&self, x: f32, y: f32) -> u8 {
        let (left, top) = (x.floor(), y.floor());
        let (right_share, low_share) = (x - left, y - top);
        let (left, top) = (left as i64, top as i64);
        let shade = |x, y| f32::from(self.at(x, y).unwrap_or(255));
        let upper = shade(left, top) * (1.0 - right_share) + shade(left + 1, top) * right_share;
        let lower =
            shade(left, top + 1) * (1.0 - right_share) + shade(left + 1, top + 1) * right_share;
        (upper * (1.0 - low_share) + lower * low_share) as u8
    }

    /// Without single pixels that differ from all around: the median of nine.
    pub(super) fn denoise(&self) -> Self {
        let rows: Vec<&[u8]> = self.rows().collect();
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for (y, row) in rows.iter().enumerate() {
            let above = y.checked_sub(1).and_then(|y| rows.get(y)).unwrap_or(row);
            let below = rows.get(y + 1).unwrap_or(row);
            pixels.push(row.first().copied().unwrap_or(255));
            for ((a, b), c) in above.windows(3).zip(row.windows(3)).zip(below.windows(3)) {
                pixels.push(median(a, b, c));
            }
            if row.len() > 1 {
                pixels.push(row.last().copied().unwrap_or(255));
            }
        }
        Self::new(self.width, self.height, pixels).unwrap_or_else(|| self.clone())
    }

    /// With a white margin around.
    pub(super) fn pad(&self, margin: u32) -> Self {
        let (width, height) = (self.width + 2 * margin, self.height + 2 * margin);
        let mut pixels = vec![255; width as usize * margin as usize];
        for row in self.rows() {
            pixels.resize(pixels.len() + margin as usize, 255);
            pixels.extend_from_slice(row);
            pixels.resize(pixels.len() + margin as usize, 255);
        }
        pixels.resize(width as usize * height as usize, 255);
        Self::new(width, height, pixels).unwrap_or_else(|| self.clone())
    }

    /// Pixel by pixel from this and another of the same size.
    pub(super) fn merge(&mut self, other: &Self, choose: impl Fn(u8, u8) -> u8) {
        for (mine, &theirs) in self.pixels.iter_mut().zip(&other.pixels) {
            *mine = choose(*mine, theirs);
        }
    }

    /// Whether nobody would see a letter more or less in one than in the other.
    pub(super) fn resembles(&self, other: &Self) -> bool {
        self.differing_cells(other, |_| false) <= Self::MOST_CELLS
    }

    /// Whether all that stands out of this background stands in the other, too.
    pub(super) fn is_within(&self, other: &Self, background: u8) -> bool {
        let is_blank = |shade: u8| shade.abs_diff(background) <= Self::SHADES;
        self.differing_cells(other, is_blank) <= Self::MOST_CELLS
    }

    /// How many cells may be of another shade, as by noise.
    const MOST_CELLS: usize = 2;

    /// How many levels make another shade.
    const SHADES: u8 = 16;

    /// How many cells of 8 by 8 pixels are of another shade; all if the size is another.
    fn differing_cells(&self, other: &Self, is_blank: impl Fn(u8) -> bool) -> usize {
        if (self.width, self.height) != (other.width, other.height) {
            return usize::MAX;
        }
        let cells = |grey: &Self| grey.resize(grey.width.div_ceil(8), grey.height.div_ceil(8));
        let (mine, theirs) = (cells(self), cells(other));
        let pairs = mine.pixels.iter().zip(&theirs.pixels);
        pairs.filter(|(a, b)| !is_blank(**a) && a.abs_diff(**b) > Self::SHADES).count()
    }

    fn image(&self) -> Option<GrayImage> {
        GrayImage::from_raw(self.width, self.height, self.pixels.clone())
    }

    fn of(image: GrayImage) -> Self {
        let (width, height) = image.dimensions();
        Self { width, height, pixels: image.into_raw() }
    }
}

/// The size in the same proportions that has at most so many pixels.
pub(super) fn fit(width: u32, height: u32, most: u64) -> (u32, u32) {
    let area = u64::from(width) * u64::from(height);
    if area <= most {
        return (width.max(1), height.max(1));
    }
    let factor = (most as f64 / area as f64).sqrt();
    let scaled = |side: u32| ((f64::from(side) * factor) as u32).max(1);
    (scaled(width).min(most as u32), scaled(height).min(most as u32))
}

/// The first shade beyond so many pixels.
fn beyond<'c>(counts: impl Iterator<Item = (&'c usize, u8)>, cut: usize) -> Option<u8> {
    let sums = counts.scan(0, |sum, (count, shade)| {
        *sum += count;
        Some((*sum, shade))
    });
    sums.into_iter().find(|(sum, _)| *sum > cut).map(|(_, shade)| shade)
}

fn median(a: &[u8], b: &[u8], c: &[u8]) -> u8 {
    let mut nine = [0_u8; 9];
    for (slot, &pixel) in nine.iter_mut().zip(a.iter().chain(b).chain(c)) {
        *slot = pixel;
    }
    nine.sort_unstable();
    let [_, _, _, _, middle, ..] = nine;
    middle
}

/// Pixels as one piece, not one by one.
mod raw {
    use std::fmt;

    use serde::{
        Deserializer, Serializer,
        de::{Error, Visitor},
    };

    #[allow(clippy::ptr_arg)] // serde's `with` hands over what the field is
    pub(super) fn serialize<S: Serializer>(bytes: &Vec<u8>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }
    }
}
