//! Numbers in few bytes: varints, and ascending lists as Rice codes of their gaps (Rice 1979).

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

/// Writes numbers that ascend, each once: how many, the width of the codes, the codes.
pub(super) fn write_ascending(out: &mut Vec<u8>, list: &[u32]) {
    let count = u32::try_from(list.len()).unwrap_or(0);
    write_number(out, count);
    let Some(&last) = list.last() else { return };
    // The width that suits gaps of this mean.
    let width = (last / count.max(1)).max(1).ilog2();
    write_number(out, width);
    let mut bits = BitWriter { out, held: 0, count: 0 };
    let mut before = None;
    for &number in list {
        let gap = before.map_or(number, |before: u32| number.wrapping_sub(before).wrapping_sub(1));
        before = Some(number);
        (0..gap >> width).for_each(|_| bits.push(1, 1));
        bits.push(0, 1);
        bits.push(gap & ((1 << width) - 1), width);
    }
    bits.finish();
}

/// Reads at most `most` numbers below `limit`; `None` if that is not what the bytes hold.
pub(super) fn read_ascending(rest: &mut &[u8], most: usize, limit: u32) -> Option<Vec<u32>> {
    let count = usize::try_from(read_number(rest)?).ok().filter(|&count| count <= most)?;
    let mut list = Vec::with_capacity(count);
    if count == 0 {
        return Some(list);
    }
    let width = read_number(rest).filter(|&width| width < 32)?;
    let mut bits = BitReader { rest, held: 0, count: 0 };
    let mut next = 0_u32;
    for _ in 0..count {
        let mut high = 0_u32;
        while bits.pull(1)? == 1 {
            high += 1;
            if high > limit >> width {
                return None;
            }
        }
        let gap = (high << width) | bits.pull(width)?;
        let number = next.checked_add(gap).filter(|&number| number < limit)?;
        list.push(number);
        next = number + 1;
    }
    Some(list)
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
