//! The model, kept in memory: once settled, a function of the set of learned messages.

use super::{
    Features,
    calibration::Calibration,
    counts::{Count, Counts},
    extract,
    features::Imported,
    regression::{Regression, Weight},
    rehearsal::Rehearsal,
    robinson,
    views::{PAIR_BITS, TOKEN_BITS, Views},
};
use crate::verdict::Label;

/// How much the counts weigh beside a regression: hardly, since these learn the same better.
const COUNTS_WEIGHT: f64 = 0.05;

/// One message that was taught here outweighs so many that only counts were imported of.
const TAUGHT_WEIGHT: f64 = 10.0;

/// What the classifier thinks of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// The score that is ranked: above nought for spam, without bounds.
    pub log_odds: f64,
    /// The probability of spam, from 0 to 1, calibrated.
    pub probability: f64,
}

/// How many regressions there are.
pub(super) const MEMBERS: usize = 5;

/// See the [module](super).
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) counts: Counts,
    pub(super) spam: u64,
    pub(super) ham: u64,
    /// How many of these stand for counts from another filter.
    pub(super) imported: u64,
    pub(super) members: [Regression; MEMBERS],
    pub(super) calibration: Calibration,
    pub(super) rehearsal: Rehearsal,
    pub(super) is_settled: bool,
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// Has learned nothing.
    pub fn new() -> Self {
        let bits = [TOKEN_BITS, TOKEN_BITS, PAIR_BITS, extract::SLOT_BITS, extract::SLOT_BITS];
        Self {
            counts: Counts::default(),
            spam: 0,
            ham: 0,
            imported: 0,
            members: bits.map(Regression::new),
            calibration: Calibration::default(),
            rehearsal: Rehearsal::default(),
            is_settled: true,
        }
    }

    /// Learns a message, as the next of those that are taught.
    pub fn learn(&mut self, label: Label, features: &Features) {
        if let Some(imported) = &features.imported {
            return self.import(label, imported, u64::saturating_add);
        }
        let views = Views::of(features);
        // The calibration wants the score before the message was known.
        self.step(label, features, &views, 1.0);
        self.count(label, &views, |number| number.saturating_add(1));
        if let Some(again) = self.rehearsal.follow(label, features) {
            self.step(label.other(), &again, &Views::of(&again), 1.0);
        }
        self.is_settled = false;
    }

    /// Takes back a message that was learned as `label`: exactly in the counts, by a step back in
    /// the weights.
    pub fn forget(&mut self, label: Label, features: &Features) {
        if let Some(imported) = &features.imported {
            return self.import(label, imported, u64::saturating_sub);
        }
        let views = Views::of(features);
        self.count(label, &views, |number| number.saturating_sub(1));
        self.step(label, features, &views, -1.0);
        self.rehearsal.forget(label, features);
        self.is_settled = false;
    }

    fn count(&mut self, label: Label, views: &Views, change: impl Fn(u64) -> u64) {
        let messages = match label {
            Label::Spam => &mut self.spam,
            Label::Ham => &mut self.ham,
        };
        *messages = change(*messages);
        let change = |number: u32| u32::try_from(change(number.into())).unwrap_or(u32::MAX);
        for &token in &views.counted {
            self.counts.change(token, |Count { spam, ham }| match label {
                Label::Spam => Count { spam: change(spam), ham },
                Label::Ham => Count { spam, ham: change(ham) },
            });
        }
    }

    /// Counts from another filter: the weights learn nothing of them, so their order is of no account.
    fn import(&mut self, label: Label, imported: &Imported, change: fn(u64, u64) -> u64) {
        let Imported { messages, counts } = imported;
        let all = match label {
            Label::Spam => &mut self.spam,
            Label::Ham => &mut self.ham,
        };
        *all = change(*all, u64::from(*messages));
        self.imported = change(self.imported, u64::from(*messages));
        for &(token, number) in counts {
            let change =
                |count: u32| u32::try_from(change(count.into(), number.into())).unwrap_or(u32::MAX);
            self.counts.change(token, |Count { spam, ham }| match label {
                Label::Spam => Count { spam: change(spam), ham },
                Label::Ham => Count { spam, ham: change(ham) },
            });
        }
    }

    fn step(&mut self, label: Label, features: &Features, views: &Views, pull: f32) {
        let log_odds = self.votes(features, views);
        self.calibration.step(self.score(&log_odds, views), label, pull.into());
        let members = self.members.iter_mut().zip(slots(features, views)).zip(log_odds);
        for ((member, slots), log_odds) in members {
            member.step(slots, log_odds, label, pull);
        }
    }

    /// The log-odds of each member.
    fn votes(&self, features: &Features, views: &Views) -> [f64; MEMBERS] {
        let mut members = self.members.iter();
        slots(features, views)
            .map(|slots| members.next().map_or(0.0, |member| member.log_odds(slots)))
    }

    fn score(&self, votes: &[f64; MEMBERS], views: &Views) -> f64 {
        let tokens = views.counted.iter().map(|&token| self.token(token).1);
        votes.iter().sum::<f64>() + self.counts_weight() * robinson::combine(tokens)
    }

    /// Counts from another filter are all there is until people teach this one.
    pub(super) fn counts_weight(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "numbers of messages are far below 2^53")]
        let [imported, all] =
            [self.imported, self.spam.saturating_add(self.ham)].map(|number| number as f64);
        let taught = (all - imported).max(0.0);
        COUNTS_WEIGHT + imported / (imported + TAUGHT_WEIGHT * taught).max(1.0)
    }

    /// Notes that all that is known has been learned in the order in which everybody learns it who
    /// begins with nothing.
    pub fn settle(&mut self) {
        self.is_settled = true;
    }

    /// Whether the weights are bit for bit those of all who know the same: nothing was learned since
    /// they were made anew.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Messages of spam and of ham.
    pub fn learned(&self) -> (u64, u64) {
        (self.spam, self.ham)
    }

    /// Messages that were taught here, of both classes: without those that counts of another filter
    /// stand for.
    pub fn taught(&self) -> u64 {
        self.spam.saturating_add(self.ham).saturating_sub(self.imported)
    }

    /// Judges a message.
    pub fn judge(&self, features: &Features) -> Opinion {
        self.opinion(features, &Views::of(features))
    }

    pub(super) fn opinion(&self, features: &Features, views: &Views) -> Opinion {
        let log_odds = self.score(&self.votes(features, views), views);
        Opinion { log_odds, probability: self.calibration.probability(log_odds) }
    }

    /// What each member says by itself, in log-odds, with its name: the regressions, then the
    /// counts. For those who measure.
    pub fn members(&self, features: &Features) -> [(&'static str, f64); MEMBERS + 1] {
        let views = Views::of(features);
        let [head, text, pairs, head_grams, text_grams] = self.votes(features, &views);
        let tokens = views.counted.iter().map(|&token| self.token(token).1);
        [
            ("header tokens", head),
            ("text tokens", text),
            ("all tokens and pairs", pairs),
            ("header bytes", head_grams),
            ("text bytes", text_grams),
            ("counts", robinson::combine(tokens)),
        ]
    }

    pub(super) fn token(&self, token: u32) -> (Count, f64) {
        let count = self.counts.get(token);
        (count, robinson::token(count, self.learned()))
    }

    /// Distinct tokens that were learned.
    pub fn tokens(&self) -> usize {
        self.counts.tokens()
    }

    /// Memory, in bytes.
    pub fn memory(&self) -> usize {
        let weights: usize = self.members.iter().map(|member| member.weights.len()).sum();
        self.counts.memory() + weights * size_of::<Weight>() + self.rehearsal.memory()
    }
}

/// What each member sees.
fn slots<'s>(features: &'s Features, views: &'s Views) -> [&'s [u32]; MEMBERS] {
    [&views.head, &views.text, &views.pairs, &features.head_grams, &features.text_grams]
}
