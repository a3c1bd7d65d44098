//! Mailbox files (RFC 4155).

use mail_parser::mailbox::mbox::MessageIterator;

/// The messages of an mbox file, without their `From ` lines and with quoted `>From ` restored.
pub fn mbox(file: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    MessageIterator::new(file).map_while(Result::ok).map(|message| message.unwrap_contents())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_without_their_from_lines() {
        let file = b"From a@b Thu Jan  1 00:00:00 2026\nSubject: 1\n\n>From here\n\n\
                     From c@d Thu Jan  1 00:00:00 2026\nSubject: 2\n\nx\n";
        let messages: Vec<String> = mbox(file).map(|raw| String::from_utf8(raw).unwrap()).collect();
        assert_eq!(messages.len(), 2);
        assert!(messages[0].starts_with("Subject: 1\n\nFrom here"), "{}", messages[0]);
        assert!(messages[1].starts_with("Subject: 2"), "{}", messages[1]);
    }
}
