//! Digests, HMAC and comparison.

use super::{Key, KeyError, KeyKind};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest as lc, hmac};
use base::Secret;
use sha3::Digest as _;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-1: for what is old.
    Sha1,
    /// SHA-224.
    Sha2_224,
    /// SHA-256.
    Sha2_256,
    /// SHA-384.
    Sha2_384,
    /// SHA-512.
    Sha2_512,
    /// SHA3-224.
    Sha3_224,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-384.
    Sha3_384,
    /// SHA3-512.
    Sha3_512,
}

impl Hash {
    /// All hash functions.
    pub const ALL: [Self; 9] = [
        Self::Sha1,
        Self::Sha2_224,
        Self::Sha2_256,
        Self::Sha2_384,
        Self::Sha2_512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha2_224 => "sha2-224",
            Self::Sha2_256 => "sha2-256",
            Self::Sha2_384 => "sha2-384",
            Self::Sha2_512 => "sha2-512",
            Self::Sha3_224 => "sha3-224",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_512 => "sha3-512",
        }
    }

    /// How long its digests are.
    pub const fn output_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha2_224 | Self::Sha3_224 => 28,
            Self::Sha2_256 | Self::Sha3_256 => 32,
            Self::Sha2_384 | Self::Sha3_384 => 48,
            Self::Sha2_512 | Self::Sha3_512 => 64,
        }
    }

    /// None for SHA3-224, which aws-lc-rs does not have.
    fn library(self) -> Option<&'static lc::Algorithm> {
        match self {
            Self::Sha1 => Some(&lc::SHA1_FOR_LEGACY_USE_ONLY),
            Self::Sha2_224 => Some(&lc::SHA224),
            Self::Sha2_256 => Some(&lc::SHA256),
            Self::Sha2_384 => Some(&lc::SHA384),
            Self::Sha2_512 => Some(&lc::SHA512),
            Self::Sha3_224 => None,
            Self::Sha3_256 => Some(&lc::SHA3_256),
            Self::Sha3_384 => Some(&lc::SHA3_384),
            Self::Sha3_512 => Some(&lc::SHA3_512),
        }
    }
}

/// The digest of `input`.
pub fn digest(hash: Hash, input: &[u8]) -> Vec<u8> {
    match hash.library() {
        Some(algorithm) => lc::digest(algorithm, input).as_ref().to_vec(),
        None => sha3::Sha3_224::digest(input).to_vec(),
    }
}

/// Are they equal? Takes the same time for all inputs of one length.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    verify_slices_are_equal(left, right).is_ok()
}

impl Key {
    /// HMAC of `input`.
    ///
    /// # Errors
    /// For a key that is not of kind `hmac`.
    pub fn mac(&self, input: &[u8], hash: Hash) -> Result<Vec<u8>, KeyError> {
        if self.kind() != KeyKind::Hmac {
            return Err(self.wrong_kind("make a MAC"));
        }
        Ok(hmac(self.secret("make a MAC")?, hash, input))
    }

    /// Is `mac` the HMAC of `input`? Compared in constant time.
    ///
    /// # Errors
    /// For a key that is not of kind `hmac`.
    pub fn verify_mac(&self, input: &[u8], hash: Hash, mac: &[u8]) -> Result<bool, KeyError> {
        Ok(equal(&self.mac(input, hash)?, mac))
    }
}

fn hmac(key: &[u8], hash: Hash, input: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha2_224 => hmac::HMAC_SHA224,
        Hash::Sha2_256 => hmac::HMAC_SHA256,
        Hash::Sha2_384 => hmac::HMAC_SHA384,
        Hash::Sha2_512 => hmac::HMAC_SHA512,
        // The library has no HMAC with SHA3.
        Hash::Sha3_224 => return composed_hmac(key, hash, 144, input),
        Hash::Sha3_256 => return composed_hmac(key, hash, 136, input),
        Hash::Sha3_384 => return composed_hmac(key, hash, 104, input),
        Hash::Sha3_512 => return composed_hmac(key, hash, 72, input),
    };
    let key = hmac::Key::new(algorithm, key);
    hmac::sign(&key, input).as_ref().to_vec()
}

/// RFC 2104, from the digest: H(k ⊕ opad, H(k ⊕ ipad, input)).
fn composed_hmac(key: &[u8], hash: Hash, block_bytes: usize, input: &[u8]) -> Vec<u8> {
    let short = if key.len() > block_bytes {
        Secret::new(digest(hash, key))
    } else {
        Secret::new(key.to_vec())
    };
    let hash_padded = |pad: u8, rest: &[u8]| {
        let mut block = Vec::with_capacity(block_bytes + rest.len());
        block.extend(short.expose().iter().map(|byte| byte ^ pad));
        block.resize(block_bytes, pad);
        block.extend_from_slice(rest);
        let block = Secret::new(block);
        digest(hash, block.expose())
    };
    hash_padded(0x5c, &hash_padded(0x36, input))
}
