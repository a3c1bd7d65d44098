//! Streams of records: a head that tells kind and length, as many bytes, the next head. The heads differ from
//! format to format; the way from one to the next does not.

/// Reads a head: the kind, how many bytes it tells, and what is behind the head; `None` if none is there.
pub(super) type Head<K> = fn(&[u8]) -> Option<(K, usize, &[u8])>;

/// Records, each with its bytes, as many as are there.
#[derive(Clone)]
pub(super) struct Records<'b, K> {
    rest: &'b [u8],
    head: Head<K>,
}

impl<'b, K> Records<'b, K> {
    /// Of this stream.
    pub(super) fn new(stream: &'b [u8], head: Head<K>) -> Self {
        Self { rest: stream, head }
    }
}

impl<'b, K> Iterator for Records<'b, K> {
    type Item = (K, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, size, rest) = (self.head)(self.rest)?;
        let (body, after) = rest.split_at(size.min(rest.len()));
        self.rest = after;
        Some((kind, body))
    }
}
