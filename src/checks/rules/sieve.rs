//! Many strings looked for at once: those that patterns need, which are thousands.
//!
//! Of every string its rarest four bytes, the *gram*, stand in a table. A pass moves along the text
//! and asks at each place whether the last four bytes are in the table; hardly ever they are, and
//! the answer is one bit in a few KiB. Where they are, the whole string is compared. Strings shorter
//! than four bytes are their own grams; one more bit tells whether the last two bytes end any of
//! those. Strings and texts come in lower case. (An automaton for so many strings takes megabytes, and
//! waits for memory at every other byte.)

use super::{compile::index, pattern::Genre};

/// Bytes of a gram. A shorter string is its own gram.
const GRAM: usize = 4;
/// Bytes of text that are looked over at once.
const BLOCK: usize = 256;
/// Bits for each number of a set. More need a larger cache, with fewer the answer is "perhaps" too
/// often.
const BITS_PER_NUMBER: usize = 64;
/// A set takes one of these, in words of 64 bits: 32 KiB at most. Sizes that the compiler knows
/// need no look at the bounds.
const FEW: usize = 1 << 6;
const SOME: usize = 1 << 9;
const MANY: usize = 1 << 12;
/// Words of a set of all pairs of bytes.
const PAIRS: usize = 1 << 10;
/// Spreads numbers over all others: 2³² divided by the golden ratio.
const SPREAD: u32 = 0x9e37_79b9;
/// Bytes of a string that are compared.
const LONGEST: usize = 16;

/// Strings, and whom to tell of each.
#[derive(Debug)]
pub(super) struct Sieve<Owner> {
    /// Grams of full length.
    long: Table,
    /// The last two bytes of all shorter grams.
    pairs: Pairs,
    /// Shorter grams, by length.
    short: Vec<Table>,
    /// Whom to tell, string by string.
    owners: Vec<Owner>,
}

/// A string, in as few lines of memory as can be.
#[derive(Clone, Debug)]
struct Sought {
    gram: u32,
    /// In lower case, and zeros behind it.
    bytes: [u8; LONGEST],
    length: u8,
    /// Bytes of it behind its gram.
    behind: u8,
    /// Its owners: from where on, and how many.
    owners: (u32, u32),
}

/// Strings whose grams are of one length.
#[derive(Debug)]
struct Table {
    /// How far the last four bytes are shifted to leave as many as a gram has.
    shift: u32,
    bits: Bits,
    /// The strings, ordered as their grams are spread.
    strings: Vec<Sought>,
    /// Where in `strings` each part of the spread numbers begins, and where the last one ends.
    parts: Vec<u32>,
    /// How far a spread gram is shifted to become the number of its part.
    part_shift: u32,
}

/// A set of numbers that may seem to have a few more than it has.
#[derive(Debug)]
enum Bits {
    Few(Box<Spread<FEW>>),
    Some(Box<Spread<SOME>>),
    Many(Box<Spread<MANY>>),
}

/// One bit a number, its place given by the upper bits of the spread number; each bit may stand for
/// several.
#[derive(Debug)]
struct Spread<const WORDS: usize>([u64; WORDS]);

/// A set of pairs of bytes, one bit each.
#[derive(Debug)]
struct Pairs(Box<[u64; PAIRS]>);

impl<Owner> Sieve<Owner> {
    /// From strings, which are in lower case and not empty, and their owners. Of strings longer
    /// than 16 bytes only so many are looked for. The texts are of this genre.
    pub(super) fn new(mut wanted: Vec<(Vec<u8>, Owner)>, genre: Genre) -> Self {
        wanted.iter_mut().for_each(|(string, _)| string.truncate(LONGEST));
        wanted.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (mut strings, mut owners): (Vec<Sought>, Vec<Owner>) = (Vec::new(), Vec::new());
        for (string, owner) in wanted {
            match strings.last_mut().filter(|last| last.string() == string) {
                Some(same) => same.owners.1 += 1,
                None => strings.push(Sought::new(&string, genre, owners.len())),
            }
            owners.push(owner);
        }
        let table = |length| Table::new(length, &strings);
        let short: Vec<Table> = (1..GRAM).map(table).filter(|it| !it.strings.is_empty()).collect();
        let pairs: Vec<u32> = short.iter().flat_map(Table::pairs).collect();
        Self { long: table(GRAM), pairs: Pairs::new(&pairs), short, owners }
    }

    /// Bytes that it takes.
    pub(super) fn size(&self) -> usize {
        let tables = self.short.iter().chain([&self.long]).map(Table::size);
        size_of_val(&*self.owners) + tables.sum::<usize>() + size_of_val(&*self.pairs.0)
    }

    /// Tells the owners of every string at every place where it is found in a text, which is in
    /// lower case.
    pub(super) fn pass(&self, text: &[u8], tell: impl FnMut(&Owner)) {
        match &self.long.bits {
            Bits::Few(bits) => self.pass_with(bits, text, tell),
            Bits::Some(bits) => self.pass_with(bits, text, tell),
            Bits::Many(bits) => self.pass_with(bits, text, tell),
        }
    }

