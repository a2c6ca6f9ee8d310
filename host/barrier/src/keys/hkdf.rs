//! Keys from keys: HKDF-SHA256 (RFC 5869) without salt.

use super::{Key, KeyError, KeyKind};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base::Secret;

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// `bytes` bytes from `secret` for the purpose that `info` names.
pub(crate) fn expand(
    secret: &[u8],
    info: &[u8],
    bytes: usize,
) -> Result<Secret<Vec<u8>>, KeyError> {
    let mut derived = vec![0; bytes];
    let pseudorandom = Salt::new(HKDF_SHA256, &[]).extract(secret);
    pseudorandom
        .expand(&[info], Length(bytes))?
        .fill(&mut derived)?;
    Ok(Secret::new(derived))
}

impl Key {
    /// A key of the same kind and length for one context: HKDF-SHA256 of this one, without salt, the
    /// context as info. It is not stored, and never exportable.
    ///
    /// # Errors
    /// For ECDSA and RSA, whose keys are not any bytes of a length.
    pub fn derive(&self, context: &[u8]) -> Result<Self, KeyError> {
        let what = "derive another key";
        let cipher = self.kind().cipher_key_bytes().is_some();
        if !cipher && !matches!(self.kind(), KeyKind::Hmac | KeyKind::Ed25519) {
            return Err(self.wrong_kind(what));
        }
        let secret = self.secret(what)?;
        let derived = expand(secret, context, secret.len())?;
        Ok(Self::from_secret(self.kind(), false, derived))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869, test case 3.
    #[test]
    fn known_answer() {
        let derived = expand(&[0x0b; 22], &[], 42).unwrap();
        let hex: String = derived
            .expose()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(
            hex,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        );
    }
}
