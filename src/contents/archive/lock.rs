//! The ciphers of encrypted archives. Only known algorithms, each with what tells a wrong password.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit, consts::U16},
};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// How many passwords are tried on an archive.
pub(super) const MOST_TRIES: usize = 30;

/// The first cipher of zip ("ZipCrypto"): the bytes without its 12 of header, if the last of those is
/// `check`; a wrong password passes once in 256.
pub(super) fn zip_crypto(bytes: &[u8], password: &[u8], check: u8) -> Option<Vec<u8>> {
    let mut keys = ZipKeys([0x1234_5678, 0x2345_6789, 0x3456_7890]);
    password.iter().for_each(|&byte| keys.update(byte));
    let (head, rest) = bytes.split_at_checked(12)?;
    let last = head.iter().map(|&byte| keys.decrypt(byte)).last()?;
    (last == check).then(|| rest.iter().map(|&byte| keys.decrypt(byte)).collect())
}

struct ZipKeys([u32; 3]);

impl ZipKeys {
    fn update(&mut self, byte: u8) {
        let Self([first, second, third]) = self;
        *first = crc_step(*first, byte);
        *second = second.wrapping_add(*first & 0xff).wrapping_mul(134_775_813).wrapping_add(1);
        *third = crc_step(*third, (*second >> 24) as u8);
    }

    fn decrypt(&mut self, byte: u8) -> u8 {
        let mixed = (self.0[2] | 2) & 0xffff;
        let plain = byte ^ (mixed.wrapping_mul(mixed ^ 1) >> 8) as u8;
        self.update(plain);
        plain
    }
}

/// One byte more in a CRC-32 whose ends are not inverted.
fn crc_step(crc: u32, byte: u8) -> u32 {
    let polynomial = |crc: u32| 0xedb8_8320 & (crc & 1).wrapping_neg();
    (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ polynomial(crc))
}

/// AES of zip (WinZip's AE-1 and AE-2): the bytes without salt and codes; `strength` is 1 to 3. A wrong
/// password passes never.
pub(super) fn zip_aes(bytes: &[u8], password: &[u8], strength: u8) -> Option<Vec<u8>> {
    let key_length = 8 + 8 * usize::from(strength);
    let (salt, rest) = bytes.split_at_checked(key_length / 2)?;
    let (check, rest) = rest.split_at_checked(2)?;
    let (sealed, code) = rest.split_at_checked(rest.len().checked_sub(10)?)?;
    let mut keys = [0; 66];
    let keys = keys.get_mut(..2 * key_length + 2)?;
    pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, 1_000, keys);
    let (key, rest) = keys.split_at_checked(key_length)?;
    let (code_key, known) = rest.split_at_checked(key_length)?;
    if known != check {
        return None;
    }
    let mut hmac = <Hmac<Sha1> as Mac>::new_from_slice(code_key).ok()?;
    hmac.update(sealed);
    hmac.verify_truncated_left(code).ok()?;
    match strength {
        1 => counted(&Aes128::new_from_slice(key).ok()?, sealed),
        2 => counted(&Aes192::new_from_slice(key).ok()?, sealed),
        3 => counted(&Aes256::new_from_slice(key).ok()?, sealed),
        _ => None,
    }
}

/// Counter mode, counting from 1, the lowest byte first.
fn counted<C>(cipher: &C, sealed: &[u8]) -> Option<Vec<u8>>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let mut plain = Vec::with_capacity(sealed.len());
    for (counter, chunk) in (1_u128..).zip(sealed.chunks(16)) {
        let mut block = Array::from(counter.to_le_bytes());
        cipher.encrypt_block(&mut block);
        plain.extend(chunk.iter().zip(block).map(|(byte, mask)| byte ^ mask));
    }
    Some(plain)
}

/// The key that 7-Zip makes of a password: SHA-256 over 2^`cycles` repetitions; 63 stands for none at all.
/// `None`: more work than anybody asks for.
pub(super) fn seven_z_key(password: &str, salt: &[u8], cycles: u8) -> Option<[u8; 32]> {
    let units: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if cycles == 63 {
        let mut key = [0; 32];
        key.iter_mut().zip(salt.iter().chain(&units)).for_each(|(to, from)| *to = *from);
        return Some(key);
    }
    if cycles > 20 {
        return None;
    }
    let mut digest = Sha256::new();
    let mut rounds = Vec::new();
    for count in 0..1_u64 << cycles {
        rounds.extend_from_slice(salt);
        rounds.extend_from_slice(&units);
        rounds.extend_from_slice(&count.to_le_bytes());
        if rounds.len() > 4_096 {
            digest.update(&rounds);
            rounds.clear();
        }
    }
    digest.update(&rounds);
    Some(digest.finalize().into())
}

/// AES of 256 bits in chained blocks; bytes beyond the last block are left out.
pub(super) fn chained(sealed: &[u8], key: &[u8; 32], first: [u8; 16]) -> Vec<u8> {
    let cipher = Aes256::new(&Array::from(*key));
    let mut before = first;
    let mut plain = Vec::with_capacity(sealed.len());
    for sealed in sealed.as_chunks::<16>().0 {
        let mut block = Array::from(*sealed);
        cipher.decrypt_block(&mut block);
        plain.extend(block.iter().zip(before).map(|(byte, mask)| byte ^ mask));
        before = *sealed;
    }
    plain
}
