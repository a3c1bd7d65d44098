//! Has a picture looked at, and read if the service wants that.

use std::time::{Duration, Instant};

use super::Pipe;
use crate::contents::{
    task::{Answer, Looked, PictureText, Say},
    wire::WireError,
};

/// Slices of a picture, row by row.
pub(super) type Rows = Vec<Vec<Vec<u8>>>;

/// Who looks at pictures.
pub(super) trait Looker {
    /// Looks at one, by then at the latest.
    fn look(&mut self, rows: Rows, deadline: Instant) -> Looked;

    /// Reads what is written on the one looked at, by then at the latest.
    fn read(&mut self, deadline: Instant) -> PictureText;
}

/// Sees nothing.
pub(super) struct Stub;

impl Looker for Stub {
    fn look(&mut self, _rows: Rows, _deadline: Instant) -> Looked {
        Looked::default()
    }

    fn read(&mut self, _deadline: Instant) -> PictureText {
        PictureText::default()
    }
}

/// Tells what is seen, and read if that is wanted.
///
/// # Errors
/// The pipe broke.
pub(super) fn look(
    looker: &mut impl Looker,
    rows: &[u32],
    strings: Vec<Vec<u8>>,
    millis: u64,
    pipe: &mut Pipe,
) -> Result<(), WireError> {
    let looked = looker.look(in_rows(rows, strings), from_now(millis));
    pipe.tell(&Answer::Looked(looked), &[])?;
    if let Some((Say::Read { millis }, _)) = pipe.hear()? {
        let text = looker.read(from_now(millis));
        pipe.tell(&Answer::Text(text), &[])?;
    }
    Ok(())
}

fn from_now(millis: u64) -> Instant {
    Instant::now() + Duration::from_millis(millis)
}

fn in_rows(rows: &[u32], strings: Vec<Vec<u8>>) -> Rows {
    let mut strings = strings.into_iter();
    rows.iter().map(|&slices| strings.by_ref().take(slices as usize).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_come_in_rows() {
        let strings = vec![vec![1], vec![2], vec![3]];
        assert_eq!(in_rows(&[2, 1], strings), [vec![vec![1], vec![2]], vec![vec![3]]]);
        assert_eq!(in_rows(&[u32::MAX], vec![vec![1]]), [vec![vec![1]]]);
        assert_eq!(in_rows(&[], vec![vec![1]]), Rows::new());
    }
}
