//! Patterns without their large counts.
//!
//! `[^)]{1,300}` costs an engine three hundred states, `[^)]+` two. The loosened form matches
//! wherever the pattern does, and in more places, so that it tells quickly where there is nothing.

use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

/// States of a pattern that is not worth it.
const FEW: usize = 150;
/// So many states fewer are worth a guard.
const WORTH_A_GUARD: usize = 15;
/// Counts of single bytes up to this stay.
const SMALL_COUNT: u32 = 3;
/// Counts of anything longer up to this stay.
const SMALL_COUNT_OF_MANY: u32 = 8;

/// A form without large counts; `None` if that does not make the pattern much smaller.
pub(super) fn loosened(hir: &Hir) -> Option<Hir> {
    let states = states(hir);
    if states < FEW {
        return None;
    }
    let loose = loosen(hir);
    (self::states(&loose) <= states / 2).then_some(loose)
}

/// The same form of a smaller pattern, such as `remove.{0,60}list`: most texts with its words do not match
/// even that, and its few states are soon all made, while the pattern's are new ones with every text.
pub(super) fn guard(hir: &Hir) -> Option<Hir> {
    let loose = loosen(hir);
    (states(&loose).saturating_add(WORTH_A_GUARD) <= states(hir)).then_some(loose)
}

/// A pattern as text. What is repeated twice over stands in parentheses: the parser's own printer
/// writes `(?:a{1,3})?` as `a{1,3}?`, which means something else.
pub(super) fn written(hir: &Hir) -> String {
    grouped(hir).to_string()
}

fn grouped(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
        HirKind::Capture(capture) => in_parentheses(grouped(&capture.sub)),
        HirKind::Concat(subs) => Hir::concat(subs.iter().map(grouped).collect()),
        HirKind::Alternation(branches) => Hir::alternation(branches.iter().map(grouped).collect()),
        HirKind::Repetition(repetition) => {
            let sub = grouped(&repetition.sub);
            let is_repeated = matches!(sub.kind(), HirKind::Repetition(_));
            let sub = if is_repeated { in_parentheses(sub) } else { sub };
            Hir::repetition(repetition.with(sub))
        }
    }
}

fn in_parentheses(hir: Hir) -> Hir {
    Hir::capture(Capture { index: 1, name: None, sub: Box::new(hir) })
}

fn loosen(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
        HirKind::Capture(capture) => loosen(&capture.sub),
        HirKind::Concat(subs) => Hir::concat(subs.iter().map(loosen).collect()),
        HirKind::Alternation(branches) => Hir::alternation(branches.iter().map(loosen).collect()),
        HirKind::Repetition(repetition) => {
            let sub = loosen(&repetition.sub);
            let is_byte = sub.properties().maximum_len() == Some(1);
            let small = if is_byte { SMALL_COUNT } else { SMALL_COUNT_OF_MANY };
            let max = repetition.max.filter(|&max| max <= small);
            let min = repetition.min.min(max.unwrap_or(small));
            Hir::repetition(Repetition { min, max, greedy: repetition.greedy, sub: Box::new(sub) })
        }
    }
}

/// About how many states an engine makes of it.
fn states(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Capture(capture) => states(&capture.sub),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => {
            subs.iter().fold(0, |sum: usize, sub| sum.saturating_add(states(sub)))
        }
        HirKind::Repetition(Repetition { min, max, sub, .. }) => {
            let copies = max.unwrap_or(min.saturating_add(1));
            states(sub).saturating_mul(usize::try_from(copies).unwrap_or(usize::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rules::pattern::audit::parse;

    #[test]
    fn large_counts_are_gone() {
        for (pattern, expected) in [
            (r"(?-u)a[^!]{1,500}b", Some(r"(?-u)a[^!]+b")),
            (r"(?-u)a[^!]{9,500}b", Some(r"(?-u)a[^!]{3,}b")),
            (r"(?-u)(?:a[^!]{1,99}b){7}", Some(r"(?-u)(?:a[^!]+b){7}")),
            (r"(?-u)(?:a[0-9]{2}b){200}", Some(r"(?-u)(?:a[0-9]{2}b){8,}")),
            (r"(?-u)a[^!]{1,50}b", None),
        ] {
            let loose = loosened(&parse(pattern).unwrap()).map(|hir| hir.to_string());
            let expected = expected.map(|pattern| parse(pattern).unwrap().to_string());
            assert_eq!(loose, expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_written_means_the_same() {
        for (pattern, matches, does_not) in [
            (r"(?-u)^(?:[0-9]{1,3})?a", "a", "b"),
            (r"(?-u)^(?:(?:ab){2})*c$", "ababc", "abc"),
            (r"(?-u)^(?:a?){2,}b", "b", "c"),
            (r"(?-u)^(?:(?:a+)+)?b$", "aab", "ac"),
        ] {
            let text = written(&parse(pattern).unwrap());
            let regex = regex::bytes::Regex::new(&text).unwrap();
            assert!(regex.is_match(matches.as_bytes()), "{pattern}: {text}");
            assert!(!regex.is_match(does_not.as_bytes()), "{pattern}: {text}");
        }
    }

    #[test]
    fn some_counts_are_worth_a_guard() {
        for (pattern, expected) in [
            (r"(?-u)remove.{0,60}list", Some(r"(?-u)remove.*list")),
            (r"(?-u)remove.{0,9}list", None),
            (r"(?-u)[0-9]{20}", Some(r"(?-u)[0-9]{3,}")),
            (r"(?-u)remove.*list", None),
        ] {
            let found = guard(&parse(pattern).unwrap()).map(|hir| hir.to_string());
            let expected = expected.map(|pattern| parse(pattern).unwrap().to_string());
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn large_alternations_are_not_worth_it() {
        let words: Vec<String> = (0..200).map(|number| format!("word{number}")).collect();
        assert!(loosened(&parse(&words.join("|")).unwrap()).is_none());
    }
}
