//! Numbers and names as headers of archives write them.

/// A header being read from its beginning. Every method answers `None` when the header ends before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    /// Of these bytes.
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// From this place on.
    pub(super) fn at(bytes: &'b [u8], start: u64) -> Option<Self> {
        Some(Self::new(bytes.get(usize::try_from(start).ok()?..)?))
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// The next bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// The next bytes up to a zero, which is passed over; all of them if there is none.
    pub(super) fn until_zero(&mut self) -> &'b [u8] {
        let end = memchr::memchr(0, self.rest).unwrap_or(self.rest.len());
        let taken = self.rest.get(..end).unwrap_or_default();
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        taken
    }

    /// The next few bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// The part of a file from a place on, as much as is there of it; empty beyond the end.
pub(super) fn span(bytes: &[u8], start: u64, length: u64) -> &[u8] {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.get(place(start)..place(start.saturating_add(length))).unwrap_or_default()
}

/// Text in UTF-16, little endian; what is no letter becomes a replacement character.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Text in UTF-8 if it is that, else in the code page of the first PCs.
pub(super) fn dos_text(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let letter = |byte: &u8| match byte.checked_sub(128) {
        None => char::from(*byte),
        Some(high) => CODE_PAGE_437.chars().nth(usize::from(high)).unwrap_or_default(),
    };
    bytes.iter().map(letter).collect()
}

/// The upper half of code page 437.
const CODE_PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
