//! How far a score may go.

use super::Options;
use crate::verdict::Points;

/// The least a score that may change can be, either way, in points: a score of 0 would switch the
/// rule off, and metas that rest on it would see other hits than were counted.
pub(super) const LEAST: f64 = 0.001;

/// With so many different messages hit, a score may move half as far as with any number of them.
const HALF_WAY: f64 = 20.0;

/// Where a score is and where it may go, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    /// The present score, to which the fit is drawn.
    pub(super) present: f64,
    /// The least it may become.
    pub(super) low: f64,
    /// The most it may become.
    pub(super) high: f64,
}

impl Limits {
    /// A score that stays.
    pub(super) fn fixed(present: Points) -> Self {
        let present = present.as_f64();
        Self { present, low: present, high: present }
    }

    /// A score that keeps its sign, stays between `options.least` and `options.most`, and moves
    /// the less far the fewer messages the rule hits.
    pub(super) fn of(present: Points, different: u32, options: &Options) -> Self {
        if different < options.fewest_hits {
            return Self::fixed(present);
        }
        let now = present.as_f64();
        let (least, most) = if now < 0.0 {
            (options.least.as_f64().min(-LEAST), -LEAST)
        } else {
            (LEAST, options.most.as_f64().max(LEAST))
        };
        let hits = f64::from(different);
        let reach = (most - least) * hits / (hits + HALF_WAY);
        let nearest = now.clamp(least, most);
        Self {
            present: nearest,
            low: (nearest - reach).max(least),
            high: (nearest + reach).min(most),
        }
    }

    /// Whether it stays as it is.
    pub(super) fn is_fixed(&self) -> bool {
        self.low >= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(value: f64) -> Points {
        Points::from_f64(value).unwrap()
    }

    #[test]
    fn signs_and_ranges_hold() {
        let options = Options {
            least: points(-4.0),
            most: points(5.001),
            fewest_hits: 5,
            ..Options::default()
        };
        for (present, different, low, high) in [
            (1.0, 4, 1.0, 1.0),
            (1.0, 5, 0.001, 2.0),
            (1.0, 20, 0.001, 3.5),
            (1.0, 1_000_000, 0.001, 5.001),
            (-1.0, 1_000_000, -4.0, -0.001),
            (9.0, 20, 2.501, 5.001),
            (9.0, 1, 9.0, 9.0),
        ] {
            let limits = Limits::of(points(present), different, &options);
            let near = |a: f64, b: f64| (a - b).abs() < 1e-3;
            assert!(near(limits.low, low) && near(limits.high, high), "{present}: {limits:?}");
        }
    }
}
