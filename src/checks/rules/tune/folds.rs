//! Which part of the messages judges scores that were fitted to the others.

use std::collections::BTreeMap;

use super::{Digest, HitMatrix};
use crate::verdict::Label;

/// For each message of a matrix the number of its fold, below `folds`.
///
/// Copies of a message are in one fold. Each fold gets its share of spam and of ham. The seed
/// chooses who is where; the order of the messages has no say.
pub(super) fn folds(matrix: &HitMatrix, folds: usize, seed: u64) -> Vec<usize> {
    let mut copies: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    for row in matrix.rows() {
        let (spam, ham) = copies.entry(row.digest).or_default();
        match row.label {
            Label::Spam => *spam += 1,
            Label::Ham => *ham += 1,
        }
    }
    let mut dealt: Vec<(u64, u64, bool, u32)> = copies
        .into_iter()
        .map(|(digest, (spam, ham))| (shuffled(digest, seed), digest, spam > ham, spam + ham))
        .collect();
    dealt.sort_unstable();
    let mut sizes = [vec![0; folds], vec![0; folds]];
    let mut fold_of: BTreeMap<u64, usize> = BTreeMap::new();
    for (_, digest, is_spam, messages) in dealt {
        let [ham, spam] = &mut sizes;
        let sizes: &mut Vec<u32> = if is_spam { spam } else { ham };
        let Some((fold, size)) = sizes.iter_mut().enumerate().min_by_key(|(_, size)| **size) else {
            continue;
        };
        *size += messages;
        fold_of.insert(digest, fold);
    }
    matrix.rows().iter().map(|row| fold_of.get(&row.digest).copied().unwrap_or(0)).collect()
}

fn shuffled(digest: u64, seed: u64) -> u64 {
    Digest::default().add(&seed.to_le_bytes()).add(&digest.to_le_bytes()).value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> HitMatrix {
        let mut matrix = HitMatrix::new(Vec::new());
        for number in 0..1000 {
            let label = if number % 4 == 0 { Label::Spam } else { Label::Ham };
            matrix.push(label, 0, number / 2, &[]);
        }
        matrix
    }

    #[test]
    fn shares_are_even_and_copies_together() {
        let matrix = matrix();
        let folds = folds(&matrix, 5, 1);
        assert!(folds.chunks(2).all(|pair| pair[0] == pair[1]), "copies stay together");
        for fold in 0..5 {
            let size = folds.iter().filter(|&&f| f == fold).count();
            assert_eq!(size, 200);
        }
    }

    #[test]
    fn the_seed_deals_the_order_does_not() {
        let matrix = matrix();
        assert_eq!(folds(&matrix, 5, 1), folds(&matrix, 5, 1));
        assert_ne!(folds(&matrix, 5, 1), folds(&matrix, 5, 2));
        let mut reversed = HitMatrix::new(Vec::new());
        matrix.rows().iter().rev().for_each(|r| reversed.push(r.label, 0, r.digest, &[]));
        let mut again = folds(&reversed, 5, 1);
        again.reverse();
        assert_eq!(again, folds(&matrix, 5, 1));
    }
}
