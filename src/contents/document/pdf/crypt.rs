//! Encrypted PDF files (ISO 32000-1, 7.6; ISO 32000-2, 7.6.4): the standard security handler, all its
//! revisions. What needs no password to be read, as most "protected" files, is read.

use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha384, Sha512};

use super::{
    file::Document,
    object::{Dict, Object, Stream},
};
use crate::contents::document::cipher::{cbc_open, cbc_seal};

/// Fills passwords up to 32 bytes.
const PADDING: &[u8; 32] = b"\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\
\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a";

/// How many passwords are tried.
const MOST_PASSWORDS: usize = 50;

/// What opens a file.
pub(super) struct Crypt {
    key: Vec<u8>,
    strings: Method,
    streams: Method,
    /// The number of the password that opened it; 0 is none.
    pub(super) password: usize,
}

/// How something is encrypted.
#[derive(Clone, Copy, PartialEq)]
enum Method {
    None,
    Rc4,
    /// AES with 128 bits, a key each object.
    Aes128,
    /// AES with 256 bits, one key for all.
    Aes256,
}

/// What the file says of its encryption.
struct Handler<'d> {
    revision: usize,
    /// In bytes.
    length: usize,
    owner: &'d [u8],
    user: &'d [u8],
    user_key: &'d [u8],
    permissions: u32,
    id: &'d [u8],
    has_plain_metadata: bool,
}

/// Opens a file with no password, or one of these; `None` if none fits.
pub(super) fn open(document: &Document<'_>, passwords: &[String]) -> Option<Crypt> {
    let dict = document.entry(&document.trailer, "Encrypt").as_dict()?;
    let handler = Handler::of(document, dict)?;
    let version = document.size_of(dict, "V");
    let method = |name: &str| match version {
        0..4 => Method::Rc4,
        _ => method(document, dict, name),
    };
    let candidates = std::iter::once("").chain(passwords.iter().map(String::as_str));
    let (password, key) = candidates
        .take(MOST_PASSWORDS)
        .enumerate()
        .find_map(|(number, word)| Some((number, handler.key(word.as_bytes())?)))?;
    Some(Crypt { key, strings: method("StrF"), streams: method("StmF"), password })
}

/// The method of a crypt filter (7.6.5).
fn method(document: &Document<'_>, dict: &Dict, which: &str) -> Method {
    let filter = document.entry(dict, which).as_name().unwrap_or("Identity");
    let filters = document.entry(dict, "CF").as_dict();
    let filter = filters.and_then(|filters| document.entry(filters, filter).as_dict());
    match filter.and_then(|filter| document.entry(filter, "CFM").as_name()) {
        Some("V2") => Method::Rc4,
        Some("AESV2") => Method::Aes128,
        Some("AESV3") => Method::Aes256,
        _ => Method::None,
    }
}

impl<'d> Handler<'d> {
    fn of(document: &'d Document<'_>, dict: &'d Dict) -> Option<Self> {
        let text = |name: &str| document.entry(dict, name).as_text();
        let version = document.size_of(dict, "V");
        let bits = document.entry(dict, "Length").as_size().unwrap_or(40);
        let length = match version {
            1 => 5,
            4 => 16,
            5.. => 32,
            _ => (bits / 8).clamp(5, 16),
        };
        let id = document.entry(&document.trailer, "ID").as_array().and_then(<[Object]>::first);
        let id = id.and_then(|id| document.resolve(id).as_text()).unwrap_or_default();
        Some(Self {
            revision: document.size_of(dict, "R"),
            length,
            owner: text("O")?,
            user: text("U")?,
            user_key: text("UE").unwrap_or_default(),
            permissions: document.entry(dict, "P").as_number()? as i64 as u32,
            id,
            has_plain_metadata: document.entry(dict, "EncryptMetadata") == &Object::Bool(false),
        })
    }

    /// The key of the file, if this is its password.
    fn key(&self, password: &[u8]) -> Option<Vec<u8>> {
        if self.revision >= 5 { self.long_key(password) } else { self.short_key(password) }
    }

    fn short_key(&self, password: &[u8]) -> Option<Vec<u8>> {
        let padded: Vec<u8> = password.iter().chain(PADDING).copied().take(32).collect();
        let mut digest = Md5::new();
        digest.update(&padded);
        digest.update(self.owner.get(..32)?);
        digest.update(self.permissions.to_le_bytes());
        digest.update(self.id);
        if self.revision >= 4 && self.has_plain_metadata {
            digest.update([0xff; 4]);
        }
        let mut key: Vec<u8> = digest.finalize().to_vec();
        if self.revision >= 3 {
            for _ in 0..50 {
                key = Md5::digest(key.get(..self.length)?).to_vec();
            }
        }
        key.truncate(self.length);
        self.is_short_key(&key).then_some(key)
    }

    fn is_short_key(&self, key: &[u8]) -> bool {
        if self.revision < 3 {
            return rc4(key, PADDING) == self.user.get(..32).unwrap_or_default();
        }
        let mut check = Md5::new_with_prefix(PADDING).chain_update(self.id).finalize().to_vec();
        for round in 0..20 {
            let key: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
            check = rc4(&key, &check);
        }
        self.user.get(..16).is_some_and(|user| user == check)
    }

