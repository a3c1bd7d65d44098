//! Several pictures that a page shows as a table: together they are one.

use image::{Rgba, RgbaImage, imageops};

/// Lays rows of pictures out side by side, without gaps; what is left over is transparent. `None` if that is
/// nothing, or more than `most` pixels.
pub(super) fn compose(rows: &[Vec<RgbaImage>], most: u64) -> Option<RgbaImage> {
    let row_width = |row: &Vec<RgbaImage>| row.iter().map(|slice| slice.width()).sum::<u32>();
    let row_height = |row: &Vec<RgbaImage>| row.iter().map(|slice| slice.height()).max();
    let width = rows.iter().map(row_width).max()?;
    let height: u32 = rows.iter().filter_map(row_height).sum();
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > most {
        return None;
    }
    let mut whole = RgbaImage::from_pixel(width, height, Rgba([255, 255, 255, 0]));
    let mut top = 0;
    for row in rows {
        let mut left = 0;
        for slice in row {
            imageops::replace(&mut whole, slice, i64::from(left), i64::from(top));
            left += slice.width();
        }
        top += row_height(row).unwrap_or(0);
    }
    Some(whole)
}
