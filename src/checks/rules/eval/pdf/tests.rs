use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::file;
use crate::checks::rules::eval::examples;

#[test]
fn examples_are_answered_so() {
    examples::check(include_str!("pdf.examples"));
}

proptest! {
    #[test]
    fn any_bytes_are_taken(text in r"(/Author|/Image|/Width|/Height|[(<>)\\0-9 \ncm])*") {
        let _ = file::read(text.as_bytes());
    }
}

#[test]
fn values_that_never_end_are_looked_for_once() {
    let start = Instant::now();
    for text in ["/Author(", "/Title<", "/Author(\\)", "/Width 1", "/Image 1 1"] {
        let _ = file::read(text.repeat(200_000).as_bytes());
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
