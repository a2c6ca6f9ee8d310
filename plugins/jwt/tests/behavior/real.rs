//! The host's own keys behind a test mount.

use barrier::keys::{Hash, Key, KeyKind, KeyOptions, Message, SaltLength, SignatureScheme};
use base::Entropy;
use sdk::crypto as guest;
use sdk::testing::PublicKeys;

/// Public keys as the host takes them.
pub(crate) const KEYS: PublicKeys = PublicKeys {
    kind: |info| {
        Key::from_public(info)
            .ok()
            .map(|key| key.kind().name().to_owned())
    },
    verify: |info, message, scheme, signature| {
        let key = Key::from_public(info).map_err(|_| guest::CryptoError::NotAuthentic)?;
        let message = match message {
            guest::Message::Whole(bytes) => Message::Whole(bytes),
            guest::Message::Hashed(bytes) => Message::Hashed(bytes),
        };
        let verified = key.verify(message, scheme_of(scheme), signature);
        verified.map_err(|wrong| guest::CryptoError::WrongKind(wrong.to_string()))
    },
};

pub(crate) fn scheme_of(scheme: guest::Scheme) -> SignatureScheme {
    match scheme {
        guest::Scheme::Native => SignatureScheme::Native,
        guest::Scheme::EcdsaDer(hash) => SignatureScheme::EcdsaDer(hash_of(hash)),
        guest::Scheme::EcdsaFixed(hash) => SignatureScheme::EcdsaFixed(hash_of(hash)),
        guest::Scheme::RsaPss(hash, salt) => {
            let salt = match salt {
                guest::Salt::Automatic => SaltLength::Automatic,
                guest::Salt::AsHash => SaltLength::AsHash,
                guest::Salt::Bytes(length) => SaltLength::Bytes(length),
            };
            SignatureScheme::RsaPss(hash_of(hash), salt)
        }
        guest::Scheme::RsaPkcs1V15(hash) => SignatureScheme::RsaPkcs1V15(hash_of(hash)),
        guest::Scheme::RsaPkcs1V15Unnamed => SignatureScheme::RsaPkcs1V15Unnamed,
    }
}

fn hash_of(hash: guest::Hash) -> Hash {
    match hash {
        guest::Hash::Sha1 => Hash::Sha1,
        guest::Hash::Sha2_224 => Hash::Sha2_224,
        guest::Hash::Sha2_256 => Hash::Sha2_256,
        guest::Hash::Sha2_384 => Hash::Sha2_384,
        guest::Hash::Sha2_512 => Hash::Sha2_512,
        guest::Hash::Sha3_224 => Hash::Sha3_224,
        guest::Hash::Sha3_256 => Hash::Sha3_256,
        guest::Hash::Sha3_384 => Hash::Sha3_384,
        guest::Hash::Sha3_512 => Hash::Sha3_512,
    }
}

/// Only seeds of Ed25519 are drawn from it.
struct Counting;

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for (byte, value) in bytes.iter_mut().zip(1..) {
            *byte = value;
        }
    }
}

pub(crate) fn make(kind: KeyKind) -> Key {
    let options = KeyOptions {
        kind,
        exportable: false,
        bytes: 0,
    };
    Key::make(options, &Counting).unwrap()
}
