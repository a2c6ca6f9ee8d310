//! The root key, wrapped by the key that the shares make.
//!
//! ```text
//!  version · nonce · ciphertext · tag
//!     1       12         32        16   bytes
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base::{Entropy, Secret};
use zeroize::Zeroize;

/// Length of a root key and of the key that wraps it.
pub const KEY_BYTES: usize = 32;

/// A root key, or the key that wraps one.
pub type Key = Secret<[u8; KEY_BYTES]>;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// Bound to what it is: nothing else that a key of ours sealed opens as a root key.
const ASSOCIATED: &[u8] = b"casemate.root-key\0\x01";

/// The stored root key does not open: the shares made another key, or it was tampered with. Printed
/// as operators know it from Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unable to retrieve stored keys: invalid key: failed to decrypt keys from storage: cipher: message authentication failed"
)]
pub struct UnwrapError;

/// Wraps a root key.
#[expect(clippy::expect_used, reason = "AES-GCM fails only past 64 GiB")]
pub fn wrap_root_key(wrapping: &Key, root: &Key, entropy: &dyn Entropy) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce);
    let mut wrapped = Vec::with_capacity(1 + NONCE_BYTES + KEY_BYTES + TAG_BYTES);
    wrapped.push(VERSION);
    wrapped.extend_from_slice(&nonce);
    let mut body = *root.expose();
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = cipher(wrapping)
        .seal_in_place_separate_tag(nonce, Aad::from(ASSOCIATED), &mut body)
        .expect("32 bytes can be sealed");
    wrapped.extend_from_slice(&body);
    wrapped.extend_from_slice(tag.as_ref());
    wrapped
}

/// Reads what [`wrap_root_key`] gave.
///
/// # Errors
/// [`UnwrapError`] for every other bytes and for another key.
pub fn unwrap_root_key(wrapping: &Key, wrapped: &[u8]) -> Result<Key, UnwrapError> {
    let (version, rest) = wrapped.split_first().ok_or(UnwrapError)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(UnwrapError)?;
    if *version != VERSION || sealed.len() != KEY_BYTES + TAG_BYTES {
        return Err(UnwrapError);
    }
    let mut bytes = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = cipher(wrapping).open_in_place(nonce, Aad::from(ASSOCIATED), &mut bytes);
    let opened = opened.map_err(|_| UnwrapError)?;
    let root = <[u8; KEY_BYTES]>::try_from(&*opened).map_err(|_| UnwrapError);
    bytes.zeroize();
    root.map(Secret::new)
}

#[expect(clippy::expect_used, reason = "the type of the key has the length")]
fn cipher(key: &Key) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, key.expose());
    LessSafeKey::new(key.expect("an AES-256 key has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn only_the_key_and_the_bytes_that_were_made_open(
            wrapping in any::<[u8; 32]>(), root in any::<[u8; 32]>(), seed: u64,
            place in 0_usize..61, flip in 1_u8..=255,
        ) {
            let key = Secret::new(wrapping);
            let wrapped = wrap_root_key(&key, &Secret::new(root), &Lcg::new(seed));
            prop_assert_eq!(wrapped.len(), 61);
            let opened = unwrap_root_key(&key, &wrapped).unwrap();
            prop_assert_eq!(opened.expose(), &root);

            let mut forged = wrapped.clone();
            forged[place] ^= flip;
            prop_assert_eq!(unwrap_root_key(&key, &forged).unwrap_err(), UnwrapError);
            prop_assert!(unwrap_root_key(&key, &wrapped[..place]).is_err());
            let mut other = wrapping;
            other[place % 32] ^= flip;
            prop_assert!(unwrap_root_key(&Secret::new(other), &wrapped).is_err());
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(unwrap_root_key(&Secret::new([0; 32]), &bytes).is_err());
        }
    }

    #[test]
    fn a_format_of_another_version_does_not_open() {
        let key = Secret::new([1; 32]);
        let mut wrapped = wrap_root_key(&key, &Secret::new([2; 32]), &Lcg::new(1));
        wrapped.push(0);
        assert!(unwrap_root_key(&key, &wrapped).is_err());
    }
}
