use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    super::language::{bytes_of, latin1_view},
    *,
};

/// `\n`, `\t`, `\r` and `\xHH` in a subject.
fn subject(text: &str) -> Vec<u8> {
    let view = latin1_view(text.as_bytes());
    let mut pieces = view.split("\\x");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push(char::from(u8::from_str_radix(&piece[..2], 16).unwrap()));
        plain.push_str(&piece[2..]);
    }
    bytes_of(&plain.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r"))
}

fn outcome(pattern: &str, text: &[u8]) -> &'static str {
    match Pattern::compile(&latin1_view(pattern.as_bytes())) {
        Ok(pattern) => {
            let hit = pattern.matcher.is_match(text);
            assert_eq!(pattern.matcher.try_find(text, 0).unwrap().is_some(), hit);
            if hit { "hit" } else { "miss" }
        }
        Err(PatternError::Needs(_)) => "needs",
        Err(_) => "invalid",
    }
}

/// Perl 5.36 with `/aa` said what is expected of every line.
#[test]
fn patterns_mean_what_they_mean_in_perl() {
    let mut wrong = Vec::new();
    for line in include_str!("patterns.tsv").lines().filter(|line| !line.starts_with("# ")) {
        let fields: Vec<_> = line.split('\t').collect();
        let [pattern, text, expected] = fields[..] else { panic!("three fields: {line}") };
        let found = outcome(pattern, &subject(text));
        if found != expected {
            wrong.push(format!("{line}, not {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn literals_are_in_every_match() {
    for (pattern, expected) in [
        ("/abc/", "abc"),
        ("/AbC/i", "abc"),
        ("/ab/", "ab"),
        ("/a/", ""),
        ("/a%/", "a%"),
        (r"/[12] ?(?:%|percent)/", "1 % 1 percent 1% 1percent 2 % 2 percent 2% 2percent"),
        ("/v[i1]agra/i", "v1agra viagra"),
        ("/colou?r/", "color colour"),
        ("/(?:cheap|buy) +meds/", "buymeds cheapmeds"),
        ("/(?:viagra|cialis)/", "cialis viagra"),
        ("/viagra|v/", ""),
        (r"/\d+ million dollars/", " million dolla"),
        ("/(?:foo)?barbaz/", "barbaz"),
        ("/(?:foo)*barbaz/", "barbaz"),
        ("/(?:foo){2}/", "foofoo"),
        ("/(?:foo){2,}x/", "foofoo"),
        ("/^to: .*viagra$/", "viagra"),
        ("/https?:[^ ]*paypal/", "paypal"),
        ("/.*/", ""),
        ("//", ""),
        ("/é€x/", "é€x"),
        // In the skeleton of the text.
        (r"/v[_\W]{0,3}[i1!][_\W]{0,3}a/i", "v1a va via"),
        (r"/\bp\W*a[^a-z0-9]+i(?:-[89])?t/i", "pai8t pai9t pait"),
        (r"/v.{0,3}i/", ""),
        // In texts of plain ASCII.
        (r"/(?:v|\xce\xbd|[\xe3\xed\xef])[i1\xc0-\xff]a/", "v1a via"),
        (r"/v[_\W]?(?:i|&#\d+;|[\x80-\xbf]{2})[_\W]?a/", "via"),
        (r"/[\x80-\xff]/", ""),
    ] {
        let compiled = Pattern::compile(&latin1_view(pattern.as_bytes())).unwrap();
        let found: Vec<_> = compiled
            .literals(Genre::Mixed)
            .iter()
            .flat_map(Literals::iter)
            .map(|literal| String::from_utf8_lossy(literal).into_owned())
            .collect();
        assert_eq!(found.join(" "), expected, "{pattern}");
    }
}

#[test]
fn a_usual_literal_is_joined_by_others() {
    for (pattern, expected) in [
        (r"/click[^!]{1,60}(?:here|below)/i", &["click", "below here"][..]),
        // As many as make it rare.
        (r"/(?:click|press)\b.{0,9}order.{0,9}(?:here|below)/i", &["order", "click press"]),
        // A branch without a second one brings its only one.
        (r"/click.{0,9}here|remove/i", &["click remove", "here remove"]),
        // The same again tells nothing, nor does what all texts have.
        (r"/click.{0,9}click/i", &["click"]),
        (r"/click.{0,9}er/i", &["click"]),
        // Rare enough alone.
        (r"/zyxwv.{0,9}click/i", &["zyxwv"]),
    ] {
        let compiled = Pattern::compile(&latin1_view(pattern.as_bytes())).unwrap();
        let literals = compiled.literals(Genre::Mixed).unwrap();
        let text = |set: &BTreeSet<Vec<u8>>| {
            let set = set.iter().map(|literal| String::from_utf8_lossy(literal).into_owned());
            set.collect::<Vec<_>>().join(" ")
        };
        let found: Vec<String> = literals.sets().map(text).collect();
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn matches_are_counted_one_behind_the_other() {
    for (pattern, text, most, count) in [
        ("/a/", "banana", 9, 3),
        ("/a/", "banana", 2, 2),
        ("/ana/", "banana", 9, 1),
        ("/x*/", "aa", 9, 3),
        ("/^a/", "aaa", 9, 1),
        (r"/\ba/", "a aa", 9, 2),
        ("/a/", "", 9, 0),
    ] {
        let compiled = Pattern::compile(pattern).unwrap();
        assert_eq!(compiled.matcher.try_count(text.as_bytes(), most), Ok(count), "{pattern}");
    }
}

#[test]
fn too_large_a_pattern_is_refused() {
    let error = Pattern::compile("/(?:(?:[a-z]{1,900}x){1,900}y){1,900}/").unwrap_err();
    assert!(matches!(error, PatternError::TooLarge), "{error}");
}

/// What makes a backtracking engine run for years: given up or answered, never endured.
#[test]
fn hostile_texts_end_within_the_limits() {
    let many = |text: &str, times: usize| text.repeat(times).into_bytes();
    for (pattern, text, expected) in [
        (r"/(a+)+$(?!b)/", [many("a", 40), b"!".to_vec()].concat(), Ok(false)),
        (r"/^(?=(a+)+b)/", [many("a", 40), b" b".to_vec()].concat(), Err(LimitExceeded)),
        (r"/^(?:(a|aa)+)\1b/", [many("a", 60), b" b".to_vec()].concat(), Err(LimitExceeded)),
        (r"/^(a?){30}\1a{30}(?!b)/", many("a", 30), Err(LimitExceeded)),
        (r"/(x+x+)+(?<!z)y/", many("x", 5_000), Ok(false)),
        (r"/(x+x+)+(?<!z)\1y/", [many("x", 5_000), b"y".to_vec()].concat(), Ok(true)),
        (r"/(?=.*,.*,.*,.*,.*;).*!/", many("a,", 5_000), Ok(false)),
        (r"/(?=.*,.*,.*,.*,.*;)a/", many("a,", 5_000), Err(LimitExceeded)),
        (r"/(?=\w+!)a/", many("a", 1 << 20), Err(LimitExceeded)),
        (r"/(?:(?=a)a)+(?<!a)$/", many("a", 1 << 20), Err(LimitExceeded)),
        (r"/<(\w+)[^>]*>.*<\/\1x>/s", many("<b>", 30_000), Ok(false)),
        (r"/(\w+)\s+\1\b!/", many("ab ", 50_000), Ok(false)),
        (r"/^(\((?:[^()]|(?1))*\))$/", many("(", 100_000), Ok(false)),
        (r"/(?R)?a(?!a)b/", many("a", 10_000), Ok(false)),
    ] {
        let compiled = Pattern::compile(pattern).unwrap();
        assert_eq!(compiled.matcher.try_is_match(&text), expected, "{pattern}");
        assert_eq!(compiled.matcher.try_find(&text, 0).map(|found| found.is_some()), expected);
    }
}

/// Pieces of patterns for the linear engine.
const LINEAR: &[&str] = &[
    "a",
    "b",
    "B",
    "\n",
    " ",
    ".",
    "*",
    "+",
    "?",
    "|",
    "(",
    ")",
    "(?:",
    "(?i)",
    "(?i:",
    "[",
    "]",
    "[^",
    "-",
    "{2}",
    "{1,3}",
    "{",
    "}",
    "\\",
    "\\d",
    "\\W",
    "[_\\W]?",
    "\\b",
    "\\x",
    "\\Q",
    "\\E",
    "^",
    "$",
    "\\Z",
    "é",
    "[[:alpha:]]",
    "(?#",
    "\\12",
    "#",
];

/// Pieces that need the other engine.
const BACKTRACKING: &[&str] = &[
    "(?=",
    "(?!",
    "(?<=",
    "(?<!",
    "(?>",
    "(?<n>",
    "(?1)",
    "(?R)",
    "(?(1)",
    "\\1",
    "\\k<n>",
    "\\g{-1}",
    "\\K",
    "\\G",
    "\\R",
    "+",
    "(*FAIL)",
    "(*COMMIT)",
    "(*ACCEPT)",
    "\\x{263a}",
];

/// Patterns that look like patterns: random bytes seldom get past the delimiters.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select([LINEAR, BACKTRACKING].concat());
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_pattern_has_an_answer(pattern in pieces(), flags in "[imsxg]{0,3}") {
        let _ = Pattern::compile(&latin1_view(format!("/{pattern}/{flags}").as_bytes()));
    }

    /// Whichever engine runs, and whatever is looked for beforehand.
    #[test]
    fn engines_agree(pattern in pieces(), flags in "[ims]{0,2}", text in "[abB \né-]{0,12}") {
        let pattern = format!("/{pattern}/{flags}");
        prop_assert_eq!(disagreement(pattern.as_bytes(), text.as_bytes()), None);
    }

    #[test]
    fn any_bytes_have_an_answer(text in ".{0,40}") {
        let _ = Pattern::compile(&latin1_view(text.as_bytes()));
    }
}
