//! The member that counts: each token's probability as Robinson smooths it ("A statistical
//! approach to the spam problem", Linux Journal 107, 2003), added up as log-odds.
//!
//! The sum is divided by the root of how many tokens were added, since tokens are far from
//! independent; chi-square as in his paper saturates at 0 and 1 and could not rank what is sure.

use super::{counts::Count, logistic};

/// How strongly, in messages, a token is believed to be neutral before it was seen.
const STRENGTH: f64 = 0.1;

/// Tokens nearer to neutral than this say nothing, in log-odds.
const WEAKEST: f64 = 0.2;

/// The log-odds of one token, given how many messages of spam and ham were learned.
pub(super) fn token(count: Count, learned: (u64, u64)) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of messages are far below 2^53")]
    let share = |number: u32, of: u64| f64::from(number) / of.max(1) as f64;
    let (spam, ham) = (share(count.spam, learned.0), share(count.ham, learned.1));
    if spam + ham <= 0.0 {
        return 0.0;
    }
    let seen = f64::from(count.spam) + f64::from(count.ham);
    let probability = (STRENGTH * 0.5 + seen * spam / (spam + ham)) / (STRENGTH + seen);
    logistic::log_odds(probability)
}

/// Adds up the log-odds of distinct tokens.
pub(super) fn combine(tokens: impl Iterator<Item = f64>) -> f64 {
    let mut sum = 0.0;
    let mut number = 0_u32;
    for log_odds in tokens.filter(|log_odds| log_odds.abs() >= WEAKEST) {
        sum += log_odds;
        number += 1;
    }
    sum / f64::from(number.max(1)).sqrt()
}
