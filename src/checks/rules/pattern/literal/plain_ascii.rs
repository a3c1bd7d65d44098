//! What is left of a pattern in texts of plain ASCII.

use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind,
};

/// Whether a text has nothing but ASCII, character references that stand for more apart.
pub(in super::super::super) fn is_plain_ascii(text: &[u8]) -> bool {
    text.is_ascii() && memchr::memchr_iter(b'&', text).all(|at| text.get(at + 1) != Some(&b'#'))
}

/// Matches what the pattern matches in such texts. `None` if that is nothing at all.
pub(super) fn in_plain_ascii(hir: &Hir) -> Option<Hir> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(hir.clone()),
        HirKind::Literal(literal) => is_plain_ascii(&literal.0).then(|| hir.clone()),
        HirKind::Class(class) => of_class(class),
        HirKind::Capture(capture) => in_plain_ascii(&capture.sub),
        HirKind::Concat(subs) => {
            subs.iter().map(in_plain_ascii).collect::<Option<Vec<_>>>().map(Hir::concat)
        }
        HirKind::Alternation(branches) => {
            let left: Vec<Hir> = branches.iter().filter_map(in_plain_ascii).collect();
            (!left.is_empty()).then(|| Hir::alternation(left))
        }
        HirKind::Repetition(repetition) => match in_plain_ascii(&repetition.sub) {
            Some(sub) => Some(Hir::repetition(repetition.with(sub))),
            None => (repetition.min == 0).then(Hir::empty),
        },
    }
}

fn of_class(class: &Class) -> Option<Hir> {
    let left = match class {
        Class::Bytes(class) => {
            let mut left = class.clone();
            left.intersect(&ClassBytes::new([ClassBytesRange::new(0, 0x7f)]));
            Class::Bytes(left)
        }
        // What the parser makes of branches that are one character each.
        Class::Unicode(class) => {
            let mut left = class.clone();
            left.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7f')]));
            Class::Unicode(left)
        }
    };
    (!left.is_empty()).then(|| Hir::class(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(pattern: &str) -> Option<String> {
        let hir = super::super::super::audit::parse(pattern).unwrap();
        in_plain_ascii(&hir).map(|hir| hir.to_string())
    }

    #[test]
    fn branches_that_need_more_than_ascii_are_gone() {
        for (pattern, same_as) in [
            (r"(?-u)[a\xe0]b", Some(r"(?-u)ab")),
            (r"(?-u)(?:v|\xce\xbd|&#957;)ia", Some(r"(?-u)via")),
            (r"(?-u)v(?:\xce\xbd)*i", Some(r"(?-u)vi")),
            (r"(?-u)v(?:\xce\xbd)+i", None),
            (r"(?-u)(?:&#1;|\xff){1,2}", None),
            (r"(?-u)(?:a|b)\d", Some(r"(?-u)(?:a|b)\d")),
            (r"(?-u)(a|\xff){2}\b", Some(r"(?-u)a{2}\b")),
        ] {
            let same_as = same_as.and_then(left);
            assert_eq!(left(pattern), same_as, "{pattern}");
        }
    }

    #[test]
    fn texts_with_character_references_are_not_plain() {
        assert!(is_plain_ascii(b"AT&T #1"));
        assert!(!is_plain_ascii(b"v&#105;agra"));
        assert!(!is_plain_ascii(b"caf\xe9"));
    }
}
