//! What stands out in a picture: connected shapes of ink, and which of them may be letters in lines.

use std::collections::{HashSet, VecDeque};

use super::grey::Grey;

/// A connected piece of ink, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub left: u32,
    pub right: u32,
    pub top: u32,
    pub bottom: u32,
    /// Of ink, not of the box.
    pub area: u32,
}

impl Shape {
    pub(super) fn width(&self) -> u32 {
        self.right - self.left + 1
    }

    pub(super) fn height(&self) -> u32 {
        self.bottom - self.top + 1
    }

    /// With rows for columns.
    fn transposed(&self) -> Self {
        Self {
            left: self.top,
            right: self.bottom,
            top: self.left,
            bottom: self.right,
            area: self.area,
        }
    }

    /// Of the size and weight of a letter, whichever way it is turned.
    fn is_letter(&self) -> bool {
        let (width, height) = (self.width(), self.height());
        let (short, long) = (width.min(height), width.max(height));
        (5..=160).contains(&long)
            && short >= 1
            && long <= 12 * short
            && u64::from(self.area) * 8 >= u64::from(width) * u64::from(height)
    }

    fn joined(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            top: self.top.min(other.top),
            bottom: self.bottom.max(other.bottom),
            area: self.area.saturating_add(other.area),
        }
    }
}

/// Which side of the scale the letters are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Dark on light.
    Dark,
    /// Light on dark.
    Light,
}

/// Letters that stand in lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Shapes of the size of letters.
    pub letters: usize,
    /// Of these, those that have one of about the same height beside them on the line.
    pub side_by_side: usize,
    /// The longest row of such neighbours.
    pub longest: usize,
    /// The height of most of those, in pixels.
    pub height: u32,
}

/// Ink that is darker (or lighter) than what is around it: 1 a pixel, else 0.
pub(super) fn ink(grey: &Grey, ink: Ink) -> Vec<u8> {
    /// By how many levels.
    const STEP: u64 = 20;
    let around = Around::of(grey);
    let mut mask = Vec::with_capacity(grey.pixels().len());
    for (row, y) in grey.rows().zip(0..) {
        let sums = around.row(y);
        for (&pixel, (sum, count)) in row.iter().zip(sums) {
            let pixel = u64::from(pixel) * count;
            let is_ink = match ink {
                Ink::Dark => pixel + STEP * count < sum,
                Ink::Light => pixel > sum + STEP * count,
            };
            mask.push(u8::from(is_ink));
        }
    }
    mask
}

/// Sums of all pixels left of and above each.
struct Around {
    width: usize,
    height: usize,
    sums: Vec<u64>,
}

impl Around {
    /// How far around a pixel counts, in pixels.
    const REACH: usize = 24;

    fn of(grey: &Grey) -> Self {
        let (width, height) = (grey.width() as usize, grey.height() as usize);
        let mut sums: Vec<u64> = Vec::with_capacity((width + 1) * (height + 1));
        sums.resize(width + 1, 0);
        for row in grey.rows() {
            let mut sum = 0;
            let above = sums.len() - width - 1;
            sums.push(0);
            for (&pixel, place) in row.iter().zip(above + 1..) {
                sum += u64::from(pixel);
                sums.push(sum + sums.get(place).copied().unwrap_or(0));
            }
        }
        Self { width, height, sums }
    }

    /// For each pixel of a row, the sum of what is around, and of how many pixels.
    fn row(&self, y: usize) -> impl Iterator<Item = (u64, u64)> {
        let (top, bottom) = (y.saturating_sub(Self::REACH), (y + Self::REACH + 1).min(self.height));
        let row = |y: usize| {
            let start = y * (self.width + 1);
            self.sums.get(start..=start + self.width).unwrap_or_default()
        };
        let (above, below) = (row(top), row(bottom));
        (0..self.width).map(move |x| {
            let (left, right) =
                (x.saturating_sub(Self::REACH), (x + Self::REACH + 1).min(self.width));
            let of = |row: &[u64], x: usize| row.get(x).copied().unwrap_or(0);
            let sum = of(below, right) + of(above, left) - of(above, right) - of(below, left);
            (sum, ((right - left) * (bottom - top)) as u64)
        })
    }
}

/// The connected shapes of ink, also by corners.
pub(super) fn shapes(mask: &[u8], width: u32) -> Vec<Shape> {
    connect(mask, width, 1, &mut |_| {}).finish()
}

/// How many shapes a QR reader would take for the heart of a finder pattern: in some row, between two parts of
/// one ring, in the proportions 1:1:3:1:1.
pub(super) fn hearts(mask: &[u8], width: u32) -> usize {
    let mut found = Vec::new();
    let mut joins = connect(mask, width, 0, &mut |row| {
        for three in row.windows(3) {
            if let [left, heart, right] = three
                && is_finder(&left.0, &heart.0, &right.0)
            {
                found.push((left.1, heart.1, right.1));
            }
        }
    });
    let mut hearts = HashSet::new();
    for (left, heart, right) in found {
        let (left, heart, right) = (joins.root(left), joins.root(heart), joins.root(right));
        if left == right && left != heart {
            hearts.insert(heart);
        }
    }
    hearts.len()
}

