//! Where blanks and empty lines stand.

use memchr::memchr_iter;

/// How many percent of the lines are empty; -1 for texts below `least` lines.
pub(super) fn blank_lines<'t>(chunks: impl Iterator<Item = &'t [u8]>, least: usize) -> f64 {
    let (mut blank, mut lines) = (0_usize, 0_usize);
    for line in chunks.flat_map(|chunk| chunk.split_inclusive(|&byte| byte == b'\n')) {
        lines += 1;
        blank += usize::from(line.iter().all(|byte| matches!(byte, b' ' | b'\t'..=b'\r')));
    }
    if lines < least.max(1) { -1.0 } else { 100.0 * blank as f64 / lines as f64 }
}

/// Paragraphs up to this many bytes say nothing.
const SHORT: usize = 5;

/// Blanks in percent of other bytes, in the paragraph that has most, 100 at most; -1 if all
/// paragraphs are short. Letters that stand apart, to be read downwards, have many.
pub(super) fn spaced_letters<'t>(paragraphs: impl Iterator<Item = &'t [u8]>) -> i32 {
    let long = paragraphs.filter(|text| text.len() > SHORT);
    let percents = long.map(|text| {
        let blanks = memchr_iter(b' ', text).count();
        let others = text.len() - blanks;
        if blanks > others { 100 } else { (100 * blanks).checked_div(others).unwrap_or(100) }
    });
    percents.max().map_or(-1, |percent| i32::try_from(percent).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_are_counted() {
        for (chunks, least, percent) in [
            (&["a\n\nb\n \n"][..], 1, 50.0),
            (&["a\n", "\nb"], 1, 100.0 / 3.0),
            (&["a\n\n"], 3, -1.0),
            (&["a\n\n"], 0, 50.0),
            (&[], 0, -1.0),
            (&[""], 1, -1.0),
        ] {
            let texts = chunks.iter().map(|text| text.as_bytes());
            assert!((blank_lines(texts, least) - percent).abs() < 1e-9, "{chunks:?} {least}");
        }
    }

    #[test]
    fn blanks_are_counted() {
        for (paragraphs, percent) in [
            (&["a b c d\n"][..], 60),
            (&["abcdefghi\n"], 0),
            (&["word and word\n", "v i a g r a"], 83),
            (&["a    b"], 100),
            (&["       "], 100),
            (&["a b\n"], -1),
            (&[], -1),
        ] {
            let texts = paragraphs.iter().map(|text| text.as_bytes());
            assert_eq!(spaced_letters(texts), percent, "{paragraphs:?}");
        }
    }
}
