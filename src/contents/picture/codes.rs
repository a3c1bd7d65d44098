//! QR codes in a picture: upright, turned, inverted, under noise.

use std::time::Instant;

use rqrr::PreparedImage;

use super::{grey::Grey, shapes};

/// How many pixels are searched.
const MOST_PIXELS: u64 = 1_500_000;

/// Below so many pixels, a code may be so small that it is found only enlarged.
const SMALL: u64 = 150_000;

/// How many finder patterns there may be. The reader tries all of three of them, and copies the picture each
/// time: a small picture tiled with a thousand would take it a minute.
const MOST_HEARTS: usize = 40;

/// How many codes of a picture are told.
const MOST: usize = 20;

/// What the codes in a picture say.
pub(super) fn read(grey: &Grey, deadline: Instant) -> Vec<String> {
    let base = grey.shrink(MOST_PIXELS).stretch().pad(8);
    let is_small = base.area() < SMALL;
    let enlarged = || base.resize(base.width() * 2, base.height() * 2);
    let tries: [&dyn Fn() -> Option<Grey>; 5] = [
        &|| Some(base.clone()),
        &|| Some(base.clone().invert()),
        &|| Some(base.denoise().stretch()),
        &|| is_small.then(enlarged),
        &|| is_small.then(|| enlarged().invert()),
    ];
    for attempt in tries {
        if Instant::now() >= deadline {
            break;
        }
        let texts = attempt().map(|grey| found(&grey)).unwrap_or_default();
        if !texts.is_empty() {
            return texts;
        }
    }
    Vec::new()
}

fn found(grey: &Grey) -> Vec<String> {
    let width = grey.width() as usize;
    let mut prepared =
        PreparedImage::prepare_from_greyscale(width, grey.height() as usize, |x, y| {
            grey.pixels().get(y * width + x).copied().unwrap_or(255)
        });
    let white = PreparedImage::prepare_from_bitmap(1, 1, |_, _| false).get_pixel_at(0, 0);
    let mut mask = Vec::with_capacity(grey.pixels().len());
    for y in 0..prepared.height() {
        mask.extend((0..width).map(|x| u8::from(prepared.get_pixel_at(x, y) != white)));
    }
    if shapes::hearts(&mask, grey.width()) > MOST_HEARTS {
        return Vec::new();
    }
    let mut texts = Vec::new();
    for grid in prepared.detect_grids().into_iter().take(MOST) {
        let mut bytes = Vec::new();
        if grid.decode_to(&mut bytes).is_err() {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if !text.trim().is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}
