//! A clamd on loopback for unit tests, with good and bad manners.

use clamav_client::PONG;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::Address;

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
    /// Never answers a scan, but answers PING.
    Slow,
}

pub(crate) async fn clamd(manner: Manner) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner));
        }
    });
    Address::Inet(address.to_string())
}

pub(crate) async fn serve(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, manner: Manner) {
    let mut command = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        if byte == 0 {
            break;
        }
        command.push(byte);
    }
    match (&command[..], manner) {
        (_, Manner::Dead) => std::future::pending().await,
        (b"zPING", _) => stream.write_all(PONG).await.unwrap(),
        (b"zVERSION", _) => stream.write_all(b"ClamAV 1.0/1/today\0").await.unwrap(),
        (_, Manner::Slow) => std::future::pending().await,
        (_, Manner::HangsUp(reply)) => {
            stream.read_u32().await.unwrap();
            stream.write_all(reply).await.unwrap();
        }
        (_, Manner::Says(reply)) => {
            receive(&mut stream).await;
            stream.write_all(reply).await.unwrap();
        }
        (_, Manner::Finds(needle)) => {
            let found = receive(&mut stream).await.windows(needle.len()).any(|w| w == needle);
            let reply = if found { "stream: Test.Needle FOUND\0" } else { "stream: OK\0" };
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    }
}

/// A socket that refuses connections.
pub(crate) async fn nobody() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Address::Inet(listener.local_addr().unwrap().to_string())
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
