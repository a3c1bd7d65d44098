//! How a pattern begins: where a match could start.

use regex_syntax::hir::{Hir, HirKind};

use super::Literals;

/// How often, per byte of ordinary text, a head may be there.
const MOST_OFTEN: f64 = 3e-3;

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
    Literals::are_rare(&head, MOST_OFTEN).then_some(head)
}
