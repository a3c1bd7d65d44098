//! MD5 (RFC 1321), by which rules name files that were sent before. It protects nothing here.

/// The four words that are stirred.
type State = [u32; 4];

const START: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// By how many bits each step of a round rotates.
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The digest of some bytes in hexadecimal, upper case.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let state = digest(bytes);
    let bytes = state.iter().flat_map(|word| word.to_le_bytes());
    bytes.map(|byte| format!("{byte:02X}")).collect()
}

fn digest(bytes: &[u8]) -> State {
    let constants = constants();
    let (blocks, rest) = bytes.as_chunks::<64>();
    let state = blocks.iter().fold(START, |state, block| stir(state, block, &constants));
    // The end: one bit, zeros, and the length in bits.
    let mut end = rest.to_vec();
    end.push(0x80);
    while end.len() % 64 != 56 {
        end.push(0);
    }
    let bits = (bytes.len() as u64).wrapping_mul(8);
    end.extend_from_slice(&bits.to_le_bytes());
    let (blocks, _) = end.as_chunks::<64>();
    blocks.iter().fold(state, |state, block| stir(state, block, &constants))
}

/// The sines that the steps add.
fn constants() -> [u32; 64] {
    let mut step = 0.0;
    [(); 64].map(|()| {
        step += 1.0;
        (f64::sin(step).abs() * 4_294_967_296.0) as u32
    })
}

fn stir(state: State, block: &[u8; 64], constants: &[u32; 64]) -> State {
    let (words, _) = block.as_chunks::<4>();
    let [mut a, mut b, mut c, mut d] = state;
    for (step, constant) in constants.iter().enumerate() {
        let (mixed, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), 5 * step + 1),
            2 => (b ^ c ^ d, 3 * step + 5),
            _ => (c ^ (b | !d), 7 * step),
        };
        let word = words.get(word % 16).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let shift = SHIFTS.get(step / 16).and_then(|round| round.get(step % 4)).copied();
        let sum = a.wrapping_add(mixed).wrapping_add(word).wrapping_add(*constant);
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(shift.unwrap_or_default()));
    }
    let [first, second, third, fourth] = state;
    [first.wrapping_add(a), second.wrapping_add(b), third.wrapping_add(c), fourth.wrapping_add(d)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test suite of RFC 1321, and lengths around the end of a block.
    #[test]
    fn digests_are_those_of_the_standard() {
        for (text, digest) in [
            (String::new(), "D41D8CD98F00B204E9800998ECF8427E"),
            ("a".to_owned(), "0CC175B9C0F1B6A831C399E269772661"),
            ("message digest".to_owned(), "F96B697D7CB7938D525A2F31AAF161D0"),
            ("1234567890".repeat(8), "57EDF4A22BE3C955AC49DA2E2107B67A"),
            ("a".repeat(55), "EF1772B6DFF9A122358552954AD0DF65"),
            ("a".repeat(56), "3B0C8AC703F828B04C6C197006D17218"),
            ("a".repeat(64), "014842D480B571495A4A0363793F7367"),
        ] {
            assert_eq!(hexadecimal(text.as_bytes()), digest, "{text}");
        }
    }
}
