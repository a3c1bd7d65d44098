//! Patterns that a backtracking engine can take years for, and texts that make it do so: each
//! search is answered, or given up by name, in a time that is known beforehand.

use std::time::{Duration, Instant};

use super::{LimitExceeded, Pattern};

/// How long one search may take, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(2);

/// Bytes of a text that machine code reads, and of one that the interpreter reads.
const SIZES: [usize; 2] = [4 << 10, 256 << 10];

/// What each pattern has that is dangerous, and the pattern.
const PATTERNS: &[(&str, &str)] = &[
    ("nested quantifiers, linear", r"/^(a+)+$/"),
    ("nested quantifiers", r"/(a+)+$(?!b)/"),
    ("nested quantifiers", r"/^(?=(a*)*b)/"),
    ("nested quantifiers", r"/(?=(?:\w+\s?)+!)\w/"),
    ("nested quantifiers", r"/(?:(?:[^x]+)*)+(?<!a)y/"),
    ("nested counts", r"/(?=(?:(?:a{1,30}){1,30}){1,30}!)a/"),
    ("look-ahead", r"/(?=\w+)\w!!!/"),
    ("overlapping alternatives", r"/^(?=(?:a|aa|a\w)+!)/"),
    ("overlapping alternatives", r"/(?=(?:a|b|ab|ba)*c)/"),
    ("overlapping alternatives", r"/(?=(?:\w|\d|_|[a-f])+!)./"),
    ("back references", r"/(.*)\1!/"),
    ("back references", r"/(.*)*\1!/"),
    ("back references", r"/(a*)(a*)(a*)\3\2\1!/"),
    ("back references", r"/(\w+)\W.*\1\W.*\1!/s"),
    ("back references", r"/^(?:(a|aa)+)\1b/"),
    ("back references", r"/(a?){30}\1a{30}(?!b)/"),
    ("named references", r"/<(?<n>\w+)[^>]*>.*<\/\k<n>x>/s"),
    ("look-ahead", r"/(?=.*,.*,.*,.*,.*;)a/"),
    ("look-ahead", r"/(?!.*(?:a.*){5}!)(?=.*b!)/s"),
    ("look-ahead", r"/(?=\w+!)a/"),
    ("look-behind", r"/(?<=a)(?:a|b)+(?<!a)(?<!b)$/"),
    ("look-behind", r"/(?:(?<=a)a)+(?<!a)$/"),
    ("look-behind", r"/(?<![^a]{20})(?:\w+)+!/"),
    ("possessive", r"/(?:a++|a)+b/"),
    ("atomic", r"/(?>(?>a+)b?)+(?=!)c/"),
    ("atomic", r"/(?=(?>a|b)+c)(?:a|b)+c/"),
    ("recursion", r"/^(\((?:[^()]|(?1))*\))$/"),
    ("recursion", r"/(\((?:[^()]++|(?1))*+\))!/"),
    ("recursion", r"/(?R)?a(?!a)b/"),
    ("recursion", r"/^(?:(a(?1)?a)|b)+!/"),
    ("conditions", r"/^(?=(?:(a)|b)+(?(1)c|d))/"),
    ("lazy gaps", r"/(a).*?\1.*?\1.*?\1.*?!/s"),
    ("the place matters", r"/\Ga*(?=(?:a|b)*!)/"),
    ("the place matters", r"/(?:(?=\w+!)|\G,)a/"),
    ("verbs", r"/(?=(a+)+!)(*COMMIT)a/"),
    ("verbs", r"/(?:(?=\w*!)a|(*FAIL))/"),
    ("verbs", r"/(*PRUNE)(?=\w+!)a/"),
    ("verbs", r"/a(*SKIP)(?=\w*!)/"),
    ("possessive", r"/(?=(?:\w++\W*+)+!!)\w/"),
    ("long gaps", r"/a.{0,500}b.{0,500}c.{0,500}(?=!)/s"),
    ("long gaps", r"/(?=a.{0,900}a.{0,900}a.{0,900}!)/s"),
    ("long gaps", r"/(\w)[^!]{1,2000}\1[^!]{1,2000}\1!/"),
    ("long gaps, linear", r"/\w[^!]{1,2000}\w[^!]{1,2000}\w!/"),
];

/// What is repeated, and what stands behind it.
const TEXTS: &[(&str, &str)] = &[("a", "!!"), ("ab, ", "c"), ("(", ")"), ("<b>", "</c>")];

fn text(unit: &str, end: &str, size: usize) -> Vec<u8> {
    let mut text = unit.repeat(size / unit.len());
    text.push_str(end);
    text.into_bytes()
}

#[test]
fn no_pattern_runs_away() {
    let longest = longest_search(PATTERNS);
    assert!(longest < LIMIT, "{longest:?}");
}

/// Runs all patterns on all texts, prints the ten longest searches, and returns the longest.
#[allow(clippy::print_stdout, reason = "figures are for the person watching")]
fn longest_search(patterns: &[(&str, &str)]) -> Duration {
    let mut times = Vec::new();
    let mut given_up = 0;
    for (what, pattern) in patterns {
        let matcher = Pattern::compile(pattern).unwrap().matcher;
        for (unit, end) in TEXTS {
            for size in SIZES {
                let text = text(unit, end, size - end.len());
                let began = Instant::now();
                let found = matcher.try_find(&text, 0);
                times.push((began.elapsed(), what, pattern, unit, size));
                given_up += usize::from(found == Err(LimitExceeded));
            }
        }
    }
    times.sort_by_key(|(took, ..)| std::cmp::Reverse(*took));
    for (took, what, pattern, unit, size) in times.iter().take(10) {
        println!("{took:?} {what}: {pattern} on {size} bytes of {unit:?}");
    }
    println!("{given_up} of {} searches given up", times.len());
    assert!(given_up > 0, "limits are for something");
    times.first().map_or(Duration::ZERO, |(took, ..)| *took)
}
