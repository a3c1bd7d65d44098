//! What somebody may see of a picture: a still one, or a film.

use std::time::Duration;

use image::RgbaImage;
use serde::{Deserialize, Serialize};

use super::{decode::Shot, grey::Grey, prepare};

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// What it looks like.
    pub grey: Grey,
    /// Another view most likely shows all of it.
    pub is_spare: bool,
}

impl View {
    /// Whether there is anything in it, and that may be text.
    pub(super) fn is_text_likely(&self) -> bool {
        const FLATTEST: u8 = 6;
        let (low, high) = self.grey.extremes();
        high - low >= FLATTEST && prepare::sight(&self.grey).is_text_likely()
    }
}

/// A film that has been seen.
#[derive(Default)]
pub(super) struct Film {
    frames: u32,
    /// Pictures that differ, the first ones and the last one.
    shots: Vec<(Grey, Duration)>,
    /// What stands out in any of them, on the background of the first.
    union: Option<Union>,
    /// The last one on black, if it has transparent parts.
    on_black: Option<Grey>,
    /// The last one, each colour as far from the others as it can be, if brightness does not tell them apart.
    colours: Option<Grey>,
}

struct Union {
    background: u8,
    grey: Grey,
}

impl Film {
    /// How many pictures are kept.
    const MOST: usize = 6;

    /// Sees the next picture; whether the film goes on.
    pub(super) fn watch(&mut self, shot: Shot) -> bool {
        self.frames += 1;
        let image = &shot.image;
        let Some(grey) = Grey::flatten(image, 255, Grey::brightness) else { return true };
        if self.frames == 1 || self.shots.len() < Self::MOST {
            // Of a film, the last one that is kept decides.
            self.on_black =
                is_see_through(image).then(|| Grey::flatten(image, 0, Grey::brightness)).flatten();
            self.colours = colours(image, &grey);
        }
        if let Some((known, delay)) =
            self.shots.iter_mut().find(|(known, _)| known.resembles(&grey))
        {
            *delay += shot.delay;
            let _ = known;
            return true;
        }
        self.unite(&grey);
        if self.shots.len() == Self::MOST {
            self.shots.pop();
        }
        self.shots.push((grey, shot.delay));
        true
    }

    fn unite(&mut self, grey: &Grey) {
        let union = self
            .union
            .get_or_insert_with(|| Union { background: grey.background(), grey: grey.clone() });
        let background = union.background;
        let far = |shade: u8| shade.abs_diff(background);
        union.grey.merge(grey, |a, b| if far(b) > far(a) { b } else { a });
    }

    /// How many pictures were seen.
    pub(super) fn frames(&self) -> u32 {
        self.frames
    }

    /// Everything at once: what a hash has to tell apart.
    pub(super) fn whole(&self) -> Option<Grey> {
        self.union.as_ref().map(|union| union.grey.clone())
    }

    /// What there is to read: everything at once, then the pictures that it does not show, the one shown
    /// longest first.
    pub(super) fn views(&self) -> Vec<View> {
        let mut shots: Vec<&(Grey, Duration)> = self.shots.iter().rev().collect();
        shots.sort_by_key(|(_, delay)| std::cmp::Reverse(*delay));
        let is_spare = |grey: &Grey| {
            self.union.as_ref().is_some_and(|union| grey.is_within(&union.grey, union.background))
        };
        let shots = shots.into_iter().map(|(grey, _)| (grey, is_spare(grey)));
        let union = self.union.iter().map(|union| (&union.grey, false));
        let others = self.on_black.iter().chain(&self.colours).map(|grey| (grey, false));
        let mut views: Vec<View> = Vec::new();
        for (grey, is_spare) in union.chain(others).chain(shots) {
            if !views.iter().any(|known| known.grey.resembles(grey)) {
                views.push(View { grey: grey.clone(), is_spare });
            }
        }
        views.sort_by_key(|view| view.is_spare);
        views
    }
}

/// Whether a page shows through, in more than a few pixels.
fn is_see_through(image: &RgbaImage) -> bool {
    let see_through = image.pixels().filter(|image::Rgba([_, _, _, alpha])| *alpha < 200).count();
    see_through > image.pixels().len() / 100
}

/// The picture in shades along the line on which its colours lie; `None` if brightness shows about as much.
fn colours(image: &RgbaImage, grey: &Grey) -> Option<Grey> {
    const GAIN: f64 = 6.0;
    let (mean, spread) = spread(image);
    let axis = main_axis(&spread)?;
    let variance = |axis: &[f64; 3]| {
        let product = |row: &[f64; 3]| row.iter().zip(axis).map(|(a, b)| a * b).sum::<f64>();
        spread.iter().map(product).zip(axis).map(|(a, b)| a * b).sum::<f64>()
    };
    let (most, seen) = (variance(&axis), variance(&[0.30, 0.59, 0.11]));
    if most < 64.0 || most < seen * GAIN {
        return None;
    }
    let scale = 48.0 / most.sqrt();
    let shade = |colour: [u8; 3]| {
        let along = colour.iter().zip(&mean).zip(&axis).map(|((c, m), a)| (f64::from(*c) - m) * a);
        (128.0 + along.sum::<f64>() * scale).clamp(0.0, 255.0) as u8
    };
    Grey::flatten(image, 255, shade).filter(|colours| !colours.resembles(grey))
}

/// The mean of all colours, and how they vary together. Not all pixels are asked.
fn spread(image: &RgbaImage) -> ([f64; 3], [[f64; 3]; 3]) {
    const ASKED: usize = 40_000;
    let step = (image.pixels().len() / ASKED).max(1);
    let mut sums = [0.0; 3];
    let mut products = [[0.0; 3]; 3];
    let mut count = 0.0_f64;
    for image::Rgba([red, green, blue, _]) in image.pixels().step_by(step) {
        let colour = [f64::from(*red), f64::from(*green), f64::from(*blue)];
        count += 1.0;
        for ((sum, row), a) in sums.iter_mut().zip(&mut products).zip(colour) {
            *sum += a;
            row.iter_mut().zip(colour).for_each(|(product, b)| *product += a * b);
        }
    }
    let mean = sums.map(|sum| sum / count.max(1.0));
    for (row, a) in products.iter_mut().zip(mean) {
        for (product, b) in row.iter_mut().zip(mean) {
            *product = *product / count.max(1.0) - a * b;
        }
    }
    (mean, products)
}

/// The direction in which colours vary most, of length 1.
fn main_axis(spread: &[[f64; 3]; 3]) -> Option<[f64; 3]> {
    let mut axis = [0.7, -0.5, 0.5];
    for _ in 0..24 {
        let next = spread.map(|row| row.iter().zip(&axis).map(|(a, b)| a * b).sum::<f64>());
        let length = next.iter().map(|a| a * a).sum::<f64>().sqrt();
        if length < 1e-6 {
            return None;
        }
        axis = next.map(|a| a / length);
    }
    Some(axis)
}
