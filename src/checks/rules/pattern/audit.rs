//! Where the translation's zero-width words could still differ from Perl's.
//!
//! Two words have no exact twin in the linear engine:
//! - Perl's `$` (without `/m`) and `\Z` stand before a line feed that ends the text, *without*
//!   taking it; the translation `\n?\z` takes it. The difference shows only if something that
//!   needs a byte comes behind it.
//! - Perl's `^` under `/m` does not stand behind a line feed that ends the text; `(?m:^)` does.
//!   The difference shows only if nothing that needs a byte comes behind it.

use regex_syntax::{
    ParserBuilder,
    hir::{Hir, HirKind, Look},
};

use super::{PatternError, matcher::last_line};

/// Groups in groups.
const NEST_LIMIT: u32 = 150;

/// Parses a translated pattern.
///
/// # Errors
/// Wrong in a way the translator left to the engine.
pub(super) fn parse(translated: &str) -> Result<Hir, PatternError> {
    ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(NEST_LIMIT)
        .build()
        .parse(translated)
        .map_err(|error| PatternError::Syntax(last_line(&error.to_string())))
}

/// Refuses patterns in which one of the two differences could show.
///
/// # Errors
/// Such a pattern.
pub(super) fn positions(hir: &Hir) -> Result<(), PatternError> {
    walk(hir, 0)
}

/// `behind`: the least number of bytes that whatever follows `hir` takes.
fn walk(hir: &Hir, behind: usize) -> Result<(), PatternError> {
    match hir.kind() {
        HirKind::Look(Look::End) if behind > 0 => {
            Err(PatternError::Needs("text behind the end of the text"))
        }
        HirKind::Look(Look::StartLF) if behind == 0 => {
            Err(PatternError::Needs("`^` under /m with nothing behind it"))
        }
        HirKind::Repetition(repetition) => walk(&repetition.sub, behind),
        HirKind::Capture(capture) => walk(&capture.sub, behind),
        HirKind::Alternation(branches) => {
            branches.iter().try_for_each(|branch| walk(branch, behind))
        }
        HirKind::Concat(pieces) => {
            let mut behind = behind;
            for piece in pieces.iter().rev() {
                walk(piece, behind)?;
                behind = behind.saturating_add(least(piece));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Bytes that any match of this takes. What cannot match at all has no least length.
pub(super) fn least(hir: &Hir) -> usize {
    hir.properties().minimum_len().unwrap_or(0)
}
