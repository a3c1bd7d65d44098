//! Fields of documents: what they are told to do (`HYPERLINK`, `DDEAUTO`, `INCLUDEPICTURE` …), alike in all
//! formats of office documents.

use super::addresses::is_remote;
use crate::{contents::reading::Reading, mail::TraitKind};

/// The longest instruction that is looked at, in bytes.
pub(super) const LONGEST: usize = 16 << 10;

/// Tells what an instruction does.
pub(super) fn instruction(text: &str, reading: &mut Reading<'_>) {
    let text = text.trim();
    let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    let words = words(text);
    let Some((command, rest)) = words.split_first() else { return };
    match &*command.to_ascii_uppercase() {
        "DDE" | "DDEAUTO" => reading.is(TraitKind::Dde, text),
        "HYPERLINK" => {
            if let Some(target) = target(rest) {
                reading.uri(target);
            }
        }
        "INCLUDEPICTURE" | "INCLUDETEXT" | "INCLUDE" | "IMPORT" | "LINK" | "RD" | "DATABASE" => {
            for target in rest.iter().filter(|word| is_remote(word)) {
                reading.is(TraitKind::External, target);
                reading.uri(target);
            }
        }
        _ => {}
    }
}

/// The first word that is no switch. `\l` names a place within the target, and no more.
fn target(words: &[String]) -> Option<&str> {
    let first = words.iter().position(|word| !is_switch(word))?;
    let is_place =
        first.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|word| word == "\\l");
    words.get(first).map(String::as_str).filter(|_| !is_place)
}

fn is_switch(word: &str) -> bool {
    word.starts_with('\\') && word.len() == 2
}

/// Words, those in quotation marks as one; within them, a backslash stands for itself, but for `\\` and `\"`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut is_quoted, mut characters) = (false, text.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            '"' | '\u{201c}' | '\u{201d}' => {
                is_quoted = !is_quoted;
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            '\\' if is_quoted => {
                word.push(characters.next_if(|next| matches!(next, '\\' | '"')).unwrap_or('\\'));
            }
            space if space.is_whitespace() && !is_quoted => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            other => word.push(other),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::document::testing::{first, told};

    #[test]
    fn instructions_are_understood() {
        let cases: &[(&str, &[&str], Option<TraitKind>)] = &[
            (r#" HYPERLINK "http://a.example/x" \o "tip" "#, &["http://a.example/x"], None),
            (r#"hyperlink \h http://a.example"#, &["http://a.example"], None),
            (r#"HYPERLINK \l "_Toc1""#, &[], None),
            (r#"HYPERLINK "http://a.example" \l "place""#, &["http://a.example"], None),
            (r#"DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc""#, &[], Some(TraitKind::Dde)),
            (
                r#"INCLUDEPICTURE "\\\\evil.example\\a.png" \d"#,
                &[r"\\evil.example\a.png"],
                Some(TraitKind::External),
            ),
            (r#"INCLUDETEXT "C:\\a.doc""#, &[], None),
            (
                r#"LINK Word.Document.8 "http://a.example/x.hta" "" \a"#,
                &["http://a.example/x.hta"],
                Some(TraitKind::External),
            ),
            ("PAGE", &[], None),
            ("", &[], None),
            ("\"", &[], None),
        ];
        for (text, uris, kind) in cases {
            let inside = told(|reading| instruction(text, reading));
            assert_eq!(first(&inside).uris, *uris, "{text}");
            assert_eq!(first(&inside).traits.first().map(|known| known.kind), *kind, "{text}");
        }
    }
}
