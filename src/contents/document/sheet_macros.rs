//! Formulas of Excel 4 macro sheets as text: what they call.

use super::addresses::addresses;
use crate::{contents::reading::Reading, mail::TraitKind};

/// Functions that start programs, call libraries, write files or make formulas.
const CALLS: &[&str] = &[
    "EXEC(",
    "CALL(",
    "REGISTER(",
    "FORMULA(",
    "FORMULA.FILL(",
    "FOPEN(",
    "FWRITE(",
    "SHELLEXECUTE",
    "URLDOWNLOADTOFILE",
];

/// Tells what the formulas, one a line, call.
pub(super) fn formulas(text: &str, reading: &mut Reading<'_>) {
    for line in text.lines() {
        let upper = line.to_ascii_uppercase();
        if CALLS.iter().any(|call| upper.contains(call)) {
            reading.is(TraitKind::SuspiciousCall, line);
        }
        let characters = upper.matches("CHAR(").count();
        if characters > 8 {
            reading.is(TraitKind::Obfuscated, &format!("{characters} CHAR() in a formula"));
        }
        addresses(line).iter().for_each(|uri| reading.uri(uri));
    }
}
