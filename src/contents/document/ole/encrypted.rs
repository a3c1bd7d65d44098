//! Encrypted OOXML packages ([MS-OFFCRYPTO], 2.3.4): opened by words of the message, or by the password that
//! Excel tries by itself.

use std::io::Cursor;

use data_encoding::BASE64;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{
    contents::{
        document::{
            cipher::{cbc_open, ecb_open},
            little::{size_at, u32_at},
            xml::{Mark, Tag, marks},
        },
        reading::{Entry, ReadError, Reading},
    },
    mail::Lock,
};

/// What Excel opens without asking; workbooks that have to pass virus scanners are locked by it.
const DEFAULT: &str = "VelvetSweatshop";

/// How many passwords are tried: each is made dear on purpose.
const MOST_PASSWORDS: usize = 8;

/// The most rounds of a hash that are done.
const MOST_ROUNDS: u32 = 120_000;

/// Bytes of a package that are encrypted together.
const SEGMENT: usize = 4_096;

/// How many rounds the older way takes.
const OLD_ROUNDS: u32 = 50_000;

/// What makes keys of a password, each for something else.
const VERIFIER: &[u8] = b"\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79";
const VERIFIER_HASH: &[u8] = b"\xd7\xaa\x0f\x6d\x30\x61\x34\x4e";
const KEY_VALUE: &[u8] = b"\x14\x6e\x0b\xe7\xab\xac\xd0\xd6";

/// Opens the package, if a password fits, and reads what is in it.
pub(super) fn read(
    info: &[u8],
    package: &[u8],
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let passwords = std::iter::once(DEFAULT).chain(reading.passwords().iter().map(String::as_str));
    for (number, password) in passwords.take(MOST_PASSWORDS).enumerate() {
        reading.time()?;
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let opened = match info.get(2) {
            Some(4) => agile(info, package, &password, reading)?,
            _ => standard(info, package, &password, reading)?,
        };
        if let Some(opened) = opened {
            if number > 0 {
                reading.lock(Lock::Opened);
            }
            let entry =
                Entry { packed: package.len() as u64, is_hidden: true, ..Entry::named("package") };
            return reading.member(entry, &mut Cursor::new(opened));
        }
    }
    reading.lock(Lock::Locked);
    Ok(())
}

/// A way to digest.
#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "SHA1" | "SHA-1" => Self::Sha1,
            "SHA256" => Self::Sha256,
            "SHA384" => Self::Sha384,
            "SHA512" => Self::Sha512,
            _ => return None,
        })
    }

    fn of(self, first: &[u8], second: &[u8]) -> Vec<u8> {
        fn digest<D: Digest>(first: &[u8], second: &[u8]) -> Vec<u8> {
            D::new().chain_update(first).chain_update(second).finalize().to_vec()
        }
        match self {
            Self::Sha1 => digest::<Sha1>(first, second),
            Self::Sha256 => digest::<Sha256>(first, second),
            Self::Sha384 => digest::<Sha384>(first, second),
            Self::Sha512 => digest::<Sha512>(first, second),
        }
    }

    /// Over and over, each round with its number.
    fn rounds(
        self,
        salt: &[u8],
        password: &[u8],
        rounds: u32,
        reading: &mut Reading<'_>,
    ) -> Result<Vec<u8>, ReadError> {
        let mut hash = self.of(salt, password);
        for round in 0..rounds {
            if round.is_multiple_of(4_096) {
                reading.time()?;
            }
            hash = self.of(&round.to_le_bytes(), &hash);
        }
        Ok(hash)
    }
}

/// What the newer way says of a key.
struct Sealed {
    hash: Hash,
    /// In bytes.
    key: usize,
    salt: Vec<u8>,
    rounds: u32,
    verifier: Vec<u8>,
    verifier_hash: Vec<u8>,
    value: Vec<u8>,
}

impl Sealed {
    fn of(tag: &Tag<'_>) -> Option<Self> {
        let bytes = |name: &str| BASE64.decode(tag.attribute(name)?.as_bytes()).ok();
        let number = |name: &str| tag.attribute(name)?.parse::<u32>().ok();
        Some(Self {
            hash: Hash::named(&tag.attribute("hashAlgorithm")?)?,
            key: number("keyBits")? as usize / 8,
            salt: bytes("saltValue")?,
            rounds: number("spinCount").unwrap_or(0),
            verifier: bytes("encryptedVerifierHashInput").unwrap_or_default(),
            verifier_hash: bytes("encryptedVerifierHashValue").unwrap_or_default(),
            value: bytes("encryptedKeyValue").unwrap_or_default(),
        })
    }

    /// Opens something with the key that `hash` makes for it.
    fn open(&self, hash: &[u8], purpose: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut key = self.hash.of(hash, purpose);
        key.resize(self.key, 0x36);
        cbc_open(&key, &self.salt, sealed)
    }

    /// The key of the package, if this is its password.
    fn key(&self, hash: &[u8]) -> Option<Vec<u8>> {
        let verifier = self.open(hash, VERIFIER, &self.verifier)?;
        let expected = self.open(hash, VERIFIER_HASH, &self.verifier_hash)?;
        let digest = self.hash.of(&verifier, b"");
        let fits = expected.get(..digest.len()) == Some(&digest);
        let mut key = self.open(hash, KEY_VALUE, &self.value).filter(|_| fits)?;
        key.truncate(self.key);
        Some(key)
    }
}

