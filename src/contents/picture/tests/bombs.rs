//! Pictures that are made to hurt.

use std::time::{Duration, Instant};

use image::{ImageFormat, Rgba, RgbaImage};
use proptest::prelude::*;

use super::{draw, look};
use crate::contents::picture::{PictureBounds, PictureError};

const SIDE: u16 = 60_000;

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::WebP,
    ImageFormat::Tiff,
];

/// Headers that claim 60,000 by 60,000 pixels.
fn huge() -> Vec<(&'static str, Vec<u8>)> {
    let side = u32::from(SIDE);
    let mut ihdr = b"IHDR".to_vec();
    ihdr.extend(side.to_be_bytes());
    ihdr.extend(side.to_be_bytes());
    ihdr.extend([8, 6, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    png.extend(&ihdr);
    png.extend(crc(&ihdr).to_be_bytes());
    png.extend(b"\0\0\x10\0IDAT");
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xc0, 0, 17, 8];
    jpeg.extend([SIDE.to_be_bytes(), SIDE.to_be_bytes()].concat());
    jpeg.extend([3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1, 0xff, 0xda, 0, 12, 3, 1, 0, 2, 17, 3, 17]);
    jpeg.extend([0, 63, 0, 1, 2, 3, 0xff, 0xd9]);
    let mut gif = b"GIF89a".to_vec();
    gif.extend([SIDE.to_le_bytes(), SIDE.to_le_bytes()].concat());
    gif.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0]);
    gif.extend([SIDE.to_le_bytes(), SIDE.to_le_bytes()].concat());
    gif.extend([0, 2, 2, 0x4c, 1, 0, 0x3b]);
    let mut bmp = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bmp.extend([side.to_le_bytes(), side.to_le_bytes()].concat());
    bmp.extend([1, 0, 24, 0, 0, 0, 0, 0]);
    bmp.extend([0; 40]);
    let mut webp = b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0".to_vec();
    webp.extend(&(side - 1).to_le_bytes()[..3]);
    webp.extend(&(side - 1).to_le_bytes()[..3]);
    webp.extend(b"ANIM\x06\0\0\0\0\0\0\0\0\0ANMF\x18\0\0\0");
    webp.extend([0; 40]);
    vec![("png", png), ("jpeg", jpeg), ("gif", gif), ("bmp", bmp), ("webp", webp), ("tiff", tiff())]
}

fn tiff() -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0\x08\0".to_vec();
    let side = u32::from(SIDE);
    for (tag, value) in
        [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (278, side), (279, 64)]
    {
        bytes.extend(u16::to_le_bytes(tag));
        bytes.extend([4, 0, 1, 0, 0, 0]);
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 80]);
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

fn bounds() -> PictureBounds {
    PictureBounds::until(Instant::now() + Duration::from_secs(20))
}

#[test]
fn what_claims_too_much_is_refused_at_once() {
    for (name, bytes) in huge() {
        let begin = Instant::now();
        let error = look(&[&[&bytes]], &bounds()).unwrap_err();
        assert!(matches!(error, PictureError::TooLarge), "{name}: {error:?}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{name}");
    }
}

#[test]
fn slices_share_one_bound() {
    let slice = draw::png(&RgbaImage::from_pixel(300, 300, Rgba(draw::WHITE)));
    let row: Vec<&[u8]> = vec![&slice; 20];
    let bounds = PictureBounds { pixels: 1_000_000, ..bounds() };
    assert!(matches!(look(&[&row], &bounds), Err(PictureError::TooLarge)));
    let bounds = PictureBounds { pixels: 10_000_000, slices: 10, ..bounds };
    assert!(matches!(look(&[&row], &bounds), Err(PictureError::TooLarge)));
    assert!(look(&[&row], &PictureBounds { slices: 20, ..bounds }).is_ok());
}

#[test]
fn a_film_without_end_is_seen_in_part() {
    let frame = |number: u32| {
        RgbaImage::from_fn(60, 40, |x, y| {
            Rgba([(x * number) as u8, (y + number * 7) as u8, number as u8, 255])
        })
    };
    let bytes = draw::gif((0..10_000).map(frame));
    let begin = Instant::now();
    assert_eq!(look(&[&[&bytes]], &bounds()).unwrap().frames, 50);
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_carpet_of_finder_patterns_is_not_searched() {
    for (side, module) in [(300, 1), (300, 2), (1_200, 1), (1_200, 3), (1_200, 22)] {
        let bytes = draw::png(&RgbaImage::from_fn(side, side, |x, y| {
            let off = |at: u32| (at / module % 9).abs_diff(4);
            let is_dark = matches!(off(x).max(off(y)), 0 | 1 | 3);
            Rgba(if is_dark { draw::BLACK } else { draw::WHITE })
        }));
        let begin = Instant::now();
        assert!(look(&[&[&bytes]], &bounds()).is_ok());
        assert!(begin.elapsed() < Duration::from_secs(15), "{side} {module}");
    }
}

#[test]
fn it_is_too_late_before_it_begins() {
    let bytes = draw::png(&RgbaImage::from_pixel(300, 300, Rgba(draw::WHITE)));
    let late = PictureBounds::until(Instant::now());
    assert!(matches!(look(&[&[&bytes]], &late), Err(PictureError::Late)));
}

#[test]
fn every_cut_ends_in_an_answer() {
    for format in FORMATS {
        let whole = draw::encode(&draw::page((60, 40), 18.0, &["cut"]), format);
        for end in (0..whole.len()).step_by(1 + whole.len() / 200) {
            let _ = look(&[&[&whole[..end]]], &bounds());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn mutated_pictures_end_in_an_answer(
        format in 0..FORMATS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = draw::encode(&draw::page((60, 40), 18.0, &["mutant"]), FORMATS[format]);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let begin = Instant::now();
        let _ = look(&[&[&bytes]], &bounds());
        prop_assert!(begin.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn any_bytes_end_in_an_answer(
        header in 0..6_usize,
        cut in 4..60_usize,
        tail in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut bytes = huge()[header].1.clone();
        bytes.truncate(cut);
        bytes.extend(tail);
        let _ = look(&[&[&bytes]], &bounds());
    }
}
