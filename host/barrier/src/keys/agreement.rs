//! Keys that two sides agree on: ECDH (NIST SP 800-56A), then HKDF-SHA256.

use super::key::hmac_bytes;
use super::{Key, KeyError, KeyKind, KeyOptions, hkdf};
use aws_lc_rs::agreement::{self, Algorithm, PrivateKey, UnparsedPublicKey};

impl Key {
    /// The symmetric key that the holder of `own` and the holder of `peer` come to, each with the public
    /// half of the other: HKDF-SHA256 of the shared secret, without salt and info.
    ///
    /// # Errors
    /// [`KeyError::WrongKind`] unless both are keys on one curve and `own` has its private half, and for
    /// options that name no symmetric key.
    pub fn agree(options: KeyOptions, own: &Self, peer: &Self) -> Result<Self, KeyError> {
        let what = "agree on a key";
        let algorithm = curve(own.kind()).ok_or_else(|| own.wrong_kind(what))?;
        if peer.kind() != own.kind() {
            return Err(peer.wrong_kind("agree with a key on another curve"));
        }
        let bytes = match (options.kind, options.kind.cipher_key_bytes()) {
            (_, Some(bytes)) => bytes,
            (KeyKind::Hmac, _) => hmac_bytes(options.bytes)?,
            _ => return Err(KeyError::malformed("an agreed key is symmetric")),
        };
        let private = PrivateKey::from_private_key_der(algorithm, own.secret(what)?)?;
        let public = UnparsedPublicKey::new(algorithm, peer.public()?.unwrap_or_default());
        let agreed = agreement::agree(&private, public, KeyError::Failed, |secret| {
            hkdf::expand(secret, &[], bytes)
        })?;
        Self::import(options, agreed)
    }
}

fn curve(kind: KeyKind) -> Option<&'static Algorithm> {
    match kind {
        KeyKind::EcdsaP256 => Some(&agreement::ECDH_P256),
        KeyKind::EcdsaP384 => Some(&agreement::ECDH_P384),
        KeyKind::EcdsaP521 => Some(&agreement::ECDH_P521),
        _ => None,
    }
}