    fn pass_with<const WORDS: usize>(
        &self,
        long: &Spread<WORDS>,
        text: &[u8],
        mut tell: impl FnMut(&Owner),
    ) {
        let mut last = 0;
        let mut places = [0; BLOCK];
        for (start, block) in (0..).step_by(BLOCK).zip(text.chunks(BLOCK)) {
            let count = look_over(long, &self.pairs, block, &mut last, &mut places);
            for &place in places.get(..count).unwrap_or_default() {
                self.compare(text, start + usize::from(place), &mut tell);
            }
        }
    }

    /// Tells of the strings of which a gram ends at this place.
    fn compare(&self, text: &[u8], at: usize, tell: &mut impl FnMut(&Owner)) {
        let end = at + 1;
        let last = last_four(text.get(..end).unwrap_or_default());
        for table in std::iter::once(&self.long).chain(&self.short) {
            if !table.bits.may_have(last >> table.shift) {
                continue;
            }
            for sought in table.strings_of(last).filter(|sought| sought.is_at(text, end)) {
                self.owners_of(sought).iter().for_each(&mut *tell);
            }
        }
    }

    fn owners_of(&self, sought: &Sought) -> &[Owner] {
        let (start, count) = sought.owners;
        self.owners.get(index(start)..index(start) + index(count)).unwrap_or_default()
    }
}

/// Notes where something may be found, without a decision at any place, which the processor would
/// have to guess. How many places these are; `last` are the four bytes read last.
fn look_over<const WORDS: usize>(
    long: &Spread<WORDS>,
    pairs: &Pairs,
    block: &[u8],
    last: &mut u32,
    places: &mut [u8; BLOCK],
) -> usize {
    let mut count = 0_usize;
    for (at, &byte) in block.iter().enumerate() {
        *last = *last >> 8 | u32::from(byte) << 24;
        let found = long.bit(*last) | pairs.bit(*last >> 16);
        if let Some(place) = places.get_mut(count & (BLOCK - 1)) {
            *place = small(at);
        }
        count = count.wrapping_add(found.into());
    }
    count
}

impl Sought {
    fn new(string: &[u8], genre: Genre, owners: usize) -> Self {
        let gram = genre.rarest_part(string, GRAM);
        let mut bytes = [0; LONGEST];
        bytes.iter_mut().zip(string).for_each(|(place, byte)| *place = *byte);
        Self {
            behind: small(string.len() - gram.end),
            gram: little_endian(string.get(gram).unwrap_or_default()),
            bytes,
            length: small(string.len()),
            owners: (u32::try_from(owners).unwrap_or(u32::MAX), 1),
        }
    }

    fn string(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Whether it stands in the text so that its gram ends at `gram_end`.
    fn is_at(&self, text: &[u8], gram_end: usize) -> bool {
        let end = gram_end + usize::from(self.behind);
        let start = end.checked_sub(usize::from(self.length));
        start.and_then(|start| text.get(start..end)) == Some(self.string())
    }
}

/// Of a number that is below 256, as lengths and places are here.
#[inline]
fn small(number: usize) -> u8 {
    let [lowest, ..] = number.to_le_bytes();
    lowest
}

impl Table {
    fn new(length: usize, strings: &[Sought]) -> Self {
        let is_of_length = |sought: &&Sought| usize::from(sought.length).min(GRAM) == length;
        let mut strings: Vec<Sought> = strings.iter().filter(is_of_length).cloned().collect();
        strings.sort_by_key(|sought| spread(sought.gram));
        let missing = u32::try_from(GRAM - length).unwrap_or_default();
        let grams: Vec<u32> = strings.iter().map(|sought| sought.gram).collect();
        let part_shift = u32::BITS - strings.len().next_power_of_two().ilog2().max(1);
        let parts = (0..=1u64 << (u32::BITS - part_shift)).map(|part| {
            let start = grams.partition_point(|&gram| u64::from(spread(gram) >> part_shift) < part);
            u32::try_from(start).unwrap_or(u32::MAX)
        });
        let parts = parts.collect();
        Self { shift: 8 * missing, bits: Bits::new(&grams), strings, parts, part_shift }
    }

    fn size(&self) -> usize {
        self.bits.size() + size_of_val(&*self.strings) + size_of_val(&*self.parts)
    }

    /// What two bytes can be the last ones where one of the grams, which are short, ends.
    fn pairs(&self) -> impl Iterator<Item = u32> {
        let is_one_byte = self.shift == 24;
        let before = if is_one_byte { 0..=u32::from(u8::MAX) } else { 0..=0 };
        self.strings.iter().flat_map(move |sought| {
            let last = sought.gram << self.shift >> 16;
            before.clone().map(move |before| last | before)
        })
    }

