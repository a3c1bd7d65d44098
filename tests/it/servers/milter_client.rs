//! The MTA's side of the milter protocol, by hand: it can say what no MTA would.
//!
//! Packet: four bytes of length, one of command, data. It offers none of the "do not answer"
//! options and none of the "do not send" ones, so every command has exactly one reply.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Everything a filter may change.
const ACTIONS: u32 = 0x1ff;
/// SKIP, replies to refused recipients, leading space in headers.
const OPTIONS: u32 = 0x400 | 0x800 | 0x10_0000;
/// Longer than any deadline here: a hang becomes an error.
const PATIENCE: Duration = Duration::from_secs(120);

/// The reply that ends a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Continue,
    Accept,
    Reject,
    Tempfail,
    Discard,
    Skip,
    /// The SMTP reply to give, such as `550 5.7.1 …`.
    Text(String),
}

/// A connection to a filter.
pub(crate) struct MilterClient {
    stream: TcpStream,
    /// Header changes and the like that came before replies: command byte and data.
    pub(crate) changes: Vec<(u8, Vec<u8>)>,
}

impl MilterClient {
    /// Connects and negotiates.
    pub(crate) fn connect(filter: SocketAddr) -> io::Result<Self> {
        let mut client = Self::connect_only(filter)?;
        client.negotiate()?;
        Ok(client)
    }

