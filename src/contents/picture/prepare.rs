//! What Tesseract reads best: dark upright text on white, of a good size, and the ways to get there, the cheap
//! ones first.

use super::{
    grey::Grey,
    shapes::{self, Ink, Lines, Shape},
    tesseract::Layout,
};

/// How many pixels are looked at to find letters.
const LOOKED_AT: u64 = 1_200_000;

/// How many pixels may be read.
const MOST_PIXELS: u64 = 8_000_000;

/// How high letters are made, small and large ones in the mean, in pixels.
const HEIGHT: f32 = 26.0;

/// What is known of the text in a picture before it is read.
#[derive(Debug)]
pub(super) struct Sight {
    pub ink: Ink,
    pub rows: Lines,
    pub columns: Lines,
    /// All that may be ink, letters or not.
    shapes: Vec<Shape>,
    /// How wide the picture looked at was, in pixels.
    width: u32,
    /// How much smaller it was than the picture, as a factor.
    scale: f32,
}

/// A way to read a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// Quarters, clockwise, in which it is turned first.
    pub quarters: u8,
    /// Single pixels are smoothed away.
    pub is_denoised: bool,
    /// Only what stands out of what is around it is left.
    pub is_ink_only: bool,
    pub layout: Layout,
}

impl Way {
    /// As it is.
    pub(super) const PLAIN: Self =
        Self { quarters: 0, is_denoised: false, is_ink_only: false, layout: Layout::Page };
}

/// Finds letters.
pub(super) fn sight(grey: &Grey) -> Sight {
    let small = grey.shrink(LOOKED_AT).stretch();
    let scale = small.width() as f32 / grey.width() as f32;
    let of = |ink| {
        let shapes = shapes::shapes(&shapes::ink(&small, ink), small.width());
        let (rows, columns) = (shapes::lines(&shapes), shapes::columns(&shapes));
        Sight { ink, rows, columns, shapes, width: small.width(), scale }
    };
    let (dark, light) = (of(Ink::Dark), of(Ink::Light));
    if light.letters() > dark.letters() { light } else { dark }
}

impl Sight {
    /// How many letters stand in lines, whichever way.
    pub(super) fn letters(&self) -> usize {
        self.rows.side_by_side.max(self.columns.side_by_side)
    }

    /// Whether there may be text at all. Specks of a photograph stand side by side by chance, but not many in a
    /// row; a short word does, but not among many specks.
    pub(super) fn is_text_likely(&self) -> bool {
        const SURE: usize = 5;
        const SHORT: usize = 3;
        let may_be = |lines: &Lines| {
            let is_clean = lines.side_by_side * 8 >= lines.letters;
            lines.longest >= SURE || (lines.longest >= SHORT && is_clean)
        };
        may_be(&self.rows) || may_be(&self.columns)
    }

    /// Whether lines run from top to bottom.
    pub(super) fn is_sideways(&self) -> bool {
        self.columns.side_by_side > self.rows.side_by_side * 3 / 2
    }
}

/// The ways to read a picture of this sight, in the order in which they are tried.
pub(super) fn ways(sight: &Sight) -> [Way; 6] {
    let first = if sight.is_sideways() { 1 } else { 0 };
    let turned = |quarters: u8| Way { quarters: (first + quarters) % 4, ..Way::PLAIN };
    let ink_only = Way { is_denoised: true, is_ink_only: true, ..turned(0) };
    [
        turned(0),
        turned(2),
        Way { is_denoised: true, ..turned(0) },
        ink_only,
        Way { layout: Layout::Sparse, ..turned(0) },
        turned(1),
    ]
}

/// Prepares a picture to be read in one way.
pub(super) fn prepare(grey: &Grey, way: Way) -> Grey {
    let grey = if way.is_denoised { grey.denoise() } else { grey.clone() };
    let grey = grey.stretch().turn(way.quarters);
    let sight = sight(&grey);
    let grey = if sight.ink == Ink::Light { grey.invert() } else { grey };
    let skew = skew(&sight);
    let grey = scale(grey, &sight);
    let grey = if way.is_ink_only { ink_only(&grey) } else { grey };
    let grey = if skew.abs() > 0.4 { grey.rotate(-skew) } else { grey };
    grey.pad(12)
}

/// Letters of a good size, as far as there is room.
fn scale(grey: Grey, sight: &Sight) -> Grey {
    let height = sight.rows.height.max(1) as f32 / sight.scale;
    let factor = if sight.rows.side_by_side < 3 { 1.0 } else { (HEIGHT / height).clamp(0.3, 4.0) };
    let room = (MOST_PIXELS as f32 / grey.area() as f32).sqrt();
    let factor = factor.min(room);
    if (0.8..1.25).contains(&factor) {
        return grey;
    }
    let side = |side: u32| (side as f32 * factor).round() as u32;
    grey.resize(side(grey.width()), side(grey.height()))
}

/// Black where it stands out of what is around it, else white.
fn ink_only(grey: &Grey) -> Grey {
    let mask = shapes::ink(grey, Ink::Dark);
    let pixels = mask.iter().map(|&ink| if ink == 1 { 0 } else { 255 }).collect();
    Grey::new(grey.width(), grey.height(), pixels).unwrap_or_else(|| grey.clone())
}

/// By how many degrees, clockwise, lines run askew: where the letters' feet pile up best.
fn skew(sight: &Sight) -> f32 {
    const WIDEST: i32 = 15;
    const FEWEST: usize = 8;
    let shapes = sight.shapes.iter().filter(|shape| shape.height() >= 5);
    let feet: Vec<(f32, f32)> = shapes.map(foot).collect();
    if feet.len() < FEWEST {
        return 0.0;
    }
    let best = |angles: &mut dyn Iterator<Item = f32>| {
        let sharpness = angles.map(|angle| (angle, pile(&feet, sight.width, angle)));
        sharpness.max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let straight = pile(&feet, sight.width, 0.0);
    let Some((coarse, _)) = best(&mut (-WIDEST..=WIDEST).map(|angle| angle as f32)) else {
        return 0.0;
    };
    let fine = best(&mut (-4..=4).map(|step| coarse + step as f32 / 4.0));
    fine.filter(|(_, sharpness)| *sharpness > straight * 1.15).map_or(0.0, |(angle, _)| angle)
}

fn foot(shape: &Shape) -> (f32, f32) {
    ((shape.left + shape.right) as f32 / 2.0, shape.bottom as f32)
}

/// How sharply feet pile up when lines run at this angle: the sum of squares of how many stand at each height.
fn pile(feet: &[(f32, f32)], width: u32, angle: f32) -> f32 {
    const BAND: f32 = 3.0;
    let slope = angle.to_radians().tan();
    let lift = slope.abs() * width as f32;
    let mut bands: Vec<f32> = Vec::new();
    for (x, y) in feet {
        let band = ((y - x * slope + lift) / BAND) as usize;
        if band >= bands.len() {
            bands.resize(band + 1, 0.0);
        }
        if let Some(count) = bands.get_mut(band) {
            *count += 1.0;
        }
    }
    bands.iter().map(|count| count * count).sum()
}
