//! What macros would do, by their sources: when they run, what they call, how they hide it.

use std::collections::BTreeSet;

use super::{
    source::{Word, folded, words},
    words::{AUTO_RUN, CODE, STRINGS},
};
use crate::{
    contents::{
        document::addresses::addresses,
        reading::{ReadError, Reading},
    },
    mail::TraitKind,
};

/// From how many on something is no accident: characters by number, pieces of one string, operations that
/// hide text, long strings of digits or base 64, names that nobody can say.
const MANY_CHARACTERS: usize = 20;
const MANY_PIECES: usize = 15;
const MANY_OPERATIONS: usize = 8;
const MANY_BLOBS: usize = 2;
const MANY_NOISES: usize = 6;

/// From how many characters on a string of digits or base 64 counts.
const LONG_BLOB: usize = 80;

/// What is counted.
#[derive(Default)]
struct Counts {
    lines: usize,
    characters: usize,
    pieces: usize,
    operations: usize,
    blobs: usize,
    noises: BTreeSet<String>,
    noted: BTreeSet<String>,
}

/// Tells all of these sources.
///
/// # Errors
/// The budget is used up.
pub(super) fn tell(sources: &str, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let joined = sources.replace(" _\r\n", " ").replace(" _\n", " ");
    let mut counts = Counts::default();
    for line in joined.lines().map(str::trim).filter(|line| is_code(line)) {
        reading.time()?;
        if counts.lines == 0 {
            reading.is(TraitKind::Macro, line);
        }
        counts.lines += 1;
        counts.line(line, reading);
    }
    counts.tell(reading);
    Ok(())
}

/// Whether a line does anything: every document with a project has attributes of its modules.
fn is_code(line: &str) -> bool {
    let is_attribute = line.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("Attribute "));
    !line.is_empty() && !is_attribute && !line.starts_with('\'') && !line.starts_with("Option ")
}

impl Counts {
    fn line(&mut self, line: &str, reading: &mut Reading<'_>) {
        let words = words(line);
        self.declared(&words, reading);
        for word in &words {
            if let Word::Name(name) = word {
                self.name(&name.to_lowercase(), line, reading);
            }
        }
        for word in folded(words) {
            if let Word::Text(text, pieces) = word {
                self.pieces = self.pieces.max(pieces);
                self.string(&text, line, reading);
            }
        }
    }

    /// `Sub AutoOpen()`, and names of noise behind other words that declare.
    fn declared(&mut self, words: &[Word], reading: &mut Reading<'_>) {
        for pair in words.windows(2) {
            let [Word::Name(keyword), Word::Name(name)] = pair else { continue };
            match &*keyword.to_lowercase() {
                "sub" | "function" if AUTO_RUN.contains(&&*name.to_lowercase()) => {
                    reading.is(TraitKind::AutoRun, name);
                }
                "sub" | "function" | "dim" | "const" | "set" | "static"
                    if is_noise(name) && self.noises.len() < 100 =>
                {
                    self.noises.insert(name.to_lowercase());
                }
                _ => {}
            }
        }
    }

    fn name(&mut self, name: &str, line: &str, reading: &mut Reading<'_>) {
        match name {
            "chr" | "chrw" | "chrb" => self.characters += 1,
            "xor" | "strreverse" | "replace" | "asc" | "ascw" => self.operations += 1,
            _ if CODE.contains(&name) => self.suspicious(name, line, reading),
            _ => {}
        }
    }

    fn string(&mut self, text: &str, line: &str, reading: &mut Reading<'_>) {
        addresses(text).iter().for_each(|uri| reading.uri(uri));
        let lower = text.to_lowercase();
        for word in STRINGS.iter().filter(|word| lower.contains(**word)) {
            self.suspicious(word, line, reading);
        }
        self.blobs += usize::from(is_blob(text));
    }

    fn suspicious(&mut self, word: &str, line: &str, reading: &mut Reading<'_>) {
        if self.noted.insert(word.to_owned()) {
            reading.is(TraitKind::SuspiciousCall, &format!("{word}: {line}"));
        }
    }

    fn tell(&self, reading: &mut Reading<'_>) {
        let noises = self.noises.len();
        let measures = [
            (self.characters, MANY_CHARACTERS, "characters by number"),
            (self.pieces, MANY_PIECES, "pieces of one string"),
            (self.operations, MANY_OPERATIONS, "operations that hide text"),
            (self.blobs, MANY_BLOBS, "long strings of digits"),
            (noises, MANY_NOISES, "names of noise"),
        ];
        for (count, many, what) in measures {
            if count >= many {
                reading.is(TraitKind::Obfuscated, &format!("{count} {what}"));
            }
        }
    }
}

/// A long string of nothing but hexadecimal digits or base 64.
fn is_blob(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    text.len() >= LONG_BLOB && text.chars().all(is_digit)
}

/// A name that nobody can say: long, with hardly a vowel, or with digits all through.
fn is_noise(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let vowels = name.chars().filter(|c| "aeiouyAEIOUY".contains(*c)).count();
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = digits.chars().filter(char::is_ascii_digit).count();
    name.len() >= 8 && !name.contains('_') && (vowels * 6 < letters || digits >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::document::testing::{details, first, kinds, told};

    fn of(source: &str) -> crate::mail::Inside {
        told(|reading| tell(source, reading).unwrap())
    }

    #[test]
    fn sources_are_understood() {
        use TraitKind::{AutoRun, Macro, Obfuscated, SuspiciousCall};
        let chars = format!("x = {}\"\"", "Chr(65) & ".repeat(30));
        let noise: String = (0..8).map(|n| format!("Dim xkcdqwrt{n}zpltr\n")).collect();
        let cases: &[(&str, &[TraitKind])] = &[
            ("Attribute VB_Name = \"ThisWorkbook\"\r\nOption Explicit\r\n\r\n' note", &[]),
            ("Sub Total()\nRange(\"A1\").Value = 1\nEnd Sub", &[Macro]),
            ("Private Sub Document_Open()\nMsgBox \"hi\"\nEnd Sub", &[Macro, AutoRun]),
            ("Sub x()\nShell Environ(\"TEMP\") & \"\\a.exe\"\nEnd Sub", &[Macro, SuspiciousCall]),
            ("Set o = GetIt(\"WScr\" & \"ipt.Shell\")", &[Macro, SuspiciousCall]),
            ("x = StrReverse(\"llehsrewop\")", &[Macro, SuspiciousCall]),
            (&chars, &[Macro, Obfuscated]),
            (&noise, &[Macro, Obfuscated]),
        ];
        for (source, expected) in cases {
            assert_eq!(kinds(&of(source)), *expected, "{source}");
        }
    }

    #[test]
    fn addresses_are_found_in_pieces_over_lines() {
        let inside = of(
            "Sub AutoOpen()\r\nu = \"ht\" & _\r\n  \"tp://evil.example\" & \"/a.exe\"\r\nEnd Sub",
        );
        assert_eq!(first(&inside).uris, ["http://evil.example/a.exe"]);
        assert_eq!(details(&inside, TraitKind::AutoRun), ["AutoOpen"]);
    }

    proptest::proptest! {
        #[test]
        fn any_source_has_some_answer(source in "(?s).{0,300}") {
            of(&source);
        }
    }
}
