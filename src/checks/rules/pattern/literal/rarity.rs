//! How often ordinary mail contains a string.
//!
//! From how often it contains any three bytes in a row: a string is not there more often than the
//! rarest three of its bytes, and the rarer the longer it is. Good enough to choose between strings.

use std::{ops::Range, sync::LazyLock};

use super::Strings;

/// Trigrams and how often they stand in a million bytes of mail: rendered texts, parts before they
/// are rendered, headers, each as much as the others. Written by the test below.
const TRIGRAMS: &str = include_str!("trigrams.tsv");

/// Bytes that are told apart, but for case: `0` stands for all digits, `_` for all white space, `^`
/// for all others.
const SYMBOLS: &[u8; COUNT] = b"^_0abcdefghijklmnopqrstuvwxyz.,:;-/=<>\"'@&%$!?()#*+";
const COUNT: usize = 51;

/// How much seldomer a string is that has one byte more.
const ONE_MORE: f64 = 0.5;
/// How often a trigram is there that is not in the table.
const SELDOM: f32 = 1e-6;
/// How much seldomer one certain digit is than any.
const ONE_DIGIT: f64 = 0.1;
/// The same for all bytes that are not told apart.
const ONE_OTHER: f64 = 0.02;

/// How often, per byte of text, one of the strings begins.
pub(super) fn often(strings: &Strings) -> f64 {
    strings.iter().map(|string| often_one(string)).sum()
}

/// Where the rarest bytes of a string stand, so many of them; all of a shorter string.
pub(in super::super::super) fn rarest_part(string: &[u8], length: usize) -> Range<usize> {
    let parts = string.windows(length.max(1)).enumerate();
    let rarest = parts.min_by(|(_, one), (_, other)| often_one(one).total_cmp(&often_one(other)));
    rarest.map_or(0..string.len(), |(start, part)| start..start + part.len())
}

fn often_one(string: &[u8]) -> f64 {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(TRIGRAMS));
    TABLE.often(string)
}

/// How often one, two and three symbols in a row are there, per byte.
#[derive(Debug)]
struct Table {
    one: [f32; COUNT],
    two: Vec<[f32; COUNT]>,
    three: Vec<[f32; COUNT]>,
}

impl Table {
    fn read(lines: &str) -> Self {
        let mut three = vec![[SELDOM; COUNT]; COUNT * COUNT];
        for line in lines.lines() {
            let Some((trigram, often)) = line.split_once('\t') else { continue };
            let [a, b, c] = trigram.as_bytes() else { continue };
            let row = three.get_mut(row(written(*a), written(*b)));
            let place = row.and_then(|row| row.get_mut(written(*c)));
            let often: f32 = often.parse().unwrap_or_default();
            place.into_iter().for_each(|place| *place = often / 1e6);
        }
        let two: Vec<[f32; COUNT]> = three.chunks(COUNT).map(sums).collect();
        Self { one: sums(&two), two, three }
    }

    fn often(&self, string: &[u8]) -> f64 {
        let rarest = string.windows(3).map(|three| self.exactly(three)).reduce(f64::min);
        let more = string.len().saturating_sub(3);
        let more = (0..more).fold(1.0, |seldomer, _| seldomer * ONE_MORE);
        rarest.map_or_else(|| self.exactly(string), |often| often * more)
    }

    /// Of three bytes or fewer.
    fn exactly(&self, bytes: &[u8]) -> f64 {
        let often = match *bytes {
            [a, b, c] => at(self.three.get(row(symbol(a), symbol(b))), symbol(c)),
            [a, b] => at(self.two.get(symbol(a)), symbol(b)),
            [a] => at(Some(&self.one), symbol(a)),
            _ => 1.0,
        };
        bytes.iter().fold(often, |often, &byte| often * one_of(byte))
    }
}

fn at(row: Option<&[f32; COUNT]>, symbol: usize) -> f64 {
    row.and_then(|row| row.get(symbol)).map_or(0.0, |&often| f64::from(often))
}

/// The sum of each row.
fn sums(rows: &[[f32; COUNT]]) -> [f32; COUNT] {
    let mut sums = [0.0; COUNT];
    sums.iter_mut().zip(rows).for_each(|(sum, row)| *sum = row.iter().sum());
    sums
}

fn row(a: usize, b: usize) -> usize {
    a * COUNT + b
}

