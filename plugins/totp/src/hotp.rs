//! A code of a counter (RFC 4226), by any of three hashes (RFC 6238).

use otp::Algorithm;
use sdk::crypto::{Hash, Key};
use sdk::{Result, internal};

/// The hash itself.
const fn hash(algorithm: Algorithm) -> Hash {
    match algorithm {
        Algorithm::Sha1 => Hash::Sha1,
        Algorithm::Sha256 => Hash::Sha2_256,
        Algorithm::Sha512 => Hash::Sha2_512,
    }
}

/// The code of a counter, with zeros at its head.
pub(crate) fn code(key: &Key, algorithm: Algorithm, digits: u32, counter: u64) -> Result<String> {
    let mac = key.mac(&counter.to_be_bytes(), hash(algorithm))?;
    otp::code(&mac, digits).ok_or_else(|| internal("a MAC too short for a code"))
}
