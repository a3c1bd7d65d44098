//! Words with a colon behind them that offers of shares have: `Symbol: `, `Target price: `.

use std::collections::HashSet;

/// How long such a label may be, in characters.
const LABEL: std::ops::RangeInclusive<usize> = 3..=30;

/// What labels end in, in small letters without anything between.
const ENDINGS: &[&str] = &[
    "company",
    "companyname",
    "target",
    "ticker",
    "openingp",
    "openingprice",
    "currentp",
    "currentprice",
    "projected",
    "position",
    "expectations",
    "weekhigh",
    "weekshigh",
    "marketperformance",
    "yeartarget",
    "yearestimate",
    "yearestimates",
    "weektarget",
    "weekestimate",
    "weekestimates",
    "monthtarget",
    "monthestimate",
    "monthestimates",
    "daytarget",
    "dayestimate",
    "dayestimates",
    "pricetarget",
    "priceestimate",
    "priceestimates",
    "sector",
    "recommendation",
    "rating",
];

/// What a label may be as a whole.
const WHOLE: &[&str] = &["tradedate", "tradingdate"];

/// Endings in which another letter may stand behind each letter.
const SPACED: &[&str] = &["stock", "sym", "symbol"];

/// How many different ones a text has.
pub(super) fn words(text: &str) -> usize {
    let letters = labels(text).into_iter().map(|label| {
        let lower = label.chars().flat_map(char::to_lowercase);
        lower.filter(char::is_ascii_lowercase).collect::<String>()
    });
    let endings = letters.filter_map(|letters| ending(&letters).map(str::to_owned));
    endings.collect::<HashSet<_>>().len()
}

/// The labels: at the beginning of a line, with a colon and more text behind them.
fn labels(text: &str) -> Vec<&str> {
    let mut labels = Vec::new();
    // The last line with words, if it has no colon: one may follow on a line below.
    let mut open: Option<(usize, &str)> = None;
    let (mut start, mut from) = (0, 0);
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        if let Some(colon) = line.find(':') {
            let before = line.get(..colon).unwrap_or_default();
            let label = if before.trim().is_empty() { open } else { Some((start, before)) };
            let behind = text.get(start + colon + 1..).unwrap_or_default();
            let value = behind.find(|c: char| !c.is_whitespace());
            if let (Some((place, label)), Some(value)) = (label, value)
                && place >= from
                && is_label(label)
            {
                labels.push(label.trim());
                // The first character behind the colon belongs to it: that line has no label.
                from = start + colon + 1 + value + 1;
            }
            open = None;
        } else if !words.is_empty() {
            open = Some((start, line));
        }
        start += line.len();
    }
    labels
}

/// Whether a label is long enough, with the blanks behind it, and short enough without them.
fn is_label(text: &str) -> bool {
    let text = text.trim_start();
    let short = text.chars().take(*LABEL.start()).count();
    short >= *LABEL.start() && text.trim_end().chars().take(LABEL.end() + 1).count() <= *LABEL.end()
}

/// The longest ending that a label has.
fn ending(letters: &str) -> Option<&str> {
    if WHOLE.contains(&letters) {
        return Some(letters);
    }
    let plain = ENDINGS.iter().filter(|ending| letters.ends_with(*ending)).map(|word| word.len());
    let spaced =
        SPACED.iter().filter_map(|word| spaced_ending(letters.as_bytes(), word.as_bytes()));
    let longest = plain.chain(spaced).max()?;
    letters.get(letters.len() - longest..)
}

/// The length of an ending in which another letter may stand behind each but the last letter;
/// the longest there is.
fn spaced_ending(letters: &[u8], word: &[u8]) -> Option<usize> {
    let (last, word) = word.split_last()?;
    let letters = letters.strip_suffix(&[*last])?;
    if word.is_empty() {
        return Some(1);
    }
    let skipped = letters.split_last().map_or(letters, |(_, rest)| rest);
    let near = spaced_ending(letters, word);
    let far = spaced_ending(skipped, word).map(|length| length + 1);
    near.max(far).map(|length| length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found() {
        for (text, expected) in [
            ("Symbol: ABCD\nTarget price: 9\n", &["Symbol", "Target price"][..]),
            ("  Symbol  : x", &["Symbol"]),
            ("Symbol\n: x", &["Symbol"]),
            ("a: b: c", &[]),
            ("abc: b\nabd: c", &["abc", "abd"]),
            ("abc:\n\nabd: c", &["abc"]),
            ("abc:\n ", &[]),
            ("x abcdefghijklmnopqrstuvwxyz abcdef: y", &[]),
            ("\n\nabc : x", &["abc"]),
            ("ab  : x", &["ab"]),
            ("ab: x", &[]),
            (": x\nabc\n\n : y: z", &["abc"]),
        ] {
            assert_eq!(labels(text), expected, "{text:?}");
        }
    }

    #[test]
    fn words_of_shares_are_counted_once() {
        for (text, count) in [
            ("Symbol: A\nCurrent Price: 1\n5 day target: 3\n", 3),
            ("Symbol: A\nSymbol: B\n", 1),
            ("S_t_o_c_k: A\nSxtxoxcxk: A\n", 2),
            ("Trade Date: x\nMy Trade Date: y\n", 1),
            ("Company: x\nCompany name: y\n", 2),
            ("Subject: x\nFrom: y", 0),
        ] {
            assert_eq!(words(text), count, "{text}");
        }
    }

    #[test]
    fn the_longest_ending_counts() {
        for (letters, expected) in [
            ("thestock", Some("stock")),
            ("satock", Some("satock")),
            ("sxtyozcuk", Some("sxtyozcuk")),
            ("sxxtock", None),
            ("symbol", Some("symbol")),
            ("gsym", Some("sym")),
            ("pricetarget", Some("pricetarget")),
            ("mytarget", Some("target")),
            ("tradingdate", Some("tradingdate")),
            ("atradingdate", None),
        ] {
            assert_eq!(ending(letters), expected, "{letters}");
        }
    }
}
