//! How often something happened, and how sure that is.

use serde::Serialize;

/// The quantile of the normal distribution for intervals of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many, with the interval of Wilson (1927).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// The share, in percent; 0 of nothing.
    pub percent: f64,
    /// The lower end of the 95 % interval, in percent.
    pub low: f64,
    /// The upper end of the 95 % interval, in percent.
    pub high: f64,
}

impl Rate {
    /// `count` of `of`.
    pub fn new(count: usize, of: usize) -> Self {
        if of == 0 {
            return Self { count, of, percent: 0.0, low: 0.0, high: 100.0 };
        }
        let (n, share) = (of as f64, count as f64 / of as f64);
        let squared = Z * Z / n;
        let centre = share + squared / 2.0;
        let half = Z * (share * (1.0 - share) / n + squared / (4.0 * n)).sqrt();
        let percent = |value: f64| 100.0 * (value / (1.0 + squared)).clamp(0.0, 1.0);
        Self {
            count,
            of,
            percent: 100.0 * share,
            low: percent(centre - half),
            high: percent(centre + half),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends are where a true share `p` is just that far off: `|share - p|` is
    /// `Z sqrt(p (1 - p) / n)`. These were found by bisection.
    #[test]
    fn intervals_are_wilsons() {
        for (count, of, low, high) in [
            (0, 10, 0.0, 27.753_28),
            (1, 10, 1.787_621, 40.415_00),
            (5, 10, 23.659_31, 76.340_69),
            (10, 10, 72.246_72, 100.0),
            (50, 1000, 3.813_026, 6.531_382),
            (0, 0, 0.0, 100.0),
        ] {
            let rate = Rate::new(count, of);
            let near = |a: f64, b: f64| (a - b).abs() < 5e-4;
            assert!(near(rate.low, low) && near(rate.high, high), "{rate:?}");
        }
    }
}
