//! Takes the tag off IPv6 addresses.
//!
//! sendmail reports an IPv6 client as `IPv6:2001:db8::1`, with the tag of RFC 5321 (section
//! 4.1.3); libmilter allows it, but indymilter reads bare addresses only and would end the
//! session, so that no client with IPv6 could send mail. So the connect packet is rewritten on its
//! way in: address first, then as many NULs as the tag was long, which leaves all lengths as they
//! are.
//!
//! A packet is a length (four bytes, big-endian), a command byte that the length counts, and the
//! payload. What follows the first connect packet is passed on untouched.

/// The command byte of the connect packet.
const CONNECT: u8 = b'C';
/// A connect packet holds a host name and an address; a longer one is passed on as it is.
const MOST: usize = 4_096;
const TAG: &[u8] = b"IPv6:";

/// Follows the packets of one connection until the client has been reported.
#[derive(Debug, Default)]
pub(super) struct Untag {
    /// What has been read of a packet that is not complete.
    held: Vec<u8>,
    begun: bool,
    done: bool,
}

impl Untag {
    /// Whether the rest of the connection can be passed on without a look.
    pub(super) fn is_done(&self) -> bool {
        self.done && self.held.is_empty()
    }

    /// Whether the MTA has said anything yet: a complete packet.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Takes bytes as they come and gives back those of complete packets.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let mut complete = Vec::new();
        while !self.done
            && let Some(end) = packet_end(&self.held)
        {
            self.begun = true;
            let mut packet: Vec<u8> = self.held.drain(..end).collect();
            if packet.get(4) == Some(&CONNECT) {
                untag(&mut packet);
                self.done = true;
            }
            complete.append(&mut packet);
        }
        let too_long = self.held.len() > MOST;
        if self.done || too_long {
            (self.begun, self.done) = (true, true);
            complete.append(&mut self.held);
        }
        complete
    }
}

/// Where the first packet ends, if all of it is there.
fn packet_end(bytes: &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    (rest.len() >= length).then_some(4 + length)
}

/// Payload: host name, NUL, family `6`, port (two bytes), address, NUL.
fn untag(packet: &mut [u8]) {
    let Some(payload) = packet.get_mut(5..) else { return };
    let Some(name_end) = payload.iter().position(|&byte| byte == 0) else { return };
    let Some([b'6', _, _, address @ ..]) = payload.get_mut(name_end + 1..) else { return };
    let tagged = address.get(..TAG.len()).is_some_and(|start| start.eq_ignore_ascii_case(TAG));
    if tagged {
        address.copy_within(TAG.len().., 0);
        let kept = address.len() - TAG.len();
        if let Some(tail) = address.get_mut(kept..) {
            tail.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32 + 1).to_be_bytes();
        [&length[..], &[kind], payload].concat()
    }

    #[test]
    fn the_address_loses_its_tag_and_nothing_changes_its_length() {
        for (payload, expected) in [
            (
                &b"mx\x006\x00\x19IPv6:2001:db8::1\0"[..],
                &b"mx\x006\x00\x192001:db8::1\0\0\0\0\0\0"[..],
            ),
            (b"mx\x006\x00\x192001:db8::1\0", b"mx\x006\x00\x192001:db8::1\0"),
            (b"IPv6:x\x004\x00\x19192.0.2.1\0", b"IPv6:x\x004\x00\x19192.0.2.1\0"),
            (b"mx\x006\x00", b"mx\x006\x00"),
            (b"mx", b"mx"),
            (b"", b""),
        ] {
            let mut untag = Untag::default();
            assert_eq!(untag.feed(&packet(CONNECT, payload)), packet(CONNECT, expected));
            assert!(untag.is_done());
        }
    }

    #[test]
    fn a_packet_too_long_to_be_one_is_not_held_back() {
        let mut untag = Untag::default();
        let flood = [&[0xff; 4][..], &vec![b'C'; 2 * MOST]].concat();
        assert_eq!(untag.feed(&flood), flood);
        assert!(untag.is_done());
    }

    #[test]
    fn half_a_packet_is_no_beginning() {
        let mut untag = Untag::default();
        let negotiation = packet(b'O', &[0; 12]);
        let (half, rest) = negotiation.split_at(9);
        assert!(untag.feed(half).is_empty() && !untag.has_begun());
        assert_eq!(untag.feed(rest), negotiation);
        assert!(untag.has_begun() && !untag.is_done());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_are_cut(
            payloads in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
            cut in 1usize..20,
        ) {
            let stream: Vec<u8> = payloads.iter().flat_map(|(kind, payload)| packet(*kind, payload)).collect();
            let whole = Untag::default().feed(&stream);
            let mut untag = Untag::default();
            let pieces: Vec<u8> = stream.chunks(cut).flat_map(|piece| untag.feed(piece)).collect();
            prop_assert_eq!(&pieces, &whole);
            prop_assert_eq!(whole.len(), stream.len());
        }
    }
}
