//! How many messages have about the same figure.

use serde::Serialize;

use crate::verdict::Label;

/// So many bins at most, the two open ones apart.
const MOST: f64 = 60.0;

/// This share of the messages, at either end, goes to the open bins.
const TAIL: f64 = 0.002;

/// Messages whose figure is at least `from` and below the next bin's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Where it begins; `None` for the lowest, which is open.
    pub from: Option<f64>,
    /// Spam in it.
    pub spam: usize,
    /// Ham in it.
    pub ham: usize,
}

/// Bins of a round width over what is not far out.
pub(super) fn histogram(figures: impl Iterator<Item = (Label, f64)>) -> Vec<Bin> {
    let figures: Vec<(Label, f64)> = figures.filter(|(_, figure)| figure.is_finite()).collect();
    let mut sorted: Vec<f64> = figures.iter().map(|&(_, figure)| figure).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let tail = (sorted.len() as f64 * TAIL) as usize;
    let ends = (sorted.get(tail), sorted.get(sorted.len().saturating_sub(tail + 1)));
    let (Some(&low), Some(&high)) = ends else { return Vec::new() };
    let width = round_width((high - low) / MOST);
    let first = (low / width).floor();
    let inner = ((high / width).floor() - first) as usize + 1;
    let start = |at: usize| (at > 0).then_some((first + (at as f64 - 1.0)) * width);
    let mut bins: Vec<Bin> =
        (0..inner + 2).map(|at| Bin { from: start(at), spam: 0, ham: 0 }).collect();
    for (label, figure) in figures {
        let at = bins.partition_point(|bin| bin.from.is_none_or(|from| from <= figure));
        let Some(bin) = bins.get_mut(at.saturating_sub(1)) else { continue };
        match label {
            Label::Ham => bin.ham += 1,
            Label::Spam => bin.spam += 1,
        }
    }
    bins
}

/// The least of 1, 2, 5, 10, 20 … and their tenths that is not below `least`.
fn round_width(least: f64) -> f64 {
    let least = least.max(1e-3);
    let decade = 10_f64.powf(least.log10().floor());
    let widths = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade);
    widths.into_iter().find(|&width| width >= least * (1.0 - 1e-9)).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn widths_are_round() {
        for (least, width) in [(0.7, 1.0), (1.0, 1.0), (1.1, 2.0), (4.0, 5.0), (30.0, 50.0)] {
            assert!((round_width(least) - width).abs() < 1e-9, "{least}");
        }
    }

    proptest! {
        #[test]
        fn every_message_is_in_its_bin(figures in prop::collection::vec(-50.0..90.0_f64, 0..200)) {
            let bins = histogram(figures.iter().map(|&figure| (Label::Ham, figure)));
            prop_assert_eq!(bins.iter().map(|bin| bin.ham).sum::<usize>(), figures.len());
            prop_assert!(bins.len() <= 64, "{}", bins.len());
            for pair in bins.windows(2) {
                let (from, to) = (pair[0].from.unwrap_or(f64::MIN), pair[1].from.unwrap());
                let within = figures.iter().filter(|&&f| from <= f && f < to).count();
                prop_assert_eq!(pair[0].ham, within, "{:?}", pair);
            }
        }
    }
}
