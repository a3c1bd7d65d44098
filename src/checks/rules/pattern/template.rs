//! Patterns with places for what other patterns caught: `%{NAME}`.
//!
//! A named group whose name is a tag, `(?<NAME>…)`, catches for others. In a place for it stands
//! what was caught, literally; of several values any. Such a pattern is compiled for the values of
//! one message. Before that it tells what a text must have to be worth it: the values without which
//! it cannot match, and something that matches whatever the values are.

use regex_syntax::hir::{Hir, HirKind};

use super::{
    Genre, Literals, Pattern, PatternError, audit,
    delimited::Delimited,
    loosen::{loosened, written},
    matcher::{Catch, Matcher},
    translate::{Dialect, translate},
};

/// What ends the mark of a place.
const MARK: [u8; 2] = [0x01, 0x02];
/// Any value.
const ANY: &[u8] = b"(?s:.+)";

/// A pattern with places.
#[derive(Debug)]
pub(in super::super) struct Template {
    source: Delimited,
    /// The tags it names, each once.
    pub(in super::super) wanted: Vec<String>,
    /// Those of them of which every match contains a value, ASCII case apart.
    pub(in super::super) needed: Vec<String>,
    /// Matches wherever the pattern can, whatever the values.
    guard: Option<Matcher>,
    /// What `guard` was made of.
    any: Option<Hir>,
}

/// A piece of a pattern.
enum Piece<'p> {
    Text(&'p [u8]),
    /// A place, by the tag.
    Place(&'p str),
}

impl Template {
    /// `None` if the pattern has no such place.
    pub(super) fn new(source: &Delimited) -> Option<Self> {
        let mut wanted = Vec::new();
        let mut places = 0;
        for piece in pieces(&source.pattern) {
            let Piece::Place(tag) = piece else { continue };
            places += 1;
            if !wanted.iter().any(|other| other == tag) {
                wanted.push(tag.to_owned());
            }
        }
        if wanted.is_empty() {
            return None;
        }
        let source = Delimited { pattern: source.pattern.clone(), flags: source.flags };
        let mut template = Self { source, wanted, needed: Vec::new(), guard: None, any: None };
        template.look_ahead(places);
        Some(template)
    }

    /// Finds out what a text must have.
    fn look_ahead(&mut self, places: usize) {
        let number = |tag: &str| self.wanted.iter().position(|other| other == tag);
        let marked = self.filled(|tag| {
            let mark = number(tag).and_then(mark);
            let text = mark.map_or_else(|| ANY.to_vec(), |mark| quoted(&mark));
            [b"(?:", text.as_slice(), b")"].concat()
        });
        let Some(marked) = relaxed(&marked).and_then(|text| audit::parse(&text).ok()) else {
            return;
        };
        // In a class of characters, and in conditions, values are something else than a text.
        if marks(&marked) == places {
            let any = relaxed(&self.filled(|_| ANY.to_vec())).unwrap_or_default();
            self.any = audit::parse(&any).ok();
            self.guard = self.any.as_ref().and_then(|hir| guard(&any, hir));
        }
        let numbered = self.wanted.iter().enumerate();
        let needed = numbered
            .filter(|(number, _)| mark(*number).is_some_and(|mark| always_has(&marked, &mark)));
        self.needed = needed.map(|(_, tag)| tag.clone()).collect();
    }

    /// What says whether a text could match, if there is something.
    pub(in super::super) fn guard(&self) -> Option<&Matcher> {
        self.guard.as_ref()
    }

    /// Strings of which every match contains at least one, whatever the values, if there are such
    /// that texts of this genre seldom have.
    pub(in super::super) fn literals(&self, genre: Genre) -> Option<Literals> {
        self.any.as_ref().and_then(|any| Literals::required(any, genre))
    }

    /// Whether a text could match if the values were right.
    pub(in super::super) fn could_match(&self, text: &[u8]) -> bool {
        self.guard.as_ref().is_none_or(|guard| guard.is_match(text))
    }

    /// The pattern for these values; takes up to some milliseconds.
    ///
    /// # Errors
    /// With them it is no pattern, or too large.
    pub(in super::super) fn compile<'v>(
        &self,
        values: impl Fn(&str) -> &'v [Vec<u8>],
    ) -> Result<Pattern, PatternError> {
        Pattern::of(self.filled(|tag| {
            let quoted: Vec<_> = values(tag).iter().map(|value| quoted(value)).collect();
            [b"(?:", quoted.join(&b'|').as_slice(), b")"].concat()
        }))
    }

    fn filled(&self, value: impl Fn(&str) -> Vec<u8>) -> Delimited {
        let mut pattern = Vec::new();
        for piece in pieces(&self.source.pattern) {
            match piece {
                Piece::Text(text) => pattern.extend_from_slice(text),
                Piece::Place(tag) => pattern.extend(value(tag)),
            }
        }
        Delimited { pattern, flags: self.source.flags }
    }
}

