//! A small IMAP client (RFC 9051): commands as a test writes them, answers as lines.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// An open session.
pub(crate) struct Imap {
    stream: BufReader<TcpStream>,
    tag: usize,
}

impl Imap {
    /// Connects and logs in.
    pub(crate) fn login(server: SocketAddr, user: &str, password: &str) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut imap = Self { stream: BufReader::new(stream), tag: 0 };
        let greeting = imap.line();
        assert!(greeting.starts_with("* OK"), "{greeting}");
        imap.command(&format!("LOGIN {user} {password:?}"));
        imap
    }

    /// Sends a command, which must succeed, and returns the untagged lines of the answer.
    pub(crate) fn command(&mut self, command: &str) -> Vec<String> {
        let tag = self.next_tag();
        self.send(format!("{tag} {command}\r\n").as_bytes());
        self.answer(&tag)
    }

    /// APPEND: puts a message into a mailbox.
    pub(crate) fn append(&mut self, mailbox: &str, message: &[u8]) {
        let tag = self.next_tag();
        self.send(format!("{tag} APPEND {mailbox} {{{}}}\r\n", message.len()).as_bytes());
        let line = self.line();
        assert!(line.starts_with('+'), "{line}");
        self.send(message);
        self.send(b"\r\n");
        self.answer(&tag);
    }

    /// How many messages a mailbox has.
    pub(crate) fn count(&mut self, mailbox: &str) -> usize {
        let lines = self.command(&format!("STATUS {mailbox} (MESSAGES)"));
        let line = lines.iter().find(|line| line.starts_with("* STATUS")).unwrap();
        let (_, count) = line.rsplit_once("MESSAGES ").unwrap();
        count.trim_end_matches(')').parse().unwrap()
    }

    fn next_tag(&mut self) -> String {
        self.tag += 1;
        format!("t{}", self.tag)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    fn answer(&mut self, tag: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            match line.strip_prefix(tag) {
                Some(ended) if ended.starts_with(" OK") => return lines,
                Some(ended) => panic!("refused:{ended} after {lines:?}"),
                None => lines.push(line),
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.stream.by_ref().take(1 << 16).read_until(b'\n', &mut line).unwrap();
        assert!(line.ends_with(b"\n"), "the server hung up: {}", String::from_utf8_lossy(&line));
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }
}
