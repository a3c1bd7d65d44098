//! A connection to clamd that lets clamd have the last word.
//!
//! Over its size limit clamd answers and hangs up while data is still being sent. The client
//! library would stop at the broken pipe and never read why. So writes into a closed connection
//! count as done, and what can still be read decides; nothing to read is no answer, hence an
//! error, hence never "clean".

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use clamav_client::tokio::TransportProtocol;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::endpoint::Endpoint;

/// How long a scanner may take to accept a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// Replies are one line; what is longer is none.
const REPLY_MOST: usize = 4_096;

/// One socket, ready to be connected to, once.
pub(super) struct Dial<'a> {
    address: &'a Endpoint,
    connected: AtomicBool,
}

impl<'a> Dial<'a> {
    pub(super) fn new(address: &'a Endpoint) -> Self {
        Self { address, connected: AtomicBool::new(false) }
    }

    /// Whether somebody accepted the connection.
    pub(super) fn connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }
}

impl TransportProtocol for Dial<'_> {
    type Stream = Connection;

    async fn connect(&self) -> io::Result<Connection> {
        let stream: Box<dyn Stream> = match self.address {
            Endpoint::Unix(path) => Box::new(timeout(CONNECT, UnixStream::connect(path)).await??),
            Endpoint::Inet { host, port } => {
                let stream = timeout(CONNECT, TcpStream::connect((host.as_str(), *port))).await??;
                // Chunks go out as a small write and a large one: the large must not wait.
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        };
        self.connected.store(true, Ordering::Relaxed);
        Ok(Connection { stream, closed: false, room: REPLY_MOST })
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// See the module.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    closed: bool,
    room: usize,
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.closed {
            return Poll::Ready(Ok(bytes.len()));
        }
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(Err(error)) if is_hang_up(&error) => {
                self.closed = true;
                Poll::Ready(Ok(bytes.len()))
            }
            other => other,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closed {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.room == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read = buffer.filled().len().saturating_sub(before);
        self.room = self.room.saturating_sub(read);
        match polled {
            // The end: the reply's own last byte says whether it is whole.
            Poll::Ready(Err(error)) if is_hang_up(&error) => Poll::Ready(Ok(())),
            other => other,
        }
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
