//! How often ordinary mail contains a string.
//!
//! From how often it contains any three bytes in a row: a string is not there more often than the
//! rarest three of its bytes, and the rarer the longer it is. Good enough to choose between strings.
//! Texts are of several genres, each with strings that nearly all of them have: `://` in URIs, ` rdns=`
//! in lists of relays.

use std::{ops::Range, sync::LazyLock};

use super::Strings;

/// Trigrams and how often they stand in a million bytes of each genre's texts, in the order of
/// [`Genre::MEASURED`]. Written by the test below.
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
/// How many letters are capitals.
const CAPITALS: f64 = 0.1;

/// A kind of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super::super) enum Genre {
    /// Rendered text, markup and header fields, each as much as the others.
    #[default]
    Mixed,
    /// Rendered text.
    Body,
    /// Parts before they are rendered.
    Markup,
    /// Header fields.
    Fields,
    /// What `X-Spam-Relays-…` say of the relays.
    Relays,
    /// URIs.
    Uris,
}

impl Genre {
    /// Those that were measured.
    const MEASURED: [Self; 5] = [Self::Body, Self::Markup, Self::Fields, Self::Relays, Self::Uris];

    /// How often, per byte of text, one of the strings begins.
    pub(super) fn often(self, strings: &Strings) -> f64 {
        strings.iter().map(|string| self.often_one(string)).sum()
    }

    /// How often, per byte of text, a byte stands there, whose case counts here.
    pub(in super::super) fn often_byte(self, byte: u8) -> f64 {
        let often = self.often_one(&[byte]);
        match byte {
            b'A'..=b'Z' => often * CAPITALS,
            b'a'..=b'z' => often * (1.0 - CAPITALS),
            _ => often,
        }
    }

    /// Where the rarest bytes of a string stand, so many of them; all of a shorter string.
    pub(in super::super::super) fn rarest_part(self, string: &[u8], length: usize) -> Range<usize> {
        let parts = string.windows(length.max(1)).enumerate();
        let often = |part: &[u8]| self.often_one(part);
        let rarest = parts.min_by(|(_, one), (_, other)| often(one).total_cmp(&often(other)));
        rarest.map_or(0..string.len(), |(start, part)| start..start + part.len())
    }

    fn often_one(self, string: &[u8]) -> f64 {
        static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| Table::read_all(TRIGRAMS));
        let table = |genre: Self| {
            let number = Self::MEASURED.iter().position(|other| *other == genre);
            number.and_then(|number| TABLES.get(number))
        };
        match self {
            Self::Mixed => {
                let mixed = [Self::Body, Self::Markup, Self::Fields];
                let often = mixed.map(|genre| table(genre).map_or(0.0, |it| it.often(string)));
                often.iter().sum::<f64>() / 3.0
            }
            genre => table(genre).map_or(0.0, |table| table.often(string)),
        }
    }
}

/// How often one, two and three symbols in a row are there, per byte.
#[derive(Debug)]
struct Table {
    one: [f32; COUNT],
    two: Vec<[f32; COUNT]>,
    three: Vec<[f32; COUNT]>,
}

impl Table {
    /// Those of all measured genres.
    fn read_all(lines: &str) -> Vec<Self> {
        let all = |_| vec![[SELDOM; COUNT]; COUNT * COUNT];
        let mut tables: Vec<_> = Genre::MEASURED.iter().map(all).collect();
        for line in lines.lines() {
            let mut columns = line.split('\t');
            let Some([a, b, c]) = columns.next().map(str::as_bytes) else { continue };
            let symbols = (row(written(*a), written(*b)), written(*c));
            for (table, often) in tables.iter_mut().zip(columns) {
                let place = table.get_mut(symbols.0).and_then(|row| row.get_mut(symbols.1));
                let often = often.parse::<f32>().unwrap_or_default() / 1e6;
                place.into_iter().for_each(|place| *place = often.max(SELDOM));
            }
        }
        tables.into_iter().map(Self::new).collect()
    }

