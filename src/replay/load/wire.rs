//! A stream to a milter: packets of a length, a command and data; no packet is longer than 1 MiB.

use std::{io, time::Duration};

use indymilter::message::{
    self, Message,
    command::CommandKind,
    reply::{ParseReplyError, Reply},
};
use socket2::SockRef;
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::endpoint::Endpoint;

/// So much is collected before it is written, where no answer is waited for.
const FULL: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// No connection came about.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// It was lost.
    #[error("the connection was lost")]
    Lost(#[source] io::Error),
    /// Nothing came in time.
    #[error("no answer in {} seconds", .0.as_secs_f64())]
    Late(Duration),
    /// What came is not of the protocol.
    #[error("the answer is not understood")]
    Garbled(#[source] ParseReplyError),
    /// What came does not belong there.
    #[error("an answer that does not belong there: {0}")]
    Misplaced(String),
}

enum Stream {
    Tcp(BufReader<TcpStream>),
    Unix(BufReader<UnixStream>),
}

/// One connection.
pub(super) struct Wire {
    stream: Stream,
    /// What is to be written next.
    out: Vec<u8>,
    patience: Duration,
}

impl Wire {
    /// Connects. `patience` is the longest wait for anything.
    pub(super) async fn connect(milter: &Endpoint, patience: Duration) -> Result<Self, WireError> {
        let connected = async {
            Ok(match milter {
                Endpoint::Inet { host, port } => {
                    let stream = TcpStream::connect((host.as_str(), *port)).await?;
                    stream.set_nodelay(true)?;
                    Stream::Tcp(BufReader::new(stream))
                }
                Endpoint::Unix(path) => {
                    Stream::Unix(BufReader::new(UnixStream::connect(path).await?))
                }
            })
        };
        let stream = timeout(patience, connected).await.map_err(|_| WireError::Late(patience))?;
        Ok(Self { stream: stream.map_err(WireError::Connect)?, out: Vec::new(), patience })
    }

    /// Adds a packet to what is written next.
    pub(super) fn put(&mut self, command: CommandKind, data: &[&[u8]]) {
        let length: usize = data.iter().map(|piece| piece.len()).sum();
        let length = u32::try_from(length + 1).unwrap_or(u32::MAX);
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.push(command.into());
        for piece in data {
            self.out.extend_from_slice(piece);
        }
    }

    /// Writes if much has come together.
    pub(super) async fn flush_if_full(&mut self) -> Result<(), WireError> {
        if self.out.len() < FULL { Ok(()) } else { self.flush().await }
    }

    /// Writes everything.
    pub(super) async fn flush(&mut self) -> Result<(), WireError> {
        let Self { stream, out, patience } = self;
        let written = async {
            match stream {
                Stream::Tcp(stream) => stream.get_mut().write_all(out).await,
                Stream::Unix(stream) => stream.get_mut().write_all(out).await,
            }
        };
        timeout(*patience, written)
            .await
            .map_err(|_| WireError::Late(*patience))?
            .map_err(WireError::Lost)?;
        self.out.clear();
        Ok(())
    }

    /// The next answer.
    pub(super) async fn answer(&mut self) -> Result<Reply, WireError> {
        let read = timeout(self.patience, self.read()).await;
        let message = read.map_err(|_| WireError::Late(self.patience))?.map_err(WireError::Lost)?;
        Reply::parse_reply(message).map_err(WireError::Garbled)
    }

    /// Acknowledges at once: a milter that writes in small pieces must not wait for us, or it is
    /// the network that is measured. The flag does not last (tcp(7)); without it answers are late.
    async fn read(&mut self) -> io::Result<Message> {
        match &mut self.stream {
            Stream::Tcp(stream) => {
                let _ = SockRef::from(stream.get_ref()).set_tcp_quickack(true);
                message::read(stream).await
            }
            Stream::Unix(stream) => message::read(stream).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::{io::AsyncReadExt, net::TcpListener};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// What a client that got `bytes` and then the end of the stream makes of it.
    fn answers(bytes: &[u8]) -> Vec<Result<Reply, WireError>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let milter = Endpoint::from(listener.local_addr().unwrap());
            let mut wire = Wire::connect(&milter, PATIENCE).await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(bytes).await.unwrap();
            drop(stream);
            let mut answers = Vec::new();
            loop {
                answers.push(wire.answer().await);
                if matches!(answers.last(), Some(Err(WireError::Lost(_)))) {
                    return answers;
                }
            }
        })
    }

    #[test]
    fn packets_carry_their_length() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let milter = Endpoint::from(listener.local_addr().unwrap());
            let mut wire = Wire::connect(&milter, PATIENCE).await.unwrap();
            wire.put(CommandKind::Helo, &[b"a", b"\0"]);
            wire.put(CommandKind::Abort, &[]);
            wire.flush().await.unwrap();
            drop(wire);
            let mut read = Vec::new();
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, b"\0\0\0\x03Ha\0\0\0\0\x01A");
        });
    }

    #[test]
    fn answers_that_are_none() {
        let read = answers(b"\0\0\0\x01c\0\0\0\x02?x\0\0\0\x03hab\0\0\0\0");
        assert!(matches!(read[0], Ok(Reply::Continue)), "{read:?}");
        assert!(matches!(read[1], Err(WireError::Garbled(_))), "{read:?}");
        assert!(matches!(read[2], Err(WireError::Garbled(_))), "{read:?}");
        assert!(matches!(read[3], Err(WireError::Lost(_))), "{read:?}");
        let read = answers(b"\xff\xff\xff\xffc");
        assert!(matches!(read[..], [Err(WireError::Lost(_))]), "a packet of 4 GiB: {read:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            answers(&bytes);
        }

        #[test]
        fn no_packet_is_a_panic(
            kind in any::<u8>(),
            data in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..32),
        ) {
            let length = u32::try_from(data.len() + 1).unwrap().to_be_bytes();
            answers(&[&length[..], &[kind], &data].concat());
        }
    }
}