/// The newer way (2.3.4.10), in XML.
fn agile(
    info: &[u8],
    package: &[u8],
    password: &[u8],
    reading: &mut Reading<'_>,
) -> Result<Option<Vec<u8>>, ReadError> {
    let (mut data, mut sealed) = (None, None);
    marks(info.get(8..).unwrap_or_default(), reading, |mark, _| match mark {
        Mark::Open(tag) if tag.name == "keyData" => data = Sealed::of(&tag),
        Mark::Open(tag) if tag.name == "encryptedKey" => sealed = Sealed::of(&tag),
        _ => {}
    })?;
    let (Some(data), Some(sealed)) = (data, sealed) else { return Ok(None) };
    if sealed.rounds > MOST_ROUNDS {
        return Ok(None);
    }
    let hash = sealed.hash.rounds(&sealed.salt, password, sealed.rounds, reading)?;
    let Some(key) = sealed.key(&hash) else { return Ok(None) };
    let mut opened = Vec::with_capacity(package.len());
    for (number, segment) in package.get(8..).unwrap_or_default().chunks(SEGMENT).enumerate() {
        reading.time()?;
        let vector = data.hash.of(&data.salt, &(number as u32).to_le_bytes());
        let part = cbc_open(&key, vector.get(..16).unwrap_or(&vector), segment);
        opened.extend(part.unwrap_or_default());
    }
    Ok(Some(cut(opened, package)))
}

/// As long as the package says that it was.
fn cut(mut opened: Vec<u8>, package: &[u8]) -> Vec<u8> {
    opened.truncate(size_at(package, 0).unwrap_or(usize::MAX));
    opened
}

/// The older way (2.3.4.7): AES and SHA-1.
fn standard(
    info: &[u8],
    package: &[u8],
    password: &[u8],
    reading: &mut Reading<'_>,
) -> Result<Option<Vec<u8>>, ReadError> {
    let Some(old) = Old::of(info) else { return Ok(None) };
    let hash = Hash::Sha1.rounds(old.salt, password, OLD_ROUNDS, reading)?;
    let hash = Hash::Sha1.of(&hash, &[0; 4]);
    let half = |fill: u8| {
        let mut block = [fill; 64];
        block.iter_mut().zip(&hash).for_each(|(byte, hash)| *byte ^= hash);
        Hash::Sha1.of(&block, b"")
    };
    let mut key = [half(0x36), half(0x5c)].concat();
    key.truncate(old.key);
    let (Some(verifier), Some(expected)) =
        (ecb_open(&key, old.verifier), ecb_open(&key, old.verifier_hash))
    else {
        return Ok(None);
    };
    if expected.get(..20) != Some(&Hash::Sha1.of(&verifier, b"")) {
        return Ok(None);
    }
    let opened = ecb_open(&key, package.get(8..).unwrap_or_default()).unwrap_or_default();
    Ok(Some(cut(opened, package)))
}

/// What the older way says.
struct Old<'i> {
    salt: &'i [u8],
    verifier: &'i [u8],
    verifier_hash: &'i [u8],
    /// In bytes.
    key: usize,
}

impl<'i> Old<'i> {
    fn of(info: &'i [u8]) -> Option<Self> {
        let size = size_at(info, 8)?;
        let key = u32_at(info, 12 + 16)? as usize / 8;
        let rest = info.get(12_usize.checked_add(size)?..)?;
        let (salt, verifier) = (rest.get(4..20)?, rest.get(20..36)?);
        Some(Self { salt, verifier, verifier_hash: rest.get(40..72)?, key })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        contents::document::{
            ole::tests::ole,
            testing::{first, found_with},
        },
        mail::Lock,
    };

    /// Files of other programs, with a small package inside.
    #[test]
    fn packages_are_opened() {
        let old = ole(&[
            ("/EncryptionInfo", include_bytes!("samples/standard_info_sesame.bin")),
            ("/EncryptedPackage", include_bytes!("samples/standard_package_sesame.bin")),
        ]);
        let cases: &[(&[u8], Lock, Lock)] = &[
            (&old, Lock::Locked, Lock::Opened),
            (include_bytes!("samples/agile_sesame.docx"), Lock::Locked, Lock::Opened),
            (include_bytes!("samples/agile_velvet.docx"), Lock::None, Lock::None),
        ];
        for (number, (file, without, with)) in cases.iter().enumerate() {
            for (passwords, lock) in [(&["wrong"][..], without), (&["wrong", "sesame"], with)] {
                let inside = found_with(file, passwords).inside;
                assert_eq!(first(&inside).lock, *lock, "{number}");
                let is_opened = *lock != Lock::Locked;
                assert_eq!(inside.items.len(), if is_opened { 2 } else { 1 }, "{number}");
                if is_opened {
                    assert_eq!(inside.items[1].kind, "docx", "{number}");
                    assert_eq!(inside.items[1].texts[0].text, "Secret office offer\n", "{number}");
                }
            }
        }
    }
}
