//! Looks at a picture, and reads it if the service wants that.

use std::time::{Duration, Instant};

use super::Pipe;
use crate::contents::{
    picture::{self, Look, PictureBounds, PictureText, Reader},
    task::{Answer, Looked, Say},
    wire::WireError,
};

/// How much is told of what codes say, in bytes.
const MOST_CODES: usize = 32 << 10;

/// How much text of a picture is told, in bytes.
const MOST_TEXT: usize = 128 << 10;

/// Tells what is seen, and read if that is wanted.
///
/// # Errors
/// The pipe broke.
pub(super) fn look(
    reader: &mut Reader,
    rows: &[u32],
    strings: &[Vec<u8>],
    millis: u64,
    pipe: &mut Pipe,
) -> Result<(), WireError> {
    let rows = in_rows(rows, strings);
    let rows: Vec<&[&[u8]]> = rows.iter().map(Vec::as_slice).collect();
    let look = match picture::look(&rows, &PictureBounds::until(from_now(millis))) {
        Ok(look) => look,
        Err(error) => return pipe.tell(&Answer::Looked(Err(crate::chain(&error))), &[]),
    };
    pipe.tell(&Answer::Looked(Ok(looked(&look))), &[])?;
    if let Some((Say::Read { millis }, _)) = pipe.hear()? {
        let text = picture::read(&look, reader, from_now(millis));
        let text = text.map(shortened).map_err(|error| crate::chain(&error));
        pipe.tell(&Answer::Text(text), &[])?;
    }
    Ok(())
}

fn looked(look: &Look) -> Looked {
    let mut left = MOST_CODES;
    let mut codes = look.codes.clone();
    codes.retain(|code| {
        let fits = code.len() < left;
        left -= if fits { code.len() + 1 } else { 0 };
        fits
    });
    let Look { width, height, frames, is_text_likely, .. } = *look;
    Looked { width, height, frames, hash: look.hash.clone(), codes, is_text_likely }
}

fn shortened(mut text: PictureText) -> PictureText {
    if text.text.len() > MOST_TEXT {
        text.text.truncate(text.text.floor_char_boundary(MOST_TEXT));
        text.is_cut = true;
    }
    text
}

fn from_now(millis: u64) -> Instant {
    Instant::now() + Duration::from_millis(millis)
}

fn in_rows<'s>(rows: &[u32], strings: &'s [Vec<u8>]) -> Vec<Vec<&'s [u8]>> {
    let mut strings = strings.iter().map(Vec::as_slice);
    rows.iter().map(|&slices| strings.by_ref().take(slices as usize).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_come_in_rows() {
        let strings = [vec![1], vec![2], vec![3]];
        assert_eq!(in_rows(&[2, 1], &strings), [vec![&[1][..], &[2]], vec![&[3]]]);
        assert_eq!(in_rows(&[u32::MAX], &strings[..1]), [[[1]]]);
        assert!(in_rows(&[], &strings).is_empty());
    }

    #[test]
    fn a_long_text_is_cut() {
        let text = PictureText { text: "\u{fc}".repeat(MOST_TEXT), ..PictureText::default() };
        let cut = shortened(text.clone());
        assert!(cut.is_cut && cut.text.len() == MOST_TEXT && text.text.starts_with(&cut.text));
        let short = PictureText { text: "words".into(), ..PictureText::default() };
        assert_eq!(shortened(short.clone()), short);
    }
}
