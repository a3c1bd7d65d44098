//! How words cross the pipe: a head (postcard) and the byte strings that belong to it, each behind its
//! length, as four bytes little-endian:
//!
//! ```text
//! length of the head | number of byte strings | head | { length | bytes }*
//! ```
//!
//! Byte strings are written from where they are, and read into what the reader keeps. Nothing is allocated
//! by a length that was only claimed.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// How much one message may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Bytes of its head.
    pub head: usize,
    /// Bytes of all its byte strings together.
    pub bytes: usize,
    /// How many of them there may be.
    pub strings: usize,
}

/// A head, and the byte strings that belong to it.
pub type Heard<H> = (H, Vec<Vec<u8>>);

/// What can go wrong on the pipe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The other side is gone.
    #[error("the pipe has ended")]
    Ended,
    /// The other side is gone, or the system failed.
    #[error("the pipe broke")]
    Io(#[source] io::Error),
    /// More than may be.
    #[error("{0} bytes or pieces are too many")]
    TooBig(usize),
    /// Not words that this side knows.
    #[error("not understood")]
    Garbled(#[source] postcard::Error),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => Self::Ended,
            _ => Self::Io(error),
        }
    }
}

/// The capacity that a length is believed without having seen its bytes.
const BELIEVED: usize = 64 << 10;

impl Most {
    fn string(&mut self, length: usize) -> Result<(), WireError> {
        self.bytes = self.bytes.checked_sub(length).ok_or(WireError::TooBig(length))?;
        Ok(())
    }

    fn start(&self, start: [u8; 8]) -> Result<(usize, usize), WireError> {
        let [a, b, c, d, e, f, g, h] = start;
        let head = u32::from_le_bytes([a, b, c, d]) as usize;
        let strings = u32::from_le_bytes([e, f, g, h]) as usize;
        if head > self.head {
            return Err(WireError::TooBig(head));
        }
        if strings > self.strings {
            return Err(WireError::TooBig(strings));
        }
        Ok((head, strings))
    }
}

fn length(bytes: usize) -> Result<[u8; 4], WireError> {
    u32::try_from(bytes).map(u32::to_le_bytes).map_err(|_| WireError::TooBig(bytes))
}

/// The head and what stands before it.
fn opening<H: Serialize>(head: &H, strings: usize) -> Result<Vec<u8>, WireError> {
    let head = postcard::to_stdvec(head).map_err(WireError::Garbled)?;
    let mut opening = Vec::with_capacity(8 + head.len());
    opening.extend_from_slice(&length(head.len())?);
    opening.extend_from_slice(&length(strings)?);
    opening.extend_from_slice(&head);
    Ok(opening)
}

fn understood<H: DeserializeOwned>(head: &[u8]) -> Result<H, WireError> {
    let (head, rest) = postcard::take_from_bytes(head).map_err(WireError::Garbled)?;
    if rest.is_empty() { Ok(head) } else { Err(WireError::TooBig(rest.len())) }
}

/// Says something, as the worker does.
///
/// # Errors
/// The pipe broke, or it is too long to say.
pub(super) fn write<H: Serialize>(
    out: &mut impl Write,
    head: &H,
    strings: &[&[u8]],
) -> Result<(), WireError> {
    out.write_all(&opening(head, strings.len())?)?;
    for string in strings {
        out.write_all(&length(string.len())?)?;
        out.write_all(string)?;
    }
    out.flush()?;
    Ok(())
}

/// Hears something, as the worker does; `None`: the other side has ended, between words.
///
/// # Errors
/// The pipe broke, or what came is more than may be, or no words.
pub(super) fn read<H: DeserializeOwned>(
    input: &mut impl Read,
    mut most: Most,
) -> Result<Option<Heard<H>>, WireError> {
    let mut start = [0; 8];
    if input.read(start.get_mut(..1).unwrap_or_default())? == 0 {
        return Ok(None);
    }
    input.read_exact(start.get_mut(1..).unwrap_or_default())?;
    let (head, strings) = most.start(start)?;
    let head = understood(&read_string(input, head)?)?;
    let mut heard = Vec::new();
    for _ in 0..strings {
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length) as usize;
        most.string(length)?;
        heard.push(read_string(input, length)?);
    }
    Ok(Some((head, heard)))
}

fn read_string(input: &mut impl Read, length: usize) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::with_capacity(length.min(BELIEVED));
    let read = input.take(length as u64).read_to_end(&mut bytes)?;
    if read == length { Ok(bytes) } else { Err(WireError::Ended) }
}