/// Whether runs stand like those of a finder pattern, as roughly as the reader takes it.
fn is_finder(left: &Shape, heart: &Shape, right: &Shape) -> bool {
    let gaps = [heart.left - left.right - 1, right.left - heart.right - 1];
    let thin = [left.width(), gaps[0], gaps[1], right.width()];
    let module = thin.iter().sum::<u32>() / 4;
    let slack = module * 3 / 4;
    let is_near = |length: u32, modules: u32| length.abs_diff(modules * module) <= slack;
    thin.iter().all(|length| is_near(*length, 1)) && is_near(heart.width(), 3)
}

/// Sees each row of runs with their names.
type Watch<'w> = dyn FnMut(&[(Shape, u32)]) + 'w;

/// Joins the runs of ink that touch: by corners, too, if `reach` is 1, by sides only if it is 0. Shows each row
/// of runs with their names.
fn connect(mask: &[u8], width: u32, reach: u32, watch: &mut Watch<'_>) -> Joins {
    let mut joins = Joins::default();
    let mut above: Vec<(Shape, u32)> = Vec::new();
    for (row, y) in mask.chunks_exact(width.max(1) as usize).zip(0..) {
        let mut current: Vec<(Shape, u32)> = Vec::new();
        let mut older = above.iter().peekable();
        for (left, right) in runs(row) {
            let run = Shape { left, right, top: y, bottom: y, area: right - left + 1 };
            let name = joins.add(run);
            while older.next_if(|(old, _)| old.right + reach < left).is_some() {}
            while let Some((old, other)) = older.peek()
                && old.left <= right + reach
            {
                joins.join(name, *other);
                if old.right > right {
                    break;
                }
                older.next();
            }
            current.push((run, name));
        }
        watch(&current);
        above = current;
    }
    joins
}

/// First and last column of each run of ink in a row.
fn runs(row: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    let mut at = 0;
    row.chunk_by(|a, b| a == b).filter_map(move |run| {
        let first = at;
        at += run.len() as u32;
        (run.first() == Some(&1)).then_some((first, at - 1))
    })
}

/// Which runs are one shape: each knows one it is joined with, itself if it is the first.
#[derive(Default)]
struct Joins {
    parents: Vec<u32>,
    shapes: Vec<Shape>,
}

impl Joins {
    fn add(&mut self, shape: Shape) -> u32 {
        let name = self.parents.len() as u32;
        self.parents.push(name);
        self.shapes.push(shape);
        name
    }

    fn root(&mut self, mut name: u32) -> u32 {
        while let Some(&parent) = self.parents.get(name as usize)
            && parent != name
        {
            let grand = self.parents.get(parent as usize).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(name as usize) {
                *slot = grand;
            }
            name = grand;
        }
        name
    }

    /// The later run goes to the earlier one.
    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        let (first, second) = (a.min(b), a.max(b));
        if first == second {
            return;
        }
        if let Some(slot) = self.parents.get_mut(second as usize) {
            *slot = first;
        }
        let added = self.shapes.get(second as usize).copied();
        if let (Some(shape), Some(added)) = (self.shapes.get_mut(first as usize), added) {
            *shape = shape.joined(added);
        }
    }

    fn finish(self) -> Vec<Shape> {
        let named = self.shapes.into_iter().zip(self.parents).zip(0_u32..);
        named.filter(|((_, parent), name)| parent == name).map(|((shape, _), _)| shape).collect()
    }
}

/// The letters among shapes, and how they stand, in rows.
pub(super) fn lines(shapes: &[Shape]) -> Lines {
    /// More make no difference.
    const MOST: usize = 8_000;
    /// How many to the right of a letter may be the next.
    const NEAR: usize = 400;
    let mut letters: Vec<Shape> =
        shapes.iter().filter(|shape| shape.is_letter()).take(MOST).copied().collect();
    letters.sort_unstable_by_key(|letter| (letter.left, letter.top));
    let mut heights: Vec<u32> = Vec::new();
    // From the right: how many letters follow each, itself included.
    let mut chains: VecDeque<usize> = VecDeque::new();
    for (place, letter) in letters.iter().enumerate().rev() {
        let mut right = letters.iter().skip(place + 1).zip(&chains).take(NEAR);
        let chain = right.find(|(next, _)| are_beside(letter, next)).map(|(_, chain)| chain + 1);
        if chain.is_some() {
            heights.push(letter.height());
        }
        chains.push_front(chain.unwrap_or(1));
    }
    heights.sort_unstable();
    Lines {
        letters: letters.len(),
        side_by_side: heights.len(),
        longest: chains.into_iter().max().unwrap_or(0),
        height: heights.get(heights.len() / 2).copied().unwrap_or(0),
    }
}

/// The same, in columns: of a picture that lies on its side.
pub(super) fn columns(shapes: &[Shape]) -> Lines {
    let turned: Vec<Shape> = shapes.iter().map(Shape::transposed).collect();
    lines(&turned)
}

/// Whether the second stands right of the first on one line, and is about as high.
fn are_beside(first: &Shape, second: &Shape) -> bool {
    let (low, high) = (first.height().min(second.height()), first.height().max(second.height()));
    let gap = i64::from(second.left) - i64::from(first.right);
    let offset = first.bottom.abs_diff(second.bottom);
    high * 3 <= low * 4 && (0..=i64::from(high)).contains(&gap) && offset * 4 <= high
}
