use crate::checks::rules::eval::examples;

#[test]
fn examples_are_answered_so() {
    examples::check(include_str!("mime.examples"));
}