    fn new(three: Vec<[f32; COUNT]>) -> Self {
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
    use crate::{
        checks::{
            Case,
            rules::{conf::Conf, place::Place, scene::Scene, text::HeaderQuery},
        },
        mail::{Envelope, Message},
    };

    /// A trigram that is less often there in every genre, in a million bytes, is left out.
    const FEW: f64 = 40.0;

    #[test]
    fn usual_strings_are_told_from_unusual_ones() {
        let rising = ["zyxw", "million", "click", "your", "you", "he", "e"];
        let often_one = |string: &str| Genre::Mixed.often_one(string.as_bytes());
        let often: Vec<f64> = rising.iter().map(|string| often_one(string)).collect();
        assert!(often.is_sorted(), "{often:?}");
        assert!(often.iter().all(|often| (0.0..0.2).contains(often)), "{often:?}");
        assert!((often_one("2") - often_one("4")).abs() < f64::EPSILON);
        assert_eq!(Genre::Mixed.rarest_part(b"and viagra", 4), 5..9);
        assert_eq!(Genre::Mixed.rarest_part(b"ab", 4), 0..2);
    }

    #[test]
    fn genres_differ() {
        for (genre, usual, unusual) in [
            (Genre::Uris, "://", "mta"),
            (Genre::Relays, " rdns=", "dhcp"),
            (Genre::Fields, "received:", "winner"),
            (Genre::Body, "you", "href="),
            (Genre::Markup, "href=", "zyxw"),
        ] {
            let [usual, unusual] = [usual, unusual].map(|it| genre.often_one(it.as_bytes()));
            assert!(usual > 4.0 * unusual, "{genre:?}: {usual} {unusual}");
        }
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
            let (trigram, columns) = line.split_once('\t').unwrap();
            assert_eq!(trigram.len(), 3, "{line}");
            assert!(trigram.bytes().all(|byte| SYMBOLS.contains(&byte)), "{line}");
            let often: Vec<f64> = columns.split('\t').map(|often| often.parse().unwrap()).collect();
            assert_eq!(often.len(), Genre::MEASURED.len(), "{line}");
            assert!(often.iter().any(|often| *often >= FEW), "{line}");
        }
        for table in Table::read_all(TRIGRAMS) {
            let all: f32 = table.one.iter().sum();
            assert!((0.85..1.3).contains(&all), "{all}");
        }
    }

    /// The texts of a genre in one message.
    fn texts(genre: Genre, message: &Message, scene: &Scene<'_>) -> Vec<Vec<u8>> {
        let read = |place: Place| place.texts(scene).into_iter().map(Vec::from).collect();
        let header = |name: &str| read(Place::Header(HeaderQuery::parse(name).unwrap(), None));
        match genre {
            Genre::Body | Genre::Mixed => message.body().to_vec(),
            Genre::Markup => message.rawbody().to_vec(),
            Genre::Fields => header("ALL"),
            Genre::Relays => header("X-Spam-Relays-Untrusted"),
            Genre::Uris => read(Place::Uri),
        }
    }

    fn write(index: &Path) {
        let (conf, envelope) = (Conf::default(), Envelope::default());
        let mut counts = Genre::MEASURED.map(|_| vec![0.0; COUNT.pow(3)]);
        let root = index.parent().unwrap();
        for line in fs::read_to_string(index).unwrap().lines() {
            let raw = fs::read(root.join(line.split('\t').nth(1).unwrap())).unwrap();
            let message = Message::parse(raw).into();
            let case = Case { envelope: envelope.clone().into(), message };
            let scene = Scene::new(&case, &conf);
            for (genre, counts) in Genre::MEASURED.into_iter().zip(&mut counts) {
                texts(genre, &case.message, &scene).iter().for_each(|text| count(counts, text));
            }
        }
        let shares = counts.map(|counts| {
            let all: f64 = counts.iter().sum();
            counts.into_iter().map(|count| count / all * 1e6).collect::<Vec<f64>>()
        });
        let lines = (0..COUNT.pow(3)).filter_map(|place| {
            let often = shares.each_ref().map(|shares| shares[place]);
            let symbols = [place / COUNT / COUNT, place / COUNT % COUNT, place % COUNT];
            let trigram: String = symbols.iter().map(|&at| char::from(SYMBOLS[at])).collect();
            let columns: String = often.iter().map(|often| format!("\t{often:.0}")).collect();
            let is_usual = often.iter().any(|often| *often >= FEW);
            is_usual.then(|| format!("{trigram}{columns}\n"))
        });
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(file!()).with_file_name("trigrams.tsv");
        fs::write(file, lines.collect::<String>()).unwrap();
    }

    fn count(counts: &mut [f64], text: &[u8]) {
        let symbols: Vec<usize> = text.iter().map(|&byte| symbol(byte)).collect();
        for three in symbols.windows(3) {
            counts[row(three[0], three[1]) * COUNT + three[2]] += 1.0;
        }
    }
}
