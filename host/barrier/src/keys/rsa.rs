//! RSA: keys, OAEP, and which encodings the library has.

use super::{Hash, Key, KeyError, SaltLength};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
pub(crate) use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384,
    OAEP_SHA512_MGF1SHA512, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{self as lc, RsaParameters, RsaSignatureEncoding};
use base::Secret;

/// Largest salt that is worth a name: what a 4096 bit key with SHA-256 has room for.
const SALT_BYTES_MAX: u16 = 478;

pub(crate) fn make(bits: usize) -> Result<Secret<Vec<u8>>, KeyError> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        _ => KeySize::Rsa4096,
    };
    to_pkcs8(&KeyPair::generate(size)?)
}

/// None unless the bytes are a valid key of this size.
pub(crate) fn import(pkcs8: &[u8], bits: usize) -> Option<Secret<Vec<u8>>> {
    let pair = KeyPair::from_pkcs8(pkcs8).ok()?;
    let size = PrivateDecryptingKey::from_pkcs8(pkcs8)
        .ok()?
        .key_size_bits();
    (size == bits).then(|| to_pkcs8(&pair).ok()).flatten()
}

fn to_pkcs8(pair: &KeyPair) -> Result<Secret<Vec<u8>>, KeyError> {
    let der: Pkcs8V1Der<'_> = pair.as_der()?;
    Ok(Secret::new(der.as_ref().to_vec()))
}

/// How long the modulus of a public key is; None for what is none, or has something behind it.
pub(crate) fn public_bits(spki: &[u8]) -> Option<usize> {
    let key = PublicEncryptingKey::from_der(spki).ok()?;
    let canonical: PublicKeyX509Der<'_> = key.as_der().ok()?;
    (canonical.as_ref() == spki).then(|| key.key_size_bits())
}

pub(crate) fn sign(
    pair: &KeyPair,
    encoding: &'static RsaSignatureEncoding,
    digest: &aws_lc_rs::digest::Digest,
) -> Result<Vec<u8>, KeyError> {
    let mut signature = vec![0; pair.public_modulus_len()];
    let signed = pair.sign_digest(encoding, digest, &mut signature);
    signed.map_err(|_| KeyError::malformed("the key has no room for a salt of that length"))?;
    Ok(signature)
}

impl Key {
    /// RSA-OAEP with this hash for both uses and no label.
    ///
    /// # Errors
    /// For a key that is not RSA's, a hash that the library has no OAEP with, and for a plaintext
    /// that is too long for the key.
    pub fn encrypt_asymmetric(&self, plaintext: &[u8], hash: Hash) -> Result<Vec<u8>, KeyError> {
        if self.kind().rsa_bits().is_none() {
            return Err(self.wrong_kind("encrypt asymmetrically"));
        }
        let spki = self.public()?.unwrap_or_default();
        let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(spki)?)?;
        let algorithm = oaep(hash)?;
        let room = key.max_plaintext_size(algorithm);
        if plaintext.len() > room {
            return Err(KeyError::TooLarge(u64::try_from(room).unwrap_or(u64::MAX)));
        }
        let mut ciphertext = vec![0; key.ciphertext_size()];
        let length = key
            .encrypt(algorithm, plaintext, &mut ciphertext, None)?
            .len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }

    /// Reads what [`encrypt_asymmetric`](Self::encrypt_asymmetric) gave.
    ///
    /// # Errors
    /// [`KeyError::NotAuthentic`] for every other bytes, another key and another hash.
    pub fn decrypt_asymmetric(
        &self,
        ciphertext: &[u8],
        hash: Hash,
    ) -> Result<Secret<Vec<u8>>, KeyError> {
        let what = "decrypt asymmetrically";
        if self.kind().rsa_bits().is_none() {
            return Err(self.wrong_kind(what));
        }
        let private = PrivateDecryptingKey::from_pkcs8(self.secret(what)?)?;
        let key = OaepPrivateDecryptingKey::new(private)?;
        let algorithm = oaep(hash)?;
        let mut plaintext = vec![0; key.min_output_size()];
        let opened = key.decrypt(algorithm, ciphertext, &mut plaintext, None);
        let length = opened.map_err(|_| KeyError::NotAuthentic)?.len();
        plaintext.truncate(length);
        Ok(Secret::new(plaintext))
    }
}

fn oaep(hash: Hash) -> Result<&'static OaepAlgorithm, KeyError> {
    match hash {
        Hash::Sha1 => Ok(&OAEP_SHA1_MGF1SHA1),
        Hash::Sha2_256 => Ok(&OAEP_SHA256_MGF1SHA256),
        Hash::Sha2_384 => Ok(&OAEP_SHA384_MGF1SHA384),
        Hash::Sha2_512 => Ok(&OAEP_SHA512_MGF1SHA512),
        _ => Err(unsupported("RSA-OAEP", hash)),
    }
}

pub(crate) fn unsupported(what: &str, hash: Hash) -> KeyError {
    KeyError::Unsupported(format!("{what} with {}", hash.name()))
}