    fn long_key(&self, password: &[u8]) -> Option<Vec<u8>> {
        let password = password.get(..127).unwrap_or(password);
        let hash = |salt: &[u8]| match self.revision {
            5 => Some(Sha256::new_with_prefix(password).chain_update(salt).finalize().to_vec()),
            _ => hardened(password, salt),
        };
        if hash(self.user.get(32..40)?)? != self.user.get(..32)? {
            return None;
        }
        let key = hash(self.user.get(40..48)?)?;
        cbc_open(&key, &[0; 16], self.user_key.get(..32)?)
    }
}

/// The hash of revision 6 (ISO 32000-2, algorithm 2.B), for user passwords.
fn hardened(password: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
    let mut key = Sha256::new_with_prefix(password).chain_update(salt).finalize().to_vec();
    // It ends by a byte's value; never so long, but for broken arithmetic.
    for round in 0..1_000_u32 {
        let block = [password, &key].concat().repeat(64);
        let sealed = cbc_seal(key.get(..16)?, key.get(16..32)?, &block)?;
        let rest: u32 = sealed.get(..16)?.iter().map(|&byte| u32::from(byte)).sum::<u32>() % 3;
        key = match rest {
            0 => Sha256::digest(&sealed).to_vec(),
            1 => Sha384::digest(&sealed).to_vec(),
            _ => Sha512::digest(&sealed).to_vec(),
        };
        if round >= 63 && u32::from(*sealed.last()?) <= round - 31 {
            break;
        }
    }
    key.truncate(32);
    Some(key)
}

impl Crypt {
    /// The bytes of a stream; `None` if they are as they are.
    pub(super) fn open_stream(&self, bytes: &[u8], stream: &Stream) -> Option<Vec<u8>> {
        self.open(self.streams, bytes, stream.id)
    }

    /// Opens all strings in an object.
    pub(super) fn open_strings(&self, object: &mut Object, id: (u32, u16)) {
        match object {
            Object::Text(text) => {
                if let Some(opened) = self.open(self.strings, text, id) {
                    *text = opened;
                }
            }
            Object::Array(array) => {
                array.iter_mut().for_each(|object| self.open_strings(object, id))
            }
            Object::Dict(dict) => self.open_all(dict, id),
            Object::Stream(stream) => self.open_all(&mut stream.dict, id),
            _ => {}
        }
    }

    fn open_all(&self, dict: &mut Dict, id: (u32, u16)) {
        dict.0.iter_mut().for_each(|(_, object)| self.open_strings(object, id));
    }

    fn open(&self, method: Method, bytes: &[u8], id: (u32, u16)) -> Option<Vec<u8>> {
        match method {
            Method::None => None,
            Method::Rc4 => Some(rc4(&self.object_key(id, b""), bytes)),
            Method::Aes128 => Some(aes_open(&self.object_key(id, b"sAlT"), bytes)),
            Method::Aes256 => Some(aes_open(&self.key, bytes)),
        }
    }

    /// The key of one object (algorithm 1).
    fn object_key(&self, (number, generation): (u32, u16), salt: &[u8]) -> Vec<u8> {
        let mut digest = Md5::new_with_prefix(&self.key);
        digest.update(number.to_le_bytes().get(..3).unwrap_or_default());
        digest.update(generation.to_le_bytes());
        digest.update(salt);
        let mut key = digest.finalize().to_vec();
        key.truncate(self.key.len() + 5);
        key
    }
}

/// The initial vector, then blocks, the last with its padding.
fn aes_open(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let (vector, sealed) = bytes.split_at(bytes.len().min(16));
    let mut opened = cbc_open(key, vector, sealed).unwrap_or_default();
    let padding = opened.last().map_or(0, |&byte| usize::from(byte));
    if (1..=16).contains(&padding) {
        opened.truncate(opened.len().saturating_sub(padding));
    }
    opened
}

/// RC4: weak, and therefore in no library worth having.
pub(super) fn rc4(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut state: [u8; 256] = std::array::from_fn(|at| at as u8);
    let at = |state: &[u8; 256], place: u8| state.get(usize::from(place)).copied().unwrap_or(0);
    let mut other = 0_u8;
    for (place, &byte) in (0..=255_u8).zip(key.iter().cycle()) {
        other = other.wrapping_add(at(&state, place)).wrapping_add(byte);
        state.swap(usize::from(place), usize::from(other));
    }
    let (mut place, mut other) = (0_u8, 0_u8);
    let one = |byte: &u8| {
        place = place.wrapping_add(1);
        other = other.wrapping_add(at(&state, place));
        state.swap(usize::from(place), usize::from(other));
        byte ^ at(&state, at(&state, place).wrapping_add(at(&state, other)))
    };
    bytes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rc4_is_what_others_call_so() {
        assert_eq!(rc4(b"Key", b"Plaintext"), b"\xbb\xf3\x16\xe8\xd9\x40\xaf\x0a\xd3");
        assert_eq!(rc4(b"Wiki", b"pedia"), b"\x10\x21\xbf\x04\x20");
    }
}
