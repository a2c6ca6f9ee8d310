//! Somebody to encrypt to.

use crate::armor;
use crate::certificate::{Chosen, choose};
use crate::error::{EncryptError, KeyError};
use crate::key::{Encrypting, Fingerprint};
use crate::message;
use base::{Entropy, Timestamp};

/// How long a key may be, as packets. Signatures of others and pictures make keys long.
pub const KEY_BYTES_MAX: usize = 256 * 1024;

/// Whoever has the private half of a key that is known to take what is encrypted.
#[derive(Clone, Debug)]
pub struct Recipient {
    fingerprint: Fingerprint,
    key_fingerprint: Fingerprint,
    key: Encrypting,
}

impl Recipient {
    /// Reads a public key: Base64 of its packets, or ASCII-armored, or Base64 of that.
    ///
    /// # Errors
    /// [`KeyError`] for every key that cannot be used at `now`.
    pub fn read(text: &str, now: Timestamp, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let Chosen {
            fingerprint,
            key_fingerprint,
            key,
        } = choose(&armor::read(text)?, now)?;
        let recipient = Self {
            fingerprint,
            key_fingerprint,
            key,
        };
        // A point that is of no curve and a modulus that is none show only here, and are not to show
        // when there is a secret to be told.
        let tried = recipient.encrypt(b"", entropy);
        tried.map_err(|_| KeyError::NoEncryption)?;
        Ok(recipient)
    }

    /// The name of the key that people compare: of the primary one, in lowercase hexadecimal.
    pub fn fingerprint(&self) -> String {
        let bytes = self.fingerprint.iter();
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    /// An OpenPGP message with `plain` in it.
    ///
    /// # Errors
    /// [`EncryptError`], where the provider of cryptography fails.
    pub fn encrypt(&self, plain: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, EncryptError> {
        message::encrypt(&self.key, &self.key_fingerprint, plain, entropy).ok_or(EncryptError)
    }
}
