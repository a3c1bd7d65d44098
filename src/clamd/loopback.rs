//! A clamd on loopback for unit tests, with good and bad manners.

use clamav_client::PONG;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::endpoint::Endpoint;

/// What the clamd on loopback does with a scan.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Reads it all, then says this.
    Says(&'static [u8]),
    /// Finds `Test.Needle` in what contains this, and nothing in anything else.
    Finds(&'static [u8]),
    /// Says this after the first chunk, and hangs up.
    HangsUp(&'static [u8]),
    /// Reads and never answers; PING neither.
    Dead,
    /// Answers scans, but never PING.
    DeafToPing,
    /// Never answers a scan, but answers PING.
    Slow,
}

pub(crate) async fn clamd(manner: Manner) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner));
        }
    });
    Endpoint::from(address)
}

pub(crate) async fn serve(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, manner: Manner) {
    let reply = match &command(&mut stream).await[..] {
        _ if matches!(manner, Manner::Dead) => None,
        b"zPING" if matches!(manner, Manner::DeafToPing) => None,
        b"zPING" => Some(&PONG[..]),
        b"zVERSION" => Some(&b"ClamAV 1.0/1/today\0"[..]),
        _ => scan(&mut stream, manner).await,
    };
    match reply {
        Some(reply) => stream.write_all(reply).await.unwrap(),
        None => std::future::pending().await,
    }
}

/// The reply to INSTREAM, if there is one.
async fn scan(stream: &mut (impl AsyncReadExt + Unpin), manner: Manner) -> Option<&'static [u8]> {
    const CLEAN: &[u8] = b"stream: OK\0";
    match manner {
        Manner::Dead | Manner::Slow => return None,
        Manner::HangsUp(reply) => {
            stream.read_u32().await.unwrap();
            return Some(reply);
        }
        _ => {}
    }
    let bytes = receive(stream).await;
    match manner {
        Manner::Says(reply) => Some(reply),
        Manner::Finds(needle) if bytes.windows(needle.len()).any(|w| w == needle) => {
            Some(b"stream: Test.Needle FOUND\0")
        }
        _ => Some(CLEAN),
    }
}

/// A socket that refuses connections.
pub(crate) async fn nobody() -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Endpoint::from(listener.local_addr().unwrap())
}

/// The bytes before the first NUL.
async fn command(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut command = Vec::new();
    while let Ok(byte @ 1..) = stream.read_u8().await {
        command.push(byte);
    }
    command
}

async fn receive(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(length @ 1..) = stream.read_u32().await {
        let start = bytes.len();
        bytes.resize(start + length as usize, 0);
        stream.read_exact(&mut bytes[start..]).await.unwrap();
    }
    bytes
}