    /// The strings whose gram the last bytes are.
    fn strings_of(&self, last: u32) -> impl Iterator<Item = &Sought> {
        let gram = last >> self.shift;
        let part = match self.parts.get(index(spread(gram) >> self.part_shift)..) {
            Some([start, end, ..]) => self.strings.get(index(*start)..index(*end)),
            _ => None,
        };
        part.unwrap_or_default().iter().filter(move |sought| sought.gram == gram)
    }
}

impl Bits {
    fn size(&self) -> usize {
        match self {
            Self::Few(bits) => size_of_val(&**bits),
            Self::Some(bits) => size_of_val(&**bits),
            Self::Many(bits) => size_of_val(&**bits),
        }
    }

    fn new(numbers: &[u32]) -> Self {
        let words = numbers.len() * BITS_PER_NUMBER / 64;
        if words <= FEW {
            Self::Few(Box::new(Spread::new(numbers)))
        } else if words <= SOME {
            Self::Some(Box::new(Spread::new(numbers)))
        } else {
            Self::Many(Box::new(Spread::new(numbers)))
        }
    }

    fn may_have(&self, number: u32) -> bool {
        match self {
            Self::Few(bits) => bits.bit(number),
            Self::Some(bits) => bits.bit(number),
            Self::Many(bits) => bits.bit(number),
        }
    }
}

impl<const WORDS: usize> Spread<WORDS> {
    /// How far a spread number is shifted to become the place of its bit.
    const SHIFT: u32 = u32::BITS - WORDS.ilog2() - 6;

    fn new(numbers: &[u32]) -> Self {
        let mut words = [0; WORDS];
        for &number in numbers {
            set(&mut words, spread(number) >> Self::SHIFT);
        }
        Self(words)
    }

    #[inline]
    fn bit(&self, number: u32) -> bool {
        is_set(&self.0, spread(number) >> Self::SHIFT)
    }
}

impl Pairs {
    fn new(pairs: &[u32]) -> Self {
        let mut words = Box::new([0; PAIRS]);
        pairs.iter().for_each(|&pair| set(&mut words, pair));
        Self(words)
    }

    #[inline]
    fn bit(&self, pair: u32) -> bool {
        is_set(&self.0, pair)
    }
}

fn set<const WORDS: usize>(words: &mut [u64; WORDS], bit: u32) {
    if let Some(word) = words.get_mut(index(bit >> 6) & (WORDS - 1)) {
        *word |= 1 << (bit & 63);
    }
}

#[inline]
fn is_set<const WORDS: usize>(words: &[u64; WORDS], bit: u32) -> bool {
    words.get(index(bit >> 6) & (WORDS - 1)).is_some_and(|word| word >> (bit & 63) & 1 != 0)
}

/// The number that a gram is, its first byte being the lowest.
fn little_endian(gram: &[u8]) -> u32 {
    gram.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// The number that the last four bytes are; zeros stand before a shorter text.
fn last_four(text: &[u8]) -> u32 {
    let bytes = text.iter().rev().take(GRAM).zip([24, 16, 8, 0]);
    bytes.fold(0, |number, (&byte, shift)| number | u32::from(byte) << shift)
}

#[inline]
fn spread(number: u32) -> u32 {
    number.wrapping_mul(SPREAD)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(strings: &[&str], text: &str) -> Vec<usize> {
        let wanted = strings.iter().map(|string| string.as_bytes().to_vec());
        let sieve = Sieve::new(wanted.zip(0..).collect(), Genre::Mixed);
        let mut found = Vec::new();
        sieve.pass(&text.as_bytes().to_ascii_lowercase(), |&owner: &usize| found.push(owner));
        found.sort_unstable();
        found
    }

    #[test]
    fn strings_are_found_wherever_they_stand() {
        for (strings, text, expected) in [
            (&["viagra"][..], "buy ViAgRa", &[0][..]),
            (&["viagra"], "viagr", &[]),
            (&["viagra", "gra", "a", "ag"], "viagra", &[0, 1, 2, 2, 3]),
            (&["aa"], "aaaa", &[0, 0, 0]),
            (&["same", "same", "other"], "the same", &[0, 1]),
            (&["\0\0\0x", "\0x"], "x", &[]),
            (&["caf\u{e9}s"], "CAF\u{e9}S", &[0]),
            (&[], "text", &[]),
            (&["text"], "", &[]),
        ] {
            assert_eq!(found(strings, text), expected, "{strings:?} in {text}");
        }
    }

    proptest! {
        #[test]
        fn as_often_as_they_are_there(
            strings in prop::collection::vec("[abc]{1,9}", 0..60),
            text in "[abcABC]{0,200}",
        ) {
            let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
            let text_lower = text.to_lowercase();
            let times = |string: &str| {
                text_lower.as_bytes().windows(string.len()).filter(|at| *at == string.as_bytes()).count()
            };
            let expected: Vec<usize> = strings
                .iter()
                .enumerate()
                .flat_map(|(number, string)| std::iter::repeat_n(number, times(string)))
                .collect();
            prop_assert_eq!(found(&strings, &text), expected);
        }
    }
}
