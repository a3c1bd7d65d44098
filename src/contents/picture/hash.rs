//! What a picture looks like, in 2,304 bytes: pictures of one campaign differ in noise, shades, size and quality,
//! which these bytes hardly show; pictures with other words differ in them.
//!
//! The bytes are the picture, grey and shrunk until a cell is about a letter. Two of them are compared block by
//! block, after the shades of one are fitted to those of the other, and the block that differs most counts: one
//! other word in a page of text is another picture.

use serde::{Deserialize, Serialize};

use super::grey::Grey;

/// Cells of a block, across and down: some letters of one line, or two.
const BLOCK: usize = 8;
const BAND: usize = 4;

/// Cells of a picture.
const CELLS: usize = 2_304;

/// How much noise a cell has in good order: the square of levels of 255.
const NOISE: f64 = 60.0;

/// What a picture looks like.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PictureHash {
    /// The shade of each cell, row by row, stretched from black to white.
    cells: Vec<u8>,
    /// Cells a row.
    columns: u32,
    /// Width by height, in hundredths of an octave.
    aspect: i16,
}

impl PictureHash {
    /// Up to which [`distance`](Self::distance) two pictures are of one campaign. Of generated campaigns, all
    /// variants but some of a single line are nearer; of pictures of other words in the same layout, the nearest
    /// is at 800, with one other line of six at 500, and with one of eighteen at 150, most beyond 350.
    pub const SAME: u32 = 200;

    /// Farther than anything that could be the same.
    pub const FARTHEST: u32 = 1_000;

    /// How much the proportions may differ, in hundredths of an octave.
    const ASPECT: u16 = 10;

    /// Of a picture.
    pub(super) fn of(grey: &Grey) -> Self {
        let octaves = (f64::from(grey.width()) / f64::from(grey.height())).log2();
        let (columns, rows) = match octaves {
            ..-2.6 => (16, 144),
            -2.6..-1.25 => (24, 96),
            -1.25..1.25 => (48, 48),
            1.25..2.6 => (96, 24),
            _ => (144, 16),
        };
        let cells = grey.denoise().resize(columns, rows);
        let (low, high) = cells.extremes();
        let range = u32::from(high - low).max(1);
        let cells =
            cells.map(|cell| (u32::from(cell.saturating_sub(low)) * 255 / range).min(255) as u8);
        Self { cells: cells.pixels().to_vec(), columns, aspect: (octaves * 100.0) as i16 }
    }

    /// How far apart two pictures are where they differ most: 0 for no difference, 500 for blocks that have
    /// nothing in common, and at most [`FARTHEST`](Self::FARTHEST).
    pub fn distance(&self, other: &Self) -> u32 {
        self.blocks(other).and_then(Iterator::max).unwrap_or(Self::FARTHEST)
    }

    /// Whether both show the same, as far as it can be told.
    pub fn is_same(&self, other: &Self) -> bool {
        let is_near = |mut blocks: Blocks<'_>| blocks.all(|apart| apart <= Self::SAME);
        self == other || self.blocks(other).is_some_and(is_near)
    }

    /// How far apart each block is; `None`: they have too little in common to ask.
    fn blocks<'h>(&'h self, other: &'h Self) -> Option<Blocks<'h>> {
        let is_other_shape = self.columns != other.columns
            || self.cells.len() != CELLS
            || other.cells.len() != CELLS
            || self.aspect.abs_diff(other.aspect) > Self::ASPECT;
        if is_other_shape {
            return None;
        }
        let fit = Fit::of(&self.cells, &other.cells)?;
        let columns = (self.columns as usize).max(BLOCK);
        let bands = self.cells.chunks(columns * BAND).zip(other.cells.chunks(columns * BAND));
        Some(Box::new(bands.flat_map(move |(mine, theirs)| {
            (0..columns).step_by(BLOCK).map(move |start| {
                let row = |row: &'h [u8]| row.get(start..start + BLOCK).unwrap_or_default();
                let rows = mine.chunks(columns).zip(theirs.chunks(columns));
                fit.block(rows.flat_map(move |(a, b)| row(a).iter().zip(row(b))))
            })
        })))
    }
}

type Blocks<'h> = Box<dyn Iterator<Item = u32> + 'h>;

/// How the shades of one picture come to be those of another: times a gain, plus an offset.
#[derive(Clone, Copy)]
struct Fit {
    gain: f64,
    offset: f64,
}

impl Fit {
    /// `None`: they have too little in common.
    fn of(from: &[u8], to: &[u8]) -> Option<Self> {
        const LEAST: f64 = 0.6;
        let (mut a, mut b, mut aa, mut bb, mut ab) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
        for (&x, &y) in from.iter().zip(to) {
            let (x, y) = (u32::from(x), u32::from(y));
            a += x;
            b += y;
            aa += x * x;
            bb += y * y;
            ab += x * y;
        }
        let [a, b, aa, bb, ab] = [a, b, aa, bb, ab].map(|sum| f64::from(sum) / CELLS as f64);
        let (spread_a, spread_b, common) = (aa - a * a, bb - b * b, ab - a * b);
        let is_flat = spread_a < NOISE || spread_b < NOISE;
        if is_flat || common <= 0.0 || common * common < LEAST * spread_a * spread_b {
            return None;
        }
        let gain = common / spread_a;
        Some(Self { gain, offset: b - gain * a })
    }

    /// How far apart a block is, in thousandths.
    fn block<'h>(self, cells: impl Iterator<Item = (&'h u8, &'h u8)>) -> u32 {
        let [mut a, mut b, mut aa, mut bb, mut apart, mut count] = [0.0; 6];
        for (&x, &y) in cells {
            let (x, y) = (f64::from(x) * self.gain + self.offset, f64::from(y));
            a += x;
            b += y;
            aa += x * x;
            bb += y * y;
            apart += (x - y) * (x - y);
            count += 1.0;
        }
        let spread = aa + bb - (a * a + b * b) / f64::max(count, 1.0);
        let share = apart / (spread + 2.0 * NOISE * count).max(1.0);
        (share * 1_000.0).clamp(0.0, 1_000.0) as u32
    }
}
