//! Codes of languages as rules have them (ISO 639, two letters where there are two).

use whatlang::Lang;

/// Languages with few speakers, which are not guessed unless they are expected.
pub(super) const RARE: &[&str] = &[
    "bs", "cy", "eo", "et", "eu", "fy", "ga", "gd", "is", "la", "lt", "lv", "rm", "sa", "sco",
    "sl", "yi",
];

/// Languages that are written with several bytes above 127 in a row.
pub(super) const WITH_8BITS: &[&str] = &[
    "am", "ar", "be", "bg", "cs", "el", "et", "fa", "fi", "he", "hi", "hy", "is", "ja", "ka", "ko",
    "mr", "pt", "ru", "ta", "th", "tr", "uk", "vi", "yi", "zh",
];

/// The code of a language.
pub(super) fn of(language: Lang) -> &'static str {
    let three = language.code();
    let found = TWO_LETTERS.iter().find(|(other, _)| *other == three);
    found.map_or(three, |(_, two)| two)
}

/// Codes of three letters and of two. Both Norwegians are one here, and so are Chinese languages.
const TWO_LETTERS: &[(&str, &str)] = &[
    ("afr", "af"),
    ("aka", "ak"),
    ("amh", "am"),
    ("ara", "ar"),
    ("aze", "az"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("cym", "cy"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("ita", "it"),
    ("jav", "jv"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kat", "ka"),
    ("khm", "km"),
    ("kor", "ko"),
    ("lat", "la"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mkd", "mk"),
    ("mya", "my"),
    ("nep", "ne"),
    ("nld", "nl"),
    ("nob", "no"),
    ("ori", "or"),
    ("pan", "pa"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("sin", "si"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("sna", "sn"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tuk", "tk"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("uzb", "uz"),
    ("vie", "vi"),
    ("yid", "yi"),
    ("zul", "zu"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_code_of_two_letters() {
        for &language in Lang::all() {
            assert_eq!(of(language).len(), 2, "{}", language.code());
        }
    }
}
