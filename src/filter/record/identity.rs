//! Which message it is, and what has been put on top of it since.

use sha2::{Digest as _, Sha256};

use crate::{
    checks::bayes,
    mail::{HeaderBlock, Message},
    verdict::Identity,
};

/// The identity of a message as it came.
pub fn identity(message: &Message) -> Identity {
    Identity {
        digest: bayes::digest(message),
        first_field: message.headers().fields.first().map_or(0, hash),
        bytes: u64::try_from(message.raw().len()).unwrap_or(u64::MAX),
    }
}

/// The message as it came: servers and mailboxes put header fields on top of those it had, which
/// are taken off again. A message whose first field is gone stays as it is.
pub fn as_it_came(raw: Vec<u8>, identity: &Identity) -> Vec<u8> {
    let headers = HeaderBlock::parse(&raw);
    let first = headers.fields.iter().find(|field| hash(field) == identity.first_field);
    match first.and_then(|field| raw.get(field.field.start..)) {
        Some(rest) if rest.len() < raw.len() => rest.to_vec(),
        _ => raw,
    }
}

/// A hash of a field, in whatever way it is folded.
fn hash(field: &crate::mail::Header) -> u32 {
    let mut hasher = Sha256::new();
    hasher.update(field.name.to_ascii_lowercase());
    for word in field.decoded.split_ascii_whitespace() {
        hasher.update(b" ");
        hasher.update(word);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let (&first, _) = digest.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    u32::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAME: &str = "Received: from a.example\r\n\tby mx.example\r\nSubject: x\r\n\r\nHello\r\n";

    #[test]
    fn what_was_put_on_top_is_taken_off() {
        let known = identity(&Message::parse(CAME.into()));
        for (on_top, rest) in [
            ("", CAME),
            ("Return-Path: <a@example.org>\nReceived: by mailbox\n", CAME),
            ("", "Subject: x\r\n\r\nHello\r\n"),
        ] {
            let kept = format!("{on_top}{rest}").into_bytes();
            assert_eq!(as_it_came(kept, &known), rest.as_bytes(), "{on_top}");
        }
        let folded = CAME.replace("\r\n", "\n");
        let kept = format!("X-Spam: Yes\n{folded}").into_bytes();
        assert_eq!(as_it_came(kept, &known), folded.as_bytes());
    }
}
