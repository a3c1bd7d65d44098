use proptest::prelude::*;

use super::size;
use crate::checks::rules::eval::examples;

#[test]
fn examples_are_answered_so() {
    examples::check(include_str!("image.examples"));
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (read, start) in [
            (size::of_gif as fn(&[u8]) -> _, &b"GIF89a"[..]),
            (size::of_png, b"\x89PNG\r\n\x1a\n"),
            (size::of_jpeg, b"\xff\xd8"),
        ] {
            let _ = read(&bytes);
            let _ = read(&[start, &bytes].concat());
        }
    }
}
