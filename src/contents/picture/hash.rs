//! What a picture looks like, in 256 bytes: pictures of one campaign differ in noise, shades, size and
//! quality, which these bytes do not show; pictures with other words do.

use serde::{Deserialize, Serialize};

use super::grey::Grey;

/// Cells a side.
const CELLS: u32 = 32;

/// How many levels of 255 a cell must be darker or lighter than its left neighbour: paper with some noise on
/// it is all the same.
const STEP: i32 = 8;

/// What a picture looks like.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PictureHash {
    /// Where it gets lighter from left to right, a bit a cell.
    lighter: Vec<u32>,
    /// Where it gets darker.
    darker: Vec<u32>,
    /// Width by height, in hundredths of an octave.
    aspect: i16,
}

impl PictureHash {
    /// Up to which [`distance`](Self::distance) two pictures are of one campaign, in thousandths. Of
    /// generated campaigns the farthest variants and of other texts in the same layout the nearest are told by
    /// the tests.
    pub const SAME: u32 = 150;

    /// How much the proportions may differ, in hundredths of an octave.
    const ASPECT: u16 = 12;

    /// Of a picture.
    pub(super) fn of(grey: &Grey) -> Self {
        let cells = grey.resize(CELLS + 1, CELLS).stretch();
        let (lighter, darker) = cells.rows().map(gradients).unzip();
        let ratio = f64::from(grey.width()) / f64::from(grey.height());
        Self { lighter, darker, aspect: (ratio.log2() * 100.0) as i16 }
    }

    /// How far apart two pictures are: edges that only one of them has, in thousandths of the edges of both.
    pub fn distance(&self, other: &Self) -> u32 {
        if self.aspect.abs_diff(other.aspect) > Self::ASPECT {
            return 1_000;
        }
        let mine = self.lighter.iter().chain(&self.darker);
        let theirs = other.lighter.iter().chain(&other.darker);
        let (mut apart, mut all) = (0, 0);
        for (a, b) in mine.zip(theirs) {
            apart += (a ^ b).count_ones();
            all += (a | b).count_ones();
        }
        if all == 0 { 0 } else { apart * 1_000 / all }
    }

    /// Whether both show the same, as far as it can be told. A picture without edges is like no other.
    pub fn is_same(&self, other: &Self) -> bool {
        let edges = |hash: &Self| -> u32 {
            hash.lighter.iter().chain(&hash.darker).map(|bits| bits.count_ones()).sum()
        };
        /// Fewer tell nothing.
        const FEWEST: u32 = 24;
        self == other || (edges(self) >= FEWEST && self.distance(other) <= Self::SAME)
    }
}

fn gradients(row: &[u8]) -> (u32, u32) {
    let (mut lighter, mut darker) = (0, 0);
    for pair in row.windows(2) {
        let &[left, right] = pair else { continue };
        let step = i32::from(right) - i32::from(left);
        lighter = lighter << 1 | u32::from(step >= STEP);
        darker = darker << 1 | u32::from(step <= -STEP);
    }
    (lighter, darker)
}
