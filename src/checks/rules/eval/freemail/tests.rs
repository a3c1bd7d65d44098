use super::super::scenes;

#[test]
fn freemails_are_compared() {
    scenes::check(include_str!("freemail.scenes"));
}
