//! The fit: logistic regression whose unit is the point.
//!
//! A message with score `s` counts as spam with probability `1 / (1 + exp(-k (s - 5)))`, where `k`
//! is [`STEEPNESS`]. The threshold is part of the model, so that nothing has to be calibrated
//! afterwards. Sought are the scores that make the labels likeliest, ham weighted as asked, within
//! their limits, with a quadratic pull towards the present scores: a score departs from what a
//! person wrote as far as there is evidence for it.
//!
//! Method: cyclic coordinate descent with Newton steps. Each step minimises a parabola that lies
//! above the function wherever the step may go (the second derivative of the logistic function
//! grows by `exp(k d)` at most over a distance `d`, and never beyond a quarter), so that the
//! function never rises. It is convex, so there is one best answer; nothing is drawn by lot.

use super::{
    Options,
    limits::{LEAST, Limits},
    matrix::at,
    sample::Sample,
};
use crate::verdict::Points;

/// How sharply the probability of spam changes with the score: natural log-odds a point.
const STEEPNESS: f64 = 1.0;

/// Points a message must have to be spam.
pub(super) const THRESHOLD: Points = Points::from_micros(5_000_000);

/// When no score moves farther than this in a round, in points, the fit is done: scores are
/// written with three decimals.
const ENOUGH: f64 = 1e-4;

/// Rounds after which it ends in any case.
const MOST_ROUNDS: usize = 500;

/// How far the first step of a score may go, in points.
const FIRST_STEP: f64 = 1.0;

/// How far a step may always go, in points, so that a score which stood still can leave again.
const LEAST_STEP: f64 = 0.1;

/// The best scores within their limits, one for each rule, in thousandths of a point.
pub(super) fn fit(sample: &Sample, limits: &[Limits], options: &Options) -> Vec<Points> {
    let mut fit = Fit::new(sample, limits, options);
    for _ in 0..MOST_ROUNDS {
        if fit.round() < ENOUGH {
            break;
        }
    }
    fit.rules.iter().map(|rule| rule.score()).collect()
}

struct Fit {
    rules: Vec<Rule>,
    cells: Vec<Cell>,
    /// How strongly scores are drawn to where they were: for a square point.
    pull: f64,
}

/// One score on its way.
struct Rule {
    limits: Limits,
    score: f64,
    /// How far the next step may go.
    trust: f64,
    /// The rows that it hits.
    rows: Vec<u32>,
}

/// Messages with the same hits.
struct Cell {
    /// The score above the threshold, in points.
    margin: f64,
    /// How much they weigh together.
    weight: f64,
    /// How much of that is spam.
    spam: f64,
    /// How likely they are spam by their score.
    likely: f64,
}

impl Fit {
    fn new(sample: &Sample, limits: &[Limits], options: &Options) -> Self {
        let rules: Vec<Rule> = limits
            .iter()
            .zip(&sample.columns)
            .map(|(limits, rows)| Rule::new(*limits, rows))
            .collect();
        let mut cells: Vec<Cell> = sample
            .rows
            .iter()
            .map(|row| {
                let (spam, ham) = (f64::from(row.spam), f64::from(row.ham));
                let weight = spam + options.ham_weight * ham;
                Cell { margin: -THRESHOLD.as_f64(), weight, spam, likely: 0.0 }
            })
            .collect();
        for rule in &rules {
            rule.each(&mut cells, |cell| cell.margin += rule.score);
        }
        cells.iter_mut().for_each(|cell| cell.shift(0.0));
        Self { rules, cells, pull: options.stray.max(LEAST).powi(-2) }
    }

    /// Moves every score once; how far the farthest moved.
    fn round(&mut self) -> f64 {
        let free = self.rules.iter_mut().filter(|rule| !rule.limits.is_fixed());
        free.map(|rule| rule.step(&mut self.cells, self.pull)).fold(0.0, f64::max)
    }
}

impl Cell {
    fn shift(&mut self, points: f64) {
        self.margin += points;
        self.likely = 1.0 / (1.0 + (-STEEPNESS * self.margin).exp());
    }
}

impl Rule {
    fn new(limits: Limits, rows: &[u32]) -> Self {
        Self { limits, score: limits.present, trust: FIRST_STEP, rows: rows.to_vec() }
    }

    fn each(&self, cells: &mut [Cell], mut act: impl FnMut(&mut Cell)) {
        for &row in &self.rows {
            if let Some(cell) = cells.get_mut(at(row)) {
                act(cell);
            }
        }
    }

    /// One step; how far it went.
    fn step(&mut self, cells: &mut [Cell], pull: f64) -> f64 {
        let (mut slope, mut bend, mut weight) = (0.0, 0.0, 0.0);
        self.each(cells, |cell| {
            slope += cell.weight * cell.likely - cell.spam;
            bend += cell.weight * cell.likely * (1.0 - cell.likely);
            weight += cell.weight;
        });
        let slope = STEEPNESS * slope + pull * (self.score - self.limits.present);
        let most_bend = (bend * (STEEPNESS * self.trust).exp()).min(weight / 4.0);
        let bend = STEEPNESS * STEEPNESS * most_bend + pull;
        let step = (-slope / bend).clamp(-self.trust, self.trust);
        let moved = (self.score + step).clamp(self.limits.low, self.limits.high) - self.score;
        self.trust = (2.0 * moved.abs()).max(self.trust / 2.0).max(LEAST_STEP);
        if moved != 0.0 {
            self.score += moved;
            self.each(cells, |cell| cell.shift(moved));
        }
        moved.abs()
    }

    /// In thousandths; never a 0 that was none.
    fn score(&self) -> Points {
        let rounded = if self.limits.is_fixed() {
            self.score
        } else {
            let thousandths = (self.score * 1000.0).round() / 1000.0;
            if thousandths == 0.0 { LEAST.copysign(self.score) } else { thousandths }
        };
        Points::from_f64(rounded).unwrap_or_default()
    }
}
