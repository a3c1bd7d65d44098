//! Which tokens decided.

use super::{
    Features, Model, Opinion,
    counts::Count,
    token::{Tokens, without_shape},
    views::{Views, pair_slot, sorted, token_slot},
};

/// A token that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Clue {
    /// Its text with its mark; `None` for features that were stored, which hold no texts.
    pub text: Option<String>,
    /// Learned messages of spam that hold it.
    pub spam: u32,
    /// Learned messages of ham that hold it.
    pub ham: u32,
    /// What it adds to the log-odds, in whatever way it is written. What pairs and byte n-grams add
    /// belongs to no token.
    pub log_odds: f64,
}

/// A token without regard to how it is written, and what it adds.
type Share = (u32, f64);

impl Model {
    /// Judges a message, and names the tokens that decided, at most `most` of them, the strongest
    /// first.
    pub fn explain(&self, features: &Features, most: usize) -> (Opinion, Vec<Clue>) {
        let views = Views::of(features);
        let shares = strongest(self.shares(features, &views), most);
        (self.opinion(features, &views), self.clues(features, &shares))
    }

    /// By token, in ascending order.
    fn shares(&self, features: &Features, views: &Views) -> Vec<Share> {
        let [head, text, pairs, ..] = &self.members;
        let weight = self.counts_weight();
        let by_counts = |&token: &u32| (token, weight * self.token(token).1);
        let mut shares: Vec<Share> = views.counted.iter().map(by_counts).collect();
        let lists = [(&features.head, head, &views.head), (&features.text, text, &views.text)];
        for (list, member, slots) in lists {
            let mut share = shares.iter_mut();
            let mut current = share.next();
            for token in ways_to_write(list) {
                while current.as_ref().is_some_and(|share| share.0 < without_shape(token)) {
                    current = share.next();
                }
                let Some((_, sum)) = &mut current else { break };
                *sum += member.vote(token_slot(token), slots.len())
                    + pairs.vote(pair_slot(token), views.pairs.len());
            }
        }
        shares
    }

    fn clues(&self, features: &Features, shares: &[Share]) -> Vec<Clue> {
        let mut texts: Vec<Option<&str>> = vec![None; shares.len()];
        for (token, text) in features.texts.iter().flat_map(Tokens::texts) {
            let plain = without_shape(token);
            let places = shares.iter().zip(&mut texts);
            if let Some((_, place)) = places.into_iter().find(|(share, _)| share.0 == plain) {
                place.get_or_insert(text);
            }
        }
        let clue = |(&(token, log_odds), text): (&Share, Option<&str>)| {
            let Count { spam, ham } = self.token(token).0;
            Clue { text: text.map(str::to_owned), spam, ham, log_odds }
        };
        shares.iter().zip(texts).map(clue).collect()
    }
}

/// The strongest first; of two that are as strong the one with the smaller number.
fn strongest(mut shares: Vec<Share>, most: usize) -> Vec<Share> {
    let stronger = |(one, a): &Share, (other, b): &Share| {
        b.abs().total_cmp(&a.abs()).then_with(|| one.cmp(other))
    };
    if most < shares.len() {
        shares.select_nth_unstable_by(most, stronger);
        shares.truncate(most);
    }
    shares.sort_unstable_by(stronger);
    shares
}

/// Each token as written, and without regard to how; ascending, each once.
fn ways_to_write(list: &[u32]) -> Vec<u32> {
    sorted(list.iter().flat_map(|&token| [token, without_shape(token)]).collect())
}
