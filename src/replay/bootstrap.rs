//! How sure figures are: the percentile bootstrap (Efron 1979). Messages are drawn again and again,
//! with putting back, as many spam and as many ham as there are; an interval holds 95 % of what the
//! draws come to. The seed is fixed: the same mail gives the same intervals.

use std::{num::NonZeroUsize, thread};

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use super::{
    Confusion, Curve, Record,
    curve::{Step, count},
};
use crate::verdict::Label;

/// How often is drawn.
const RESAMPLES: usize = 1_000;

/// Of the resamples, below and above the interval.
const TAIL: f64 = 0.025;

/// The bounds of an interval.
pub type Interval = [f64; 2];

/// Intervals that hold 95 % of resamples; `None` without ham or spam.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Intervals {
    /// Of 1-ROCA, in percent.
    pub(super) roca: Option<Interval>,
    /// Of the logistic average, in percent.
    pub(super) lam: Option<Interval>,
    /// Of the spam that is missed, in percent, at each loss of ham.
    pub(super) missed: Vec<Option<Interval>>,
}

/// What is drawn from: spam or ham.
#[derive(Default)]
struct Urn {
    /// Each message: twice the place of its score in the curve, and one more if it was mistaken. Small,
    /// because it is read in no order.
    messages: Vec<u32>,
}

/// What one resample comes to: 1-ROCA, lam, then the misses.
type Figures = Vec<f64>;

/// The intervals of these records; `curve` is theirs.
pub(super) fn intervals(records: &[Record], curve: &Curve, ham_losses: &[f64]) -> Intervals {
    let mut urns = [Urn::default(), Urn::default()];
    for record in records {
        let place = curve.steps().partition_point(|step| step.score < record.score);
        let [spam, ham] = &mut urns;
        let urn = if record.label == Label::Spam { spam } else { ham };
        let mistaken = record.is_miss() || record.is_false_positive();
        urn.messages.extend(u32::try_from(2 * place + usize::from(mistaken)));
    }
    if urns.iter().any(|urn| urn.messages.is_empty()) {
        return Intervals { missed: vec![None; ham_losses.len()], ..Intervals::default() };
    }
    let drawn = resamples(&urns, curve, ham_losses);
    let interval = |figure: usize| {
        let mut values: Vec<f64> =
            drawn.iter().filter_map(|all| all.get(figure).copied()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let tail = (values.len() as f64 * TAIL) as usize;
        Some([*values.get(tail)?, *values.get(values.len().checked_sub(tail + 1)?)?])
    };
    let missed = (2..).take(ham_losses.len()).map(interval).collect();
    Intervals { roca: interval(0), lam: interval(1), missed }
}

/// All resamples, on all cores; each has a seed of its own.
fn resamples(urns: &[Urn; 2], curve: &Curve, ham_losses: &[f64]) -> Vec<Figures> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        let part = |first: usize| {
            move || {
                let mut drawn = Vec::new();
                let mut scratch = curve.clone();
                for seed in (first..RESAMPLES).step_by(threads) {
                    drawn.push(resample(urns, &mut scratch, ham_losses, seed as u64));
                }
                drawn
            }
        };
        let parts: Vec<_> = (0..threads).map(|first| scope.spawn(part(first))).collect();
        // Nothing in a part can panic; if it did, there would be fewer resamples.
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}

fn resample(urns: &[Urn; 2], scratch: &mut Curve, ham_losses: &[f64], seed: u64) -> Figures {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let steps = scratch.steps_mut();
    steps.iter_mut().for_each(|step| (step.spam, step.ham) = (0, 0));
    let [spam, ham] = urns;
    let confusion = Confusion {
        spam: spam.messages.len(),
        false_negatives: spam.draw(steps, |step| &mut step.spam, &mut random),
        ham: ham.messages.len(),
        false_positives: ham.draw(steps, |step| &mut step.ham, &mut random),
    };
    let missed = ham_losses.iter().map(|&loss| scratch.missed_percent(loss));
    let figures = [scratch.roca_percent(), confusion.lam_percent()].into_iter().chain(missed);
    figures.map(Option::unwrap_or_default).collect()
}

impl Urn {
    /// Draws as many as there are, and counts them where their scores are. How many mistaken ones
    /// were drawn.
    fn draw(
        &self,
        steps: &mut [Step],
        counter: impl Fn(&mut Step) -> &mut u32,
        random: &mut Xoshiro256PlusPlus,
    ) -> usize {
        let mut mistaken = 0;
        for _ in 0..self.messages.len() {
            let drawn = self.messages.get(random.random_range(0..self.messages.len()));
            let Some(&message) = drawn else { continue };
            mistaken += count(message & 1);
            if let Some(step) = steps.get_mut(count(message >> 1)) {
                *counter(step) += 1;
            }
        }
        mistaken
    }
}
