//! Mailbox files (RFC 4155).

use std::{
    io::{self, BufRead},
    mem,
};

use mail_parser::mailbox::mbox::MessageIterator;

/// The messages of an mbox file, without their `From ` lines and with quoted `>From ` restored, read
/// one at a time. An error of the file is the last that comes.
pub fn mbox<R: BufRead>(file: R) -> impl Iterator<Item = io::Result<Vec<u8>>> + use<R> {
    let mut broken = false;
    MessageIterator::new(file)
        .map(|message| message.map(|message| message.unwrap_contents()))
        .take_while(move |message| !mem::replace(&mut broken, message.is_err()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_without_their_from_lines() {
        let file = b"From a@b Thu Jan  1 00:00:00 2026\nSubject: 1\n\n>From here\n\n\
                     From c@d Thu Jan  1 00:00:00 2026\nSubject: 2\n\nx\n";
        let messages: Vec<String> =
            mbox(&file[..]).map(|raw| String::from_utf8(raw.unwrap()).unwrap()).collect();
        assert_eq!(messages.len(), 2);
        assert!(messages[0].starts_with("Subject: 1\n\nFrom here"), "{}", messages[0]);
        assert!(messages[1].starts_with("Subject: 2"), "{}", messages[1]);
    }

    #[test]
    fn an_error_is_told_once() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let file = io::Read::chain(&b"From a@b\nSubject: 1\n\nx\n"[..], io::BufReader::new(Broken));
        let read: Vec<_> = mbox(file).collect();
        assert!(matches!(read.as_slice(), [Err(_)]), "{read:?}");
    }
}