/// What matches at least as much, without large counts.
fn guard(any: &str, hir: &Hir) -> Option<Matcher> {
    let loose = loosened(hir).map(|loose| written(&loose));
    Matcher::linear(loose.as_deref().unwrap_or(any)).ok()
}

fn relaxed(source: &Delimited) -> Option<String> {
    translate(&source.pattern, source.flags, Dialect::Relaxed).ok()
}

/// What stands in the place of the tag with this number to be found again. It begins with what is
/// different, for common beginnings are taken out of branches; what has no mark is not found.
fn mark(number: usize) -> Option<Vec<u8>> {
    const FIRST: u8 = 0x03;
    let number = u8::try_from(number).ok()?.checked_add(FIRST)?;
    Some([&[number], MARK.as_slice()].concat())
}

/// How many places of a marked pattern texts can stand in.
fn marks(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.windows(MARK.len()).filter(|at| *at == MARK).count(),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => subs.iter().map(marks).sum(),
        HirKind::Capture(capture) => marks(&capture.sub),
        HirKind::Repetition(repetition) => marks(&repetition.sub),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => 0,
    }
}

/// Whether every match contains this string.
fn always_has(hir: &Hir, string: &[u8]) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.windows(string.len()).any(|at| at == string),
        HirKind::Concat(subs) => subs.iter().any(|sub| always_has(sub, string)),
        HirKind::Alternation(subs) => subs.iter().all(|sub| always_has(sub, string)),
        HirKind::Capture(capture) => always_has(&capture.sub, string),
        HirKind::Repetition(repeated) => repeated.min > 0 && always_has(&repeated.sub, string),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

/// As a pattern that matches just this.
fn quoted(value: &[u8]) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = value.iter().map(|&byte| if plain(byte) { vec![byte] } else { vec![b'\\', byte] });
    bytes.flatten().collect()
}

/// A pattern cut before and behind its places. One behind a backslash is none.
fn pieces(pattern: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    for at in memchr::memmem::find_iter(pattern, b"%{") {
        let escaped = at > 0 && pattern.get(at - 1) == Some(&b'\\');
        let Some(tag) = pattern.get(at + 2..).and_then(place).filter(|_| !escaped) else {
            continue;
        };
        pieces.push(Piece::Text(pattern.get(done..at).unwrap_or_default()));
        pieces.push(Piece::Place(tag));
        done = at + tag.len() + "%{}".len();
    }
    pieces.push(Piece::Text(pattern.get(done..).unwrap_or_default()));
    pieces
}

/// The tag of a place of which `%{` is taken: `NAME` or, for those that ask something,
/// `NAME(argument)`.
fn place(rest: &[u8]) -> Option<&str> {
    let end = rest.iter().position(|&byte| byte == b'}')?;
    let tag = std::str::from_utf8(rest.get(..end)?).ok()?;
    let argument = |(name, rest): (&'_ str, &'_ str)| {
        is_tag(name) && rest.strip_suffix(')').is_some_and(|argument| !argument.contains(')'))
    };
    (is_tag(tag) || tag.split_once('(').is_some_and(argument)).then_some(tag)
}

/// Capital letters and digits, in words with an underscore between them.
fn is_tag(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.split('_').all(is_word)
}

/// The tags among the names of a pattern's groups, each once.
pub(super) fn caught(pattern: &[u8]) -> Vec<String> {
    let mut caught: Vec<String> = Vec::new();
    for at in memchr::memmem::find_iter(pattern, b"(?") {
        let Some(name) = pattern.get(at + 2..).and_then(group_name).filter(|name| is_tag(name))
        else {
            continue;
        };
        if !caught.iter().any(|other| other == name) {
            caught.push(name.to_owned());
        }
    }
    caught
}

