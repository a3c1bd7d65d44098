//! Which message it is, whatever form it comes in.
//!
//! Covered: Message-ID, Date and body; nothing that servers and mailboxes add, change or take away
//! on the way. The body is read with LF as line end, without the quoting of mbox files (any number
//! of `>` before `From `) and without blank lines at its end.

use sha2::{Digest as _, Sha256};

use crate::mail::Message;

/// How much of a body is looked at, in bytes. What is longer and differs only behind that, under
/// the same Message-ID and Date, is the same message; so a message that was cut at the scan limit
/// is the same as the whole of it.
const MOST: usize = 256 * 1024;

/// The digest of a message: the beginning of a SHA-256.
pub fn digest(message: &Message) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for name in ["message-id", "date"] {
        let value = message.headers().first(name).unwrap_or_default();
        let words = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        hasher.update(u64::try_from(words.len()).unwrap_or(0).to_le_bytes());
        hasher.update(words);
    }
    let body = message.parts().first().map_or(0..0, |part| part.raw_body.clone());
    hash_body(&mut hasher, message.raw().get(body).unwrap_or_default());
    let digest: [u8; 32] = hasher.finalize().into();
    let (&beginning, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    beginning
}

fn hash_body(hasher: &mut Sha256, body: &[u8]) {
    let mut room = MOST;
    // Blank lines count only once something follows.
    let mut blank_lines = 0;
    for line in body.split(|&byte| byte == b'\n') {
        let line = without_quoting(line.trim_ascii_end());
        if line.is_empty() {
            blank_lines += 1;
            continue;
        }
        // The room is counted in what is hashed, so that line ends make no difference to it.
        if blank_lines >= room {
            return;
        }
        (0..blank_lines).for_each(|_| hasher.update(b"\n"));
        room -= blank_lines;
        blank_lines = 0;
        let line = line.get(..room).unwrap_or(line);
        hasher.update(line);
        hasher.update(b"\n");
        room = room.saturating_sub(line.len() + 1);
    }
}

/// Takes off what mbox files put before a line that begins with `From `.
fn without_quoting(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|&&byte| byte == b'>').count();
    line.get(marks..).filter(|rest| rest.starts_with(b"From ")).unwrap_or(line)
}
