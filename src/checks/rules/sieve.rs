//! Many strings looked for at once: those that patterns need, which are thousands.
//!
//! Of every string its rarest four bytes, the *gram*, stand in a table. A pass moves along the text
//! and asks at each place whether the last four bytes are in the table; hardly ever they are, and
//! the answer is one bit in a few KiB. Where they are, the whole string is compared. Strings shorter
//! than four bytes are their own grams; one more bit tells whether the last two bytes end any of
//! those. Case is ASCII's and does not count. (An automaton for so many strings takes megabytes, and
//! waits for memory at every other byte.)

use std::ops::RangeInclusive;

use super::pattern::rarest_part;

/// Bytes of a gram. A shorter string is its own gram.
const GRAM: usize = 4;
/// Bits for each number of a set. More need a larger cache, with fewer the answer is "perhaps" too
/// often.
const BITS_PER_NUMBER: usize = 64;
/// A set has two to the power of this many bits: 32 KiB at most.
const BITS: RangeInclusive<u32> = 6..=18;
/// Spreads numbers over all others: 2³² divided by the golden ratio.
const SPREAD: u32 = 0x9e37_79b9;

/// Strings, and whom to tell of each.
#[derive(Debug)]
pub(super) struct Sieve<Owner> {
    strings: Vec<Sought<Owner>>,
    /// Grams of full length.
    long: Table,
    /// The last two bytes of all shorter grams.
    pairs: Bits,
    /// Shorter grams, by length.
    short: Vec<Table>,
}

#[derive(Debug)]
struct Sought<Owner> {
    /// In lower case.
    string: Box<[u8]>,
    /// Bytes of it behind its gram.
    behind: usize,
    owners: Vec<Owner>,
}

/// Grams of one length.
#[derive(Debug)]
struct Table {
    /// How far the last four bytes are shifted to leave as many as a gram has.
    shift: u32,
    bits: Bits,
    /// Grams with the numbers of their strings, ordered as they are spread.
    grams: Vec<(u32, usize)>,
    /// Where in `grams` each part of the spread numbers begins, and where the last one ends.
    parts: Vec<usize>,
    /// How far a spread gram is shifted to become the number of its part.
    part_shift: u32,
}

/// A set of numbers that may seem to have a few more than it has.
#[derive(Debug)]
struct Bits {
    words: Vec<u64>,
    /// How far a spread number is shifted to become the place of its bit.
    shift: u32,
}

impl<Owner> Sieve<Owner> {
    /// From strings, which are in lower case and not empty, and their owners.
    pub(super) fn new(mut wanted: Vec<(Vec<u8>, Owner)>) -> Self {
        wanted.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut strings: Vec<Sought<Owner>> = Vec::new();
        for (string, owner) in wanted {
            match strings.last_mut().filter(|last| *last.string == *string) {
                Some(same) => same.owners.push(owner),
                None => {
                    let behind = string.len() - rarest_part(&string, GRAM).end;
                    strings.push(Sought { string: string.into(), behind, owners: vec![owner] });
                }
            }
        }
        let table = |length| {
            let numbered = strings.iter().zip(0..).map(|(sought, number)| (sought.gram(), number));
            let of_length = numbered.filter(|(gram, _)| gram.len() == length);
            Table::new(length, of_length.map(|(gram, number)| (little_endian(gram), number)))
        };
        let short: Vec<Table> = (1..GRAM).map(table).filter(|it| !it.grams.is_empty()).collect();
        let pairs: Vec<u32> = short.iter().flat_map(Table::pairs).collect();
        Self { long: table(GRAM), pairs: Bits::new(&pairs), short, strings }
    }

    /// Bytes that it takes.
    pub(super) fn size(&self) -> usize {
        let string = |sought: &Sought<Owner>| {
            size_of_val(sought)
                + sought.string.len()
                + sought.owners.capacity() * size_of::<Owner>()
        };
        let strings: usize = self.strings.iter().map(string).sum();
        let tables = self.short.iter().chain([&self.long]).map(Table::size);
        strings + tables.sum::<usize>() + self.pairs.size()
    }

    /// Tells the owners of every string at every place where it is found.
    pub(super) fn pass(&self, text: &[u8], mut tell: impl FnMut(&Owner)) {
        let mut last = 0;
        for (at, byte) in text.iter().enumerate() {
            last = last >> 8 | u32::from(byte.to_ascii_lowercase()) << 24;
            if self.long.bits.may_have(last) {
                self.compare(&self.long, last, text, at + 1, &mut tell);
            }
            if self.pairs.may_have(last >> 16) {
                let short = self.short.iter();
                for table in short.filter(|table| table.bits.may_have(last >> table.shift)) {
                    self.compare(table, last, text, at + 1, &mut tell);
                }
            }
        }
    }