/// [`write`] on the side of the service.
///
/// # Errors
/// As there.
pub(super) async fn send<H: Serialize + Sync>(
    out: &mut (impl AsyncWrite + Unpin + Send),
    head: &H,
    strings: &[&[u8]],
) -> Result<(), WireError> {
    out.write_all(&opening(head, strings.len())?).await?;
    for string in strings {
        out.write_all(&length(string.len())?).await?;
        out.write_all(string).await?;
    }
    out.flush().await?;
    Ok(())
}

/// [`read`] on the side of the service, which always expects something.
///
/// # Errors
/// As there; also if the worker has ended.
pub(super) async fn receive<H: DeserializeOwned>(
    input: &mut (impl AsyncRead + Unpin + Send),
    mut most: Most,
) -> Result<Heard<H>, WireError> {
    let mut start = [0; 8];
    input.read_exact(&mut start).await?;
    let (head, strings) = most.start(start)?;
    let head = understood(&receive_string(input, head).await?)?;
    let mut heard = Vec::new();
    for _ in 0..strings {
        let length = input.read_u32_le().await? as usize;
        most.string(length)?;
        heard.push(receive_string(input, length).await?);
    }
    Ok((head, heard))
}

async fn receive_string(
    input: &mut (impl AsyncRead + Unpin + Send),
    length: usize,
) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::with_capacity(length.min(BELIEVED));
    let read = input.take(length as u64).read_to_end(&mut bytes).await?;
    if read == length { Ok(bytes) } else { Err(WireError::Ended) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::task::Answer, *};

    const MOST: Most = Most { head: 1_000, bytes: 2_000, strings: 5 };

    fn said(head: &impl Serialize, strings: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, head, strings).unwrap();
        out
    }

    #[test]
    fn words_come_across() {
        let bytes = said(&"head".to_owned(), &[b"one", b"", b"three"]);
        let heard: Heard<String> = read(&mut &bytes[..], MOST).unwrap().unwrap();
        assert_eq!(heard, ("head".into(), vec![b"one".to_vec(), vec![], b"three".to_vec()]));
        assert!(read::<String>(&mut &b""[..], MOST).unwrap().is_none(), "the end");
        for cut in 1..bytes.len() {
            let error = read::<String>(&mut &bytes[..cut], MOST).unwrap_err();
            assert!(matches!(error, WireError::Ended), "{cut}: {error:?}");
        }
    }

    #[tokio::test]
    async fn the_service_hears_the_same() {
        let mut bytes = Vec::new();
        send(&mut bytes, &7_u32, &[b"x"]).await.unwrap();
        assert_eq!(bytes, said(&7_u32, &[b"x"]));
        assert_eq!(receive::<u32>(&mut &bytes[..], MOST).await.unwrap(), (7, vec![b"x".to_vec()]));
        for cut in 0..bytes.len() {
            let error = receive::<u32>(&mut &bytes[..cut], MOST).await.unwrap_err();
            assert!(matches!(error, WireError::Ended), "{cut}: {error:?}");
        }
    }

    #[tokio::test]
    async fn too_much_is_not_read() {
        let heads = [
            said(&"h".repeat(1_001), &[]),
            said(&"", &[&[0; 2_001]]),
            said(&"", &[&[0; 1_001], &[0; 1_000]]),
            said(&"", &[&b""[..]; 6]),
            [255; 8].to_vec(),
        ];
        for (case, bytes) in heads.iter().enumerate() {
            let error = receive::<String>(&mut &bytes[..], MOST).await.unwrap_err();
            assert!(matches!(error, WireError::TooBig(_)), "{case}: {error:?}");
            let error = read::<String>(&mut &bytes[..], MOST).unwrap_err();
            assert!(matches!(error, WireError::TooBig(_)), "{case}: {error:?}");
        }
        let mut longer = said(&1_u8, &[]);
        longer[0] += 1;
        longer.push(0);
        assert!(matches!(read::<u8>(&mut &longer[..], MOST), Err(WireError::TooBig(1))));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..300), head in 0..200_u32) {
            let _ = read::<Answer>(&mut &bytes[..], MOST);
            let mut framed = head.to_le_bytes().to_vec();
            framed.extend_from_slice(&[0; 4]);
            framed.extend_from_slice(&bytes);
            let _ = read::<Answer>(&mut &framed[..], MOST);
        }
    }
}
