//! Which tokens decided.

use super::{
    Features, Model,
    counts::Count,
    token::{Tokens, without_shape},
    views::{Views, pair_slot, token_slot},
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
    /// The tokens that decided, at most `most` of them, the strongest first.
    pub fn explain(&self, features: &Features, most: usize) -> Vec<Clue> {
        let views = Views::of(features);
        let mut shares = self.shares(features, &views);
        shares.sort_by(|(one, a), (other, b)| b.abs().total_cmp(&a.abs()).then(one.cmp(other)));
        shares.truncate(most);
        shares.into_iter().map(|share| self.clue(features, share)).collect()
    }

    /// By token.
    fn shares(&self, features: &Features, views: &Views) -> Vec<Share> {
        let [head, text, pairs, ..] = &self.members;
        let by_counts = |&token: &u32| (token, self.counts_weight() * self.token(token).1);
        let mut shares: Vec<Share> = views.counted.iter().map(by_counts).collect();
        let lists = [(&features.head, head, &views.head), (&features.text, text, &views.text)];
        for (list, member, slots) in lists {
            for token in ways_to_write(list) {
                let share = member.vote(token_slot(token), slots.len())
                    + pairs.vote(pair_slot(token), views.pairs.len());
                if let Ok(at) = shares.binary_search_by_key(&without_shape(token), |share| share.0)
                    && let Some((_, sum)) = shares.get_mut(at)
                {
                    *sum += share;
                }
            }
        }
        shares
    }

    fn clue(&self, features: &Features, (token, log_odds): Share) -> Clue {
        let mut texts = features.texts.iter().flat_map(Tokens::texts);
        let text = texts.find(|&(other, _)| without_shape(other) == token);
        let Count { spam, ham } = self.token(token).0;
        Clue { text: text.map(|(_, text)| text.to_owned()), spam, ham, log_odds }
    }
}

/// Each token as written, and without regard to how; each once.
fn ways_to_write(list: &[u32]) -> Vec<u32> {
    let mut ways: Vec<u32> = list.iter().flat_map(|&token| [token, without_shape(token)]).collect();
    ways.sort_unstable();
    ways.dedup();
    ways
}
