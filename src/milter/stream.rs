//! Accepted connections.
//!
//! Postfix writes a macro packet and a command packet one after the other with Nagle's algorithm
//! on, so the second waits until the first is acknowledged; a delayed acknowledgement costs 40 ms
//! each time. So we ask the kernel to acknowledge at once, again after every read, because the
//! flag does not last (tcp(7), TCP_QUICKACK).

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::future::BoxFuture;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};
use tracing::error;

use super::untag::Untag;
use crate::{listen::Socket, metrics};

/// How long to wait after an accept() that failed, as it does when file descriptors run out.
const BACK_OFF: Duration = Duration::from_millis(100);
/// How long a connection may stay before it has said anything. MTAs negotiate at once; whoever does
/// not must not keep their places.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// Accepts connections until `stop` completes; an error never ends it. Connections beyond
/// `places` are closed at once.
pub(super) struct Listener {
    socket: Option<Socket>,
    places: Arc<Semaphore>,
    stop: BoxFuture<'static, ()>,
    resting: Option<Pin<Box<Sleep>>>,
}

impl Listener {
    pub(super) fn new(
        socket: Socket,
        places: Arc<Semaphore>,
        stop: BoxFuture<'static, ()>,
    ) -> Self {
        Self { socket: Some(socket), places, stop, resting: None }
    }

    fn poll_socket(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Io>> {
        match &self.socket {
            None => Poll::Pending,
            Some(Socket::Tcp(listener)) => {
                let (stream, _) = ready!(listener.poll_accept(cx))?;
                stream.set_nodelay(true)?;
                acknowledge_at_once(&stream);
                Poll::Ready(Ok(Io::Tcp(stream)))
            }
            Some(Socket::Unix(listener)) => {
                Poll::Ready(ready!(listener.poll_accept(cx)).map(|(stream, _)| Io::Unix(stream)))
            }
        }
    }

    /// Ready when no rest is due.
    fn poll_rested(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(rest) = &mut self.resting {
            ready!(rest.as_mut().poll(cx));
            self.resting = None;
        }
        Poll::Ready(())
    }
}

impl indymilter::Listener for Listener {
    type Io = Stream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Io>> {
        if self.socket.is_some() && self.stop.as_mut().poll(cx).is_ready() {
            self.socket = None;
        }
        loop {
            ready!(self.poll_rested(cx));
            match ready!(self.poll_socket(cx)) {
                Ok(io) => {
                    let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                        metrics::turned_away("connections");
                        continue;
                    };
                    return Poll::Ready(Ok(Stream::new(io, place)));
                }
                Err(error) => {
                    error!(%error, "a milter connection could not be accepted");
                    self.resting = Some(Box::pin(sleep(BACK_OFF)));
                }
            }
        }
    }
}

enum Io {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Io {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => {
                ready!(Pin::new(&mut *stream).poll_read(cx, buffer))?;
                acknowledge_at_once(stream);
                Poll::Ready(Ok(()))
            }
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

/// One connection with its place among those allowed.
pub(super) struct Stream {
    io: Io,
    untag: Untag,
    /// Read and untagged, not yet asked for.
    ready: VecDeque<u8>,
    /// Runs until the first packet is complete.
    first_word: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Stream {
    fn new(io: Io, place: OwnedSemaphorePermit) -> Self {
        metrics::connections(1);
        let first_word = Some(Box::pin(sleep(FIRST_WORD)));
        Self { io, untag: Untag::default(), ready: VecDeque::new(), first_word, _place: place }
    }

    /// Fails when the connection has stayed silent for too long.
    fn poll_first_word(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.untag.has_begun() {
            self.first_word = None;
        }
        let Some(limit) = &mut self.first_word else { return Ok(()) };
        if limit.as_mut().poll(cx).is_ready() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        metrics::connections(-1);
    }
}

/// Best effort: without it the answers are late, not wrong.
fn acknowledge_at_once(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_tcp_quickack(true);
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if stream.untag.is_done() && stream.ready.is_empty() {
            return stream.io.poll_read(cx, buffer);
        }
        stream.poll_first_word(cx)?;
        while stream.ready.is_empty() {
            let mut bytes = [0; 1_024];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(stream.io.poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            stream.ready.extend(stream.untag.feed(read.filled()));
        }
        let count = stream.ready.len().min(buffer.remaining());
        let bytes: Vec<u8> = stream.ready.drain(..count).collect();
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().io {
            Io::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Io::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Io::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
