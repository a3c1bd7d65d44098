//! Encrypted members, and the password that opens them.

use super::{Header, unpacks};
use crate::contents::{
    archive::lock::{MOST_TRIES, zip_aes, zip_crypto},
    reading::{ReadError, Reading},
};

/// The password of an archive, if it was found.
pub(super) struct Keys {
    password: Option<String>,
}

impl Keys {
    /// Tries the passwords that the message tells on one member.
    ///
    /// # Errors
    /// The budget is used up.
    pub(super) fn find(
        member: Option<(Header, &[u8])>,
        reading: &mut Reading<'_>,
    ) -> Result<Self, ReadError> {
        let Some((header, content)) = member else { return Ok(Self { password: None }) };
        for password in reading.passwords().iter().take(MOST_TRIES) {
            reading.time()?;
            let Some(opened) = open(&header, content, password) else { continue };
            let is_sure = header.aes.is_some();
            if is_sure || unpacks(&header, &opened, reading)? {
                return Ok(Self { password: Some(password.clone()) });
            }
        }
        Ok(Self { password: None })
    }

    /// The bytes of a member, still packed.
    pub(super) fn open(&self, header: &Header, content: &[u8]) -> Option<Vec<u8>> {
        open(header, content, self.password.as_ref()?)
    }
}

fn open(header: &Header, content: &[u8], password: &str) -> Option<Vec<u8>> {
    const STRONG: u16 = 1 << 6;
    match header.aes {
        Some(aes) if header.method == 99 => zip_aes(content, password.as_bytes(), aes.strength),
        _ if header.flags & STRONG != 0 => None,
        _ => zip_crypto(content, password.as_bytes(), check_byte(header)),
    }
}

/// What the first cipher keeps to tell a wrong password.
fn check_byte(header: &Header) -> u8 {
    if header.has_descriptor() { (header.time >> 8) as u8 } else { (header.crc >> 24) as u8 }
}