    /// Tells of the strings whose gram ends at `end`.
    #[inline(never)]
    fn compare(
        &self,
        table: &Table,
        last: u32,
        text: &[u8],
        end: usize,
        tell: &mut impl FnMut(&Owner),
    ) {
        let sought = table.strings_of(last).filter_map(|number| self.strings.get(number));
        for sought in sought.filter(|sought| sought.is_at(text, end)) {
            sought.owners.iter().for_each(&mut *tell);
        }
    }
}

impl<Owner> Sought<Owner> {
    fn gram(&self) -> &[u8] {
        let end = self.string.len() - self.behind;
        self.string.get(end.saturating_sub(GRAM)..end).unwrap_or_default()
    }

    /// Whether it stands in the text so that its gram ends at `gram_end`.
    fn is_at(&self, text: &[u8], gram_end: usize) -> bool {
        let end = gram_end + self.behind;
        let start = end.checked_sub(self.string.len());
        let there = start.and_then(|start| text.get(start..end));
        there.is_some_and(|there| there.eq_ignore_ascii_case(&self.string))
    }
}

impl Table {
    fn size(&self) -> usize {
        self.bits.size() + size_of_val(&*self.grams) + size_of_val(&*self.parts)
    }

    fn new(length: usize, grams: impl Iterator<Item = (u32, usize)>) -> Self {
        let mut grams: Vec<(u32, usize)> = grams.collect();
        grams.sort_by_key(|&(gram, number)| (spread(gram), number));
        let missing = u32::try_from(GRAM - length).unwrap_or_default();
        let numbers: Vec<u32> = grams.iter().map(|&(gram, _)| gram).collect();
        let part_shift = u32::BITS - grams.len().next_power_of_two().ilog2().max(1);
        let parts = (0..=1u64 << (u32::BITS - part_shift)).map(|part| {
            grams.partition_point(|&(gram, _)| u64::from(spread(gram) >> part_shift) < part)
        });
        let parts = parts.collect();
        Self { shift: 8 * missing, bits: Bits::new(&numbers), grams, parts, part_shift }
    }

    /// What two bytes can be the last ones where one of the grams, which are short, ends.
    fn pairs(&self) -> impl Iterator<Item = u32> {
        let is_one_byte = self.shift == 24;
        let before = if is_one_byte { 0..=u32::from(u8::MAX) } else { 0..=0 };
        self.grams.iter().flat_map(move |&(gram, _)| {
            let last = gram << self.shift >> 16;
            before.clone().map(move |before| last | before)
        })
    }

    /// The strings whose gram the last bytes are.
    fn strings_of(&self, last: u32) -> impl Iterator<Item = usize> {
        let gram = last >> self.shift;
        let part = usize::try_from(spread(gram) >> self.part_shift).unwrap_or(usize::MAX);
        let part = match self.parts.get(part..).unwrap_or_default() {
            [start, end, ..] => self.grams.get(*start..*end).unwrap_or_default(),
            _ => &[],
        };
        part.iter().filter(move |(of, _)| *of == gram).map(|&(_, number)| number)
    }
}

impl Bits {
    fn size(&self) -> usize {
        size_of_val(&*self.words)
    }

    fn new(numbers: &[u32]) -> Self {
        let wanted = (numbers.len() * BITS_PER_NUMBER).next_power_of_two().ilog2();
        let bits = wanted.clamp(*BITS.start(), *BITS.end());
        let mut new = Self { words: vec![0; 1 << bits >> 6], shift: u32::BITS - bits };
        for &number in numbers {
            let (word, bit) = new.place(number);
            new.words.get_mut(word).into_iter().for_each(|word| *word |= bit);
        }
        new
    }

    #[inline]
    fn may_have(&self, number: u32) -> bool {
        let (word, bit) = self.place(number);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Which word a number's bit is in, and the bit.
    #[inline]
    fn place(&self, number: u32) -> (usize, u64) {
        let place = spread(number) >> self.shift;
        (usize::try_from(place >> 6).unwrap_or(usize::MAX), 1 << (place & 63))
    }
}

/// The number that a gram is, its first byte being the lowest.
fn little_endian(gram: &[u8]) -> u32 {
    gram.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
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
        let sieve = Sieve::new(wanted.zip(0..).collect());
        let mut found = Vec::new();
        sieve.pass(text.as_bytes(), |&owner: &usize| found.push(owner));
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
