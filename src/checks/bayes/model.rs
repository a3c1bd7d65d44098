//! The model: a function of the set of learned messages, kept in memory.

use std::{cmp::Ordering, collections::HashMap};

use super::{
    Features,
    counts::{Count, Counts},
    extract, logistic,
    regression::Regression,
    robinson, token,
    views::{PAIR_BITS, TOKEN_BITS, Views},
};

/// What a message is taught to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Unwanted.
    Spam,
    /// Wanted.
    Ham,
}

impl Class {
    /// The probability of spam.
    pub(super) fn target(self) -> f64 {
        match self {
            Self::Spam => 1.0,
            Self::Ham => 0.0,
        }
    }
}

/// What the classifier thinks of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// The score that is ranked: above nought for spam, without bounds.
    pub log_odds: f64,
    /// The probability of spam, from 0 to 1, calibrated.
    pub probability: f64,
}

/// A token that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Clue {
    /// Its text with its mark; `None` for features that were stored, which hold no texts.
    pub text: Option<String>,
    /// Learned messages of spam that hold it.
    pub spam: u32,
    /// Learned messages of ham that hold it.
    pub ham: u32,
    /// What it adds to the log-odds.
    pub log_odds: f64,
}

/// See the [module](super).
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) counts: Counts,
    pub(super) spam: u64,
    pub(super) ham: u64,
    pub(super) grams: Regression,
    pub(super) tokens: Regression,
    pub(super) pairs: Regression,
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
        Self {
            counts: Counts::default(),
            spam: 0,
            ham: 0,
            grams: Regression::new(extract::SLOT_BITS, 20.0),
            tokens: Regression::new(TOKEN_BITS, 20.0),
            pairs: Regression::new(PAIR_BITS, 20.0),
            is_settled: true,
        }
    }

    /// Learns the message that is next in canonical order. For one that comes late, call
    /// [`Model::unsettle`] as well.
    pub fn learn(&mut self, class: Class, features: &Features) {
        let views = Views::of(features);
        match class {
            Class::Spam => self.spam += 1,
            Class::Ham => self.ham += 1,
        }
        for &token in &views.distinct {
            self.counts.change(token, |Count { spam, ham }| match class {
                Class::Spam => Count { spam: spam.saturating_add(1), ham },
                Class::Ham => Count { spam, ham: ham.saturating_add(1) },
            });
        }
        self.step(class, features, &views, 1.0);
    }

    /// Takes back a message that was learned as `class`: exactly in the counts, by a step back in
    /// the weights, which leaves the model unsettled.
    pub fn forget(&mut self, class: Class, features: &Features) {
        let views = Views::of(features);
        match class {
            Class::Spam => self.spam = self.spam.saturating_sub(1),
            Class::Ham => self.ham = self.ham.saturating_sub(1),
        }
        for &token in &views.distinct {
            self.counts.change(token, |Count { spam, ham }| match class {
                Class::Spam => Count { spam: spam.saturating_sub(1), ham },
                Class::Ham => Count { spam, ham: ham.saturating_sub(1) },
            });
        }
        self.step(class, features, &views, -1.0);
        self.is_settled = false;
    }

    fn step(&mut self, class: Class, features: &Features, views: &Views, pull: f32) {
        self.grams.step(&features.grams, class, pull);
        self.tokens.step(&views.tokens, class, pull);
        self.pairs.step(&views.pairs, class, pull);
    }

    /// Notes that the weights are no longer those of learning everything in canonical order: only
    /// a rebuild brings these back.
    pub fn unsettle(&mut self) {
        self.is_settled = false;
    }

    /// Whether the weights are bit for bit those of learning everything in canonical order.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Messages of spam and of ham.
    pub fn learned(&self) -> (u64, u64) {
        (self.spam, self.ham)
    }

    /// Judges a message.
    pub fn judge(&self, features: &Features) -> Opinion {
        let views = Views::of(features);
        let tokens = views.distinct.iter().map(|&token| self.token(token).1);
        let regressions = [
            self.grams.log_odds(&features.grams),
            self.tokens.log_odds(&views.tokens),
            self.pairs.log_odds(&views.pairs),
        ];
        let log_odds = regressions.map(f64::from).iter().sum::<f64>() + robinson::combine(tokens);
        Opinion { log_odds, probability: logistic::probability(log_odds) }
    }

    fn token(&self, token: u32) -> (Count, f64) {
        let count = self.counts.get(token);
        (count, robinson::token(count, self.learned()))
    }

    /// The tokens that decided, the strongest first.
    pub fn explain(&self, features: &Features) -> Vec<Clue> {
        let texts: HashMap<u32, &str> =
            features.tokens.iter().copied().zip(features.texts.texts()).collect();
        let clue = |&token: &u32| {
            let (Count { spam, ham }, log_odds) = self.token(token);
            Clue { text: texts.get(&token).map(|&text| text.to_owned()), spam, ham, log_odds }
        };
        let mut clues: Vec<Clue> = Views::of(features).distinct.iter().map(clue).collect();
        clues.sort_by(strongest_first);
        clues
    }

    /// Adds counts from another filter, for a token as [`Clue::text`] writes it. The weights learn
    /// nothing from it.
    pub fn add_counts(&mut self, token: &str, spam: u32, ham: u32) {
        self.counts.change(token::hash(token.as_bytes()), |count| Count {
            spam: count.spam.saturating_add(spam),
            ham: count.ham.saturating_add(ham),
        });
    }

    /// Adds to the numbers of messages that counts from another filter stand for.
    pub fn add_learned(&mut self, spam: u64, ham: u64) {
        self.spam = self.spam.saturating_add(spam);
        self.ham = self.ham.saturating_add(ham);
    }

    /// Distinct tokens that were learned.
    pub fn tokens(&self) -> usize {
        self.counts.tokens()
    }

    /// Memory, in bytes.
    pub fn memory(&self) -> usize {
        let weights = [&self.grams, &self.tokens, &self.pairs].map(|member| member.weights.len());
        self.counts.memory() + weights.iter().sum::<usize>() * size_of::<f32>()
    }
}

fn strongest_first(a: &Clue, b: &Clue) -> Ordering {
    b.log_odds.abs().total_cmp(&a.log_odds.abs()).then_with(|| a.text.cmp(&b.text))
}
