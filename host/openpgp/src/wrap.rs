//! A key wrapped by another: RFC 3394. The provider has it for two of the three lengths of AES; for the
//! third, which GnuPG takes with P-384, it is made of the provider's cipher.

use crate::key::Cipher;
use aws_lc_rs::cipher::{self, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::key_wrap::{self, AesBlockCipher, AesKek, KeyWrap};
use zeroize::Zeroizing;

/// What stands before a secret, and shows that it came out right.
const INITIAL: [u8; HALF] = [0xa6; HALF];
const HALF: usize = 8;

/// Wraps a secret, whose length is a multiple of eight, sixteen at least.
pub(crate) fn wrap(key: &[u8], with: Cipher, secret: &[u8]) -> Option<Vec<u8>> {
    match with {
        Cipher::Aes128 => by_provider(key, &key_wrap::AES_128, secret),
        Cipher::Aes192 => by_blocks(key, &cipher::AES_192, secret),
        Cipher::Aes256 => by_provider(key, &key_wrap::AES_256, secret),
    }
}

fn by_provider(key: &[u8], with: &'static AesBlockCipher, secret: &[u8]) -> Option<Vec<u8>> {
    let mut wrapped = vec![0; secret.len() + HALF];
    let key = AesKek::new(with, key).ok()?;
    let wrapped = key.wrap(secret, &mut wrapped).ok()?;
    Some(wrapped.to_vec())
}

/// Section 2.2.1 of the RFC, step by step: six times through the halves of blocks, each of them
/// encrypted together with what the one before it left.
fn by_blocks(key: &[u8], with: &'static cipher::Algorithm, secret: &[u8]) -> Option<Vec<u8>> {
    let key = EncryptingKey::ecb(UnboundCipherKey::new(with, key).ok()?).ok()?;
    let (halves, rest) = secret.as_chunks::<HALF>();
    if halves.len() < 2 || !rest.is_empty() {
        return None;
    }
    let mut halves = Zeroizing::new(halves.to_vec());
    let mut left = INITIAL;
    let mut step = 0_u64;
    for _ in 0..6 {
        for half in halves.iter_mut() {
            let mut block = Zeroizing::new([left, *half].concat());
            key.encrypt(&mut block).ok()?;
            let (first, second) = block.split_first_chunk()?;
            step += 1;
            left = (u64::from_be_bytes(*first) ^ step).to_be_bytes();
            half.copy_from_slice(second);
        }
    }
    Some([&left, halves.as_flattened()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_is_the_other() {
        for (length, with, provided) in [
            (16, &cipher::AES_128, &key_wrap::AES_128),
            (32, &cipher::AES_256, &key_wrap::AES_256),
        ] {
            let key: Vec<u8> = (0..length).collect();
            let secret: Vec<u8> = (100..140).collect();
            let own = by_blocks(&key, with, &secret).unwrap();
            assert_eq!(own, by_provider(&key, provided, &secret).unwrap());
        }
    }

    #[test]
    fn the_example_of_the_standard() {
        // RFC 3394, section 4.2.
        let key: Vec<u8> = (0..24).collect();
        let secret: Vec<u8> = (0..16).map(|digit| digit * 0x11).collect();
        let wrapped = wrap(&key, Cipher::Aes192, &secret).unwrap();
        assert_eq!(
            wrapped,
            [
                0x96, 0x77, 0x8b, 0x25, 0xae, 0x6c, 0xa4, 0x35, 0xf9, 0x2b, 0x5b, 0x97, 0xc0, 0x50,
                0xae, 0xd2, 0x46, 0x8a, 0xb8, 0xa1, 0x7a, 0xd8, 0x4e, 0x5d,
            ]
        );
        for length in [0, 8, 17] {
            assert_eq!(wrap(&key, Cipher::Aes192, &vec![0; length]), None);
        }
    }
}
