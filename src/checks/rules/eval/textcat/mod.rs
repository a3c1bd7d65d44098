//! TextCat: in which language a message is written.
//!
//! The language is guessed by whatlang's statistics of three letters in a row, not by those of
//! SpamAssassin; a guess that is not sure enough is none. SpamAssassin does not load that plugin
//! by itself. `X-Languages` is no pseudo-header here.

mod code;

#[cfg(test)]
mod tests;

use whatlang::{Detector, Lang};

use super::{
    super::{conf::ConfError, scene::Scene},
    Function, Question, Standing,
};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "check_language",
        standing: Standing::Differs("other statistics guess the language, one instead of several"),
        make: |_, conf| Ok(unwanted(&conf.languages)),
    },
    Function {
        name: "check_body_8bits",
        standing: Standing::Same,
        make: |_, conf| {
            let may_have = conf.languages.may_have_8bits();
            Ok(Question::yes_no(move |scene| !may_have && scene.paragraphs().any(has_8bits)))
        },
    },
];

/// Texts below this many bytes are too short for a guess.
const LEAST: usize = 256;

/// How much of a text is looked at, in bytes.
const MOST: usize = 10_000;

/// How many bytes above 127 in a row belong to other writings than Latin.
const HIGH_RUN: usize = 8;

/// Which languages are expected.
#[derive(Debug)]
pub(in super::super) struct Languages {
    /// Their codes; `None` for all there are.
    expected: Option<Vec<String>>,
    /// Those that are so rare that a guess would rather be wrong.
    inactive: Vec<String>,
}

impl Default for Languages {
    fn default() -> Self {
        let inactive = code::RARE.iter().map(|&code| code.to_owned()).collect();
        Self { expected: None, inactive }
    }
}

impl Languages {
    /// Takes `ok_languages` (codes such as `en zh`, or `all`) and `inactive_languages`.
    pub(in super::super) fn read(
        &mut self,
        key: &str,
        value: &str,
    ) -> Option<Result<(), ConfError>> {
        let codes: Vec<String> = value.split_ascii_whitespace().map(str::to_owned).collect();
        match key {
            "ok_languages" if codes.is_empty() => {
                let what = "needs languages such as `en`, or `all`".to_owned();
                return Some(Err(ConfError::Value { key: key.to_owned(), what }));
            }
            "ok_languages" => {
                let is_all = codes.iter().any(|code| code == "all");
                self.expected = (!is_all).then_some(codes);
            }
            "inactive_languages" => self.inactive = codes,
            _ => return None,
        }
        Some(Ok(()))
    }

    /// Whether an expected language is written with several bytes above 127 in a row.
    fn may_have_8bits(&self) -> bool {
        self.expected.as_ref().is_none_or(|expected| {
            expected.iter().any(|code| code::WITH_8BITS.contains(&code.as_str()))
        })
    }

    /// Whether a language is never guessed.
    fn skip(&self, language: Lang) -> bool {
        let code = code::of(language);
        let is = |codes: &[String]| codes.iter().any(|other| other == code);
        is(&self.inactive) && !self.expected.as_deref().is_some_and(is)
    }
}

/// Hits if a message is surely written in a language that is not expected.
fn unwanted(languages: &Languages) -> Question {
    let Some(expected) = languages.expected.clone() else { return Question::yes_no(|_| false) };
    let skipped = Lang::all().iter().copied().filter(|&language| languages.skip(language));
    let detector = Detector::with_denylist(skipped.collect());
    Question::yes_no(move |scene| {
        let text = text(scene);
        let guess = detector.detect(&text).filter(|_| text.len() >= LEAST);
        let guess = guess.filter(whatlang::Info::is_reliable);
        // Chinese is expected in any of its writings.
        let is_expected =
            |code: &str| expected.iter().any(|other| other.split('.').next() == Some(code));
        guess.is_some_and(|guess| !is_expected(code::of(guess.lang())))
    })
}

/// The words of a message, as far as they are looked at, without addresses and links, and
/// without `Re:` and the like.
fn text(scene: &Scene<'_>) -> String {
    let mut text = String::new();
    for paragraph in scene.paragraphs() {
        for word in String::from_utf8_lossy(paragraph).split_whitespace() {
            if text.len() + word.len() >= MOST {
                return text;
            }
            let is_mark = text.is_empty() && is_mark(word);
            if !is_mark && !is_place(word) {
                text.push_str(word);
                text.push(' ');
            }
        }
    }
    text
}

/// Whether a word is an address or a link.
fn is_place(word: &str) -> bool {
    let begins =
        |start: &str| word.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    let behind_at = word.split_once('@').and_then(|(_, domain)| domain.chars().next());
    behind_at.is_some_and(|c| c.is_ascii_alphabetic())
        || ["http://", "https://", "www."].into_iter().any(begins)
}

/// `Re:`, `Fwd:`, at the beginning of a Subject.
fn is_mark(word: &str) -> bool {
    word.strip_suffix(':').is_some_and(|word| {
        (2..=12).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

fn has_8bits(paragraph: &[u8]) -> bool {
    paragraph.split(u8::is_ascii).any(|run| run.len() >= HIGH_RUN)
}
