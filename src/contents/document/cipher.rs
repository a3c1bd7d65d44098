//! AES as documents use it: blocks chained or alone, keys of any size.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};

/// Opens chained blocks; a rest that is no whole block is left out. `None`: no key has this size.
pub(super) fn cbc_open(key: &[u8], vector: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let mut opened = ecb_open(key, sealed)?;
    let before =
        vector.iter().copied().chain(std::iter::repeat(0)).take(16).chain(sealed.iter().copied());
    opened.iter_mut().zip(before).for_each(|(byte, before)| *byte ^= before);
    Some(opened)
}

/// Opens blocks one by one.
pub(super) fn ecb_open(key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    match key.len() {
        16 => Some(blocks(&Aes128::new_from_slice(key).ok()?, sealed)),
        24 => Some(blocks(&Aes192::new_from_slice(key).ok()?, sealed)),
        32 => Some(blocks(&Aes256::new_from_slice(key).ok()?, sealed)),
        _ => None,
    }
}

fn blocks<C: BlockCipherDecrypt>(cipher: &C, sealed: &[u8]) -> Vec<u8> {
    let mut opened = Vec::with_capacity(sealed.len());
    for block in sealed.chunks_exact(16) {
        let Ok(mut block) = Block::<C>::try_from(block) else { break };
        cipher.decrypt_block(&mut block);
        opened.extend_from_slice(&block);
    }
    opened
}

/// Seals chained blocks with a key of 128 bits.
pub(super) fn cbc_seal(key: &[u8], vector: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let cipher = Aes128::new_from_slice(key).ok()?;
    let mut sealed: Vec<u8> = Vec::with_capacity(plain.len());
    for block in plain.chunks_exact(16) {
        let before = sealed.len().checked_sub(16).and_then(|at| sealed.get(at..)).unwrap_or(vector);
        let mixed: Vec<u8> =
            block.iter().zip(before).map(|(plain, before)| plain ^ before).collect();
        let mut block = Block::<Aes128>::try_from(mixed.get(..16)?).ok()?;
        cipher.encrypt_block(&mut block);
        sealed.extend_from_slice(&block);
    }
    Some(sealed)
}
