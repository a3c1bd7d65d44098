//! Draws pictures to look at: text by a font of Debian's fonts-dejavu-core, and what spammers do to it.

use std::io::Cursor;

use ab_glyph::{Font, FontVec, PxScale, ScaleFont, point};
use image::{
    DynamicImage, ImageFormat, Rgba, RgbaImage,
    codecs::{
        gif::{GifEncoder, Repeat},
        jpeg::JpegEncoder,
    },
    imageops,
};

pub(super) const BLACK: [u8; 4] = [0, 0, 0, 255];
pub(super) const WHITE: [u8; 4] = [255, 255, 255, 255];

const FONT: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

/// Text on paper.
pub(super) fn page(size: (u32, u32), height: f32, lines: &[&str]) -> RgbaImage {
    coloured(size, height, lines, BLACK, WHITE)
}

pub(super) fn coloured(
    (width, height): (u32, u32),
    size: f32,
    lines: &[&str],
    ink: [u8; 4],
    paper: [u8; 4],
) -> RgbaImage {
    let mut image = RgbaImage::from_pixel(width, height, Rgba(paper));
    for (line, number) in lines.iter().zip(0..) {
        text(&mut image, (20.0, 16.0 + number as f32 * size * 1.5), size, line, ink);
    }
    image
}

pub(super) fn text(image: &mut RgbaImage, at: (f32, f32), size: f32, line: &str, ink: [u8; 4]) {
    let font = FontVec::try_from_vec(std::fs::read(FONT).expect("fonts-dejavu-core")).unwrap();
    let font = font.as_scaled(PxScale::from(size));
    let (mut x, y) = (at.0, at.1 + font.ascent());
    for letter in line.chars() {
        let id = font.glyph_id(letter);
        let glyph = id.with_scale_and_position(size, point(x, y));
        x += font.h_advance(id);
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        outline.draw(|dx, dy, share| {
            let (x, y) = (corner.x as i64 + i64::from(dx), corner.y as i64 + i64::from(dy));
            let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
            let Some(pixel) = image.get_pixel_mut_checked(x, y) else { return };
            let share = share.min(1.0);
            for (old, new) in pixel.0.iter_mut().zip(ink) {
                *old = (f32::from(*old) * (1.0 - share) + f32::from(new) * share) as u8;
            }
        });
    }
}

/// Repeatable chance.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, most: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % u64::from(most)) as u32
    }
}

/// Pixels of any colour, so many in a thousand.
pub(super) fn speckle(image: &mut RgbaImage, per_mille: u32, dice: &mut Dice) {
    let (width, height) = image.dimensions();
    for _ in 0..u64::from(width) * u64::from(height) * u64::from(per_mille) / 1_000 {
        let colour = [dice.below(256) as u8, dice.below(256) as u8, dice.below(256) as u8, 255];
        image.put_pixel(dice.below(width), dice.below(height), Rgba(colour));
    }
}

/// Turned clockwise, on white.
pub(super) fn rotated(image: &RgbaImage, degrees: f32) -> RgbaImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (image.width() as f32, image.height() as f32);
    let new_width = (width * cos.abs() + height * sin.abs()).ceil() as u32;
    let new_height = (width * sin.abs() + height * cos.abs()).ceil() as u32;
    RgbaImage::from_fn(new_width, new_height, |column, row| {
        let x = column as f32 - new_width as f32 / 2.0;
        let y = row as f32 - new_height as f32 / 2.0;
        let from = (x * cos + y * sin + width / 2.0, y * cos - x * sin + height / 2.0);
        imageops::interpolate_bilinear(image, from.0, from.1).unwrap_or(Rgba(WHITE))
    })
}

/// What a camera sees: soft shapes of all sizes, with grain.
pub(super) fn photograph(width: u32, height: u32, dice: &mut Dice) -> RgbaImage {
    let mut sum = vec![0.0_f32; (width * height) as usize];
    let mut weight = 0.5;
    let mut cells = 3;
    while cells < 100 {
        let noise =
            image::GrayImage::from_fn(cells, cells, |_, _| image::Luma([dice.below(256) as u8]));
        let noise = imageops::resize(&noise, width, height, imageops::FilterType::CatmullRom);
        for (sum, pixel) in sum.iter_mut().zip(noise.pixels()) {
            *sum += f32::from(pixel.0[0]) * weight;
        }
        weight *= 0.55;
        cells *= 2;
    }
    RgbaImage::from_fn(width, height, |x, y| {
        let grain = dice.below(9) as f32;
        let shade = (sum[(y * width + x) as usize] + grain).clamp(0.0, 255.0) as u8;
        Rgba([shade, shade.saturating_add(20), shade / 2 + 60, 255])
    })
}

pub(super) fn encode(image: &RgbaImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = DynamicImage::from(image.clone());
    let image = if format == ImageFormat::Jpeg { image.into_rgb8().into() } else { image };
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(super) fn png(image: &RgbaImage) -> Vec<u8> {
    encode(image, ImageFormat::Png)
}

pub(super) fn jpeg(image: &RgbaImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    DynamicImage::from(image.clone()).into_rgb8().write_with_encoder(encoder).unwrap();
    bytes
}

pub(super) fn gif(frames: impl IntoIterator<Item = RgbaImage>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for frame in frames {
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    bytes
}

/// A QR code with a quiet zone, so many pixels a module.
pub(super) fn qr(text: &str, pixels: u32) -> RgbaImage {
    let code = qrcode::QrCode::new(text).unwrap();
    let modules = code.width() as u32;
    let side = (modules + 8) * pixels;
    RgbaImage::from_fn(side, side, |x, y| {
        let place = |at: u32| (at / pixels).checked_sub(4).filter(|place| *place < modules);
        let dark = place(x)
            .zip(place(y))
            .is_some_and(|(x, y)| code[(x as usize, y as usize)] == qrcode::Color::Dark);
        Rgba(if dark { BLACK } else { WHITE })
    })
}

pub(super) fn inverted(mut image: RgbaImage) -> RgbaImage {
    imageops::invert(&mut image);
    image
}
