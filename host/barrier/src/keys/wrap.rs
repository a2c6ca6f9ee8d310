//! Keys wrapped by keys, for backup and for bringing one's own.
//!
//! By an AES key: RFC 5649 (KWP). By an RSA key: a fresh AES-256 key under OAEP, followed by KWP under
//! that, as PKCS#11 and the clouds have it.

use super::{Hash, Key, KeyError, KeyKind, KeyOptions};
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrapPadded};
use base::{Entropy, Secret};

impl Key {
    /// This key's bytes, as [`export`](Self::export) gives them, wrapped by another key.
    ///
    /// # Errors
    /// [`KeyError::NotExportable`] unless it was made exportable; [`KeyError::WrongKind`] when `by` is
    /// neither an AES nor an RSA key.
    pub fn wrap(&self, by: &Self, hash: Hash, entropy: &dyn Entropy) -> Result<Vec<u8>, KeyError> {
        let bytes = self.export()?;
        if by.kind().rsa_bits().is_none() {
            return wrap(by.aes("wrap a key")?, bytes.expose());
        }
        let mut fresh = vec![0; 32];
        entropy.fill(&mut fresh);
        let fresh = Secret::new(fresh);
        let mut wrapped = by.encrypt_asymmetric(fresh.expose(), hash)?;
        wrapped.extend(wrap(fresh.expose(), bytes.expose())?);
        Ok(wrapped)
    }

    /// Reads what [`wrap`](Self::wrap) gave.
    ///
    /// # Errors
    /// [`KeyError::NotAuthentic`] for every other bytes; as [`import`](Self::import) for what is in
    /// them.
    pub fn import_wrapped(
        options: KeyOptions,
        wrapped: &[u8],
        by: &Self,
        hash: Hash,
    ) -> Result<Self, KeyError> {
        let Some(bits) = by.kind().rsa_bits() else {
            let bytes = unwrap(by.aes("unwrap a key")?, wrapped)?;
            return Self::import(options, bytes);
        };
        let (fresh, rest) = wrapped
            .split_at_checked(bits / 8)
            .ok_or(KeyError::NotAuthentic)?;
        let fresh = by.decrypt_asymmetric(fresh, hash)?;
        Self::import(options, unwrap(fresh.expose(), rest)?)
    }

    fn aes(&self, what: &'static str) -> Result<&[u8], KeyError> {
        match self.kind() {
            KeyKind::Aes128Gcm96 | KeyKind::Aes256Gcm96 => self.secret(what),
            _ => Err(self.wrong_kind(what)),
        }
    }
}

fn kek(key: &[u8]) -> Result<AesKek, KeyError> {
    match key.len() {
        16 => Ok(AesKek::new(&AES_128, key)?),
        32 => Ok(AesKek::new(&AES_256, key)?),
        _ => Err(KeyError::NotAuthentic),
    }
}

fn wrap(key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    // Up to seven bytes of padding and eight of head.
    let mut wrapped = vec![0; bytes.len() + 15];
    let length = kek(key)?.wrap_with_padding(bytes, &mut wrapped)?.len();
    wrapped.truncate(length);
    Ok(wrapped)
}

fn unwrap(key: &[u8], wrapped: &[u8]) -> Result<Secret<Vec<u8>>, KeyError> {
    let mut bytes = vec![0; wrapped.len()];
    let opened = kek(key)?.unwrap_with_padding(wrapped, &mut bytes);
    let length = opened.map_err(|_| KeyError::NotAuthentic)?.len();
    bytes.truncate(length);
    Ok(Secret::new(bytes))
}
