//! A coarse form of a pattern that many others can be searched for together with.
//!
//! A search for many patterns at once remembers how far each of them has come. Counters and long
//! gaps multiply what there is to remember until the search is slower than all of them one by one.
//! So counters become loops, which lets more texts through and nothing less; and a pattern that
//! goes on over anything for long has no outline.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::Literals;

/// A class of more bytes stands for anything.
const WIDE: usize = 80;
/// How often, per byte of ordinary text, a head may be there.
const HEAD_OFTEN: f64 = 1e-4;
/// Repetitions up to this stay as they are.
const FEW: u32 = 3;

/// The beginning of a pattern as far as it is plain letters and classes, if ordinary text seldom has
/// it: quick to search for, and every match begins with it.
pub(super) fn head(hir: &Hir) -> Option<Hir> {
    let subs: &[Hir] = match hir.kind() {
        HirKind::Concat(subs) => subs,
        HirKind::Capture(capture) => return head(&capture.sub),
        _ => return None,
    };
    let is_plain = |sub: &&Hir| {
        matches!(sub.kind(), HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_))
    };
    let head = Hir::concat(subs.iter().take_while(is_plain).cloned().collect());
    Literals::are_rare(&head, HEAD_OFTEN).then_some(head)
}

/// The outline of a pattern, if it has one.
pub(super) fn of(hir: &Hir) -> Option<Hir> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => {
            Some(hir.clone())
        }
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Concat(subs) => subs.iter().map(of).collect::<Option<_>>().map(Hir::concat),
        HirKind::Alternation(subs) => {
            subs.iter().map(of).collect::<Option<_>>().map(Hir::alternation)
        }
        HirKind::Repetition(repetition) => repeated(repetition),
    }
}

fn repeated(repetition: &Repetition) -> Option<Hir> {
    let is_short = repetition.max.is_some_and(|max| max <= FEW);
    if !is_short && is_wide(&repetition.sub) {
        return None;
    }
    let (min, max) = match repetition.max {
        Some(max) if max <= FEW => (repetition.min, Some(max)),
        _ => (repetition.min.min(1), None),
    };
    let sub = Box::new(of(&repetition.sub)?);
    Some(Hir::repetition(Repetition { min, max, sub, ..*repetition }))
}

/// Whether it is one of nearly all bytes.
fn is_wide(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().iter().map(|range| range.len()).sum::<usize>() > WIDE
        }
        HirKind::Capture(capture) => is_wide(&capture.sub),
        HirKind::Alternation(subs) => subs.iter().any(is_wide),
        _ => false,
    }
}
