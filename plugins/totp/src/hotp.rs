//! A code of a counter (RFC 4226), by any of three hashes (RFC 6238).

use sdk::crypto::{Hash, Key};
use sdk::{Result, internal};
use serde::{Deserialize, Serialize};

/// By which hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    /// What nearly all authenticators have.
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
    #[serde(rename = "SHA512")]
    Sha512,
}

impl Algorithm {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    const fn hash(self) -> Hash {
        match self {
            Self::Sha1 => Hash::Sha1,
            Self::Sha256 => Hash::Sha2_256,
            Self::Sha512 => Hash::Sha2_512,
        }
    }
}

/// The code of a counter, with zeros at its head.
pub(crate) fn code(key: &Key, algorithm: Algorithm, digits: u32, counter: u64) -> Result<String> {
    let mac = key.mac(&counter.to_be_bytes(), algorithm.hash())?;
    otp::code(&mac, digits).ok_or_else(|| internal("a MAC too short for a code"))
}
