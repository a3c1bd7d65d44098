use super::*;
use crate::checks::rules::eval::examples;

#[test]
fn examples_are_answered_so() {
    examples::check(include_str!("textcat.examples"));
}

#[test]
fn only_its_own_directives_are_taken() {
    let mut languages = Languages::default();
    assert_eq!(languages.read("ok_locales", "en"), None);
    assert!(matches!(languages.read("ok_languages", ""), Some(Err(_))));
    assert_eq!(languages.expected, None);
}

#[test]
fn rare_languages_are_guessed_where_they_are_expected() {
    let mut languages = Languages::default();
    assert!(languages.skip(Lang::Epo) && !languages.skip(Lang::Deu));
    languages.read("ok_languages", "eo").unwrap().unwrap();
    assert!(!languages.skip(Lang::Epo));
    languages.read("inactive_languages", "de").unwrap().unwrap();
    assert!(languages.skip(Lang::Deu) && !languages.skip(Lang::Lat));
}