/// The number of a byte's symbol.
fn symbol(byte: u8) -> usize {
    static NUMBERS: LazyLock<Vec<usize>> = LazyLock::new(|| {
        let symbols = (0..=u8::MAX).map(|byte| match byte {
            b'0'..=b'9' => b'0',
            b'\t'..=b'\r' | b' ' => b'_',
            b'_' => b'^',
            byte => byte.to_ascii_lowercase(),
        });
        symbols.map(written).collect()
    });
    NUMBERS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The number of a symbol as the table writes it.
fn written(symbol: u8) -> usize {
    SYMBOLS.iter().position(|&one| one == symbol).unwrap_or(0)
}

/// How often a byte's symbol is just this byte.
fn one_of(byte: u8) -> f64 {
    match (byte, symbol(byte)) {
        (b'0'..=b'9', _) => ONE_DIGIT,
        (_, 0) => ONE_OTHER,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;
    use crate::mail::Message;

    /// A trigram that is less often there, in a million bytes, is left out.
    const FEW: f64 = 25.0;

    #[test]
    fn usual_strings_are_told_from_unusual_ones() {
        let rising = ["zyxw", "million", "click", "your", "you", "he", "e"];
        let often: Vec<f64> = rising.iter().map(|string| often_one(string.as_bytes())).collect();
        assert!(often.is_sorted(), "{often:?}");
        assert!(often.iter().all(|often| (0.0..0.2).contains(often)), "{often:?}");
        let often_four = often_one(b"4");
        assert!((often_one(b"2") - often_four).abs() < f64::EPSILON);
        assert_eq!(rarest_part(b"and viagra", 4), 4..8);
        assert_eq!(rarest_part(b"ab", 4), 0..2);
    }

    /// The table is well-formed. Written anew by
    /// `GATEPOST_WRITE_TRIGRAMS=INDEX cargo test --lib rarity`; the paths in INDEX, behind a tab,
    /// are relative to its folder.
    #[test]
    fn trigrams_are_a_table() {
        if let Some(index) = env::var_os("GATEPOST_WRITE_TRIGRAMS") {
            write(Path::new(&index));
        }
        for line in TRIGRAMS.lines() {
            let (trigram, often) = line.split_once('\t').unwrap();
            assert_eq!(trigram.len(), 3, "{line}");
            assert!(trigram.bytes().all(|byte| SYMBOLS.contains(&byte)), "{line}");
            assert!(often.parse::<f64>().unwrap() >= FEW, "{line}");
        }
        let table = Table::read(TRIGRAMS);
        let all: f32 = table.one.iter().sum();
        assert!((0.9..1.3).contains(&all), "{all}");
    }

    fn write(index: &Path) {
        let mut counts = [const { Vec::new() }; 3];
        counts.iter_mut().for_each(|counts: &mut Vec<f64>| counts.resize(COUNT.pow(3), 0.0));
        for line in fs::read_to_string(index).unwrap().lines() {
            let path = index.parent().unwrap().join(line.split('\t').nth(1).unwrap());
            let raw = fs::read(path).unwrap();
            let header = raw.split(|&byte| byte == b'\n').take_while(|line| line.len() > 1);
            let message = Message::parse(raw.clone());
            count(&mut counts[0], message.body().iter().map(Vec::as_slice));
            count(&mut counts[1], message.rawbody().iter().map(Vec::as_slice));
            count(&mut counts[2], header);
        }
        let shares = counts.map(|counts| {
            let all: f64 = counts.iter().sum();
            counts.into_iter().map(move |count| count / all)
        });
        let [body, rawbody, headers] = shares;
        let often = body.zip(rawbody).zip(headers).map(|((a, b), c)| (a + b + c) / 3.0 * 1e6);
        let lines = often.enumerate().filter(|(_, often)| *often >= FEW).map(|(place, often)| {
            let symbols = [place / COUNT / COUNT, place / COUNT % COUNT, place % COUNT];
            let symbols = symbols.map(|symbol| char::from(SYMBOLS[symbol]));
            format!("{}\t{often:.0}\n", symbols.iter().collect::<String>())
        });
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(file!()).with_file_name("trigrams.tsv");
        fs::write(file, lines.collect::<String>()).unwrap();
    }

    fn count<'t>(counts: &mut [f64], texts: impl Iterator<Item = &'t [u8]>) {
        for text in texts {
            let symbols: Vec<usize> = text.iter().map(|&byte| symbol(byte)).collect();
            for three in symbols.windows(3) {
                counts[row(three[0], three[1]) * COUNT + three[2]] += 1.0;
            }
        }
    }
}
