//! Bytes sealed to a public key: whoever has its private half opens them, and nobody else, the sender
//! included.
//!
//! ```text
//!  1 byte   format, 1
//!  32 bytes public half of a key made for these bytes alone (X25519, RFC 7748)
//!  n bytes  ciphertext
//!  16 bytes tag of AES-256-GCM, under a key that is used once
//!
//!  key = HKDF-SHA256 (RFC 5869): secret = X25519(ephemeral, recipient)
//!                                salt   = ephemeral public ‖ recipient public
//!                                info   = purpose
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base::{Entropy, Secret};

const FORMAT: u8 = 1;
const KEY_BYTES: usize = 32;

/// Why bytes were not sealed, or do not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// The public key, or the private one, is none.
    #[error("not a key of 32 bytes on the curve X25519")]
    Key,
    /// They were not sealed to this key, for this purpose, or were changed since.
    #[error("sealed bytes are not authentic")]
    NotAuthentic,
}

/// A key that bytes can be sealed to.
pub struct KeyPair {
    private: Secret<Vec<u8>>,
    key: PrivateKey,
    public: [u8; KEY_BYTES],
}

impl KeyPair {
    /// A new one.
    pub fn make(entropy: &dyn Entropy) -> Self {
        loop {
            let mut bytes = vec![0; KEY_BYTES];
            entropy.fill(&mut bytes);
            if let Ok(pair) = Self::from_private(&bytes) {
                return pair;
            }
        }
    }

    /// The pair of a private half that [`private`](Self::private) gave.
    ///
    /// # Errors
    /// [`BoxError::Key`] for other bytes than 32.
    pub fn from_private(private: &[u8]) -> Result<Self, BoxError> {
        let key = PrivateKey::from_private_key(&X25519, private).map_err(|_| BoxError::Key)?;
        let public = key.compute_public_key().map_err(|_| BoxError::Key)?;
        let public = public.as_ref().try_into().map_err(|_| BoxError::Key)?;
        Ok(Self {
            private: Secret::new(private.to_vec()),
            key,
            public,
        })
    }

    /// The half that is told.
    pub const fn public(&self) -> &[u8; KEY_BYTES] {
        &self.public
    }

    /// The half that is kept.
    pub const fn private(&self) -> &Secret<Vec<u8>> {
        &self.private
    }

    /// Opens what was sealed to this key for a purpose.
    ///
    /// # Errors
    /// [`BoxError::NotAuthentic`] for every other bytes.
    pub fn open(&self, sealed: &[u8], purpose: &[u8]) -> Result<Secret<Vec<u8>>, BoxError> {
        let wrong = BoxError::NotAuthentic;
        let (format, rest) = sealed.split_first().ok_or(wrong)?;
        let (ephemeral, ciphertext) = rest.split_first_chunk::<KEY_BYTES>().ok_or(wrong)?;
        if *format != FORMAT {
            return Err(wrong);
        }
        let key = agreed(&self.key, ephemeral, ephemeral, &self.public, purpose)?;
        // Decrypted where it lies: no copy of the plaintext is left behind.
        let mut bytes = zeroize::Zeroizing::new(ciphertext.to_vec());
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let opened = key.open_in_place(nonce, Aad::from([FORMAT]), &mut bytes);
        opened
            .map(|plain| Secret::new(plain.to_vec()))
            .map_err(|_| wrong)
    }
}

/// Seals bytes to a public key, for a purpose.
///
/// # Errors
/// [`BoxError::Key`] where the public key is none.
pub fn seal_to(
    public: &[u8],
    plain: &[u8],
    purpose: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, BoxError> {
    let recipient: &[u8; KEY_BYTES] = public.try_into().map_err(|_| BoxError::Key)?;
    let ephemeral = KeyPair::make(entropy);
    let own = &ephemeral.public;
    let key = agreed(&ephemeral.key, recipient, own, recipient, purpose);
    let key = key.map_err(|_| BoxError::Key)?;
    let mut sealed = plain.to_vec();
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    key.seal_in_place_append_tag(nonce, Aad::from([FORMAT]), &mut sealed)
        .map_err(|_| BoxError::Key)?;
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(own);
    bytes.append(&mut sealed);
    Ok(bytes)
}

/// The key that both sides come to.
fn agreed(
    own: &PrivateKey,
    other: &[u8; KEY_BYTES],
    ephemeral: &[u8; KEY_BYTES],
    recipient: &[u8; KEY_BYTES],
    purpose: &[u8],
) -> Result<LessSafeKey, BoxError> {
    let wrong = BoxError::NotAuthentic;
    let other = UnparsedPublicKey::new(&X25519, other);
    agree(own, other, wrong, |secret| {
        let salt = [ephemeral.as_slice(), recipient.as_slice()].concat();
        let info = [purpose];
        let derived = Salt::new(HKDF_SHA256, &salt).extract(secret);
        let derived = derived.expand(&info, &AES_256_GCM).map_err(|_| wrong)?;
        Ok(LessSafeKey::new(UnboundKey::from(derived)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;
    use proptest::prelude::*;

    #[test]
    fn only_the_recipient_opens_it() {
        let entropy = Lcg::new(7);
        let (pair, other) = (KeyPair::make(&entropy), KeyPair::make(&entropy));
        let sealed = seal_to(pair.public(), b"keys", b"purpose", &entropy).unwrap();
        assert_eq!(pair.open(&sealed, b"purpose").unwrap().expose(), b"keys");
        assert!(other.open(&sealed, b"purpose").is_err());
        assert!(pair.open(&sealed, b"another").is_err());
        let again = KeyPair::from_private(pair.private().expose()).unwrap();
        assert_eq!(again.open(&sealed, b"purpose").unwrap().expose(), b"keys");
        assert_eq!(seal_to(&[1; 31], b"", b"", &entropy), Err(BoxError::Key));
        // The point at infinity: whoever agrees with it agrees on nothing secret.
        assert_eq!(seal_to(&[0; 32], b"", b"", &entropy), Err(BoxError::Key));
    }

    proptest! {
        #[test]
        fn a_flipped_bit_shows(plain: Vec<u8>, at: prop::sample::Index, bit in 0..8_u8) {
            let entropy = Lcg::new(7);
            let pair = KeyPair::make(&entropy);
            let mut sealed = seal_to(pair.public(), &plain, b"p", &entropy).unwrap();
            let opened = pair.open(&sealed, b"p").unwrap();
            prop_assert_eq!(opened.expose(), &plain);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            // X25519 ignores the highest bit of a public key (RFC 7748, 5); the salt has it.
            prop_assert!(pair.open(&sealed, b"p").is_err());
            prop_assert!(pair.open(&sealed[..at], b"p").is_err());
        }
    }
}
