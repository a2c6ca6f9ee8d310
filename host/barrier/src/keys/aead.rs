//! Authenticated encryption: nonce, ciphertext, tag.

use super::{Hash, Key, KeyError, KeyKind, hkdf};
use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use base::{Entropy, Secret};
use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};

const NONCE_BYTES: usize = 12;
const X_NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// Names the purpose of the key that computes convergent nonces.
const CONVERGENT: &[u8] = b"casemate.convergent-nonce";

enum Cipher {
    Library(LessSafeKey),
    Extended(XChaCha20Poly1305),
}

impl Cipher {
    const fn nonce_bytes(&self) -> usize {
        match self {
            Self::Library(_) => NONCE_BYTES,
            Self::Extended(_) => X_NONCE_BYTES,
        }
    }

    /// Puts the tag after the ciphertext, and the nonce before.
    fn seal(&self, nonce: &[u8], plaintext: &[u8], associated: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut sealed = Vec::with_capacity(nonce.len() + plaintext.len() + TAG_BYTES);
        sealed.extend_from_slice(nonce);
        sealed.extend_from_slice(plaintext);
        let body = sealed.get_mut(nonce.len()..).unwrap_or_default();
        match self {
            Self::Library(key) => {
                let nonce = Nonce::try_assume_unique_for_key(nonce)?;
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(associated), body)?;
                sealed.extend_from_slice(tag.as_ref());
            }
            Self::Extended(key) => {
                let tag =
                    key.encrypt_in_place_detached(XNonce::from_slice(nonce), associated, body);
                sealed.extend_from_slice(&tag.map_err(|_| KeyError::Failed)?);
            }
        }
        Ok(sealed)
    }

    fn open(&self, sealed: &[u8], associated: &[u8]) -> Option<Secret<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(self.nonce_bytes())?;
        let length = body.len().checked_sub(TAG_BYTES)?;
        let mut bytes = body.to_vec();
        match self {
            Self::Library(key) => {
                let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
                key.open_in_place(nonce, Aad::from(associated), &mut bytes)
                    .ok()?;
            }
            Self::Extended(key) => {
                let (text, tag) = bytes.split_at_mut_checked(length)?;
                let (nonce, tag) = (XNonce::from_slice(nonce), Tag::from_slice(tag));
                key.decrypt_in_place_detached(nonce, associated, text, tag)
                    .ok()?;
            }
        }
        bytes.truncate(length);
        Some(Secret::new(bytes))
    }
}

impl Key {
    /// Seals with a random nonce.
    ///
    /// # Errors
    /// For a key that is no cipher's.
    pub fn seal(
        &self,
        plaintext: &[u8],
        associated: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, KeyError> {
        let cipher = self.cipher("seal")?;
        let mut nonce = [0; X_NONCE_BYTES];
        let nonce = nonce.get_mut(..cipher.nonce_bytes()).unwrap_or_default();
        entropy.fill(nonce);
        cipher.seal(nonce, plaintext, associated)
    }

    /// Seals with a nonce that is a MAC of what is sealed: equal input gives equal output. Different
    /// inputs have different nonces, as far as 96 bits can tell them apart.
    ///
    /// # Errors
    /// For a key that is no cipher's.
    pub fn seal_convergent(
        &self,
        plaintext: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        let cipher = self.cipher("seal")?;
        let mac_key = hkdf::expand(self.secret("seal")?, CONVERGENT, 32)?;
        let mac_key = Self::from_secret(KeyKind::Hmac, false, mac_key);
        // The length first, so that no byte can move from one part to the other.
        let length = u64::try_from(associated.len()).unwrap_or(u64::MAX);
        let input = [&length.to_be_bytes(), associated, plaintext].concat();
        let input = Secret::new(input);
        let mac = mac_key.mac(input.expose(), Hash::Sha2_256)?;
        let nonce = mac.get(..cipher.nonce_bytes()).unwrap_or_default();
        cipher.seal(nonce, plaintext, associated)
    }

    /// Opens what one of the two sealed.
    ///
    /// # Errors
    /// [`KeyError::NotAuthentic`] for every other bytes, another key and other associated data.
    pub fn open(&self, sealed: &[u8], associated: &[u8]) -> Result<Secret<Vec<u8>>, KeyError> {
        let cipher = self.cipher("open")?;
        cipher
            .open(sealed, associated)
            .ok_or(KeyError::NotAuthentic)
    }

    fn cipher(&self, what: &'static str) -> Result<Cipher, KeyError> {
        let algorithm: &'static Algorithm = match self.kind() {
            KeyKind::Aes128Gcm96 => &AES_128_GCM,
            KeyKind::Aes256Gcm96 => &AES_256_GCM,
            KeyKind::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            KeyKind::XChaCha20Poly1305 => {
                let key = XChaCha20Poly1305::new_from_slice(self.secret(what)?);
                return key.map(Cipher::Extended).map_err(|_| KeyError::Failed);
            }
            _ => return Err(self.wrong_kind(what)),
        };
        let key = UnboundKey::new(algorithm, self.secret(what)?)?;
        Ok(Cipher::Library(LessSafeKey::new(key)))
    }
}