/// For signing with PKCS#1 v1.5.
pub(crate) fn pkcs1_signing(hash: Hash) -> Result<&'static RsaSignatureEncoding, KeyError> {
    match hash {
        Hash::Sha2_256 => Ok(&lc::RSA_PKCS1_SHA256),
        Hash::Sha2_384 => Ok(&lc::RSA_PKCS1_SHA384),
        Hash::Sha2_512 => Ok(&lc::RSA_PKCS1_SHA512),
        _ => Err(unsupported("signing in PKCS#1 v1.5", hash)),
    }
}

/// For verifying PKCS#1 v1.5.
pub(crate) fn pkcs1_verifying(hash: Hash) -> Result<&'static RsaParameters, KeyError> {
    match hash {
        Hash::Sha1 => Ok(&lc::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        Hash::Sha2_256 => Ok(&lc::RSA_PKCS1_2048_8192_SHA256),
        Hash::Sha2_384 => Ok(&lc::RSA_PKCS1_2048_8192_SHA384),
        Hash::Sha2_512 => Ok(&lc::RSA_PKCS1_2048_8192_SHA512),
        _ => Err(unsupported("verifying PKCS#1 v1.5", hash)),
    }
}

/// For signing with PSS. `automatic` is the longest salt that the key has room for.
pub(crate) fn pss_signing(
    hash: Hash,
    salt: SaltLength,
) -> Result<&'static RsaSignatureEncoding, KeyError> {
    let table = match hash {
        Hash::Sha2_256 => &salted::SIGN_256,
        Hash::Sha2_384 => &salted::SIGN_384,
        Hash::Sha2_512 => &salted::SIGN_512,
        _ => return Err(unsupported("PSS", hash)),
    };
    match salt {
        SaltLength::Automatic => Ok(&table.longest),
        SaltLength::AsHash => Ok(&table.as_hash),
        SaltLength::Bytes(bytes) => table.of(bytes),
    }
}

/// For verifying PSS. `automatic` takes a salt as long as the hash or as long as can be.
pub(crate) fn pss_verifying(
    hash: Hash,
    salt: SaltLength,
) -> Result<[Option<&'static RsaParameters>; 2], KeyError> {
    let table = match hash {
        Hash::Sha2_256 => &salted::VERIFY_256,
        Hash::Sha2_384 => &salted::VERIFY_384,
        Hash::Sha2_512 => &salted::VERIFY_512,
        _ => return Err(unsupported("PSS", hash)),
    };
    match salt {
        SaltLength::Automatic => Ok([Some(&table.longest), Some(&table.as_hash)]),
        SaltLength::AsHash => Ok([Some(&table.as_hash), None]),
        SaltLength::Bytes(bytes) => Ok([Some(table.of(bytes)?), None]),
    }
}

/// The library wants encodings that live for ever: one for each length of salt.
mod salted {
    use super::{KeyError, SALT_BYTES_MAX, lc};
    use aws_lc_rs::signature::{RsaParameters, RsaPssSaltLength, RsaSignatureEncoding};
    use std::sync::LazyLock;

    pub(super) struct Salted<T> {
        pub(super) as_hash: T,
        pub(super) longest: T,
        bytes: Vec<T>,
    }

    impl<T> Salted<T> {
        fn new(with: impl Fn(RsaPssSaltLength) -> T) -> Self {
            Self {
                as_hash: with(RsaPssSaltLength::Digest),
                longest: with(RsaPssSaltLength::Max),
                bytes: (0..=SALT_BYTES_MAX)
                    .map(|bytes| with(RsaPssSaltLength::Custom(bytes)))
                    .collect(),
            }
        }

        pub(super) fn of(&self, bytes: u32) -> Result<&T, KeyError> {
            let found = usize::try_from(bytes)
                .ok()
                .and_then(|bytes| self.bytes.get(bytes));
            found.ok_or_else(|| KeyError::Unsupported(format!("PSS with a salt of {bytes} bytes")))
        }
    }

    macro_rules! salted {
        ($name:ident: $type:ty = $plain:expr) => {
            pub(super) static $name: LazyLock<Salted<$type>> =
                LazyLock::new(|| Salted::new(|salt| $plain.with_pss_salt_length(salt)));
        };
    }

    salted!(SIGN_256: RsaSignatureEncoding = lc::RSA_PSS_SHA256);
    salted!(SIGN_384: RsaSignatureEncoding = lc::RSA_PSS_SHA384);
    salted!(SIGN_512: RsaSignatureEncoding = lc::RSA_PSS_SHA512);
    salted!(VERIFY_256: RsaParameters = lc::RSA_PSS_2048_8192_SHA256);
    salted!(VERIFY_384: RsaParameters = lc::RSA_PSS_2048_8192_SHA384);
    salted!(VERIFY_512: RsaParameters = lc::RSA_PSS_2048_8192_SHA512);
}
