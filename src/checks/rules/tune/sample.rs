//! What a fit learns from: messages with the same hits are one row, with how many of them are spam
//! and how many ham. The rows stand in the order of their hits, so that the order of the messages
//! changes nothing, not even by rounding.

use std::collections::BTreeMap;

use super::{
    HitMatrix,
    matrix::{Row, at},
};
use crate::verdict::Label;

/// Messages with the same hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Alike {
    /// How many are spam.
    pub(super) spam: u32,
    /// How many are ham.
    pub(super) ham: u32,
}

/// Messages by what hit them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// One for each set of hits.
    pub(super) rows: Vec<Alike>,
    /// For each rule the rows it hits, ascending.
    pub(super) columns: Vec<Vec<u32>>,
    /// For each rule how many different messages it hits; copies of a message count once.
    pub(super) different: Vec<u32>,
}

impl Sample {
    /// The messages of a matrix that `chosen` picks by their place and what is known of them.
    pub(super) fn of(matrix: &HitMatrix, chosen: impl Fn(usize, &Row) -> bool) -> Self {
        let mut alike: BTreeMap<&[u32], Alike> = BTreeMap::new();
        let mut bodies: Vec<&Row> = Vec::new();
        for (_, row) in matrix.rows().iter().enumerate().filter(|(at, row)| chosen(*at, row)) {
            let count = alike.entry(matrix.hits(row)).or_default();
            match row.label {
                Label::Spam => count.spam += 1,
                Label::Ham => count.ham += 1,
            }
            bodies.push(row);
        }
        let mut columns = vec![Vec::new(); matrix.rules().len()];
        for (row, hits) in (0..).zip(alike.keys()) {
            for &rule in *hits {
                if let Some(column) = columns.get_mut(at(rule)) {
                    column.push(row);
                }
            }
        }
        Self { rows: alike.into_values().collect(), columns, different: different(matrix, bodies) }
    }
}

/// How many different bodies each rule hits.
fn different(matrix: &HitMatrix, mut rows: Vec<&Row>) -> Vec<u32> {
    rows.sort_by_key(|row| row.digest);
    // For each rule the count and the body it hit last.
    let mut seen: Vec<(u32, Option<u64>)> = vec![(0, None); matrix.rules().len()];
    for row in rows {
        for &rule in matrix.hits(row) {
            let Some((count, last)) = seen.get_mut(at(rule)) else { continue };
            *count += u32::from(*last != Some(row.digest));
            *last = Some(row.digest);
        }
    }
    seen.into_iter().map(|(count, _)| count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_messages_changes_nothing() {
        let rows = [
            (Label::Spam, 1, &[0, 2][..]),
            (Label::Spam, 1, &[0, 2]),
            (Label::Ham, 2, &[0, 2]),
            (Label::Ham, 3, &[1]),
            (Label::Ham, 4, &[]),
        ];
        let matrix = |rows: &[(Label, u64, &[u32])]| {
            let mut matrix = HitMatrix::new(["A", "B", "C"].map(Into::into).to_vec());
            rows.iter().for_each(|&(label, digest, hits)| matrix.push(label, 0, digest, hits));
            matrix
        };
        let forward = Sample::of(&matrix(&rows), |_, _| true);
        let mut backward = rows;
        backward.reverse();
        assert_eq!(forward, Sample::of(&matrix(&backward), |_, _| true));
        let alike = |spam, ham| Alike { spam, ham };
        assert_eq!(forward.rows, [alike(0, 1), alike(2, 1), alike(0, 1)]);
        assert_eq!(forward.columns, [vec![1], vec![2], vec![1]]);
        assert_eq!(forward.different, [2, 1, 2], "copies count once");
    }
}
