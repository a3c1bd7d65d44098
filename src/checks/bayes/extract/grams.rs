//! Byte n-grams: four bytes in a row, of the header and of the body as they were sent.

use super::header::is_left_out;
use crate::mail::Message;

/// How many bytes are read of the header and of the body.
const HEADER_BYTES: usize = 1_500;
const BODY_BYTES: usize = 2_500;

/// Slots are numbers of this many bits.
pub(in super::super) const SLOT_BITS: u32 = 20;

/// The n-grams of a message as slots, ascending, each once.
pub(in super::super) fn grams(message: &Message) -> Vec<u32> {
    let raw = message.raw();
    let mut head = Vec::with_capacity(HEADER_BYTES);
    for field in &message.headers().fields {
        let name = field.name.to_ascii_lowercase();
        let is_trace =
            matches!(name.as_str(), "received" | "dkim-signature" | "domainkey-signature");
        if is_trace || is_left_out(&name) || head.len() >= HEADER_BYTES {
            continue;
        }
        head.extend_from_slice(raw.get(field.field.clone()).unwrap_or_default());
    }
    head.truncate(HEADER_BYTES);
    let body = message.parts().first().map_or(0..0, |part| part.raw_body.clone());
    let body = raw.get(body).unwrap_or_default();
    let body = body.get(..BODY_BYTES).unwrap_or(body);
    let mut slots = Vec::with_capacity(head.len() + body.len());
    add(&mut slots, &head, 0);
    add(&mut slots, body, 0);
    slots.sort_unstable();
    slots.dedup();
    slots
}

fn add(slots: &mut Vec<u32>, bytes: &[u8], salt: u32) {
    let mut window = salt;
    for (at, &byte) in bytes.iter().filter(|&&byte| byte != b'\r').enumerate() {
        window = (window << 8) | u32::from(byte);
        if at >= 3 {
            slots.push((window ^ salt).wrapping_mul(0x9e37_79b1) >> (32 - SLOT_BITS));
        }
    }
}
