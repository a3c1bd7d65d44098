//! Header fields, byte for byte and decoded.

use std::ops::Range;

/// One header field of the message or of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// As written, without the colon and blanks before it.
    pub name: String,
    /// Where the whole field stands in the raw message, its last line end included.
    pub field: Range<usize>,
    /// Where its value stands: from just behind the colon to before the last line end; folded
    /// lines and the blank behind the colon included.
    pub value: Range<usize>,
    /// The value unfolded, with encoded words (RFC 2047) decoded, trimmed.
    pub decoded: String,
}

/// The fields at the head of a message or part, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderBlock {
    /// The fields.
    pub fields: Vec<Header>,
}

impl HeaderBlock {
    /// All fields of this name (compared without case), first to last.
    pub fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Header> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The decoded value of the first field of this name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.decoded.as_str())
    }
}
