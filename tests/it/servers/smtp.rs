//! A small SMTP client (RFC 5321) that waits for each reply and can have any address.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use super::{DOMAIN, MX_V6, login};
use crate::mail;

/// Longer than any deadline of a server here, so that a hanging test ends with an error.
const PATIENCE: Duration = Duration::from_secs(320);

/// What a server answered: the code and all lines of text, joined by line feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) text: String,
}

impl Reply {
    /// 2xx or 3xx.
    pub(crate) fn is_positive(&self) -> bool {
        self.code < 400
    }

    /// The `(ref XXXX-XXXX)` that ends every answer of the filter.
    pub(crate) fn reference(&self) -> Option<&str> {
        let (_, reference) = self.text.rsplit_once("(ref ")?;
        reference.strip_suffix(')')
    }
}

/// How far a delivery came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Connect,
    Helo,
    Login,
    Mail,
    Rcpt,
    Data,
    /// The end of the message.
    Message,
}

/// An open session.
pub(crate) struct Smtp {
    stream: BufReader<TcpStream>,
    greeting: Reply,
}

impl Smtp {
    /// Connects from `source` and reads the greeting.
    pub(crate) fn connect(server: SocketAddr, source: IpAddr) -> io::Result<Self> {
        let stream = connect_from(server, source)?;
        let mut smtp = Self {
            stream: BufReader::new(stream),
            greeting: Reply { code: 0, text: String::new() },
        };
        smtp.greeting = smtp.reply()?;
        Ok(smtp)
    }

    /// Sends one line and reads the reply.
    pub(crate) fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.send(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// AUTH PLAIN (RFC 4616) as the one user there is.
    pub(crate) fn login(&mut self) -> io::Result<Reply> {
        let secret = format!("\0{}@{DOMAIN}\0{}", login::USER, login::PASSWORD);
        self.command(&format!("AUTH PLAIN {}", mail::base64(secret.as_bytes())))
    }

    /// The message after `DATA` was answered 354: CRLF line ends, dots doubled, final dot.
    pub(crate) fn message(&mut self, message: &[u8]) -> io::Result<Reply> {
        self.send(&dot_stuffed(message))?;
        self.reply()
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Reads one reply, however many lines it has.
    pub(crate) fn reply(&mut self) -> io::Result<Reply> {
        let mut text = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code = code.ok_or_else(|| io::Error::other(format!("not a reply: {line:?}")))?;
            text.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, text: text.join("\n") });
            }
        }
    }
}

/// One message on its way from one client.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) client: IpAddr,
    pub(crate) helo: String,
    pub(crate) login: bool,
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) message: Vec<u8>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The stage of the first reply that stopped it, or `Message`.
    pub(crate) stage: Stage,
    /// That reply.
    pub(crate) reply: Reply,
    /// The replies to the recipients tried, in order.
    pub(crate) recipients: Vec<Reply>,
}

impl Delivery {
    /// From a stranger to one user of the domain.
    pub(crate) fn new(client: &str, user: &str, message: impl Into<Vec<u8>>) -> Self {
        Self {
            client: client.parse().unwrap(),
            helo: "client.example.org".into(),
            login: false,
            sender: "sender@example.org".into(),
            recipients: vec![format!("{user}@{DOMAIN}")],
            message: message.into(),
        }
    }

    /// Connects and sends it, unless a reply says no first.
    pub(crate) fn attempt(&self, server: SocketAddr) -> io::Result<Outcome> {
        let mut smtp = Smtp::connect(server, self.client)?;
        let outcome = self.attempt_in(&mut smtp)?;
        // After a 421 the server has hung up already.
        let _ = smtp.command("QUIT");
        Ok(outcome)
    }

    /// As the only message of a session that has been greeted.
    fn attempt_in(&self, smtp: &mut Smtp) -> io::Result<Outcome> {
        let stop = |stage, reply| Ok(Outcome { stage, reply, recipients: Vec::new() });
        if !smtp.greeting.is_positive() {
            return stop(Stage::Connect, smtp.greeting.clone());
        }
        let reply = smtp.command(&format!("EHLO {}", self.helo))?;
        if !reply.is_positive() {
            return stop(Stage::Helo, reply);
        }
        if self.login {
            let reply = smtp.login()?;
            if !reply.is_positive() {
                return stop(Stage::Login, reply);
            }
        }
        self.transaction(smtp)
    }

    /// MAIL to the end of the message, in a session that has said EHLO.
    pub(crate) fn transaction(&self, smtp: &mut Smtp) -> io::Result<Outcome> {
        let reply = smtp.command(&format!("MAIL FROM:<{}>", self.sender))?;
        if !reply.is_positive() {
            return Ok(Outcome { stage: Stage::Mail, reply, recipients: Vec::new() });
        }
        let mut recipients = Vec::new();
        for recipient in &self.recipients {
            recipients.push(smtp.command(&format!("RCPT TO:<{recipient}>"))?);
        }
        if let Some(refused) = all_refused(&recipients) {
            return Ok(Outcome { stage: Stage::Rcpt, reply: refused, recipients });
        }
        let reply = smtp.command("DATA")?;
        if reply.code != 354 {
            return Ok(Outcome { stage: Stage::Data, reply, recipients });
        }
        let reply = smtp.message(&self.message)?;
        Ok(Outcome { stage: Stage::Message, reply, recipients })
    }
}

/// The last refusal, where nobody is left to deliver to.
fn all_refused(replies: &[Reply]) -> Option<Reply> {
    replies.iter().all(|reply| !reply.is_positive()).then(|| replies.last().unwrap().clone())
}

/// Whether an SMTP server answers there.
pub(crate) fn greets(server: SocketAddr) -> bool {
    let Ok(mut smtp) = Smtp::connect(server, Ipv4Addr::LOCALHOST.into()) else { return false };
    let _ = smtp.command("QUIT");
    true
}

/// A TCP connection with a source address of one's choice.
fn connect_from(server: SocketAddr, source: IpAddr) -> io::Result<TcpStream> {
    let server = match (server, source) {
        // Same family as the source; the servers listen on all addresses.
        (SocketAddr::V4(v4), IpAddr::V6(_)) => (MX_V6.parse::<IpAddr>().unwrap(), v4.port()).into(),
        _ => server,
    };
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(source, 0).into())?;
    socket.connect(&server.into())?;
    socket.set_tcp_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket.into())
}

/// What goes over the wire for a message: bare line feeds become CRLF, a leading dot is doubled.
fn dot_stuffed(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(message.len() + message.len() / 50 + 5);
    let body = message.strip_suffix(b"\n").unwrap_or(message);
    for line in body.split(|&byte| byte == b'\n') {
        if line.first() == Some(&b'.') {
            wire.push(b'.');
        }
        wire.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}