/// The name of a group of which `(?` is taken.
fn group_name(rest: &[u8]) -> Option<&str> {
    let rest = rest.strip_prefix(b"P").unwrap_or(rest);
    let (close, rest) = match rest.split_first()? {
        (b'<', rest) => (b'>', rest),
        (b'\'', rest) => (b'\'', rest),
        _ => return None,
    };
    let end = rest.iter().position(|&byte| byte == close)?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

impl Catch<'_> {
    /// What was caught, by tag; `None` for nothing. A tag stands there once for each group that has
    /// its name.
    pub(in super::super) fn tags<'t>(
        &self,
        text: &'t [u8],
    ) -> impl Iterator<Item = (&str, Option<&'t [u8]>)> {
        let tags = self.groups.iter().filter(|(name, _)| is_tag(name));
        tags.map(move |(name, range)| {
            let value = range.clone().and_then(|range| text.get(range));
            (*name, value.filter(|value| !value.is_empty()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Option<Template> {
        Pattern::compile(text).unwrap().template()
    }

    #[test]
    fn places_are_named_in_capitals() {
        for (pattern, wanted) in [
            ("/%{A}/", "A"),
            ("/%{A_1B}x%{C2}%{A_1B}/", "A_1B C2"),
            ("/%{HEADER(From)}/", "HEADER(From)"),
            (r"/\%{A}/", ""),
            ("/%{a}|%{1A}|%{_A}|%{A_}|%{A__B}|%{}|%{A|%{3}/", ""),
        ] {
            let found = template(pattern).map_or_else(String::new, |t| t.wanted.join(" "));
            assert_eq!(found, wanted, "{pattern}");
        }
    }

    #[test]
    fn groups_that_catch_are_named_in_capitals() {
        for (pattern, expected) in [
            ("(?<A>x)(?'B_2'y)(?P<C>z)(?<A>.)", "A B_2 C"),
            ("(?<a>x)(?<Ab>x)(?<=A)(?<!B)(?:<A>)(?P=A)(?<_A>x)", ""),
        ] {
            assert_eq!(caught(pattern.as_bytes()).join(" "), expected, "{pattern}");
        }
    }

    /// What is needed of a text, and which texts could match.
    #[test]
    fn what_a_text_must_have_is_known_before_the_values_are() {
        for (pattern, needed, could, could_not) in [
            ("/^to=%{A}$/", "A", "to=anybody", "from=anybody"),
            ("/%{A}-%{B}?/i", "A", "x-", "x"),
            ("/(?:%{A}|x%{A}) %{B}+/", "A B", "x y", "x"),
            ("/%{A}|%{B}/", "", "x", ""),
            ("/(?!%{A})(?<=%{B})x/", "", "y", "y"),
            ("/x[%{A}]y/", "", "y", "y"),
        ] {
            let template = template(pattern).unwrap();
            assert_eq!(template.needed.join(" "), needed, "{pattern}");
            assert!(template.could_match(could.as_bytes()), "{pattern}");
            let fails = could != could_not;
            assert_eq!(template.could_match(could_not.as_bytes()), !fails, "{pattern}");
        }
    }

    #[test]
    fn values_stand_for_themselves() {
        let all: Vec<u8> = (0..=255).collect();
        for (pattern, values, text, expected) in [
            ("/^%{A}$/", vec![&b"a.b*c"[..]], &b"a.b*c"[..], true),
            ("/^%{A}$/", vec![b"a.b*c"], b"axb*c", false),
            ("/^%{A}$/", vec![b"a|b", b"(c"], b"(c", true),
            ("/^%{A}$/", vec![b"a|b", b"(c"], b"b", false),
            ("/^%{A}$/", vec![b"Ab"], b"aB", false),
            ("/^%{A}$/i", vec![b"Ab\xe9"], b"aB\xc9", true),
            ("/^(?-i:%{A})x$/i", vec![b"Ab"], b"abX", false),
            ("/^ %{A} $/x", vec![b"a b#c\n"], b"a b#c\n", true),
            ("/^%{A}{2}$/", vec![b"ab"], b"abab", true),
            ("/^(x)%{A}\\1$/", vec![b"(y)"], b"x(y)x", true),
            ("/(?<=%{A})!/", vec![b"ab"], b"ab!", true),
            ("/^[%{A}]+$/", vec![b"b]-"], b"]b-", true),
            ("/^%{A}$/s", vec![&all], &all, true),
            ("/^%{A}$/xi", vec![&all], &all, true),
        ] {
            let template = template(pattern).unwrap();
            let values: Vec<Vec<u8>> = values.into_iter().map(<[u8]>::to_vec).collect();
            let compiled = template.compile(|_| &values).unwrap();
            assert_eq!(compiled.matcher.is_match(text), expected, "{pattern} {values:?}");
            assert!(!expected || template.could_match(text), "{pattern} {values:?}");
        }
    }

    #[test]
    fn every_named_group_of_a_match_is_told() {
        for (pattern, text, expected) in [
            ("/(?<A>a+)(?<B>b*)(?<c>c)/", "aac abc", vec!["A=aa", "B=", "A=a", "B=b"]),
            ("/(?<A>a)|(?<A>b)/", "ab", vec!["A=a", "A=", "A=", "A=b"]),
            ("/x(?<A>.*)/", "xyz", vec!["A=yz"]),
            ("/(?<=x)(?<A>\\w)/", "xay xb", vec!["A=a", "A=b"]),
            ("/(?<A>.*)/", "", vec!["A="]),
            ("/(?=(?<A>b.?))/", "ab bc", vec!["A=b ", "A=bc"]),
            ("/a\\K(?<A>b)/", "abab", vec!["A=b", "A=b"]),
            ("/\\G(?<A>a)/", "aab", vec!["A=a", "A=a"]),
        ] {
            let matcher = Pattern::compile(pattern).unwrap().catching().unwrap().unwrap();
            let (mut found, mut from) = (Vec::new(), 0);
            while let Some(catch) = matcher.catch(text.as_bytes(), from).unwrap() {
                found.extend(catch.tags(text.as_bytes()).map(|(tag, value)| {
                    format!("{tag}={}", String::from_utf8_lossy(value.unwrap_or_default()))
                }));
                from = catch.next;
            }
            assert_eq!(found, expected, "{pattern}");
        }
        assert!(Pattern::compile("/(?<a>x)/").unwrap().catching().unwrap().is_none());
    }
}
