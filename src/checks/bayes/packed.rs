//! Numbers in few bytes: varints, ascending lists as Rice codes of their gaps (Rice, "Some
//! practical universal noiseless coding techniques", JPL 1979), other lists by places in one.

/// Seven bits a byte, lowest first; the top bit says that more follow (LEB128).
pub(super) fn write_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// `None` if the bytes end early or the number is too large.
pub(super) fn read_number(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u32;
    for shift in (0..32).step_by(7) {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        let bits = u32::from(byte & 0x7f);
        if shift == 28 && bits > 0xf {
            return None;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn read_count(rest: &mut &[u8], most: usize) -> Option<usize> {
    usize::try_from(read_number(rest)?).ok().filter(|&count| count <= most)
}

/// Writes numbers that ascend, each once: how many, the width of the codes, the codes.
pub(super) fn write_ascending(out: &mut Vec<u8>, list: &[u32]) {
    let count = u32::try_from(list.len()).unwrap_or(0);
    write_number(out, count);
    let Some(&last) = list.last() else { return };
    // The width that suits gaps of this mean.
    let width = (last / count.max(1)).max(1).ilog2();
    write_number(out, width);
    let mut bits = BitWriter { out, held: 0, count: 0 };
    let mut next = 0;
    for &number in list {
        let gap = number.wrapping_sub(next);
        next = number.wrapping_add(1);
        (0..gap >> width).for_each(|_| bits.push(1, 1));
        bits.push(0, 1);
        bits.push(gap & ((1 << width) - 1), width);
    }
    bits.finish();
}

/// Reads at most `most` numbers below `limit`; `None` if that is not what the bytes hold.
pub(super) fn read_ascending(rest: &mut &[u8], most: usize, limit: u64) -> Option<Vec<u32>> {
    let count = read_count(rest, most)?;
    let mut list = Vec::with_capacity(count);
    if count == 0 {
        return Some(list);
    }
    let width = read_number(rest).filter(|&width| width < 32)?;
    let mut bits = BitReader { rest, held: 0, count: 0 };
    let mut next = 0_u64;
    for _ in 0..count {
        let mut high = 0_u64;
        while bits.pull(1)? == 1 {
            high += 1;
        }
        let number = (high << width).saturating_add(u64::from(bits.pull(width)?)) + next;
        list.push(u32::try_from(number).ok().filter(|_| number < limit)?);
        next = number + 1;
    }
    Some(list)
}

/// Writes numbers in their order: those that occur, ascending, then the place of each in that.
pub(super) fn write_list(out: &mut Vec<u8>, list: &[u32]) {
    let mut distinct = list.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    write_ascending(out, &distinct);
    write_number(out, u32::try_from(list.len()).unwrap_or(0));
    let width = width_of_places(distinct.len());
    let mut bits = BitWriter { out, held: 0, count: 0 };
    for number in list {
        let place = distinct.binary_search(number).unwrap_or(0);
        bits.push(u32::try_from(place).unwrap_or(0), width);
    }
    bits.finish();
}

/// Reads at most `most` numbers; `None` if that is not what the bytes hold.
pub(super) fn read_list(rest: &mut &[u8], most: usize) -> Option<Vec<u32>> {
    let distinct = read_ascending(rest, most, 1 << 32)?;
    let count = read_count(rest, most)?;
    let width = width_of_places(distinct.len());
    let mut bits = BitReader { rest, held: 0, count: 0 };
    let mut number = || {
        let place = usize::try_from(bits.pull(width)?).ok()?;
        distinct.get(place).copied()
    };
    (0..count).map(|_| number()).collect()
}

fn width_of_places(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

struct BitWriter<'o> {
    out: &'o mut Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter<'_> {
    fn push(&mut self, bits: u32, width: u32) {
        self.held |= u64::from(bits) << self.count;
        self.count += width;
        while self.count >= 8 {
            self.out.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn finish(self) {
        if self.count > 0 {
            self.out.push(self.held.to_le_bytes()[0]);
        }
    }
}

struct BitReader<'r, 'b> {
    rest: &'r mut &'b [u8],
    held: u64,
    count: u32,
}

impl BitReader<'_, '_> {
    fn pull(&mut self, width: u32) -> Option<u32> {
        while self.count < width {
            let (&byte, behind) = self.rest.split_first()?;
            *self.rest = behind;
            self.held |= u64::from(byte) << self.count;
            self.count += 8;
        }
        let bits = self.held & ((1_u64 << width) - 1);
        self.held >>= width;
        self.count -= width;
        u32::try_from(bits).ok()
    }
}