    /// Connects and says nothing.
    pub(crate) fn connect_only(filter: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(filter)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, changes: Vec::new() })
    }

    /// Offers everything an MTA of today has, apart from the options named above.
    fn negotiate(&mut self) -> io::Result<()> {
        let offer = [6u32.to_be_bytes(), ACTIONS.to_be_bytes(), OPTIONS.to_be_bytes()].concat();
        self.send(b'O', &offer)?;
        self.answer_to_offer()
    }

    /// The filter's side of the negotiation, after an offer was sent.
    pub(crate) fn answer_to_offer(&mut self) -> io::Result<()> {
        match self.receive()? {
            (b'O', _) => Ok(()),
            (other, _) => Err(unexpected(other)),
        }
    }

    /// Connection, HELO and envelope of a usual message from `client` (IPv4).
    pub(crate) fn open(&mut self, client: &str, recipient: &str) -> io::Result<Reply> {
        self.connection(client)?;
        self.envelope("sender@example.org", &[recipient])
    }

    /// CONNECT and HELO.
    pub(crate) fn connection(&mut self, client: &str) -> io::Result<Reply> {
        self.macros(b'C', &[("j", "mx.example.test"), ("{client_addr}", client)])?;
        let port = 12_345u16.to_be_bytes();
        let connection = [b"unknown\0" as &[u8], b"4", &port, client.as_bytes(), b"\0"].concat();
        self.command(b'C', &connection)?;
        self.command(b'H', b"client.example.org\0")
    }

    /// MAIL, RCPTs and DATA; the reply to the last of them, or the first that is not `Continue`.
    pub(crate) fn envelope(&mut self, sender: &str, recipients: &[&str]) -> io::Result<Reply> {
        self.envelope_of(None, sender, recipients)
    }

    /// The same, of a client that has logged in if there is a name.
    pub(crate) fn envelope_of(
        &mut self,
        login: Option<&str>,
        sender: &str,
        recipients: &[&str],
    ) -> io::Result<Reply> {
        let mut macros = vec![("{mail_addr}", sender)];
        macros.extend(login.map(|login| ("{auth_authen}", login)));
        self.macros(b'M', &macros)?;
        let mut reply = self.command(b'M', format!("<{sender}>\0").as_bytes())?;
        for recipient in recipients {
            if reply != Reply::Continue {
                return Ok(reply);
            }
            self.macros(b'R', &[("{rcpt_addr}", recipient)])?;
            reply = self.command(b'R', format!("<{recipient}>\0").as_bytes())?;
        }
        if reply != Reply::Continue {
            return Ok(reply);
        }
        self.macros(b'T', &[("i", "4XQUEUEID")])?;
        self.command(b'T', b"")
    }

    /// One header field as Postfix sends it, with the space after the colon.
    pub(crate) fn header(&mut self, name: &[u8], value: &[u8]) -> io::Result<Reply> {
        self.command(b'L', &[name, b"\0", value, b"\0"].concat())
    }

    /// Header fields and body of a whole message in RFC 5322 form with CRLF; the final reply.
    pub(crate) fn message(&mut self, message: &[u8]) -> io::Result<Reply> {
        let end = message.windows(4).position(|four| four == b"\r\n\r\n").expect("an empty line");
        for (name, value) in fields(&message[..end]) {
            self.header(name, value)?;
        }
        self.command(b'N', b"")?;
        self.body(&message[end + 4..])?;
        self.end()
    }

    /// Body chunks as large as Postfix's, until the filter has seen enough.
    pub(crate) fn body(&mut self, body: &[u8]) -> io::Result<Reply> {
        for chunk in body.chunks(65_535) {
            let reply = self.command(b'B', chunk)?;
            if reply != Reply::Continue {
                return Ok(reply);
            }
        }
        Ok(Reply::Continue)
    }

    /// End of message: the verdict.
    pub(crate) fn end(&mut self) -> io::Result<Reply> {
        self.macros(b'E', &[("i", "4XQUEUEID")])?;
        self.command(b'E', b"")
    }

    /// Forget this message; has no reply.
    pub(crate) fn abort(&mut self) -> io::Result<()> {
        self.send(b'A', b"")
    }

    /// A command and its reply; changes that come first are kept.
    pub(crate) fn command(&mut self, command: u8, data: &[u8]) -> io::Result<Reply> {
        self.send(command, data)?;
        loop {
            let (kind, data) = self.receive()?;
            return Ok(match kind {
                b'c' => Reply::Continue,
                b'a' => Reply::Accept,
                b'r' => Reply::Reject,
                b't' => Reply::Tempfail,
                b'd' => Reply::Discard,
                b's' => Reply::Skip,
                b'y' => Reply::Text(text(&data)),
                // Progress: still working.
                b'p' => continue,
                b'h' | b'i' | b'm' | b'q' | b'b' | b'+' | b'-' | b'2' | b'e' => {
                    self.changes.push((kind, data));
                    continue;
                }
                other => return Err(unexpected(other)),
            });
        }
    }

    /// Macros for the next command of that kind; have no reply.
    pub(crate) fn macros(&mut self, stage: u8, values: &[(&str, &str)]) -> io::Result<()> {
        let mut data = vec![stage];
        for (name, value) in values {
            data.extend_from_slice(format!("{name}\0{value}\0").as_bytes());
        }
        self.send(b'D', &data)
    }

    /// One packet.
    pub(crate) fn send(&mut self, command: u8, data: &[u8]) -> io::Result<()> {
        let length = u32::try_from(data.len() + 1).unwrap().to_be_bytes();
        self.raw(&[&length, &[command][..], data].concat())
    }

    /// Bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The kinds of all packets until the connection is closed.
    pub(crate) fn replies_to_the_end(&mut self) -> Vec<u8> {
        let mut kinds = Vec::new();
        while let Ok((kind, _)) = self.receive() {
            kinds.push(kind);
        }
        kinds
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut packet = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut packet)?;
        match packet.split_first() {
            Some((&kind, data)) => Ok((kind, data.to_vec())),
            None => Err(io::Error::other("an empty packet")),
        }
    }
}

/// Splits a header block into names and values, folded lines kept with their field.
fn fields(block: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut fields = Vec::new();
    let mut start = 0;
    while start < block.len() {
        let mut end = start;
        loop {
            end = block[end..]
                .windows(2)
                .position(|two| two == b"\r\n")
                .map_or(block.len(), |at| end + at);
            if !matches!(block.get(end + 2), Some(b' ' | b'\t')) {
                break;
            }
            end += 2;
        }
        let field = &block[start..end];
        let colon = field.iter().position(|&byte| byte == b':').expect("a field has a colon");
        fields.push((&field[..colon], &field[colon + 1..]));
        start = end + 2;
    }
    fields
}

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).trim_end_matches('\0').to_owned()
}

fn unexpected(command: u8) -> io::Error {
    io::Error::other(format!("unexpected packet {:?}", char::from(command)))
}
